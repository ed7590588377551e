/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What objects of all types share: STIX 2.1, 3.2 and 2; STIX 2.0 part 1, 3.1 and 2. */
#include "stix/table.h"

const struct stix_range STIX_ANY_INTEGER = {-9007199254740991.0, 9007199254740991.0};
const struct stix_range STIX_NATURAL = {0.0, 9007199254740991.0};
const struct stix_range STIX_ANY_FLOAT = {-__DBL_MAX__, __DBL_MAX__};

static const struct stix_property external_reference[] = {
	{NAMED("source_name"), MUST, STRING}, {NAMED("description"), BOTH, TEXT},
	{NAMED("url"), BOTH, STRING},         {NAMED("hashes"), BOTH, HASHES},
	{NAMED("external_id"), BOTH, STRING},
};
static const struct stix_table external_reference_table =
	TABLE(external_reference, RULES(RULE(SOME_OF, "description", "url", "external_id")));

static const struct stix_property kill_chain_phase[] = {
	{NAMED("kill_chain_name"), MUST, STRING},
	{NAMED("phase_name"), MUST, STRING},
};
const struct stix_table STIX_KILL_CHAIN_PHASE = TABLE(kill_chain_phase);

static const struct stix_property granular_marking[] = {
	{NAMED("lang"), ONLY_2_1, STRING},
	{NAMED("marking_ref"), BOTH, ID("marking-definition")},
	{NAMED("selectors"), MUST, .kind = STIX_KIND_SELECTORS, LIST},
};
static const struct stix_table granular_marking_table = TABLE(
	granular_marking, RULES(RULE_2_1(ONE_OF, "lang", "marking_ref"), RULE_2_0(SOME_OF, "marking_ref")));

/* clang-format off */
#define TYPE_AND_ID \
	{NAMED("type"), MUST, .kind = STIX_KIND_TYPE}, \
	{NAMED("id"), MUST, ID(STIX_ANY_TYPE)}
#define REFERENCES_AND_MARKINGS \
	{NAMED("external_references"), BOTH, OF(external_reference_table), LIST, VALUE(EXTERNAL)}, \
	{NAMED("object_marking_refs"), BOTH, ID("marking-definition"), LIST, TAKE(MARKINGS)}, \
	{NAMED("granular_markings"), BOTH, OF(granular_marking_table), LIST, TAKE(GRANULAR)}
#define EXTENSIONS {NAMED("extensions"), ONLY_2_1, .kind = STIX_KIND_EXTENSIONS}
/* clang-format on */

static const struct stix_property common[] = {
	TYPE_AND_ID,
	{NAMED("spec_version"), MUST_2_1, .kind = STIX_KIND_SPEC_VERSION},
	{NAMED("created_by_ref"), BOTH, ID("identity"), TAKE(CREATOR)},
	{NAMED("created"), MUST, TIME, TAKE(CREATED)},
	{NAMED("modified"), MUST, TIME, TAKE(MODIFIED)},
	{NAMED("revoked"), BOTH, BOOLEAN, TAKE(REVOKED)},
	{NAMED("labels"), BOTH, STRING, LIST},
	{NAMED("confidence"), ONLY_2_1, .kind = STIX_KIND_INTEGER, WITHIN(0, 100), TAKE(CONFIDENCE)},
	{NAMED("lang"), ONLY_2_1, STRING},
	REFERENCES_AND_MARKINGS,
	EXTENSIONS,
};
const struct stix_table STIX_COMMON = TABLE(common, RULES(RULE(NOT_BEFORE, "created", "modified")));

static const struct stix_property common_cyber[] = {
	TYPE_AND_ID,
	{NAMED("spec_version"), ONLY_2_1, .kind = STIX_KIND_SPEC_VERSION},
	{NAMED("object_marking_refs"), BOTH, ID("marking-definition"), LIST, TAKE(MARKINGS)},
	{NAMED("granular_markings"), BOTH, OF(granular_marking_table), LIST, TAKE(GRANULAR)},
	{NAMED("defanged"), BOTH, BOOLEAN},
	EXTENSIONS,
};
const struct stix_table STIX_COMMON_CYBER = TABLE(common_cyber);

/* STIX 2.0, part 3, 3: inside observed-data, where the key stands for the identifier. */
static const struct stix_property common_observed[] = {
	{NAMED("type"), MUST, .kind = STIX_KIND_TYPE},
	{NAMED("extensions"), BOTH, .kind = STIX_KIND_EXTENSIONS},
};
const struct stix_table STIX_COMMON_OBSERVED = TABLE(common_observed);

static const struct stix_property common_marking[] = {
	TYPE_AND_ID,
	{NAMED("spec_version"), MUST_2_1, .kind = STIX_KIND_SPEC_VERSION},
	{NAMED("created_by_ref"), BOTH, ID("identity"), TAKE(CREATOR)},
	{NAMED("created"), MUST, TIME, TAKE(CREATED)},
	REFERENCES_AND_MARKINGS,
	EXTENSIONS,
};
const struct stix_table STIX_COMMON_MARKING = TABLE(common_marking);

/* A type of others' making may be like a domain object, or like a cyber-observable one, which has no
 * versions.
 */
static const struct stix_property custom[] = {
	TYPE_AND_ID,
	{NAMED("spec_version"), ONLY_2_1, .kind = STIX_KIND_SPEC_VERSION},
	{NAMED("created_by_ref"), BOTH, ID("identity"), TAKE(CREATOR)},
	{NAMED("created"), BOTH, TIME, TAKE(CREATED)},
	{NAMED("modified"), BOTH, TIME, TAKE(MODIFIED)},
	{NAMED("revoked"), BOTH, BOOLEAN, TAKE(REVOKED)},
	{NAMED("labels"), BOTH, STRING, LIST},
	{NAMED("confidence"), ONLY_2_1, .kind = STIX_KIND_INTEGER, WITHIN(0, 100), TAKE(CONFIDENCE)},
	{NAMED("lang"), ONLY_2_1, STRING},
	{NAMED("defanged"), ONLY_2_1, BOOLEAN},
	REFERENCES_AND_MARKINGS,
	EXTENSIONS,
};
static const struct stix_table custom_table =
	TABLE(custom, RULES(RULE(TOGETHER, "created", "modified"), RULE(NOT_BEFORE, "created", "modified"),
			    RULE_2_1(NEEDS, "created", "spec_version"), RULE_2_0(NEEDS, "type", "created")));
static const struct stix_type custom_type = {.name = "", BOTH, .family = STIX_CUSTOM, .table = &custom_table};

const struct stix_type *stix_type_custom(void)
{
	return &custom_type;
}
