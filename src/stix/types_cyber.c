/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Cyber-observable objects: STIX 2.1, 6; STIX 2.0, part 4. Each has two tables: with an identifier of its
 * own, and as it stands inside observed-data of 2.0. */
#include "stix/table.h"

/* clang-format off */
#define CYBER_TABLES(own, ...) \
	static const struct stix_table own##_table = TABLE(own, .base = &STIX_COMMON_CYBER, __VA_ARGS__); \
	static const struct stix_table own##_observed = TABLE(own, .base = &STIX_COMMON_OBSERVED, __VA_ARGS__)
#define NO_RULES .rules = NULL
/* clang-format on */

static const struct stix_property artifact[] = {
	{NAMED("mime_type"), BOTH, STRING},
	{NAMED("payload_bin"), BOTH, BINARY},
	{NAMED("url"), BOTH, STRING},
	{NAMED("hashes"), BOTH, HASHES, VALUE(HASHES)},
	{NAMED("encryption_algorithm"), ONLY_2_1,
	 ENUM("AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated")},
	{NAMED("decryption_key"), ONLY_2_1, STRING},
};
CYBER_TABLES(artifact, RULES(RULE(ONE_OF, "payload_bin", "url"), RULE(NEEDS, "url", "hashes"),
			     RULE_2_1(NEEDS, "decryption_key", "encryption_algorithm")));

static const struct stix_property autonomous_system[] = {
	{NAMED("number"), MUST, NATURAL, VALUE(ASN)},
	{NAMED("name"), BOTH, TEXT},
	{NAMED("rir"), BOTH, STRING},
};
CYBER_TABLES(autonomous_system, NO_RULES);

static const struct stix_property directory[] = {
	{NAMED("path"), MUST, STRING},
	{NAMED("path_enc"), BOTH, STRING},
	{NAMED("created"), ONLY_2_0, TIME},
	{NAMED("modified"), ONLY_2_0, TIME},
	{NAMED("accessed"), ONLY_2_0, TIME},
	{NAMED("ctime"), ONLY_2_1, TIME},
	{NAMED("mtime"), ONLY_2_1, TIME},
	{NAMED("atime"), ONLY_2_1, TIME},
	{NAMED("contains_refs"), BOTH, ID("file", "directory"), LIST},
};
CYBER_TABLES(directory, NO_RULES);

static const struct stix_property domain_name[] = {
	{NAMED("value"), MUST, STRING, VALUE(DOMAIN)},
	{NAMED("resolves_to_refs"), BOTH, ID("ipv4-addr", "ipv6-addr", "domain-name"), LIST},
};
CYBER_TABLES(domain_name, NO_RULES);

static const struct stix_property email_addr[] = {
	{NAMED("value"), MUST, STRING, VALUE(EMAIL)},
	{NAMED("display_name"), BOTH, TEXT},
	{NAMED("belongs_to_ref"), BOTH, ID("user-account")},
};
CYBER_TABLES(email_addr, NO_RULES);

static const struct stix_property mime_part[] = {
	{NAMED("body"), BOTH, STRING},
	{NAMED("body_raw_ref"), BOTH, ID("artifact", "file")},
	{NAMED("content_type"), BOTH, STRING},
	{NAMED("content_disposition"), BOTH, STRING},
};
static const struct stix_table mime_part_table =
	TABLE(mime_part, RULES(RULE(SOME_OF, "body", "body_raw_ref")));

static const struct stix_property email_message[] = {
	{NAMED("is_multipart"), MUST, BOOLEAN},
	{NAMED("date"), BOTH, TIME},
	{NAMED("content_type"), BOTH, STRING},
	{NAMED("from_ref"), BOTH, ID("email-addr")},
	{NAMED("sender_ref"), BOTH, ID("email-addr")},
	{NAMED("to_refs"), BOTH, ID("email-addr"), LIST},
	{NAMED("cc_refs"), BOTH, ID("email-addr"), LIST},
	{NAMED("bcc_refs"), BOTH, ID("email-addr"), LIST},
	{NAMED("message_id"), ONLY_2_1, STRING},
	{NAMED("subject"), BOTH, TEXT},
	{NAMED("received_lines"), BOTH, STRING, LIST},
	{NAMED("additional_header_fields"), BOTH, .kind = STIX_KIND_STRING_LISTS},
	{NAMED("body"), BOTH, STRING},
	{NAMED("body_multipart"), BOTH, OF(mime_part_table), LIST},
	{NAMED("raw_email_ref"), BOTH, ID("artifact")},
};
CYBER_TABLES(email_message, RULES(RULE(TRUE_BARS, "is_multipart", "body"),
				  RULE(FALSE_BARS, "is_multipart", "body_multipart")));

static const struct stix_property file[] = {
	{NAMED("hashes"), BOTH, HASHES, VALUE(HASHES)},
	{NAMED("size"), BOTH, NATURAL},
	{NAMED("name"), BOTH, TEXT, VALUE(FILENAME)},
	{NAMED("name_enc"), BOTH, STRING},
	{NAMED("magic_number_hex"), BOTH, HEX},
	{NAMED("mime_type"), BOTH, STRING},
	{NAMED("created"), ONLY_2_0, TIME},
	{NAMED("modified"), ONLY_2_0, TIME},
	{NAMED("accessed"), ONLY_2_0, TIME},
	{NAMED("is_encrypted"), ONLY_2_0, BOOLEAN},
	{NAMED("encryption_algorithm"), ONLY_2_0, STRING},
	{NAMED("decryption_key"), ONLY_2_0, STRING},
	{NAMED("ctime"), ONLY_2_1, TIME},
	{NAMED("mtime"), ONLY_2_1, TIME},
	{NAMED("atime"), ONLY_2_1, TIME},
	{NAMED("parent_directory_ref"), BOTH, ID("directory")},
	{NAMED("contains_refs"), BOTH, ID(STIX_ANY_CYBER), LIST},
	{NAMED("content_ref"), BOTH, ID("artifact")},
};
CYBER_TABLES(file, RULES(RULE(SOME_OF, "hashes", "name"),
			 RULE_2_0(FALSE_BARS, "is_encrypted", "encryption_algorithm"),
			 RULE_2_0(FALSE_BARS, "is_encrypted", "decryption_key"),
			 RULE_2_0(NEEDS, "encryption_algorithm", "is_encrypted"),
			 RULE_2_0(NEEDS, "decryption_key", "is_encrypted")));

static const struct stix_property ipv4_addr[] = {
	{NAMED("value"), MUST, STRING, VALUE(IP4)},
	{NAMED("resolves_to_refs"), BOTH, ID("mac-addr"), LIST},
	{NAMED("belongs_to_refs"), BOTH, ID("autonomous-system"), LIST},
};
CYBER_TABLES(ipv4_addr, NO_RULES);

static const struct stix_property ipv6_addr[] = {
	{NAMED("value"), MUST, STRING, VALUE(IP6)},
	{NAMED("resolves_to_refs"), BOTH, ID("mac-addr"), LIST},
	{NAMED("belongs_to_refs"), BOTH, ID("autonomous-system"), LIST},
};
CYBER_TABLES(ipv6_addr, NO_RULES);

static const struct stix_property mac_addr[] = {{NAMED("value"), MUST, STRING, VALUE(MAC)}};
CYBER_TABLES(mac_addr, NO_RULES);

static const struct stix_property mutex[] = {{NAMED("name"), MUST, STRING, VALUE(MUTEX)}};
CYBER_TABLES(mutex, NO_RULES);

static const struct stix_property network_traffic[] = {
	{NAMED("start"), BOTH, TIME},
	{NAMED("end"), BOTH, TIME},
	{NAMED("is_active"), BOTH, BOOLEAN},
	{NAMED("src_ref"), BOTH, ID("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name")},
	{NAMED("dst_ref"), BOTH, ID("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name")},
	{NAMED("src_port"), BOTH, .kind = STIX_KIND_INTEGER, WITHIN(0, 65535)},
	{NAMED("dst_port"), BOTH, .kind = STIX_KIND_INTEGER, WITHIN(0, 65535)},
	{NAMED("protocols"), MUST, STRING, LIST},
	{NAMED("src_byte_count"), BOTH, NATURAL},
	{NAMED("dst_byte_count"), BOTH, NATURAL},
	{NAMED("src_packets"), BOTH, NATURAL},
	{NAMED("dst_packets"), BOTH, NATURAL},
	{NAMED("ipfix"), BOTH, .kind = STIX_KIND_NUMBERS_STRINGS},
	{NAMED("src_payload_ref"), BOTH, ID("artifact")},
	{NAMED("dst_payload_ref"), BOTH, ID("artifact")},
	{NAMED("encapsulates_refs"), BOTH, ID("network-traffic"), LIST},
	{NAMED("encapsulated_by_ref"), BOTH, ID("network-traffic")},
};
CYBER_TABLES(network_traffic, RULES(RULE(SOME_OF, "src_ref", "dst_ref"), RULE(NOT_BEFORE, "start", "end"),
				    RULE(TRUE_BARS, "is_active", "end")));

static const struct stix_property process[] = {
	{NAMED("is_hidden"), BOTH, BOOLEAN},
	{NAMED("pid"), BOTH, INTEGER},
	{NAMED("name"), ONLY_2_0, TEXT},
	{NAMED("created"), ONLY_2_0, TIME},
	{NAMED("arguments"), ONLY_2_0, STRING, LIST},
	{NAMED("binary_ref"), ONLY_2_0, ID("file")},
	{NAMED("created_time"), ONLY_2_1, TIME},
	{NAMED("cwd"), BOTH, STRING},
	{NAMED("command_line"), BOTH, TEXT},
	{NAMED("environment_variables"), BOTH, .kind = STIX_KIND_STRINGS},
	{NAMED("opened_connection_refs"), BOTH, ID("network-traffic"), LIST},
	{NAMED("creator_user_ref"), BOTH, ID("user-account")},
	{NAMED("image_ref"), ONLY_2_1, ID("file")},
	{NAMED("parent_ref"), BOTH, ID("process")},
	{NAMED("child_refs"), BOTH, ID("process"), LIST},
};
CYBER_TABLES(process, RULES(RULE(ANY_MEMBER, NULL)));

static const struct stix_property software[] = {
	{NAMED("name"), MUST, TEXT},       {NAMED("cpe"), BOTH, STRING},
	{NAMED("swid"), ONLY_2_1, STRING}, {NAMED("languages"), BOTH, STRING, LIST},
	{NAMED("vendor"), BOTH, TEXT},     {NAMED("version"), BOTH, STRING},
};
CYBER_TABLES(software, NO_RULES);

static const struct stix_property url[] = {{NAMED("value"), MUST, STRING, VALUE(URL)}};
CYBER_TABLES(url, NO_RULES);

static const struct stix_property user_account[] = {
	{NAMED("user_id"), BOTH, STRING},
	{NAMED("credential"), ONLY_2_1, STRING},
	{NAMED("account_login"), BOTH, TEXT},
	{NAMED("account_type"), BOTH, STRING},
	{NAMED("display_name"), BOTH, TEXT},
	{NAMED("is_service_account"), BOTH, BOOLEAN},
	{NAMED("is_privileged"), BOTH, BOOLEAN},
	{NAMED("can_escalate_privs"), BOTH, BOOLEAN},
	{NAMED("is_disabled"), BOTH, BOOLEAN},
	{NAMED("account_created"), BOTH, TIME},
	{NAMED("account_expires"), BOTH, TIME},
	{NAMED("password_last_changed"), ONLY_2_0, TIME},
	{NAMED("credential_last_changed"), ONLY_2_1, TIME},
	{NAMED("account_first_login"), BOTH, TIME},
	{NAMED("account_last_login"), BOTH, TIME},
};
CYBER_TABLES(user_account, RULES(RULE(ANY_MEMBER, NULL), RULE_2_0(NEEDS, "type", "user_id")));

static const struct stix_property registry_value[] = {
	{NAMED("name"), BOTH, STRING},
	{NAMED("data"), BOTH, STRING},
	{NAMED("data_type"), BOTH,
	 ENUM("REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN",
	      "REG_DWORD_LITTLE_ENDIAN", "REG_LINK", "REG_MULTI_SZ", "REG_RESOURCE_LIST",
	      "REG_FULL_RESOURCE_DESCRIPTION", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD",
	      "REG_INVALID_TYPE")},
};
static const struct stix_table registry_value_table = TABLE(registry_value, .nothing_empty = true);

static const struct stix_property windows_registry_key[] = {
	{NAMED("key"), BOTH, STRING, VALUE(REGISTRY)},
	{NAMED("values"), BOTH, OF(registry_value_table), LIST},
	{NAMED("modified"), ONLY_2_0, TIME},
	{NAMED("modified_time"), ONLY_2_1, TIME},
	{NAMED("creator_user_ref"), BOTH, ID("user-account")},
	{NAMED("number_of_subkeys"), BOTH, INTEGER},
};
CYBER_TABLES(windows_registry_key, RULES(RULE(ANY_MEMBER, NULL), RULE_2_0(NEEDS, "type", "key")));

static const struct stix_property x509_certificate[] = {
	{NAMED("is_self_signed"), BOTH, BOOLEAN},
	{NAMED("hashes"), BOTH, HASHES, VALUE(CERTIFICATE_HASHES)},
	{NAMED("version"), BOTH, STRING},
	{NAMED("serial_number"), BOTH, STRING, VALUE(SERIAL)},
	{NAMED("signature_algorithm"), BOTH, STRING},
	{NAMED("issuer"), BOTH, TEXT},
	{NAMED("validity_not_before"), BOTH, TIME},
	{NAMED("validity_not_after"), BOTH, TIME},
	{NAMED("subject"), BOTH, TEXT},
	{NAMED("subject_public_key_algorithm"), BOTH, STRING},
	{NAMED("subject_public_key_modulus"), BOTH, STRING},
	{NAMED("subject_public_key_exponent"), BOTH, INTEGER},
	{NAMED("x509_v3_extensions"), BOTH, OF(STIX_X509_V3)},
};
CYBER_TABLES(x509_certificate, RULES(RULE(ANY_MEMBER, NULL)));

/* What makes an identifier (STIX 2.1, 2.9 and each type's section), in the order of canonical JSON. */
static const char *const by_value[] = {"value", NULL};
static const char *const by_name[] = {"name", NULL};
static const char *const by_number[] = {"number", NULL};
static const char *const by_path[] = {"path", NULL};
static const char *const of_artifact[] = {"hashes", "payload_bin", NULL};
static const char *const of_message[] = {"body", "from_ref", "subject", NULL};
static const char *const of_file[] = {"extensions", "hashes", "name", "parent_directory_ref", NULL};
static const char *const of_traffic[] = {"dst_port", "dst_ref", "end",   "extensions", "protocols",
					 "src_port", "src_ref", "start", NULL};
static const char *const of_software[] = {"cpe", "name", "swid", "vendor", "version", NULL};
static const char *const of_account[] = {"account_login", "account_type", "user_id", NULL};
static const char *const of_registry_key[] = {"key", "values", NULL};
static const char *const of_certificate[] = {"hashes", "serial_number", NULL};

/* clang-format off */
#define CYBER(text, own, ...) {.name = (text), ONLY_2_1, .family = STIX_CYBER, .table = &own##_table, \
	.observed = &own##_observed, __VA_ARGS__}
/* clang-format on */

const struct stix_type STIX_CYBER_TYPES[] = {
	CYBER("ipv4-addr", ipv4_addr, .contributing = by_value),
	CYBER("domain-name", domain_name, .contributing = by_value),
	CYBER("url", url, .contributing = by_value),
	CYBER("file", file, .extensions = STIX_FILE_EXTENSIONS, .contributing = of_file),
	CYBER("ipv6-addr", ipv6_addr, .contributing = by_value),
	CYBER("email-addr", email_addr, .contributing = by_value),
	CYBER("network-traffic", network_traffic, .extensions = STIX_TRAFFIC_EXTENSIONS,
	      .contributing = of_traffic),
	CYBER("artifact", artifact, .contributing = of_artifact),
	CYBER("autonomous-system", autonomous_system, .contributing = by_number),
	CYBER("directory", directory, .contributing = by_path),
	CYBER("email-message", email_message, .contributing = of_message),
	CYBER("mac-addr", mac_addr, .contributing = by_value),
	CYBER("mutex", mutex, .contributing = by_name),
	CYBER("process", process, .extensions = STIX_PROCESS_EXTENSIONS),
	CYBER("software", software, .contributing = of_software),
	CYBER("user-account", user_account, .extensions = STIX_ACCOUNT_EXTENSIONS,
	      .contributing = of_account),
	CYBER("windows-registry-key", windows_registry_key, .contributing = of_registry_key),
	CYBER("x509-certificate", x509_certificate, .contributing = of_certificate),
	{.name = NULL},
};
