/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include <stdio.h>

#include "stix/tape.h"
#include "stix/types.h"

/*
 * An object of each type with the properties that the standard gives it, and those that it cannot be without.
 * Objects of STIX 2.0 have no spec_version.
 */
/* clang-format off */
static const struct {
	const char *json, *needed;
} rows[] = {
	{"{\"type\":\"attack-pattern\",\"spec_version\":\"2.1\",\"id\":\"attack-pattern--8e2e2d2b-17d4-4cb"
	 "f-938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:0"
	 "5.678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false"
	 ",\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":"
	 "\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000"
	 "0000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e"
	 "2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"l"
	 "ang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"exten"
	 "sion_type\":\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"aliases\":[\"a\"],\""
	 "kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_name\":\"p\"}]}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"campaign\",\"spec_version\":\"2.1\",\"id\":\"campaign--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"c"
	 "reated_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":"
	 "[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"desc"
	 "ription\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000000000000"
	 "0000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-"
	 "4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"e"
	 "xtensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"aliases\":[\"a\"],\"objective\":"
	 "\"o\",\"first_seen\":\"2024-01-02T03:04:05.678Z\",\"last_seen\":\"2024-02-02T03:04:05Z\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"course-of-action\",\"spec_version\":\"2.1\",\"id\":\"course-of-action--8e2e2d2b-17d4"
	 "-4cbf-938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:"
	 "04:05.678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":f"
	 "alse,\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_nam"
	 "e\":\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"000000000"
	 "00000000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition"
	 "--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":"
	 "[\"lang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"e"
	 "xtension_type\":\"property-extension\"}},\"name\":\"n\",\"description\":\"d\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"grouping\",\"spec_version\":\"2.1\",\"id\":\"grouping--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"c"
	 "reated_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":"
	 "[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"desc"
	 "ription\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000000000000"
	 "0000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-"
	 "4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"e"
	 "xtensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"context\":\"unspecified\",\"obje"
	 "ct_refs\":[\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]}",
	 "type id spec_version created modified lang context object_refs"},
	{"{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"c"
	 "reated_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":"
	 "[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"desc"
	 "ription\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000000000000"
	 "0000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-"
	 "4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"e"
	 "xtensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"roles\":[\"r\"],\"identity_class"
	 "\":\"group\",\"sectors\":[\"energy\"],\"contact_information\":\"c\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"incident\",\"spec_version\":\"2.1\",\"id\":\"incident--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"c"
	 "reated_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":"
	 "[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"desc"
	 "ription\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000000000000"
	 "0000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-"
	 "4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"e"
	 "xtensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"property-extension\"}},\"name\":\"n\",\"description\":\"d\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98e"
	 "e46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\","
	 "\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels"
	 "\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"d"
	 "escription\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000000000"
	 "0000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17"
	 "d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],"
	 "\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type"
	 "\":\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"indicator_types\":[\"benign\""
	 "],\"pattern\":\"[url:value = 'http://example.com/']\",\"pattern_type\":\"stix\",\"pattern_versio"
	 "n\":\"2.1\",\"valid_from\":\"2024-01-02T03:04:05.678Z\",\"valid_until\":\"2024-02-02T03:04:05Z\""
	 ",\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_name\":\"p\"}]}",
	 "type id spec_version created modified lang pattern pattern_type valid_from"},
	{"{\"type\":\"infrastructure\",\"spec_version\":\"2.1\",\"id\":\"infrastructure--8e2e2d2b-17d4-4cb"
	 "f-938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:0"
	 "5.678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false"
	 ",\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":"
	 "\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000"
	 "0000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e"
	 "2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"l"
	 "ang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"exten"
	 "sion_type\":\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"infrastructure_types"
	 "\":[\"botnet\"],\"aliases\":[\"a\"],\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_na"
	 "me\":\"p\"}],\"first_seen\":\"2024-01-02T03:04:05.678Z\",\"last_seen\":\"2024-02-02T03:04:05Z\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"intrusion-set\",\"spec_version\":\"2.1\",\"id\":\"intrusion-set--8e2e2d2b-17d4-4cbf-"
	 "938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05."
	 "678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,"
	 "\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":"
	 "\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000"
	 "0000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e"
	 "2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"l"
	 "ang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"exten"
	 "sion_type\":\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"aliases\":[\"a\"],\""
	 "goals\":[\"g\"],\"resource_level\":\"club\",\"primary_motivation\":\"revenge\",\"secondary_motiv"
	 "ations\":[\"dominance\"],\"first_seen\":\"2024-01-02T03:04:05.678Z\",\"last_seen\":\"2024-02-02T"
	 "03:04:05Z\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"location\",\"spec_version\":\"2.1\",\"id\":\"location--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"c"
	 "reated_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":"
	 "[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"desc"
	 "ription\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000000000000"
	 "0000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-"
	 "4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"e"
	 "xtensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"latitude\":35.5,\"longitude\":-1"
	 "39,\"precision\":10.5,\"region\":\"asia\",\"country\":\"jp\",\"administrative_area\":\"JP-13\","
	 "\"city\":\"c\",\"street_address\":\"s\",\"postal_code\":\"1\"}",
	 "type id spec_version created modified lang latitude longitude"},
	{"{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"malware--8e2e2d2b-17d4-4cbf-938f-98ee46b"
	 "3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"cre"
	 "ated_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":["
	 "\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"descr"
	 "iption\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"00000000000000000000000000"
	 "000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4"
	 "cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"ex"
	 "tensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"malware_types\":[\"worm\"],\"is_"
	 "family\":true,\"aliases\":[\"a\"],\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_name"
	 "\":\"p\"}],\"operating_system_refs\":[\"software--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"arch"
	 "itecture_execution_envs\":[\"x86\"],\"implementation_languages\":[\"c\"],\"capabilities\":[\"x\""
	 "],\"sample_refs\":[\"file--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"first_seen\":\"2024-01-02T0"
	 "3:04:05.678Z\",\"last_seen\":\"2024-02-02T03:04:05Z\"}",
	 "type id spec_version created modified lang is_family name"},
	{"{\"type\":\"malware-analysis\",\"spec_version\":\"2.1\",\"id\":\"malware-analysis--8e2e2d2b-17d4"
	 "-4cbf-938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:"
	 "04:05.678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":f"
	 "alse,\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_nam"
	 "e\":\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"000000000"
	 "00000000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition"
	 "--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":"
	 "[\"lang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"e"
	 "xtension_type\":\"property-extension\"}},\"product\":\"p\",\"version\":\"1\",\"host_vm_ref\":\"s"
	 "oftware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"operating_system_ref\":\"software--8e2e2d2b-17"
	 "d4-4cbf-938f-98ee46b3cd3f\",\"installed_software_refs\":[\"software--8e2e2d2b-17d4-4cbf-938f-98e"
	 "e46b3cd3f\"],\"configuration_version\":\"1\",\"modules\":[\"m\"],\"analysis_engine_version\":\"1"
	 "\",\"analysis_definition_version\":\"1\",\"submitted\":\"2024-01-02T03:04:05.678Z\",\"analysis_s"
	 "tarted\":\"2024-01-02T03:04:05.678Z\",\"analysis_ended\":\"2024-02-02T03:04:05Z\",\"result_name"
	 "\":\"n\",\"result\":\"benign\",\"analysis_sco_refs\":[\"url--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3"
	 "f\"],\"sample_ref\":\"file--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
	 "type id spec_version created modified lang product"},
	{"{\"type\":\"note\",\"spec_version\":\"2.1\",\"id\":\"note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
	 "\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_"
	 "by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":[\"l\"]"
	 ",\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"description"
	 "\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"00000000000000000000000000000000"
	 "\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-93"
	 "8f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"extensio"
	 "ns\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"prope"
	 "rty-extension\"}},\"abstract\":\"a\",\"content\":\"c\",\"authors\":[\"a\"],\"object_refs\":[\"to"
	 "ol--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]}",
	 "type id spec_version created modified lang content object_refs"},
	{"{\"type\":\"observed-data\",\"spec_version\":\"2.1\",\"id\":\"observed-data--8e2e2d2b-17d4-4cbf-"
	 "938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05."
	 "678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,"
	 "\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":"
	 "\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000"
	 "0000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e"
	 "2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"l"
	 "ang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"exten"
	 "sion_type\":\"property-extension\"}},\"first_observed\":\"2024-01-02T03:04:05.678Z\",\"last_obse"
	 "rved\":\"2024-02-02T03:04:05Z\",\"number_observed\":1,\"object_refs\":[\"url--8e2e2d2b-17d4-4cbf"
	 "-938f-98ee46b3cd3f\",\"relationship--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]}",
	 "type id spec_version created modified lang first_observed last_observed number_observed object_refs"},
	{"{\"type\":\"opinion\",\"spec_version\":\"2.1\",\"id\":\"opinion--8e2e2d2b-17d4-4cbf-938f-98ee46b"
	 "3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"cre"
	 "ated_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":["
	 "\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"descr"
	 "iption\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"00000000000000000000000000"
	 "000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4"
	 "cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"ex"
	 "tensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"property-extension\"}},\"explanation\":\"e\",\"authors\":[\"a\"],\"opinion\":\"agree\",\"objec"
	 "t_refs\":[\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]}",
	 "type id spec_version created modified lang opinion object_refs"},
	{"{\"type\":\"report\",\"spec_version\":\"2.1\",\"id\":\"report--8e2e2d2b-17d4-4cbf-938f-98ee46b3c"
	 "d3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"creat"
	 "ed_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":[\"l"
	 "\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"descript"
	 "ion\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"00000000000000000000000000000"
	 "000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf"
	 "-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"exten"
	 "sions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"pr"
	 "operty-extension\"}},\"name\":\"n\",\"description\":\"d\",\"report_types\":[\"tool\"],\"publishe"
	 "d\":\"2024-01-02T03:04:05.678Z\",\"object_refs\":[\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\""
	 "]}",
	 "type id spec_version created modified lang name published object_refs"},
	{"{\"type\":\"threat-actor\",\"spec_version\":\"2.1\",\"id\":\"threat-actor--8e2e2d2b-17d4-4cbf-93"
	 "8f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.67"
	 "8Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"l"
	 "abels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s"
	 "\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000"
	 "0000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2"
	 "d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang"
	 "\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extensio"
	 "n_type\":\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"threat_actor_types\":["
	 "\"spy\"],\"aliases\":[\"a\"],\"roles\":[\"agent\"],\"goals\":[\"g\"],\"sophistication\":\"expert"
	 "\",\"resource_level\":\"team\",\"primary_motivation\":\"revenge\",\"secondary_motivations\":[\"r"
	 "evenge\"],\"personal_motivations\":[\"revenge\"],\"first_seen\":\"2024-01-02T03:04:05.678Z\",\"l"
	 "ast_seen\":\"2024-02-02T03:04:05Z\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
	 "\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_"
	 "by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":[\"l\"]"
	 ",\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"description"
	 "\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"00000000000000000000000000000000"
	 "\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-93"
	 "8f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"extensio"
	 "ns\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"prope"
	 "rty-extension\"}},\"name\":\"n\",\"description\":\"d\",\"tool_types\":[\"exploitation\"],\"alias"
	 "es\":[\"a\"],\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_name\":\"p\"}],\"tool_ver"
	 "sion\":\"1\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"vulnerability\",\"spec_version\":\"2.1\",\"id\":\"vulnerability--8e2e2d2b-17d4-4cbf-"
	 "938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05."
	 "678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,"
	 "\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":"
	 "\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000"
	 "0000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e"
	 "2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"l"
	 "ang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"exten"
	 "sion_type\":\"property-extension\"}},\"name\":\"CVE-2024-1234\",\"description\":\"d\"}",
	 "type id spec_version created modified lang name"},
	{"{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"relationship--8e2e2d2b-17d4-4cbf-93"
	 "8f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.67"
	 "8Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"l"
	 "abels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s"
	 "\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000"
	 "0000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2"
	 "d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang"
	 "\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extensio"
	 "n_type\":\"property-extension\"}},\"relationship_type\":\"related-to\",\"description\":\"d\",\"s"
	 "ource_ref\":\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"target_ref\":\"url--8e2e2d2b-17d4-4"
	 "cbf-938f-98ee46b3cd3f\",\"start_time\":\"2024-01-02T03:04:05.678Z\",\"stop_time\":\"2024-02-02T0"
	 "3:04:05Z\"}",
	 "type id spec_version created modified lang relationship_type source_ref target_ref"},
	{"{\"type\":\"sighting\",\"spec_version\":\"2.1\",\"id\":\"sighting--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"c"
	 "reated_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"labels\":"
	 "[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\",\"desc"
	 "ription\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000000000000"
	 "0000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-"
	 "4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]}],\"e"
	 "xtensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"property-extension\"}},\"description\":\"d\",\"count\":2,\"sighting_of_ref\":\"indicator--8e2e"
	 "2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"observed_data_refs\":[\"observed-data--8e2e2d2b-17d4-4cbf-9"
	 "38f-98ee46b3cd3f\"],\"where_sighted_refs\":[\"location--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],"
	 "\"summary\":true,\"first_seen\":\"2024-01-02T03:04:05.678Z\",\"last_seen\":\"2024-02-02T03:04:05"
	 "Z\"}",
	 "type id spec_version created modified lang sighting_of_ref"},
	{"{\"type\":\"language-content\",\"spec_version\":\"2.1\",\"id\":\"language-content--8e2e2d2b-17d4"
	 "-4cbf-938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:"
	 "04:05.678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":f"
	 "alse,\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_nam"
	 "e\":\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"000000000"
	 "00000000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition"
	 "--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":"
	 "[\"lang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"e"
	 "xtension_type\":\"property-extension\"}},\"object_ref\":\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3"
	 "cd3f\",\"object_modified\":\"2024-01-02T03:04:05.678Z\",\"contents\":{\"ja\":{\"name\":\"\\u540d"
	 "\"}}}",
	 "type id spec_version created modified lang object_ref contents"},
	{"{\"type\":\"extension-definition\",\"spec_version\":\"2.1\",\"id\":\"extension-definition--8e2e2"
	 "d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-0"
	 "1-02T03:04:05.678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"rev"
	 "oked\":false,\"labels\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"so"
	 "urce_name\":\"s\",\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0"
	 "0000000000000000000000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-de"
	 "finition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"sele"
	 "ctors\":[\"lang\"]}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3"
	 "f\":{\"extension_type\":\"property-extension\"}},\"name\":\"n\",\"description\":\"d\",\"schema\""
	 ":\"s\",\"version\":\"1.0.0\",\"extension_types\":[\"toplevel-property-extension\"],\"extension_p"
	 "roperties\":[\"rank\"]}",
	 "type id spec_version created modified lang created_by_ref name schema version extension_types"},
	{"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--8e2e2d2b-"
	 "17d4-4cbf-938f-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"iden"
	 "tity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"external_references\":[{\"source_name\":\"s\",\"u"
	 "rl\":\"u\"}],\"object_marking_refs\":[\"marking-definition--0e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
	 "\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"name\"]}],\"name\":\"n\",\"definiti"
	 "on_type\":\"statement\",\"definition\":{\"statement\":\"s\"}}",
	 "type id spec_version created name definition_type definition"},
	{"{\"type\":\"artifact\",\"spec_version\":\"2.1\",\"id\":\"artifact--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]"
	 ",\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"extensio"
	 "ns\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"new-s"
	 "co\"}},\"mime_type\":\"text/plain\",\"payload_bin\":\"QQ==\",\"hashes\":{\"SHA-256\":\"aaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"},\"encryption_algorithm\":\"AES-256-GC"
	 "M\",\"decryption_key\":\"k\"}",
	 "type id payload_bin encryption_algorithm"},
	{"{\"type\":\"artifact\",\"spec_version\":\"2.1\",\"id\":\"artifact--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]"
	 ",\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"extensio"
	 "ns\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"new-s"
	 "co\"}},\"url\":\"https://example.com/a\",\"hashes\":{\"SHA-1\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaa\",\"TLSH\":\"x\",\"x_own\":\"y\"}}",
	 "type id url hashes"},
	{"{\"type\":\"autonomous-system\",\"spec_version\":\"2.1\",\"id\":\"autonomous-system--8e2e2d2b-17"
	 "d4-4cbf-938f-98ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-93"
	 "8f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged"
	 "\":true,\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extens"
	 "ion_type\":\"new-sco\"}},\"number\":64496,\"name\":\"n\",\"rir\":\"APNIC\"}",
	 "type id number"},
	{"{\"type\":\"directory\",\"spec_version\":\"2.1\",\"id\":\"directory--8e2e2d2b-17d4-4cbf-938f-98e"
	 "e46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
	 "\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"exten"
	 "sions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"ne"
	 "w-sco\"}},\"path\":\"/tmp\",\"path_enc\":\"utf-8\",\"ctime\":\"2024-01-02T03:04:05.678Z\",\"mtim"
	 "e\":\"2024-01-02T03:04:05.678Z\",\"atime\":\"2024-01-02T03:04:05.678Z\",\"contains_refs\":[\"fil"
	 "e--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]}",
	 "type id path"},
	{"{\"type\":\"domain-name\",\"spec_version\":\"2.1\",\"id\":\"domain-name--8e2e2d2b-17d4-4cbf-938f"
	 "-98ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3c"
	 "d3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"ex"
	 "tensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":"
	 "\"new-sco\"}},\"value\":\"example.com\",\"resolves_to_refs\":[\"ipv4-addr--8e2e2d2b-17d4-4cbf-93"
	 "8f-98ee46b3cd3f\"]}",
	 "type id value"},
	{"{\"type\":\"email-addr\",\"spec_version\":\"2.1\",\"id\":\"email-addr--8e2e2d2b-17d4-4cbf-938f-9"
	 "8ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3"
	 "f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"exte"
	 "nsions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"n"
	 "ew-sco\"}},\"value\":\"a@example.com\",\"display_name\":\"n\",\"belongs_to_ref\":\"user-account-"
	 "-8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
	 "type id value"},
	{"{\"type\":\"email-message\",\"spec_version\":\"2.1\",\"id\":\"email-message--8e2e2d2b-17d4-4cbf-"
	 "938f-98ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,"
	 "\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type"
	 "\":\"new-sco\"}},\"is_multipart\":false,\"date\":\"2024-01-02T03:04:05.678Z\",\"content_type\":"
	 "\"text/plain\",\"from_ref\":\"email-addr--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"sender_ref\":"
	 "\"email-addr--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"to_refs\":[\"email-addr--8e2e2d2b-17d4-4c"
	 "bf-938f-98ee46b3cd3f\"],\"cc_refs\":[\"email-addr--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"bcc"
	 "_refs\":[\"email-addr--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"message_id\":\"<a>\",\"subject"
	 "\":\"s\",\"received_lines\":[\"r\"],\"additional_header_fields\":{\"X-A\":[\"a\"]},\"body\":\"b"
	 "\",\"raw_email_ref\":\"artifact--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
	 "type id is_multipart"},
	{"{\"type\":\"email-message\",\"spec_version\":\"2.1\",\"id\":\"email-message--8e2e2d2b-17d4-4cbf-"
	 "938f-98ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,"
	 "\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type"
	 "\":\"new-sco\"}},\"is_multipart\":true,\"body_multipart\":[{\"body\":\"b\",\"content_type\":\"te"
	 "xt/plain\",\"content_disposition\":\"inline\"},{\"body_raw_ref\":\"file--8e2e2d2b-17d4-4cbf-938f"
	 "-98ee46b3cd3f\"}]}",
	 "type id is_multipart"},
	{"{\"type\":\"file\",\"spec_version\":\"2.1\",\"id\":\"file--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
	 "\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"gran"
	 "ular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"extensions\":{"
	 "\"archive-ext\":{\"contains_refs\":[\"file--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"comment\":"
	 "\"c\"},\"ntfs-ext\":{\"sid\":\"s\",\"alternate_data_streams\":[{\"name\":\"a\",\"size\":1,\"hash"
	 "es\":{\"MD5\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}]},\"pdf-ext\":{\"version\":\"1.7\",\"is_opt"
	 "imized\":false,\"document_info_dict\":{\"Title\":\"t\"},\"pdfid0\":\"0\",\"pdfid1\":\"1\"},\"ras"
	 "ter-image-ext\":{\"image_height\":1,\"image_width\":2,\"bits_per_pixel\":8,\"exif_tags\":{\"Make"
	 "\":\"m\",\"XResolution\":72}},\"windows-pebinary-ext\":{\"pe_type\":\"dll\",\"imphash\":\"x\",\""
	 "machine_hex\":\"014c\",\"number_of_sections\":1,\"time_date_stamp\":\"2024-02-02T03:04:05Z\",\"p"
	 "ointer_to_symbol_table_hex\":\"00\",\"number_of_symbols\":0,\"size_of_optional_header\":224,\"ch"
	 "aracteristics_hex\":\"0102\",\"file_header_hashes\":{\"MD5\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "\"},\"optional_header\":{\"magic_hex\":\"010b\",\"size_of_code\":1,\"hashes\":{\"SHA-1\":\"bbbbb"
	 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}},\"sections\":[{\"name\":\".text\",\"size\":1,\"entropy\""
	 ":6.5,\"hashes\":{\"MD5\":\"cccccccccccccccccccccccccccccccc\"}}]}},\"name\":\"n\",\"size\":1,\"n"
	 "ame_enc\":\"utf-8\",\"magic_number_hex\":\"4d5a\",\"mime_type\":\"a/b\",\"ctime\":\"2024-01-02T0"
	 "3:04:05.678Z\",\"mtime\":\"2024-01-02T03:04:05.678Z\",\"atime\":\"2024-01-02T03:04:05.678Z\",\"p"
	 "arent_directory_ref\":\"directory--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"contains_refs\":[\"u"
	 "rl--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"content_ref\":\"artifact--8e2e2d2b-17d4-4cbf-938f-"
	 "98ee46b3cd3f\"}",
	 "type id name"},
	{"{\"type\":\"ipv4-addr\",\"spec_version\":\"2.1\",\"id\":\"ipv4-addr--8e2e2d2b-17d4-4cbf-938f-98e"
	 "e46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
	 "\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"exten"
	 "sions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"ne"
	 "w-sco\"}},\"value\":\"192.0.2.0/24\",\"resolves_to_refs\":[\"mac-addr--8e2e2d2b-17d4-4cbf-938f-9"
	 "8ee46b3cd3f\"],\"belongs_to_refs\":[\"autonomous-system--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]"
	 "}",
	 "type id value"},
	{"{\"type\":\"ipv6-addr\",\"spec_version\":\"2.1\",\"id\":\"ipv6-addr--8e2e2d2b-17d4-4cbf-938f-98e"
	 "e46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
	 "\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"exten"
	 "sions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"ne"
	 "w-sco\"}},\"value\":\"2001:db8::1\",\"resolves_to_refs\":[\"mac-addr--8e2e2d2b-17d4-4cbf-938f-98"
	 "ee46b3cd3f\"],\"belongs_to_refs\":[\"autonomous-system--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]}",
	 "type id value"},
	{"{\"type\":\"mac-addr\",\"spec_version\":\"2.1\",\"id\":\"mac-addr--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]"
	 ",\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"extensio"
	 "ns\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"new-s"
	 "co\"}},\"value\":\"d2:fb:49:24:37:18\"}",
	 "type id value"},
	{"{\"type\":\"mutex\",\"spec_version\":\"2.1\",\"id\":\"mutex--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3"
	 "f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"gra"
	 "nular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"extensions\":{"
	 "\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"new-sco\"}}"
	 ",\"name\":\"m\"}",
	 "type id name"},
	{"{\"type\":\"network-traffic\",\"spec_version\":\"2.1\",\"id\":\"network-traffic--8e2e2d2b-17d4-4"
	 "cbf-938f-98ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-9"
	 "8ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":t"
	 "rue,\"extensions\":{\"http-request-ext\":{\"request_method\":\"get\",\"request_value\":\"/\",\"r"
	 "equest_version\":\"1.1\",\"request_header\":{\"Host\":[\"a\"]},\"message_body_length\":1,\"messa"
	 "ge_body_data_ref\":\"artifact--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"},\"icmp-ext\":{\"icmp_type"
	 "_hex\":\"08\",\"icmp_code_hex\":\"00\"},\"socket-ext\":{\"address_family\":\"AF_INET\",\"is_bloc"
	 "king\":true,\"is_listening\":true,\"options\":{\"SO_TYPE\":1},\"socket_type\":\"SOCK_RAW\",\"soc"
	 "ket_descriptor\":1,\"socket_handle\":2},\"tcp-ext\":{\"src_flags_hex\":\"02\",\"dst_flags_hex\":"
	 "\"12\"}},\"start\":\"2024-01-02T03:04:05.678Z\",\"end\":\"2024-02-02T03:04:05Z\",\"is_active\":f"
	 "alse,\"src_ref\":\"ipv4-addr--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"dst_ref\":\"domain-name--"
	 "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"src_port\":0,\"dst_port\":65535,\"protocols\":[\"ipv4\""
	 ",\"tcp\"],\"src_byte_count\":1,\"dst_byte_count\":1,\"src_packets\":1,\"dst_packets\":1,\"ipfix"
	 "\":{\"minimumIpTotalLength\":32,\"x\":\"y\"},\"src_payload_ref\":\"artifact--8e2e2d2b-17d4-4cbf-"
	 "938f-98ee46b3cd3f\",\"dst_payload_ref\":\"artifact--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"enc"
	 "apsulates_refs\":[\"network-traffic--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"encapsulated_by_r"
	 "ef\":\"network-traffic--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
	 "type id protocols"},
	{"{\"type\":\"process\",\"spec_version\":\"2.1\",\"id\":\"process--8e2e2d2b-17d4-4cbf-938f-98ee46b"
	 "3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],"
	 "\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"extension"
	 "s\":{\"windows-process-ext\":{\"aslr_enabled\":true,\"dep_enabled\":true,\"priority\":\"p\",\"ow"
	 "ner_sid\":\"s\",\"window_title\":\"t\",\"startup_info\":{\"cb\":1},\"integrity_level\":\"low\"},"
	 "\"windows-service-ext\":{\"service_name\":\"n\",\"descriptions\":[\"d\"],\"display_name\":\"n\","
	 "\"group_name\":\"g\",\"start_type\":\"SERVICE_DISABLED\",\"service_dll_refs\":[\"file--8e2e2d2b-"
	 "17d4-4cbf-938f-98ee46b3cd3f\"],\"service_type\":\"SERVICE_KERNEL_DRIVER\",\"service_status\":\"S"
	 "ERVICE_RUNNING\"}},\"is_hidden\":true,\"pid\":1,\"created_time\":\"2024-01-02T03:04:05.678Z\",\""
	 "cwd\":\"/\",\"command_line\":\"c\",\"environment_variables\":{\"A\":\"b\"},\"opened_connection_r"
	 "efs\":[\"network-traffic--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"creator_user_ref\":\"user-ac"
	 "count--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"image_ref\":\"file--8e2e2d2b-17d4-4cbf-938f-98ee"
	 "46b3cd3f\",\"parent_ref\":\"process--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"child_refs\":[\"pr"
	 "ocess--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]}",
	 "type id"},
	{"{\"type\":\"software\",\"spec_version\":\"2.1\",\"id\":\"software--8e2e2d2b-17d4-4cbf-938f-98ee4"
	 "6b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]"
	 ",\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"extensio"
	 "ns\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"new-s"
	 "co\"}},\"name\":\"n\",\"cpe\":\"cpe:2.3:a:b:c:*:*:*:*:*:*:*:*\",\"swid\":\"s\",\"languages\":[\""
	 "en\"],\"vendor\":\"v\",\"version\":\"1\"}",
	 "type id name"},
	{"{\"type\":\"url\",\"spec_version\":\"2.1\",\"id\":\"url--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\","
	 "\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granula"
	 "r_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\"extensions\":{\"ex"
	 "tension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_type\":\"new-sco\"}},\"v"
	 "alue\":\"https://example.com/x\"}",
	 "type id value"},
	{"{\"type\":\"user-account\",\"spec_version\":\"2.1\",\"id\":\"user-account--8e2e2d2b-17d4-4cbf-93"
	 "8f-98ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b"
	 "3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\":true,\""
	 "extensions\":{\"unix-account-ext\":{\"gid\":1,\"groups\":[\"g\"],\"home_dir\":\"/\",\"shell\":\""
	 "sh\"}},\"user_id\":\"1\",\"credential\":\"c\",\"account_login\":\"l\",\"account_type\":\"unix\","
	 "\"display_name\":\"n\",\"is_service_account\":true,\"is_privileged\":true,\"can_escalate_privs\""
	 ":true,\"is_disabled\":true,\"account_created\":\"2024-01-02T03:04:05.678Z\",\"account_expires\":"
	 "\"2024-01-02T03:04:05.678Z\",\"credential_last_changed\":\"2024-01-02T03:04:05.678Z\",\"account_"
	 "first_login\":\"2024-01-02T03:04:05.678Z\",\"account_last_login\":\"2024-01-02T03:04:05.678Z\"}",
	 "type id"},
	{"{\"type\":\"windows-registry-key\",\"spec_version\":\"2.1\",\"id\":\"windows-registry-key--8e2e2"
	 "d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4"
	 "cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"de"
	 "fanged\":true,\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\""
	 "extension_type\":\"new-sco\"}},\"key\":\"HKEY_LOCAL_MACHINE\\\\a\",\"values\":[{\"name\":\"n\","
	 "\"data\":\"d\",\"data_type\":\"REG_DWORD\"}],\"modified_time\":\"2024-01-02T03:04:05.678Z\",\"cr"
	 "eator_user_ref\":\"user-account--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"number_of_subkeys\":1}",
	 "type id"},
	{"{\"type\":\"x509-certificate\",\"spec_version\":\"2.1\",\"id\":\"x509-certificate--8e2e2d2b-17d4"
	 "-4cbf-938f-98ee46b3cd3f\",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f"
	 "-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"type\"]}],\"defanged\""
	 ":true,\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extensio"
	 "n_type\":\"new-sco\"}},\"is_self_signed\":true,\"hashes\":{\"MD5\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaa\"},\"version\":\"1\",\"serial_number\":\"00\",\"signature_algorithm\":\"a\",\"issuer\":\"i"
	 "\",\"validity_not_before\":\"2024-01-02T03:04:05.678Z\",\"validity_not_after\":\"2024-01-02T03:0"
	 "4:05.678Z\",\"subject\":\"s\",\"subject_public_key_algorithm\":\"a\",\"subject_public_key_modulu"
	 "s\":\"m\",\"subject_public_key_exponent\":65537,\"x509_v3_extensions\":{\"basic_constraints\":\""
	 "c\",\"name_constraints\":\"c\",\"policy_constraints\":\"c\",\"key_usage\":\"c\",\"extended_key_u"
	 "sage\":\"c\",\"subject_key_identifier\":\"c\",\"authority_key_identifier\":\"c\",\"subject_alter"
	 "native_name\":\"c\",\"issuer_alternative_name\":\"c\",\"subject_directory_attributes\":\"c\",\"c"
	 "rl_distribution_points\":\"c\",\"inhibit_any_policy\":\"c\",\"private_key_usage_period_not_befor"
	 "e\":\"2024-01-02T03:04:05.678Z\",\"private_key_usage_period_not_after\":\"2024-01-02T03:04:05.67"
	 "8Z\",\"certificate_policies\":\"c\",\"policy_mappings\":\"c\"}}",
	 "type id"},
	{"{\"type\":\"attack-pattern\",\"id\":\"attack-pattern--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"c"
	 "reated\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref"
	 "\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"exte"
	 "rnal_references\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-def"
	 "inition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marki"
	 "ng-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n"
	 "\",\"description\":\"d\",\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_name\":\"p\"}"
	 "]}",
	 "type id created modified name"},
	{"{\"type\":\"campaign\",\"id\":\"campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"created\":\"2"
	 "024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"identit"
	 "y--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"external_referen"
	 "ces\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-definition--8e2"
	 "e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-definitio"
	 "n--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\",\"descrip"
	 "tion\":\"d\",\"aliases\":[\"a\"],\"objective\":\"o\",\"first_seen\":\"2024-01-02T03:04:05.678Z\""
	 ",\"last_seen\":\"2024-02-02T03:04:05Z\"}",
	 "type id created modified name"},
	{"{\"type\":\"course-of-action\",\"id\":\"course-of-action--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\""
	 ",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by"
	 "_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\""
	 "external_references\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking"
	 "-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"m"
	 "arking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\""
	 ":\"n\",\"description\":\"d\"}",
	 "type id created modified name"},
	{"{\"type\":\"identity\",\"id\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"created\":\"2"
	 "024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"identit"
	 "y--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"external_referen"
	 "ces\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-definition--8e2"
	 "e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-definitio"
	 "n--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\",\"descrip"
	 "tion\":\"d\",\"identity_class\":\"group\",\"sectors\":[\"s\"],\"contact_information\":\"c\"}",
	 "type id created modified name identity_class"},
	{"{\"type\":\"indicator\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"created\":"
	 "\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"iden"
	 "tity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"external_refe"
	 "rences\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-definition--"
	 "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-defini"
	 "tion--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\",\"desc"
	 "ription\":\"d\",\"pattern\":\"[file:name = 'a']\",\"valid_from\":\"2024-01-02T03:04:05.678Z\",\""
	 "valid_until\":\"2024-02-02T03:04:05Z\",\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase"
	 "_name\":\"p\"}]}",
	 "type id created modified labels pattern valid_from"},
	{"{\"type\":\"intrusion-set\",\"id\":\"intrusion-set--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"cre"
	 "ated\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\""
	 ":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"extern"
	 "al_references\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-defin"
	 "ition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking"
	 "-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\""
	 ",\"description\":\"d\",\"aliases\":[\"a\"],\"goals\":[\"g\"],\"resource_level\":\"club\",\"prima"
	 "ry_motivation\":\"r\",\"secondary_motivations\":[\"r\"],\"first_seen\":\"2024-01-02T03:04:05.678"
	 "Z\",\"last_seen\":\"2024-02-02T03:04:05Z\"}",
	 "type id created modified name"},
	{"{\"type\":\"malware\",\"id\":\"malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"created\":\"202"
	 "4-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"identity-"
	 "-8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"external_reference"
	 "s\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-definition--8e2e2"
	 "d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-definition-"
	 "-8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\",\"descripti"
	 "on\":\"d\",\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_name\":\"p\"}]}",
	 "type id created modified labels name"},
	{"{\"type\":\"report\",\"id\":\"report--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"created\":\"2024-"
	 "01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"identity--8"
	 "e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"external_references"
	 "\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d"
	 "2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-definition--"
	 "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\",\"descriptio"
	 "n\":\"d\",\"published\":\"2024-01-02T03:04:05.678Z\",\"object_refs\":[\"tool--8e2e2d2b-17d4-4cbf"
	 "-938f-98ee46b3cd3f\"]}",
	 "type id created modified labels name published object_refs"},
	{"{\"type\":\"threat-actor\",\"id\":\"threat-actor--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"creat"
	 "ed\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":"
	 "\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"externa"
	 "l_references\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-defini"
	 "tion--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-"
	 "definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\","
	 "\"description\":\"d\",\"aliases\":[\"a\"],\"roles\":[\"r\"],\"goals\":[\"g\"],\"sophistication\""
	 ":\"s\",\"resource_level\":\"r\",\"primary_motivation\":\"p\",\"secondary_motivations\":[\"s\"],"
	 "\"personal_motivations\":[\"p\"]}",
	 "type id created modified labels name"},
	{"{\"type\":\"tool\",\"id\":\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"created\":\"2024-01-0"
	 "2T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"identity--8e2e2"
	 "d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"external_references\":[{"
	 "\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17"
	 "d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-definition--8e2e2"
	 "d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\",\"description\":"
	 "\"d\",\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_name\":\"p\"}],\"tool_version\":"
	 "\"1\"}",
	 "type id created modified labels name"},
	{"{\"type\":\"vulnerability\",\"id\":\"vulnerability--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"cre"
	 "ated\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\""
	 ":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"extern"
	 "al_references\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-defin"
	 "ition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking"
	 "-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"name\":\"n\""
	 ",\"description\":\"d\"}",
	 "type id created modified name"},
	{"{\"type\":\"relationship\",\"id\":\"relationship--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"creat"
	 "ed\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":"
	 "\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"externa"
	 "l_references\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-defini"
	 "tion--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-"
	 "definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"relationship_"
	 "type\":\"uses\",\"description\":\"d\",\"source_ref\":\"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3"
	 "f\",\"target_ref\":\"malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
	 "type id created modified relationship_type source_ref target_ref"},
	{"{\"type\":\"sighting\",\"id\":\"sighting--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"created\":\"2"
	 "024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"identit"
	 "y--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"external_referen"
	 "ces\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-definition--8e2"
	 "e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking-definitio"
	 "n--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"count\":2,\"sighting_o"
	 "f_ref\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"observed_data_refs\":[\"observed-d"
	 "ata--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"where_sighted_refs\":[\"identity--8e2e2d2b-17d4-4"
	 "cbf-938f-98ee46b3cd3f\"],\"summary\":true,\"first_seen\":\"2024-01-02T03:04:05.678Z\",\"last_see"
	 "n\":\"2024-02-02T03:04:05Z\"}",
	 "type id created modified sighting_of_ref"},
	{"{\"type\":\"observed-data\",\"id\":\"observed-data--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"cre"
	 "ated\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\""
	 ":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":true,\"labels\":[\"l\"],\"extern"
	 "al_references\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_marking_refs\":[\"marking-defin"
	 "ition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"marking_ref\":\"marking"
	 "-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":[\"created\"]}],\"first_observ"
	 "ed\":\"2024-01-02T03:04:05.678Z\",\"last_observed\":\"2024-02-02T03:04:05Z\",\"number_observed\""
	 ":1,\"objects\":{\"0\":{\"type\":\"ipv4-addr\",\"value\":\"192.0.2.1\",\"resolves_to_refs\":[\"9"
	 "\"],\"belongs_to_refs\":[\"5\"]},\"1\":{\"type\":\"file\",\"name\":\"n\",\"created\":\"2024-01-0"
	 "2T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"accessed\":\"2024-01-02T03:04:05.6"
	 "78Z\",\"is_encrypted\":true,\"encryption_algorithm\":\"x\",\"decryption_key\":\"k\",\"extensions"
	 "\":{\"archive-ext\":{\"contains_refs\":[\"1\"],\"version\":\"1\"}}},\"2\":{\"type\":\"directory"
	 "\",\"path\":\"/\",\"created\":\"2024-01-02T03:04:05.678Z\",\"contains_refs\":[\"1\"]},\"3\":{\"t"
	 "ype\":\"process\",\"name\":\"n\",\"pid\":1,\"created\":\"2024-01-02T03:04:05.678Z\",\"arguments"
	 "\":[\"a\"],\"binary_ref\":\"1\",\"parent_ref\":\"3\",\"extensions\":{\"windows-service-ext\":{\""
	 "service_name\":\"n\"}}},\"4\":{\"type\":\"network-traffic\",\"protocols\":[\"tcp\"],\"src_ref\":"
	 "\"0\",\"extensions\":{\"socket-ext\":{\"address_family\":\"AF_INET\",\"protocol_family\":\"PF_IN"
	 "ET\",\"options\":{\"x\":\"y\"}}}},\"5\":{\"type\":\"autonomous-system\",\"number\":1},\"6\":{\"t"
	 "ype\":\"user-account\",\"user_id\":\"1\",\"password_last_changed\":\"2024-01-02T03:04:05.678Z\"}"
	 ",\"7\":{\"type\":\"windows-registry-key\",\"key\":\"HKEY\",\"modified\":\"2024-01-02T03:04:05.67"
	 "8Z\"},\"8\":{\"type\":\"email-message\",\"is_multipart\":false,\"from_ref\":\"10\",\"additional_"
	 "header_fields\":{\"a\":\"b\"}},\"9\":{\"type\":\"mac-addr\",\"value\":\"d2:fb:49:24:37:18\"},\"1"
	 "0\":{\"type\":\"email-addr\",\"value\":\"a@b.example\"},\"11\":{\"type\":\"x-own\",\"a\":1},\"12"
	 "\":{\"type\":\"software\",\"name\":\"n\"},\"13\":{\"type\":\"x509-certificate\",\"serial_number"
	 "\":\"1\"},\"14\":{\"type\":\"artifact\",\"payload_bin\":\"QQ==\"},\"15\":{\"type\":\"domain-name"
	 "\",\"value\":\"a.example\",\"resolves_to_refs\":[\"0\"]},\"16\":{\"type\":\"url\",\"value\":\"ht"
	 "tp://a.example/\"},\"17\":{\"type\":\"mutex\",\"name\":\"m\"},\"18\":{\"type\":\"ipv6-addr\",\"v"
	 "alue\":\"::1\"}}}",
	 "type id created modified first_observed last_observed number_observed objects"},
	{"{\"type\":\"marking-definition\",\"id\":\"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd"
	 "3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-"
	 "938f-98ee46b3cd3f\",\"external_references\":[{\"source_name\":\"s\",\"url\":\"u\"}],\"object_mar"
	 "king_refs\":[\"marking-definition--0e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\""
	 ":[{\"marking_ref\":\"marking-definition--0e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"selectors\":["
	 "\"created\"]}],\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"red\"}}",
	 "type id created definition_type definition"},
	{"{\"type\":\"x-of-others\",\"spec_version\":\"2.1\",\"id\":\"x-of-others--8e2e2d2b-17d4-4cbf-938f"
	 "-98ee46b3cd3f\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z"
	 "\",\"created_by_ref\":\"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"revoked\":false,\"lab"
	 "els\":[\"l\"],\"confidence\":50,\"lang\":\"en\",\"external_references\":[{\"source_name\":\"s\","
	 "\"description\":\"d\",\"url\":\"https://example.com/\",\"hashes\":{\"MD5\":\"0000000000000000000"
	 "0000000000000\"},\"external_id\":\"x\"}],\"object_marking_refs\":[\"marking-definition--8e2e2d2b"
	 "-17d4-4cbf-938f-98ee46b3cd3f\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":[\"lang\"]"
	 "}],\"extensions\":{\"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\":{\"extension_t"
	 "ype\":\"property-extension\"}},\"name\":\"n\",\"x_a\":[1,null]}",
	 "type id spec_version created modified lang"},
	{"{\"type\":\"x-observable\",\"id\":\"x-observable--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"value"
	 "\":\"v\",\"defanged\":true}",
	 "type id"},
};
/* clang-format on */

static struct stix_object object;
static struct stix_tape tape;

static int read_object(const char *text, size_t len, struct fault *fault)
{
	uint8_t *copy = exact_copy(text, len);
	int rc = stix_object_read(&object, cur_of(copy, len), STIX_2_0, &STIX_DEFAULTS, fault);
	free(copy);
	return rc;
}

/* The object with a member's value replaced; NULL: without the member. */
static int read_changed(const char *json, uint32_t changed, const char *value)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_addc(&text, '{');
	for (uint32_t i = 1; i < tape.count; i = tape.tokens[i].next) {
		const struct stix_token *name = &tape.tokens[i], *k = &tape.tokens[i + 1];
		size_t quote = k->kind == JSON_TOKEN_STRING ? 1 : 0;
		if (i == changed && value == NULL)
			continue;
		buf_addf(&text, "%s\"%.*s\":", text.len == 1 ? "" : ",", (int)name->len, json + name->at);
		if (i == changed)
			buf_adds(&text, value);
		else
			buf_add(&text, json + k->at - quote, k->len + 2 * quote);
	}
	buf_addc(&text, '}');
	int rc = read_object(text.data, text.len, NULL);
	buf_clear(&text);
	return rc;
}

static bool is_needed(const char *needed, const char *name, size_t len)
{
	for (const char *at = needed; (at = strstr(at, name)) != NULL; at += len)
		if ((at == needed || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static void read_row(size_t row)
{
	struct fault fault = {0};
	const char *json = rows[row].json;
	if (read_object(json, strlen(json), &fault) != HN_OK)
		fail_msg("%s: %s %s", json, fault.place, fault.message);
	assert_int_equal(stix_tape_read(&tape, cur_of(json, strlen(json)), &STIX_DEFAULTS, NULL), HN_OK);
}

static void members_are_needed_or_not(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		read_row(row);
		for (uint32_t i = 1; i < tape.count; i = tape.tokens[i].next) {
			char name[64] = "";
			memcpy(name, rows[row].json + tape.tokens[i].at, tape.tokens[i].len);
			bool needed = is_needed(rows[row].needed, name, strlen(name));
			int rc = read_changed(rows[row].json, i, NULL);
			if (rc != (needed ? HN_EFORMAT : HN_OK))
				fail_msg("without %s: %d: %s", name, rc, rows[row].json);
		}
	}
}

/* A value of another kind is refused in each property that the standard knows. */
static void kinds_are_checked(void **state)
{
	(void)state;
	static const char *const others[] = {"null", "17.5", "\"\\u0001 \"", "true",
					     "[]",   "{}",   "[null]",       "{\"a\":null}"};
	size_t refused = 0;
	for (size_t row = 0; row < COUNT(rows); row++) {
		read_row(row);
		bool custom = object.family == STIX_CUSTOM;
		for (uint32_t i = 1; i < tape.count; i = tape.tokens[i].next) {
			uint8_t kind = tape.tokens[i + 1].kind;
			const char *name = rows[row].json + tape.tokens[i].at;
			size_t len = tape.tokens[i].len;
			if (custom || (len == 10 && memcmp(name, "definition", 10) == 0))
				continue;
			for (size_t k = 0; k < COUNT(others); k++) {
				static const uint8_t kinds[] = {JSON_TOKEN_NULL,   JSON_TOKEN_NUMBER,
								JSON_TOKEN_STRING, JSON_TOKEN_TRUE,
								JSON_TOKEN_ARRAY,  JSON_TOKEN_OBJECT,
								JSON_TOKEN_ARRAY,  JSON_TOKEN_OBJECT};
				bool boolean = kind == JSON_TOKEN_TRUE || kind == JSON_TOKEN_FALSE;
				if (kinds[k] == kind || (boolean && k == 3))
					continue;
				int rc = read_changed(rows[row].json, i, others[k]);
				if (rc == HN_OK)
					fail_msg("%.*s as %s: %s", (int)len, name, others[k], rows[row].json);
				refused++;
			}
		}
	}
	assert_true(refused > 2000);
}

/* Each type of the tables stands in the rows, so that none is forgotten. */
static void all_types_are_here(void **state)
{
	(void)state;
	static const struct stix_type *const tables[] = {STIX_DOMAIN_TYPES, STIX_CYBER_TYPES,
							 STIX_META_TYPES};
	for (size_t i = 0; i < COUNT(tables); i++) {
		for (const struct stix_type *type = tables[i]; type->name != NULL; type++) {
			char text[64];
			bool here = false;
			(void)snprintf(text, sizeof(text), "{\"type\":\"%s\",", type->name);
			for (size_t row = 0; row < COUNT(rows); row++)
				here |= strncmp(rows[row].json, text, strlen(text)) == 0;
			if (!here)
				fail_msg("%s has no row", type->name);
			assert_true(type->table->count <= STIX_TABLE_OWN);
			assert_true(type->table->base == NULL || type->table->base->count <= STIX_TABLE_BASE);
		}
	}
}

static int set_up(void **state)
{
	(void)state;
	stix_object_init(&object);
	stix_tape_init(&tape);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stix_object_clear(&object);
	stix_tape_clear(&tape);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_needed_or_not),
		cmocka_unit_test(kinds_are_checked),
		cmocka_unit_test(all_types_are_here),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
