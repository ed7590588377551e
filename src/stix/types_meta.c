/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Meta objects: STIX 2.1, 7; STIX 2.0, part 1, 4. */
#include "stix/table.h"

static const struct stix_property marking_definition[] = {
	{NAMED("name"), ONLY_2_1, TEXT},
	{NAMED("definition_type"), BOTH, STRING},
	{NAMED("definition"), BOTH, .kind = STIX_KIND_ANY},
};
static const struct stix_table marking_definition_table =
	TABLE(marking_definition, .base = &STIX_COMMON_MARKING,
	      RULES(RULE(SOME_OF, "definition", "extensions"), RULE(NEEDS, "definition", "definition_type"),
		    RULE_2_0(NEEDS, "type", "definition")));

static const struct stix_property language_content[] = {
	{NAMED("object_ref"), MUST, ID(STIX_ANY_TYPE)},
	{NAMED("object_modified"), BOTH, TIME},
	{NAMED("contents"), MUST, .kind = STIX_KIND_TRANSLATIONS},
};
static const struct stix_table language_content_table = TABLE(language_content, .base = &STIX_COMMON);

static const struct stix_property extension_definition[] = {
	{NAMED("name"), MUST, TEXT},
	{NAMED("description"), BOTH, TEXT},
	{NAMED("schema"), MUST, STRING},
	{NAMED("version"), MUST, STRING},
	{NAMED("extension_types"), MUST,
	 ENUM("new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension"), LIST},
	{NAMED("extension_properties"), BOTH, STRING, LIST},
};
static const struct stix_table extension_definition_table = TABLE(
	extension_definition, .base = &STIX_COMMON,
	RULES(RULE(NEEDS, "type", "created_by_ref"),
	      RULE(LIST_NEEDS, "extension_types", "extension_properties", "toplevel-property-extension")));

/* clang-format off */
#define META(text, in, table_) {.name = (text), in, .family = STIX_META, .table = &(table_)}
/* clang-format on */

const struct stix_type STIX_META_TYPES[] = {
	META("marking-definition", BOTH, marking_definition_table),
	META("language-content", ONLY_2_1, language_content_table),
	META("extension-definition", ONLY_2_1, extension_definition_table),
	{.name = NULL},
};
