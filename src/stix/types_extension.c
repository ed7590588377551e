/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Extensions and structures of cyber-observable objects: STIX 2.1, 6.7 to 6.18. */
#include "stix/table.h"

static const struct stix_property archive[] = {
	{NAMED("contains_refs"), MUST_2_1, ID("file", "directory"), LIST},
	{NAMED("contains_refs"), MUST_2_0, ID("file"), LIST},
	{NAMED("version"), ONLY_2_0, STRING},
	{NAMED("comment"), BOTH, TEXT},
};
static const struct stix_table archive_table = TABLE(archive);

static const struct stix_property data_stream[] = {
	{NAMED("name"), MUST, STRING},
	{NAMED("hashes"), BOTH, HASHES},
	{NAMED("size"), BOTH, NATURAL},
};
static const struct stix_table data_stream_table = TABLE(data_stream);

static const struct stix_property ntfs[] = {
	{NAMED("sid"), BOTH, STRING},
	{NAMED("alternate_data_streams"), BOTH, OF(data_stream_table), LIST},
};
static const struct stix_table ntfs_table = TABLE(ntfs, .nothing_empty = true);

static const struct stix_property pdf[] = {
	{NAMED("version"), BOTH, STRING},
	{NAMED("is_optimized"), BOTH, BOOLEAN},
	{NAMED("document_info_dict"), BOTH, .kind = STIX_KIND_STRINGS},
	{NAMED("pdfid0"), BOTH, STRING},
	{NAMED("pdfid1"), BOTH, STRING},
};
static const struct stix_table pdf_table = TABLE(pdf, .nothing_empty = true);

static const struct stix_property raster_image[] = {
	{NAMED("image_height"), BOTH, INTEGER},
	{NAMED("image_width"), BOTH, INTEGER},
	{NAMED("bits_per_pixel"), BOTH, INTEGER},
	{NAMED("image_compression_algorithm"), BOTH, STRING},
	{NAMED("exif_tags"), BOTH, .kind = STIX_KIND_NUMBERS_STRINGS},
};
static const struct stix_table raster_image_table = TABLE(raster_image, .nothing_empty = true);

static const struct stix_property pe_optional_header[] = {
	{NAMED("magic_hex"), BOTH, HEX},
	{NAMED("major_linker_version"), BOTH, INTEGER},
	{NAMED("minor_linker_version"), BOTH, INTEGER},
	{NAMED("size_of_code"), BOTH, NATURAL},
	{NAMED("size_of_initialized_data"), BOTH, NATURAL},
	{NAMED("size_of_uninitialized_data"), BOTH, NATURAL},
	{NAMED("address_of_entry_point"), BOTH, INTEGER},
	{NAMED("base_of_code"), BOTH, INTEGER},
	{NAMED("base_of_data"), BOTH, INTEGER},
	{NAMED("image_base"), BOTH, INTEGER},
	{NAMED("section_alignment"), BOTH, INTEGER},
	{NAMED("file_alignment"), BOTH, INTEGER},
	{NAMED("major_os_version"), BOTH, INTEGER},
	{NAMED("minor_os_version"), BOTH, INTEGER},
	{NAMED("major_image_version"), BOTH, INTEGER},
	{NAMED("minor_image_version"), BOTH, INTEGER},
	{NAMED("major_subsystem_version"), BOTH, INTEGER},
	{NAMED("minor_subsystem_version"), BOTH, INTEGER},
	{NAMED("win32_version_value_hex"), BOTH, HEX},
	{NAMED("size_of_image"), BOTH, NATURAL},
	{NAMED("size_of_headers"), BOTH, NATURAL},
	{NAMED("checksum_hex"), BOTH, HEX},
	{NAMED("subsystem_hex"), BOTH, HEX},
	{NAMED("dll_characteristics_hex"), BOTH, HEX},
	{NAMED("size_of_stack_reserve"), BOTH, NATURAL},
	{NAMED("size_of_stack_commit"), BOTH, NATURAL},
	{NAMED("size_of_heap_reserve"), BOTH, NATURAL},
	{NAMED("size_of_heap_commit"), BOTH, NATURAL},
	{NAMED("loader_flags_hex"), BOTH, HEX},
	{NAMED("number_of_rva_and_sizes"), BOTH, INTEGER},
	{NAMED("hashes"), BOTH, HASHES},
};
static const struct stix_table pe_optional_header_table = TABLE(pe_optional_header, .nothing_empty = true);

static const struct stix_property pe_section[] = {
	{NAMED("name"), MUST, STRING},
	{NAMED("size"), BOTH, NATURAL},
	{NAMED("entropy"), BOTH, FLOAT},
	{NAMED("hashes"), BOTH, HASHES},
};
static const struct stix_table pe_section_table = TABLE(pe_section);

static const struct stix_property windows_pebinary[] = {
	{NAMED("pe_type"), MUST, STRING},
	{NAMED("imphash"), BOTH, STRING},
	{NAMED("machine_hex"), BOTH, HEX},
	{NAMED("number_of_sections"), BOTH, NATURAL},
	{NAMED("time_date_stamp"), BOTH, TIME},
	{NAMED("pointer_to_symbol_table_hex"), BOTH, HEX},
	{NAMED("number_of_symbols"), BOTH, NATURAL},
	{NAMED("size_of_optional_header"), BOTH, NATURAL},
	{NAMED("characteristics_hex"), BOTH, HEX},
	{NAMED("file_header_hashes"), BOTH, HASHES},
	{NAMED("optional_header"), BOTH, OF(pe_optional_header_table)},
	{NAMED("sections"), BOTH, OF(pe_section_table), LIST},
};
static const struct stix_table windows_pebinary_table = TABLE(windows_pebinary);

const struct stix_predefined STIX_FILE_EXTENSIONS[] = {
	{"archive-ext", &archive_table},
	{"ntfs-ext", &ntfs_table},
	{"pdf-ext", &pdf_table},
	{"raster-image-ext", &raster_image_table},
	{"windows-pebinary-ext", &windows_pebinary_table},
	{NULL, NULL},
};

static const struct stix_property http_request[] = {
	{NAMED("request_method"), MUST, STRING},
	{NAMED("request_value"), MUST, STRING},
	{NAMED("request_version"), BOTH, STRING},
	{NAMED("request_header"), BOTH, .kind = STIX_KIND_STRING_LISTS},
	{NAMED("message_body_length"), BOTH, INTEGER},
	{NAMED("message_body_data_ref"), BOTH, ID("artifact")},
};
static const struct stix_table http_request_table = TABLE(http_request);

static const struct stix_property icmp[] = {
	{NAMED("icmp_type_hex"), MUST, HEX},
	{NAMED("icmp_code_hex"), MUST, HEX},
};
static const struct stix_table icmp_table = TABLE(icmp);

static const struct stix_property socket[] = {
	{NAMED("address_family"), MUST,
	 ENUM("AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS", "AF_INET6", "AF_IRDA",
	      "AF_BTH")},
	{NAMED("is_blocking"), BOTH, BOOLEAN},
	{NAMED("is_listening"), BOTH, BOOLEAN},
	{NAMED("protocol_family"), ONLY_2_0, STRING},
	{NAMED("options"), ONLY_2_1, .kind = STIX_KIND_INTEGERS},
	{NAMED("options"), ONLY_2_0, DICTIONARY},
	{NAMED("socket_type"), BOTH,
	 ENUM("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET")},
	{NAMED("socket_descriptor"), BOTH, NATURAL},
	{NAMED("socket_handle"), BOTH, INTEGER},
};
static const struct stix_table socket_table = TABLE(socket);

static const struct stix_property tcp[] = {
	{NAMED("src_flags_hex"), BOTH, HEX},
	{NAMED("dst_flags_hex"), BOTH, HEX},
};
static const struct stix_table tcp_table = TABLE(tcp, .nothing_empty = true);

const struct stix_predefined STIX_TRAFFIC_EXTENSIONS[] = {
	{"http-request-ext", &http_request_table},
	{"icmp-ext", &icmp_table},
	{"socket-ext", &socket_table},
	{"tcp-ext", &tcp_table},
	{NULL, NULL},
};

static const struct stix_property windows_process[] = {
	{NAMED("aslr_enabled"), BOTH, BOOLEAN},
	{NAMED("dep_enabled"), BOTH, BOOLEAN},
	{NAMED("priority"), BOTH, STRING},
	{NAMED("owner_sid"), BOTH, STRING},
	{NAMED("window_title"), BOTH, TEXT},
	{NAMED("startup_info"), BOTH, DICTIONARY},
	{NAMED("integrity_level"), ONLY_2_1, ENUM("low", "medium", "high", "system")},
};
static const struct stix_table windows_process_table = TABLE(windows_process, .nothing_empty = true);

static const struct stix_property windows_service[] = {
	{NAMED("service_name"), .versions = STIX_IN_BOTH, .required = STIX_IN_2_0, STRING},
	{NAMED("descriptions"), BOTH, TEXT, LIST},
	{NAMED("display_name"), BOTH, TEXT},
	{NAMED("group_name"), BOTH, STRING},
	{NAMED("start_type"), BOTH,
	 ENUM("SERVICE_AUTO_START", "SERVICE_BOOT_START", "SERVICE_DEMAND_START", "SERVICE_DISABLED",
	      "SERVICE_SYSTEM_ALERT")},
	{NAMED("service_dll_refs"), BOTH, ID("file"), LIST},
	{NAMED("service_type"), BOTH,
	 ENUM("SERVICE_KERNEL_DRIVER", "SERVICE_FILE_SYSTEM_DRIVER", "SERVICE_WIN32_OWN_PROCESS",
	      "SERVICE_WIN32_SHARE_PROCESS")},
	{NAMED("service_status"), BOTH,
	 ENUM("SERVICE_CONTINUE_PENDING", "SERVICE_PAUSE_PENDING", "SERVICE_PAUSED", "SERVICE_RUNNING",
	      "SERVICE_START_PENDING", "SERVICE_STOP_PENDING", "SERVICE_STOPPED")},
};
static const struct stix_table windows_service_table = TABLE(windows_service, .nothing_empty = true);

const struct stix_predefined STIX_PROCESS_EXTENSIONS[] = {
	{"windows-process-ext", &windows_process_table},
	{"windows-service-ext", &windows_service_table},
	{NULL, NULL},
};

static const struct stix_property unix_account[] = {
	{NAMED("gid"), BOTH, INTEGER},
	{NAMED("groups"), BOTH, STRING, LIST},
	{NAMED("home_dir"), BOTH, STRING},
	{NAMED("shell"), BOTH, STRING},
};
static const struct stix_table unix_account_table = TABLE(unix_account, .nothing_empty = true);

const struct stix_predefined STIX_ACCOUNT_EXTENSIONS[] = {
	{"unix-account-ext", &unix_account_table},
	{NULL, NULL},
};

static const struct stix_property x509_v3[] = {
	{NAMED("basic_constraints"), BOTH, STRING},
	{NAMED("name_constraints"), BOTH, STRING},
	{NAMED("policy_constraints"), BOTH, STRING},
	{NAMED("key_usage"), BOTH, STRING},
	{NAMED("extended_key_usage"), BOTH, STRING},
	{NAMED("subject_key_identifier"), BOTH, STRING},
	{NAMED("authority_key_identifier"), BOTH, STRING},
	{NAMED("subject_alternative_name"), BOTH, TEXT},
	{NAMED("issuer_alternative_name"), BOTH, TEXT},
	{NAMED("subject_directory_attributes"), BOTH, STRING},
	{NAMED("crl_distribution_points"), BOTH, STRING},
	{NAMED("inhibit_any_policy"), BOTH, STRING},
	{NAMED("private_key_usage_period_not_before"), BOTH, TIME},
	{NAMED("private_key_usage_period_not_after"), BOTH, TIME},
	{NAMED("certificate_policies"), BOTH, STRING},
	{NAMED("policy_mappings"), BOTH, STRING},
};
const struct stix_table STIX_X509_V3 = TABLE(x509_v3, .nothing_empty = true);
