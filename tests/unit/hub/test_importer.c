/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/importer.h"

#include <stdio.h>

#include <zstd.h>

#include "../check.h"
#include "base/lang.h"
#include "stix/object.h"

#define OUT_MAX (64u << 20)

static const struct importer_terms terms = {
	.space = {{0x10, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}},
	.name = "Feed",
	.created_ns = INT64_C(1700000000) * 1000000000,
	.imported_ns = INT64_C(1700000100) * 1000000000,
};

/* What was read: objects a line, what was left out as "reason:value" a line. */
struct reading {
	int err;
	struct fault fault;
	struct buf out, left;
	struct importer_report report;
};

static void read_pieces(enum importer_format format, const char *text, size_t len, size_t piece,
			struct reading *r)
{
	struct importer *imp;
	memset(r, 0, sizeof(*r));
	buf_init(&r->out, OUT_MAX);
	buf_init(&r->left, OUT_MAX);
	assert_int_equal(importer_new(format, &terms, &imp), HN_OK);
	for (size_t at = 0; at < len && r->err == HN_OK; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		uint8_t *copy = exact_copy(text + at, n);
		r->err = importer_feed(imp, copy, n, &r->out, &r->fault);
		free(copy);
	}
	if (r->err == HN_OK)
		r->err = importer_end(imp, &r->out, &r->fault);
	importer_report(imp, &r->report);
	for (size_t i = 0; i < r->report.left_count; i++)
		buf_addf(&r->left, "%s:%s\n", r->report.left[i].reason, r->report.left[i].value);
	buf_addc(&r->out, '\0');
	buf_addc(&r->left, '\0');
	importer_free(imp);
}

static void reading_clear(struct reading *r)
{
	buf_clear(&r->out);
	buf_clear(&r->left);
}

/* JSON and CSV written with ` for ". */
static char *unquoted(const char *text)
{
	char *copy = strdup(text);
	assert_non_null(copy);
	for (char *at = copy; *at != '\0'; at++)
		if (*at == '`')
			*at = '"';
	return copy;
}

/* Every object that goes out is good STIX 2.1. @return how many */
static size_t check_objects(const struct reading *r, const char *what)
{
	struct stix_object o;
	struct fault fault;
	size_t count = 0;
	stix_object_init(&o);
	for (const char *at = r->out.data; *at != '\0'; count++) {
		size_t len = strcspn(at, "\n");
		if (stix_object_read(&o, cur_of((const uint8_t *)at, len), STIX_2_1, &STIX_DEFAULTS,
				     &fault) != HN_OK)
			fail_msg("%s: %s at %s: %.*s", what, fault.message, fault.place, (int)len, at);
		at += len + (at[len] == '\n');
	}
	stix_object_clear(&o);
	assert_int_equal(count, r->report.objects);
	return count;
}

struct row {
	enum importer_format format;
	const char *input; /* with ` for " */
	int err;
	size_t objects;
	const char *has[6]; /* stand in the objects, with ` */
	const char *left;   /* "reason:value\n"... */
};

#define EVENT(more)                                                                                          \
	"{`Event`:{`uuid`:`5a000000-0000-4000-8000-000000000001`,`info`:`Test`,`date`:`2024-01-02`,`"        \
	"timestamp`:`1704200000`," more "}}"
#define ATTRIBUTE(type, value, more)                                                                         \
	"{`uuid`:`5a000000-0000-4000-8000-000000000002`,`type`:`" type "`,`value`:`" value                   \
	"`,`category`:`Network activity`,`timestamp`:`1704200000`" more "}"
#define ONE(type, value, more) EVENT("`Attribute`:[" ATTRIBUTE(type, value, more) "]")

static const struct row rows[] = {
	/* Lists. */
	{IMPORTER_LIST,
	 "# comment\n198.51.100.7\nexample.com # why\n\nhxxps://evil[.]example/a\r\n",
	 HN_OK,
	 3,
	 {"[ipv4-addr:value = '198.51.100.7']", "[domain-name:value = 'example.com']", "evil.example/a']",
	  "`valid_from`:`2023-11-14T22:15:00.000Z`", "`source_name`:`Feed`"},
	 ""},
	{IMPORTER_LIST,
	 "*.bad.example\n198.51.100.0/24\nd41d8cd98f00b204e9800998ecf8427e",
	 HN_OK,
	 3,
	 {"[domain-name:value LIKE '%.bad.example']", "[ipv4-addr:value ISSUBSET '198.51.100.0/24']",
	  "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"},
	 ""},
	{IMPORTER_LIST,
	 "not a value at all\nexample.com\n\xff\xfe\n",
	 HN_OK,
	 1,
	 {NULL},
	 "value:not a value at all\ntext:\n"},
	{IMPORTER_LIST, "", HN_OK, 0, {NULL}, ""},
	/* CSV. */
	{IMPORTER_CSV,
	 "value,type,description,confidence,TLP,Valid From,tags\n"
	 "example.com,domain,`a, \n``quoted```,80,amber,2024-05-06,x; y\n"
	 "CN=x,filename,,,,,\n",
	 HN_OK,
	 2,
	 {"`description`:`a, \\u000a\\`quoted\\``", "`confidence`:80", "marking-definition--",
	  "`valid_from`:`2024-05-06T00:00:00.000Z`", "`labels`:[`x`,`y`]", "[file:name = 'CN=x']"},
	 ""},
	{IMPORTER_CSV,
	 "ip,other\n192.0.2.1,a\n,b\n192.0.2.2\n1.2.3,c\n",
	 HN_OK,
	 1,
	 {NULL},
	 "column:other\nempty:\nrow:192.0.2.2\nvalue:1.2.3\n"},
	{IMPORTER_CSV,
	 "value,confidence,tlp\nexample.com,101,\nexample.net,,pink\n",
	 HN_OK,
	 1,
	 {NULL},
	 "cell:101\nmarking:pink\n"},
	{IMPORTER_CSV, "value,type\nx,never-heard\n", HN_OK, 0, {NULL}, "type:x\n"},
	{IMPORTER_CSV, "a,b\n1,2\n", HN_EFORMAT, 0, {NULL}, "column:a\ncolumn:b\n"},
	{IMPORTER_CSV, "value\n`open", HN_ETRUNC, 0, {NULL}, ""},
	/* MISP: what an attribute becomes. */
	{IMPORTER_MISP,
	 ONE("domain", "example.com", ",`to_ids`:true,`comment`:`c2`"),
	 HN_OK,
	 2,
	 {"`id`:`indicator--5a000000-0000-4000-8000-000000000002`", "[domain-name:value = 'example.com']",
	  "`id`:`report--5a000000-0000-4000-8000-000000000001`", "`description`:`c2`",
	  "misp:type=\\`domain\\``", "`created`:`2024-01-02T00:00:00.000Z`"},
	 ""},
	{IMPORTER_MISP,
	 ONE("ip-dst|port", "198.51.100.7|443", ",`to_ids`:true"),
	 HN_OK,
	 2,
	 {"[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.7' "
	  "AND "
	  "network-traffic:dst_port = 443]"},
	 ""},
	{IMPORTER_MISP,
	 ONE("filename|sha256", "it's.exe|7fa3abc229fd3cb9a0a6f07d9da15e35528c630d0ad5902d5422b305cae7eaa4",
	     ",`to_ids`:`1`"),
	 HN_OK,
	 2,
	 {"[file:name = 'it\\\\'s.exe' AND file:hashes.'SHA-256' = '7fa3"},
	 ""},
	{IMPORTER_MISP,
	 ONE("sha256", "7fa3abc229fd3cb9a0a6f07d9da15e35528c630d0ad5902d5422b305cae7eaa4", ""),
	 HN_OK,
	 3,
	 {"`type`:`file`", "`type`:`observed-data`", "`hashes`:{`SHA-256`:`7fa3"},
	 ""},
	{IMPORTER_MISP,
	 ONE("domain|ip", "example.com|198.51.100.7", ""),
	 HN_OK,
	 4,
	 {"`type`:`domain-name`", "`type`:`ipv4-addr`"},
	 ""},
	{IMPORTER_MISP,
	 ONE("comment", "free text", ""),
	 HN_OK,
	 2,
	 {"`type`:`note`", "`content`:`free text`"},
	 ""},
	{IMPORTER_MISP,
	 ONE("vulnerability", "CVE-2024-1234", ""),
	 HN_OK,
	 2,
	 {"`type`:`vulnerability`", "`external_id`:`CVE-2024-1234`"},
	 ""},
	{IMPORTER_MISP,
	 ONE("yara", "rule x { condition: true }", ",`to_ids`:true"),
	 HN_OK,
	 2,
	 {"`pattern_type`:`yara`"},
	 ""},
	{IMPORTER_MISP,
	 ONE("ip-src", "not-an-address", ",`to_ids`:true"),
	 HN_OK,
	 0,
	 {NULL},
	 "value:not-an-address\n"},
	{IMPORTER_MISP, ONE("bank-account-nr", "1234", ",`to_ids`:true"), HN_OK, 0, {NULL}, "type:1234\n"},
	{IMPORTER_MISP,
	 ONE("domain", "example.com", ",`to_ids`:true,`deleted`:true"),
	 HN_OK,
	 2,
	 {"`revoked`:true"},
	 ""},
	/* Tags, galaxies, distribution, sightings, organisation. */
	{IMPORTER_MISP,
	 ONE("domain", "example.com",
	     ",`to_ids`:true,`Tag`:[{`name`:`tlp:amber`},{`name`:`PAP:GREEN`},"
	     "{`name`:`misp-galaxy:mitre-attack-pattern=\\`Spearphishing Link - T1192\\``},"
	     "{`name`:`kill-chain:Command and Control`},{`name`:`own:tag`}]"),
	 HN_OK,
	 5,
	 {"`type`:`attack-pattern`", "`external_id`:`T1192`", "`relationship_type`:`indicates`",
	  "`phase_name`:`command-and-control`", "`pap`:`green`", "`own:tag`"},
	 ""},
	{IMPORTER_MISP,
	 ONE("domain", "example.com",
	     ",`to_ids`:true,`distribution`:`4`,`SharingGroup`:{`uuid`:"
	     "`5a000000-0000-4000-8000-000000000099`}"),
	 HN_OK,
	 3,
	 {"5a000000-0000-4000-8000-000000000099`]"},
	 ""},
	{IMPORTER_MISP,
	 ONE("domain", "example.com",
	     ",`to_ids`:true,`Sighting`:[{`uuid`:`5a000000-0000-4000-8000-00000000000a`,"
	     "`type`:`0`,`date_sighting`:`1704300000`,`Organisation`:{`uuid`:`5a000000-0000-4000-8000-"
	     "00000000000b`,"
	     "`name`:`Seer`}},{`uuid`:`5a000000-0000-4000-8000-00000000000c`,`type`:`1`,`date_sighting`:"
	     "`1704300000`},{`type`:`2`}]"),
	 HN_OK,
	 5,
	 {"`type`:`sighting`", "`where_sighted_refs`:[`identity--5a000000-0000-4000-8000-00000000000b`]",
	  "`opinion`:`strongly-disagree`"},
	 "sighting:example.com\n"},
	{IMPORTER_MISP,
	 EVENT("`Orgc`:{`uuid`:`5a000000-0000-4000-8000-00000000000d`,`name`:`CERT`},`published`:false,"
	       "`Tag`:[{`name`:`tlp:red`}],`Object`:[{`name`:`file`,`uuid`:`5a000000-0000-4000-8000-"
	       "0000000000aa`,"
	       "`ObjectReference`:[{`relationship_type`:`drops`}],`Attribute`:[" ATTRIBUTE(
		       "md5", "d41d8cd98f00b204e9800998ecf8427e",
		       ",`to_ids`:true") "]}],"
					 "`EventReport`:[{`name`:`x`}]"),
	 HN_OK,
	 3,
	 {"`type`:`identity`", "`created_by_ref`:`identity--5a000000-0000-4000-8000-00000000000d`",
	  "misp:object=\\`file\\``", "`type`:`grouping`",
	  "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"},
	 "reference:drops\nmember:EventReport\n"},
	/* Forms of the whole. */
	{IMPORTER_MISP,
	 "{`response` : [" ONE("domain", "a.example", ",`to_ids`:true") "," ONE("domain", "b.example",
										",`to_ids`:true") "]}",
	 HN_OK,
	 4,
	 {"'a.example'", "'b.example'"},
	 ""},
	{IMPORTER_MISP, "[" ONE("domain", "a.example", ",`to_ids`:true") "]", HN_OK, 2, {NULL}, ""},
	{IMPORTER_MISP,
	 "{`info`:`bare`,`Attribute`:[" ATTRIBUTE("domain", "a.example", ",`to_ids`:true") "]}",
	 HN_OK,
	 2,
	 {"`name`:`bare`"},
	 ""},
	{IMPORTER_MISP, "{`something`:1}", HN_EFORMAT, 0, {NULL}, ""},
	{IMPORTER_MISP, "[1]", HN_EFORMAT, 0, {NULL}, ""},
	{IMPORTER_MISP, "{`Event`:{`info`:`x`", HN_ETRUNC, 0, {NULL}, ""},
	{IMPORTER_MISP,
	 "[{`Event`:{`info`:`x`,`info`:`y`}}," ONE("domain", "a.example", ",`to_ids`:true") "]",
	 HN_OK,
	 2,
	 {NULL},
	 "json:/Event/info\n"},
};

static void check_row(const struct row *row, const char *input, const struct reading *r)
{
	if (r->err != row->err)
		fail_msg("%s: %d %s %s", input, r->err, r->fault.place, r->fault.message);
	if (strcmp(r->left.data, row->left) != 0)
		fail_msg("%s: left out:\n%s", input, r->left.data);
	if (check_objects(r, input) != row->objects)
		fail_msg("%s: %zu objects:\n%s", input, (size_t)r->report.objects, r->out.data);
	for (size_t i = 0; i < 6 && row->has[i] != NULL; i++) {
		char *has = unquoted(row->has[i]);
		if (strstr(r->out.data, has) == NULL)
			fail_msg("%s: no %s in\n%s", input, has, r->out.data);
		free(has);
	}
}

static void each_input_becomes_what_stands_in_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading r;
		char *input = unquoted(rows[i].input);
		read_pieces(rows[i].format, input, strlen(input), SIZE_MAX / 2, &r);
		check_row(&rows[i], input, &r);
		reading_clear(&r);
		free(input);
	}
}

static void pieces_change_nothing(void **state)
{
	(void)state;
	static const size_t pieces[] = {1, 2, 3, 7, 64};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading whole, r;
		char *input = unquoted(rows[i].input);
		read_pieces(rows[i].format, input, strlen(input), SIZE_MAX / 2, &whole);
		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
			read_pieces(rows[i].format, input, strlen(input), pieces[k], &r);
			assert_int_equal(r.err, whole.err);
			assert_string_equal(r.out.data, whole.out.data);
			assert_string_equal(r.left.data, whole.left.data);
			reading_clear(&r);
		}
		reading_clear(&whole);
		free(input);
	}
}

static void what_is_left_out_is_counted_beyond_what_is_told(void **state)
{
	(void)state;
	struct buf text;
	struct reading r;
	buf_init(&text, 1 << 20);
	buf_adds(&text, "example.com\n");
	for (unsigned i = 0; i < 1500; i++)
		buf_addf(&text, "no value %u\n", i);
	read_pieces(IMPORTER_LIST, text.data, text.len, 100, &r);
	assert_int_equal(r.err, HN_OK);
	assert_int_equal(r.report.left_out, 1500);
	assert_int_equal(r.report.left_count, IMPORTER_TOLD_MAX);
	assert_int_equal(r.report.reason_count, 1);
	assert_int_equal(r.report.reasons[0].count, 1500);
	reading_clear(&r);
	/* Without anything usable it is taken for something else. */
	read_pieces(IMPORTER_LIST, text.data + 12, text.len - 12, 100, &r);
	assert_int_equal(r.err, HN_EFORMAT);
	reading_clear(&r);
	buf_clear(&text);
}

static void too_long_is_left_out_and_the_rest_goes_on(void **state)
{
	(void)state;
	static const enum importer_format formats[] = {IMPORTER_LIST, IMPORTER_CSV};
	for (size_t i = 0; i < 2; i++) {
		struct buf text;
		struct reading r;
		buf_init(&text, 1 << 20);
		buf_adds(&text, formats[i] == IMPORTER_CSV ? "value\nexample.com\n" : "example.com\n");
		for (unsigned k = 0; k < IMPORTER_LINE_MAX + 10; k++)
			buf_addc(&text, 'a');
		buf_adds(&text, "\nexample.net\n");
		read_pieces(formats[i], text.data, text.len, 1000, &r);
		assert_int_equal(r.err, HN_OK);
		assert_int_equal(r.report.objects, 2);
		assert_int_equal(r.report.left_out, 1);
		assert_memory_equal(r.left.data, "too-long:", 9);
		reading_clear(&r);
		buf_clear(&text);
	}
}

/* A file of the data folder, unpacked. @return false: it is not at hand */
static bool read_data(const char *name, struct buf *out)
{
	const char *root = getenv("HINOMI_DATA"), *source = getenv("HINOMI_SOURCE");
	char path[512];
	static char in[65536], room[131072];
	if (root != NULL)
		(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	else
		(void)snprintf(path, sizeof(path), "%s/../shared/data/%s", source == NULL ? "." : source,
			       name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	ZSTD_DStream *stream = ZSTD_createDStream();
	assert_non_null(stream);
	size_t n;
	while ((n = fread(in, 1, sizeof(in), file)) > 0) {
		ZSTD_inBuffer from = {in, n, 0};
		while (from.pos < from.size) {
			ZSTD_outBuffer to = {room, sizeof(room), 0};
			assert_false(ZSTD_isError(ZSTD_decompressStream(stream, &to, &from)));
			buf_add(out, room, to.pos);
		}
	}
	(void)ZSTD_freeDStream(stream);
	(void)fclose(file);
	return true;
}

static void a_real_event_becomes_good_objects(void **state)
{
	(void)state;
	struct reading r;
	struct buf text;
	buf_init(&text, OUT_MAX);
	if (!read_data("misp/stalkerware-misp-event.json.zst", &text)) {
		print_message("# no data at hand\n");
		return;
	}
	read_pieces(IMPORTER_MISP, text.data, text.len, 65536, &r);
	assert_int_equal(r.err, HN_OK);
	assert_true(check_objects(&r, "stalkerware") > 1000);
	reading_clear(&r);
	buf_clear(&text);
}

int main(void)
{
	lang_set(LANG_EN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_input_becomes_what_stands_in_its_row),
		cmocka_unit_test(pieces_change_nothing),
		cmocka_unit_test(what_is_left_out_is_counted_beyond_what_is_told),
		cmocka_unit_test(too_long_is_left_out_and_the_rest_goes_on),
		cmocka_unit_test(a_real_event_becomes_good_objects),
	};
	return cmocka_run_group_tests_name("importer", tests, NULL, NULL);
}
