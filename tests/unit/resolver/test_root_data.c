/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/root_files.h"

#include "../check.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

#define KEY_A ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define KEY_B ". IN DNSKEY 257 3 8 AwEAAQ=="

static void files_are_read_as_they_are_written(void **state)
{
	(void)state;
	static const struct {
		bool hints;
		const char *text;
		int err;
		size_t count;
		const char *first;
		const char *place;
	} cases[] = {
		{false, KEY_A "\n" KEY_B "\n", HN_OK, 2, KEY_A, NULL},
		{false, "; first\n\n.\t172800\tIN  DNSKEY 257 3 8 AwEAAQ== ; second", HN_OK, 1, KEY_B, NULL},
		{false, ". in 5 dnskey 257 3 8 AwEA AQ==\r\n", HN_OK, 1,
		 ". IN dnskey 257 3 8 AwEA AQ==", NULL},
		{false, "jp. DS 1 13 2 00\n", HN_OK, 1, "jp. IN DS 1 13 2 00", NULL},
		{false, "", HN_EFORMAT, 0, NULL, "name"},
		{false, "; nothing\n", HN_EFORMAT, 0, NULL, "name"},
		{false, KEY_A "\n. IN A 192.0.2.1\n", HN_EFORMAT, 1, NULL, "name:2"},
		{false, ". IN DS 1 13 2\n", HN_EFORMAT, 0, NULL, "name:1"},
		{false, ". IN DNSKEY (257 3 8\nAwEAAQ==)\n", HN_EFORMAT, 0, NULL, "name:1"},
		{false, "DS\n", HN_EFORMAT, 0, NULL, "name:1"},
		{true, ". 1 NS a.\na. 1 A 192.0.2.1\na. 1 IN AAAA 2001:db8::1\n", HN_OK, 2, NULL, NULL},
		{true, ". 1 NS a.\n", HN_EFORMAT, 0, NULL, "name"},
		{true, "a. A 192.0.2.256\n", HN_EFORMAT, 0, NULL, "name:1"},
		{true, "\na. AAAA 192.0.2.1\n", HN_EFORMAT, 0, NULL, "name:2"},
		{true, "a. A\n", HN_EFORMAT, 0, NULL, "name:1"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *copy = (char *)exact_copy(cases[i].text, len);
		struct root_data d = {0};
		struct fault fault = {{0}, {0}};
		int err = cases[i].hints ? root_hints_parse("name", copy, len, &d, &fault)
					 : root_anchors_parse("name", copy, len, &d, &fault);
		assert_int_equal(err, cases[i].err);
		assert_int_equal(cases[i].hints ? d.server_count : d.anchor_count, cases[i].count);
		if (cases[i].first != NULL)
			assert_string_equal(d.anchors[0], cases[i].first);
		if (cases[i].place != NULL)
			assert_string_equal(fault.place, cases[i].place);
		root_data_clear(&d);
		free(copy);
	}
}

static void there_are_limits(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1u << 20);
	for (unsigned i = 0; i <= ROOT_ANCHORS_MAX; i++)
		buf_adds(&text, KEY_B "\n");
	struct root_data d = {0};
	assert_int_equal(root_anchors_parse("name", text.data, text.len, &d, NULL), HN_ELIMIT);
	root_data_clear(&d);
	buf_reset(&text);
	for (unsigned i = 0; i <= ROOT_SERVERS_MAX; i++)
		buf_adds(&text, "a. A 192.0.2.1\n");
	assert_int_equal(root_hints_parse("name", text.data, text.len, &d, NULL), HN_ELIMIT);
	buf_reset(&text);
	for (unsigned i = 0; i <= ROOT_LINE_MAX; i++)
		buf_addc(&text, 'a');
	root_data_clear(&d);
	assert_int_equal(root_hints_parse("name", text.data, text.len, &d, NULL), HN_ELIMIT);
	buf_clear(&text);
	root_data_clear(&d);
}

static void a_change_is_seen(void **state)
{
	(void)state;
	char dir[] = "/tmp/hinomi-root-XXXXXX";
	assert_non_null(mkdtemp(dir));
	static const char *const names[] = {"root.key", "root.hints", "other"};
	static const char *const texts[] = {KEY_A "\n", "a. A 192.0.2.1\n", ""};
	char paths[3][64];
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir, names[i]);
		assert_int_equal(file_write_whole(paths[i], texts[i], strlen(texts[i]), 0600, true), HN_OK);
	}
	struct root_files *f = NULL;
	struct fault fault = {{0}, {0}};
	assert_int_equal(root_files_new(paths[0], paths[1], &f, &fault), HN_OK);
	struct root_data before = {0};
	struct root_data after = {0};
	assert_int_equal(root_files_read(f, &before, &fault), HN_OK);
	assert_false(root_files_changed(f));
	struct pollfd watched = {.fd = root_files_watch_fd(f), .events = POLLIN};
	for (size_t i = COUNT(names); i-- > 0;) {
		const char *text = i == 0 ? KEY_B "\n" : texts[i];
		assert_int_equal(file_write_whole(paths[i], text, strlen(text), 0600, true), HN_OK);
		assert_int_equal(poll(&watched, 1, -1), 1);
		assert_int_equal(root_files_changed(f), i != 2);
		assert_int_equal(root_files_read(f, &after, &fault), HN_OK);
		assert_int_equal(root_data_equal(&before, &after), i != 0);
		root_data_clear(&after);
	}
	assert_int_equal(unlink(paths[0]), 0);
	assert_int_equal(root_files_read(f, &after, &fault), HN_ENOENT);
	assert_string_equal(fault.place, paths[0]);
	assert_int_equal(after.server_count, 0);
	root_data_clear(&before);
	root_files_free(f);
	unlink(paths[1]);
	unlink(paths[2]);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_as_they_are_written),
		cmocka_unit_test(there_are_limits),
		cmocka_unit_test(a_change_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
