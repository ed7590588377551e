/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/patterns.h"

#include "../check.h"
#include "wire/position.h"

#define ANY 0x00
#define FIX 0xff

static const uint8_t knock[] = {0xde, 0xad, 0xbe, 0xef};
static const uint8_t gap[] = {'G', 'O', 'T', 'O', 0, 'X'};
static const uint8_t all_fixed[] = {FIX, FIX, FIX, FIX};
static const uint8_t gap_mask[] = {FIX, FIX, FIX, FIX, ANY, FIX};

static const struct pattern_source sources[] = {
	{.id = "knock",
	 .position = POSITION_TCP_OPENING,
	 .offset_max = 8,
	 .len = 4,
	 .bytes = knock,
	 .mask = all_fixed},
	{.id = "goto",
	 .position = POSITION_TCP_OPENING,
	 .offset_min = 2,
	 .offset_max = 100,
	 .len = 6,
	 .bytes = gap,
	 .mask = gap_mask},
	{.id = "udp",
	 .position = POSITION_UDP_OPENING,
	 .offset_max = 1020,
	 .len = 4,
	 .bytes = knock,
	 .mask = all_fixed},
};

static void finds_at_its_place_only(void **state)
{
	(void)state;
	static const struct {
		unsigned position;
		const char *data;
		size_t len, from;
		const char *id; /* NULL: nothing */
		unsigned offset;
	} cases[] = {
		{POSITION_TCP_OPENING, "\xde\xad\xbe\xef", 4, 0, "knock", 0},
		{POSITION_TCP_OPENING, "12345678\xde\xad\xbe\xef", 12, 0, "knock", 8},
		{POSITION_TCP_OPENING, "123456789\xde\xad\xbe\xef", 13, 0, NULL, 0}, /* past its offsets */
		{POSITION_UDP_OPENING, "123456789\xde\xad\xbe\xef", 13, 0, "udp", 9},
		{POSITION_TCP_OPENING, "GOTO\nX", 6, 0, NULL, 0}, /* before its offsets */
		{POSITION_TCP_OPENING, "--GOTO\nX", 8, 0, "goto", 2},
		{POSITION_TCP_OPENING, "--GOTO\nY", 8, 0, NULL, 0},
		{POSITION_TCP_OPENING, "--GOTO\nX", 8, 6, "goto",
		 2}, /* spans what was seen before and what is new */
		{POSITION_SSH_BANNER, "\xde\xad\xbe\xef", 4, 0, NULL, 0},
	};
	struct patterns *p;
	struct patterns_scratch *scratch;
	assert_int_equal(patterns_new(sources, COUNT(sources), &p, NULL), HN_OK);
	assert_int_equal(patterns_scratch_new(p, &scratch), HN_OK);
	assert_int_equal(patterns_window(p, POSITION_TCP_OPENING), 106);
	assert_int_equal(patterns_window(p, POSITION_SSH_BANNER), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *data = exact_copy(cases[i].data, cases[i].len);
		uint32_t pattern = 99;
		uint16_t offset = 0;
		bool found = patterns_find(p, scratch, cases[i].position, data, cases[i].len, cases[i].from,
					   &pattern, &offset);
		assert_int_equal(found, cases[i].id != NULL);
		if (found) {
			assert_string_equal(sources[pattern].id, cases[i].id);
			assert_int_equal(offset, cases[i].offset);
		}
		free(data);
	}
	patterns_scratch_free(scratch);
	patterns_free(p);
}

/* However the bytes come, the same pattern is found. */
static void splitting_changes_nothing(void **state)
{
	(void)state;
	struct patterns *p;
	struct patterns_scratch *scratch;
	uint8_t data[64];
	memset(data, '-', sizeof(data));
	memcpy(data + 30, "GOTOaX", 6);
	assert_int_equal(patterns_new(sources, COUNT(sources), &p, NULL), HN_OK);
	assert_int_equal(patterns_scratch_new(p, &scratch), HN_OK);
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		uint32_t pattern;
		uint16_t offset = 0;
		bool found = patterns_find(p, scratch, POSITION_TCP_OPENING, data, cut, 0, &pattern, &offset);
		found = found || patterns_find(p, scratch, POSITION_TCP_OPENING, data, sizeof(data), cut,
					       &pattern, &offset);
		assert_true(found);
		assert_int_equal(offset, 30);
	}
	patterns_scratch_free(scratch);
	patterns_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_at_its_place_only),
		cmocka_unit_test(splitting_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
