/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Domain and relationship objects: STIX 2.1, 4 and 5; STIX 2.0, part 2. */
#include "stix/table.h"

/* clang-format off */
#define NAME          {NAMED("name"), MUST, TEXT}
#define NAME_OPTIONAL {NAMED("name"), BOTH, TEXT}
#define DESCRIPTION   {NAMED("description"), BOTH, TEXT}
#define ALIASES       {NAMED("aliases"), BOTH, TEXT, LIST}
#define KILL_CHAIN    {NAMED("kill_chain_phases"), BOTH, OF(STIX_KILL_CHAIN_PHASE), LIST}
#define SEEN          {NAMED("first_seen"), BOTH, TIME}, {NAMED("last_seen"), BOTH, TIME}
#define SEEN_RULE     RULE(NOT_BEFORE, "first_seen", "last_seen")
#define LABELS_RULE   RULE_2_0(NEEDS, "type", "labels")
#define OBJECT(own, ...) {.base = &STIX_COMMON, .properties = (own), .count = sizeof(own) / sizeof((own)[0]), \
	__VA_ARGS__}
/* clang-format on */

static const struct stix_property attack_pattern[] = {
	NAME,
	DESCRIPTION,
	{NAMED("aliases"), ONLY_2_1, TEXT, LIST},
	KILL_CHAIN,
};
static const struct stix_table attack_pattern_table = OBJECT(attack_pattern);

static const struct stix_property campaign[] = {
	NAME, DESCRIPTION, ALIASES, SEEN, {NAMED("objective"), BOTH, TEXT},
};
static const struct stix_table campaign_table = OBJECT(campaign, RULES(SEEN_RULE));

static const struct stix_property course_of_action[] = {NAME, DESCRIPTION};
static const struct stix_table course_of_action_table = OBJECT(course_of_action);

static const struct stix_property grouping[] = {
	NAME_OPTIONAL,
	DESCRIPTION,
	{NAMED("context"), MUST, STRING},
	{NAMED("object_refs"), MUST, ID(STIX_ANY_TYPE), LIST},
};
static const struct stix_table grouping_table = OBJECT(grouping);

static const struct stix_property identity[] = {
	NAME,
	DESCRIPTION,
	{NAMED("roles"), ONLY_2_1, STRING, LIST},
	{NAMED("identity_class"), BOTH, STRING},
	{NAMED("sectors"), BOTH, STRING, LIST},
	{NAMED("contact_information"), BOTH, TEXT},
};
static const struct stix_table identity_table =
	OBJECT(identity, RULES(RULE_2_0(NEEDS, "type", "identity_class")));

static const struct stix_property incident[] = {NAME, DESCRIPTION};
static const struct stix_table incident_table = OBJECT(incident);

static const struct stix_property indicator[] = {
	NAME_OPTIONAL,
	DESCRIPTION,
	{NAMED("indicator_types"), ONLY_2_1, STRING, LIST},
	{NAMED("pattern"), MUST, STRING, TAKE(PATTERN)},
	{NAMED("pattern_type"), MUST_2_1, STRING},
	{NAMED("pattern_version"), ONLY_2_1, STRING},
	{NAMED("valid_from"), MUST, TIME, TAKE(VALID_FROM)},
	{NAMED("valid_until"), BOTH, TIME, TAKE(VALID_UNTIL)},
	KILL_CHAIN,
};
static const struct stix_table indicator_table =
	OBJECT(indicator, RULES(RULE(AFTER, "valid_from", "valid_until"), LABELS_RULE));

static const struct stix_property infrastructure[] = {
	NAME, DESCRIPTION, {NAMED("infrastructure_types"), BOTH, STRING, LIST}, ALIASES, KILL_CHAIN, SEEN,
};
static const struct stix_table infrastructure_table = OBJECT(infrastructure, RULES(SEEN_RULE));

static const struct stix_property intrusion_set[] = {
	NAME,
	DESCRIPTION,
	ALIASES,
	SEEN,
	{NAMED("goals"), BOTH, TEXT, LIST},
	{NAMED("resource_level"), BOTH, STRING},
	{NAMED("primary_motivation"), BOTH, STRING},
	{NAMED("secondary_motivations"), BOTH, STRING, LIST},
};
static const struct stix_table intrusion_set_table = OBJECT(intrusion_set, RULES(SEEN_RULE));

static const struct stix_property location[] = {
	NAME_OPTIONAL,
	DESCRIPTION,
	{NAMED("latitude"), BOTH, .kind = STIX_KIND_FLOAT, WITHIN(-90, 90)},
	{NAMED("longitude"), BOTH, .kind = STIX_KIND_FLOAT, WITHIN(-180, 180)},
	{NAMED("precision"), BOTH, FLOAT},
	{NAMED("region"), BOTH, STRING},
	{NAMED("country"), BOTH, STRING},
	{NAMED("administrative_area"), BOTH, TEXT},
	{NAMED("city"), BOTH, TEXT},
	{NAMED("street_address"), BOTH, TEXT},
	{NAMED("postal_code"), BOTH, STRING},
};
static const struct stix_table location_table =
	OBJECT(location,
	       RULES(RULE(SOME_OF, "region", "country", "latitude"), RULE(TOGETHER, "latitude", "longitude"),
		     RULE(NEEDS, "precision", "latitude", "longitude")));

static const struct stix_property malware[] = {
	NAME_OPTIONAL,
	DESCRIPTION,
	{NAMED("malware_types"), ONLY_2_1, STRING, LIST},
	{NAMED("is_family"), MUST_2_1, BOOLEAN},
	{NAMED("aliases"), ONLY_2_1, TEXT, LIST},
	KILL_CHAIN,
	{NAMED("first_seen"), ONLY_2_1, TIME},
	{NAMED("last_seen"), ONLY_2_1, TIME},
	{NAMED("operating_system_refs"), ONLY_2_1, ID("software"), LIST},
	{NAMED("architecture_execution_envs"), ONLY_2_1, STRING, LIST},
	{NAMED("implementation_languages"), ONLY_2_1, STRING, LIST},
	{NAMED("capabilities"), ONLY_2_1, STRING, LIST},
	{NAMED("sample_refs"), ONLY_2_1, ID("artifact", "file"), LIST},
};
static const struct stix_table malware_table =
	OBJECT(malware, RULES(RULE_2_1(NOT_BEFORE, "first_seen", "last_seen"),
			      RULE_2_1(TRUE_NEEDS, "is_family", "name"), LABELS_RULE,
			      RULE_2_0(NEEDS, "type", "name")));

static const struct stix_property malware_analysis[] = {
	{NAMED("product"), MUST, STRING},
	{NAMED("version"), BOTH, STRING},
	{NAMED("host_vm_ref"), BOTH, ID("software")},
	{NAMED("operating_system_ref"), BOTH, ID("software")},
	{NAMED("installed_software_refs"), BOTH, ID("software"), LIST},
	{NAMED("configuration_version"), BOTH, STRING},
	{NAMED("modules"), BOTH, STRING, LIST},
	{NAMED("analysis_engine_version"), BOTH, STRING},
	{NAMED("analysis_definition_version"), BOTH, STRING},
	{NAMED("submitted"), BOTH, TIME},
	{NAMED("analysis_started"), BOTH, TIME},
	{NAMED("analysis_ended"), BOTH, TIME},
	{NAMED("result_name"), BOTH, TEXT},
	{NAMED("result"), BOTH, STRING},
	{NAMED("analysis_sco_refs"), BOTH, ID(STIX_ANY_CYBER), LIST},
	{NAMED("sample_ref"), BOTH, ID("artifact", "file", "network-traffic")},
};
static const struct stix_table malware_analysis_table =
	OBJECT(malware_analysis, RULES(RULE(SOME_OF, "result", "analysis_sco_refs"),
				       RULE(NOT_BEFORE, "analysis_started", "analysis_ended")));

static const struct stix_property note[] = {
	{NAMED("abstract"), BOTH, TEXT},
	{NAMED("content"), MUST, TEXT},
	{NAMED("authors"), BOTH, TEXT, LIST},
	{NAMED("object_refs"), MUST, ID(STIX_ANY_TYPE), LIST},
};
static const struct stix_table note_table = OBJECT(note);

static const struct stix_property observed_data[] = {
	{NAMED("first_observed"), MUST, TIME},
	{NAMED("last_observed"), MUST, TIME},
	{NAMED("number_observed"), MUST, .kind = STIX_KIND_INTEGER, WITHIN(1, 999999999)},
	{NAMED("objects"), BOTH, .kind = STIX_KIND_OBSERVED},
	{NAMED("object_refs"), ONLY_2_1, ID(STIX_ANY_CYBER, STIX_ANY_RELATION), LIST},
};
static const struct stix_table observed_data_table = OBJECT(
	observed_data, RULES(RULE(NOT_BEFORE, "first_observed", "last_observed"),
			     RULE_2_1(ONE_OF, "objects", "object_refs"), RULE_2_0(NEEDS, "type", "objects")));

static const struct stix_property opinion[] = {
	{NAMED("explanation"), BOTH, TEXT},
	{NAMED("authors"), BOTH, TEXT, LIST},
	{NAMED("opinion"), MUST, ENUM("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree")},
	{NAMED("object_refs"), MUST, ID(STIX_ANY_TYPE), LIST},
};
static const struct stix_table opinion_table = OBJECT(opinion);

static const struct stix_property report[] = {
	NAME,
	DESCRIPTION,
	{NAMED("report_types"), ONLY_2_1, STRING, LIST},
	{NAMED("published"), MUST, TIME},
	{NAMED("object_refs"), MUST, ID(STIX_ANY_TYPE), LIST},
};
static const struct stix_table report_table = OBJECT(report, RULES(LABELS_RULE));

static const struct stix_property threat_actor[] = {
	NAME,
	DESCRIPTION,
	{NAMED("threat_actor_types"), ONLY_2_1, STRING, LIST},
	ALIASES,
	{NAMED("first_seen"), ONLY_2_1, TIME},
	{NAMED("last_seen"), ONLY_2_1, TIME},
	{NAMED("roles"), BOTH, STRING, LIST},
	{NAMED("goals"), BOTH, TEXT, LIST},
	{NAMED("sophistication"), BOTH, STRING},
	{NAMED("resource_level"), BOTH, STRING},
	{NAMED("primary_motivation"), BOTH, STRING},
	{NAMED("secondary_motivations"), BOTH, STRING, LIST},
	{NAMED("personal_motivations"), BOTH, STRING, LIST},
};
static const struct stix_table threat_actor_table =
	OBJECT(threat_actor, RULES(RULE_2_1(NOT_BEFORE, "first_seen", "last_seen"), LABELS_RULE));

static const struct stix_property tool[] = {
	NAME,
	DESCRIPTION,
	{NAMED("tool_types"), ONLY_2_1, STRING, LIST},
	{NAMED("aliases"), ONLY_2_1, TEXT, LIST},
	KILL_CHAIN,
	{NAMED("tool_version"), BOTH, STRING},
};
static const struct stix_table tool_table = OBJECT(tool, RULES(LABELS_RULE));

static const struct stix_property vulnerability[] = {
	{NAMED("name"), MUST, TEXT, VALUE(VULNERABILITY)},
	DESCRIPTION,
};
static const struct stix_table vulnerability_table = OBJECT(vulnerability);

static const struct stix_property relationship[] = {
	{NAMED("relationship_type"), MUST, .kind = STIX_KIND_TOKEN},
	DESCRIPTION,
	{NAMED("source_ref"), MUST, ID(STIX_ANY_DOMAIN, STIX_ANY_CYBER)},
	{NAMED("target_ref"), MUST, ID(STIX_ANY_DOMAIN, STIX_ANY_CYBER)},
	{NAMED("start_time"), ONLY_2_1, TIME},
	{NAMED("stop_time"), ONLY_2_1, TIME},
};
static const struct stix_table relationship_table =
	OBJECT(relationship, RULES(RULE_2_1(AFTER, "start_time", "stop_time")));

static const struct stix_property sighting[] = {
	{NAMED("description"), ONLY_2_1, TEXT},
	SEEN,
	{NAMED("count"), BOTH, .kind = STIX_KIND_INTEGER, WITHIN(0, 999999999)},
	{NAMED("sighting_of_ref"), MUST, ID(STIX_ANY_DOMAIN)},
	{NAMED("observed_data_refs"), BOTH, ID("observed-data"), LIST},
	{NAMED("where_sighted_refs"), BOTH, ID("identity", "location"), LIST},
	{NAMED("summary"), BOTH, BOOLEAN},
};
static const struct stix_table sighting_table = OBJECT(sighting, RULES(SEEN_RULE));

/* clang-format off */
#define DOMAIN(text, table_)     {.name = (text), BOTH, .family = STIX_DOMAIN, .table = &(table_)}
#define DOMAIN_2_1(text, table_) {.name = (text), ONLY_2_1, .family = STIX_DOMAIN, .table = &(table_)}
#define RELATION(text, table_)   {.name = (text), BOTH, .family = STIX_RELATIONSHIP, .table = &(table_)}
/* clang-format on */

/* The commonest first. */
const struct stix_type STIX_DOMAIN_TYPES[] = {
	RELATION("relationship", relationship_table),
	DOMAIN("indicator", indicator_table),
	RELATION("sighting", sighting_table),
	DOMAIN("observed-data", observed_data_table),
	DOMAIN("attack-pattern", attack_pattern_table),
	DOMAIN("malware", malware_table),
	DOMAIN("tool", tool_table),
	DOMAIN("intrusion-set", intrusion_set_table),
	DOMAIN("course-of-action", course_of_action_table),
	DOMAIN("campaign", campaign_table),
	DOMAIN("report", report_table),
	DOMAIN("identity", identity_table),
	DOMAIN("vulnerability", vulnerability_table),
	DOMAIN("threat-actor", threat_actor_table),
	DOMAIN_2_1("location", location_table),
	DOMAIN_2_1("infrastructure", infrastructure_table),
	DOMAIN_2_1("malware-analysis", malware_analysis_table),
	DOMAIN_2_1("grouping", grouping_table),
	DOMAIN_2_1("incident", incident_table),
	DOMAIN_2_1("note", note_table),
	DOMAIN_2_1("opinion", opinion_table),
	{.name = NULL},
};
