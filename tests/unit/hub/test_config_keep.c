/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/config_keep.h"

#include "../check.h"

#include <stdio.h>
#include <unistd.h>

#include "base/config_compare.h"
#include "base/file.h"

static struct hub_config *of(const char *text)
{
	char path[] = "/tmp/hinomi-hub-keep-XXXXXX";
	struct hub_config *c;
	struct fault fault = {.place = ""};
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), HN_OK);
	(void)close(fd);
	int rc = hub_config_read(path, NULL, &c, &fault);
	(void)unlink(path);
	if (rc != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	return c;
}

static void what_a_start_takes_stays_and_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *newer, *kept;
	} cases[] = {
		{"name: main\n", ""},
		{"name: other\n", "name"},
		{"listen: [127.0.0.1:1]\nreaders: 9\n", "listen, readers"},
		{"http: {rate: 1, burst: 1}\n", "http.rate, http.burst"},
		{"sign_in: {passes: 3, session: 1h}\n", "sign_in.passes"},
		{"fetch_inside: true\ndisk_least: 1 GiB\nsign_in: {second_factor: required}\n", ""},
		{"access_log: {files: 3}\nqueue: 16\nfetch_inside: true\n", "queue, access_log.files"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct hub_config *first = of("{}\n"), *newer = of(cases[i].newer);
		struct buf kept;
		buf_init(&kept, 4096);
		assert_int_equal(hub_config_keep(newer, first, &kept), HN_OK);
		assert_string_equal(kept.data != NULL ? kept.data : "", cases[i].kept);
		/* What comes of it differs in nothing that a start takes. */
		buf_reset(&kept);
		assert_int_equal(hub_config_keep(newer, first, &kept), HN_OK);
		assert_int_equal(kept.len, 0);
		buf_clear(&kept);
		hub_config_free(newer);
		hub_config_free(first);
	}
}

static void the_rest_is_the_newer_one(void **state)
{
	(void)state;
	struct hub_config *first = of("{}\n");
	struct hub_config *newer = of("fetch_inside: true\ndisk_least: 1 GiB\nname: x\n"
				      "sign_in: {second_factor: required, session: 1h, passes: 9}\n");
	struct buf kept;
	buf_init(&kept, 4096);
	assert_int_equal(hub_config_keep(newer, first, &kept), HN_OK);
	assert_true(newer->fetch_inside);
	assert_int_equal(newer->disk_least, 1u << 30);
	assert_int_equal(newer->sign_in.second_factor, SECOND_FACTOR_REQUIRED);
	assert_int_equal(newer->sign_in.session_ns, INT64_C(3600) * 1000000000);
	assert_int_equal(newer->sign_in.passes, first->sign_in.passes);
	assert_string_equal(newer->name, "main");
	assert_int_equal(first->sign_in.second_factor, SECOND_FACTOR_ASKED);
	buf_clear(&kept);
	newer->before = first; /* both are freed */
	hub_config_free(newer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_start_takes_stays_and_is_named),
		cmocka_unit_test(the_rest_is_the_newer_one),
	};
	return cmocka_run_group_tests_name("config_keep", tests, NULL, NULL);
}
