/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sets/zone.h"

#include "../check.h"
#include "match/build.h"
#include "match/canonical.h"
#include "match/set.h"

#define NOW_NS 1000

/* Adds a value as people write it. */
static void add(struct him_build *b, const char *value, int64_t until_ns, bool allow)
{
	struct canonical c;
	const struct entry_meta meta = {
		.object = "indicator--1", .confidence = 255, .valid_until_ns = until_ns, .allow = allow};
	assert_int_equal(canonical_value(value, strlen(value), &c), HN_OK);
	assert_int_equal(him_build_add(b, &c.key, &meta), HN_OK);
}

static struct compile_opened open_built(struct him_build *b)
{
	struct compile_opened set = {.set = NULL};
	const uint8_t *data;
	size_t size;
	uint8_t digest[32];
	assert_int_equal(him_build_finish(b, &data, &size, digest), HN_OK);
	assert_int_equal(set_open_bytes((const void *[]){data}, &size, 1, &set.set, NULL), HN_OK);
	return set;
}

static struct him_build *new_build(void)
{
	struct him_build *b;
	assert_int_equal(him_build_new("test", NULL, &b), HN_OK);
	return b;
}

/* The zone's lines, counted. */
struct lines {
	size_t pieces, bytes, rules, largest;
	char tail[128]; /* of the last piece */
};

static void read_zone(struct zone *z, struct buf *all, struct lines *out)
{
	bool ended = false;
	memset(out, 0, sizeof(*out));
	while (!ended) {
		struct buf piece;
		buf_init(&piece, ZONE_PIECE_MAX);
		assert_int_equal(zone_next(z, &piece, &ended), HN_OK);
		for (size_t i = 0; i < piece.len; i++)
			out->rules += piece.data[i] == '\n';
		out->pieces++;
		out->bytes += piece.len;
		if (piece.len > out->largest)
			out->largest = piece.len;
		if (all != NULL && piece.len > 0)
			buf_add(all, piece.data, piece.len);
		size_t len = piece.len < sizeof(out->tail) ? piece.len : sizeof(out->tail) - 1;
		if (ended)
			memcpy(out->tail, piece.data + piece.len - len, len);
		buf_clear(&piece);
	}
}

static void each_kind_has_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *value, *line; /* NULL: none */
		int64_t until_ns;
		bool allow;
	} rows[] = {
		{"evil.example", "\nevil.example CNAME .\n", 0, false},
		{"*.wild.example", "\n*.wild.example CNAME .\n", 0, false},
		{"good.example", "\ngood.example CNAME rpz-passthru.\n", 0, true},
		{"192.0.2.7", "\n32.7.2.0.192.rpz-ip CNAME .\n", 0, false},
		{"198.51.100.0/24", "\n24.0.100.51.198.rpz-ip CNAME .\n", 0, false},
		{"2001:db8::/48", "\n48.zz.db8.2001.rpz-ip CNAME .\n", 0, false},
		{"2001:db8:0:1::5", "\n128.5.zz.1.0.db8.2001.rpz-ip CNAME .\n", 0, false},
		{"still.example", "\nstill.example CNAME .\n", NOW_NS + 1, false},
		{"over.example", NULL, NOW_NS, false},
		{"http://page.example/x", NULL, 0, false},
		{"d41d8cd98f00b204e9800998ecf8427e", NULL, 0, false},
	};
	struct him_build *b = new_build();
	struct zone *z;
	struct lines lines;
	struct buf all;
	for (size_t i = 0; i < COUNT(rows); i++)
		add(b, rows[i].value, rows[i].until_ns, rows[i].allow);
	struct compile_opened set = open_built(b);
	buf_init(&all, 1 << 20);
	assert_int_equal(zone_new(&set, 7, "block.test", NOW_NS, NULL, 0, &z, NULL), HN_OK);
	assert_null(set.set);
	read_zone(z, &all, &lines);
	buf_addc(&all, '\0');
	assert_int_equal(strncmp(all.data,
				 "$TTL 60\n$ORIGIN block.test.\n@ SOA localhost. root.localhost. 7 3600 600 "
				 "604800 60\n NS localhost.\n",
				 96),
			 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].line != NULL)
			assert_non_null(strstr(all.data, rows[i].line));
	assert_int_equal(lines.rules, 4 + 8 + 1);
	assert_non_null(strstr(
		all.data, "\n; 8 rules, 3 entries without a place in a zone, 0 kept out by warning lists\n"));
	buf_clear(&all);
	zone_free(z);
	him_build_free(b);
}

static void a_large_set_goes_out_in_small_pieces(void **state)
{
	(void)state;
	enum { NAMES = 100000 };
	struct him_build *b = new_build();
	struct zone *z;
	struct lines lines;
	char name[64];
	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(name, sizeof(name), "host-%u.evil.example", i);
		add(b, name, 0, false);
	}
	struct compile_opened set = open_built(b);
	assert_int_equal(zone_new(&set, 1, "rpz.hinomi", NOW_NS, NULL, 0, &z, NULL), HN_OK);
	read_zone(z, NULL, &lines);
	assert_int_equal(lines.rules, 4 + NAMES + 1);
	assert_true(lines.largest < 256u << 10);
	assert_non_null(strstr(lines.tail, "100000 rules, 0 entries"));
	zone_free(z);
	him_build_free(b);
}

static void what_is_no_name_is_no_zone(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "*.example", "a b", "192.0.2.1/24"};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct him_build *b = new_build();
		struct zone *z = NULL;
		struct fault fault = {0};
		add(b, "evil.example", 0, false);
		struct compile_opened set = open_built(b);
		assert_int_equal(zone_new(&set, 1, wrong[i], NOW_NS, NULL, 0, &z, &fault), HN_EFORMAT);
		assert_null(z);
		assert_null(set.set);
		assert_string_equal(fault.place, "zone");
		him_build_free(b);
	}
	zone_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_line),
		cmocka_unit_test(a_large_set_goes_out_in_small_pieces),
		cmocka_unit_test(what_is_no_name_is_no_zone),
	};
	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
