/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lang.h"

#include "../check.h"

static int read_text(const char *text, const struct hub_overrides *o, struct hub_config **out,
		     struct fault *fault)
{
	char path[] = "/tmp/hinomi-hub-config-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), HN_OK);
	(void)close(fd);
	int rc = hub_config_read(path, o, out, fault);
	(void)unlink(path);
	return rc;
}

static void nothing_configured_is_this_machine_alone(void **state)
{
	(void)state;
	struct hub_config *c;
	assert_int_equal(hub_config_read(NULL, NULL, &c, NULL), HN_OK);
	assert_string_equal(c->data, "hinomi-data");
	assert_string_equal(c->database, "sqlite:hinomi-data/hub.db");
	const struct endpoint *e = c->listen.items;
	assert_int_equal(c->listen.count, 2);
	assert_int_equal(e[0].port, 8470);
	assert_int_equal(e[0].ip.bytes[0], 127);
	assert_int_equal(e[1].ip.version, 6);
	assert_int_equal(e[1].ip.bytes[15], 1);
	hub_config_free(c);
	hub_config_free(NULL);
}

static void addresses_of_the_command_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint8_t version;
		uint16_t port;
	} cases[] = {
		{"127.0.0.1", 4, 8470}, {"127.0.0.1:1", 4, 1},     {"::1", 6, 8470},
		{"[::1]", 6, 8470},     {"[::1]:65535", 6, 65535},
	};
	static const char *const bad[] = {
		"",     "localhost", "127.0.0.1:",   "127.0.0.1:x", "127.0.0.1:65536",
		"[::1", "[::1]x",    "127.0.0.1:+1", "1.2.3",       "::1:x"};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct hub_overrides o = {.listen = &cases[i].text, .listen_count = 1};
		struct hub_config *c;
		assert_int_equal(hub_config_read(NULL, &o, &c, NULL), HN_OK);
		const struct endpoint *e = c->listen.items;
		assert_int_equal(e->ip.version, cases[i].version);
		assert_int_equal(e->port, cases[i].port);
		hub_config_free(c);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct hub_overrides o = {.listen = &bad[i], .listen_count = 1};
		struct hub_config *c;
		struct fault fault = {0};
		if (hub_config_read(NULL, &o, &c, &fault) != HN_EFORMAT)
			fail_msg("'%s' was taken", bad[i]);
	}
}

static void nothing_leaves_this_machine_by_mistake(void **state)
{
	(void)state;
	static const char *const far[] = {"listen: [0.0.0.0]\n", "listen: [192.0.2.1]\n",
					  "listen: [\"::\"]\n",
					  "listen: [127.0.0.1, \"[2001:db8::1]:80\"]\n"};
	for (size_t i = 0; i < COUNT(far); i++) {
		struct hub_config *c;
		struct fault fault = {0};
		char allowed[200];
		assert_int_equal(read_text(far[i], NULL, &c, &fault), HN_EAUTH);
		assert_non_null(strstr(fault.place, "http.beyond_loopback"));
		(void)snprintf(allowed, sizeof(allowed), "%shttp:\n  beyond_loopback: true\n", far[i]);
		assert_int_equal(read_text(allowed, NULL, &c, &fault), HN_OK);
		hub_config_free(c);
	}
}

static void refuses_what_it_does_not_know(void **state)
{
	(void)state;
	static const char *const bad[] = {"name: A b\n",
					  "port: 1\n",
					  "http:\n  threads: 65\n",
					  "http:\n  header_time: 1ms\n",
					  "listen: []\n",
					  "database: mysql://db/hub\n",
					  "http:\n  proxies: [10.0.0.1/8]\n"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct hub_config *c;
		struct fault fault = {0};
		assert_int_not_equal(read_text(bad[i], NULL, &c, &fault), HN_OK);
		assert_int_not_equal(fault.place[0], '\0');
	}
}

/* docs/deploy.md has the table that the keys give. */
static void the_reference_is_in_the_docs(void **state)
{
	(void)state;
	char path[4096];
	struct buf page, table;
	(void)snprintf(path, sizeof(path), "%s/docs/deploy.md", getenv("HINOMI_SOURCE"));
	buf_init(&page, 1u << 20);
	buf_init(&table, 1u << 20);
	lang_set(LANG_EN);
	config_reference(HUB_KEYS, &table);
	assert_int_equal(file_read(path, &page), HN_OK);
	bool there = strstr(page.data, table.data) != NULL;
	if (!there)
		fprintf(stderr, "put this into docs/deploy.md:\n%s", table.data);
	assert_true(there);
	buf_clear(&page);
	buf_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_configured_is_this_machine_alone),
		cmocka_unit_test(addresses_of_the_command_line),
		cmocka_unit_test(nothing_leaves_this_machine_by_mistake),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(the_reference_is_in_the_docs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
