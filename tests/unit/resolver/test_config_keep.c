/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/config_keep.h"

#include <stdio.h>

#include "tests/unit/check.h"

static struct resolver_config *read(const char *text)
{
	struct resolver_config *c;
	struct fault fault = {{0}, {0}};
	if (resolver_config_parse("test", text, strlen(text), &c, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	return c;
}

#define LOCAL "listen:\n - {address: 127.0.0.1, port: 1, transports: [tcp]}\n"
#define TLS(certificate)                                                                                     \
	"listen:\n - {address: 127.0.0.1, port: 1, transports: [tls], key: k, certificate: " certificate "}" \
	"\n"
#define GROUP "groups:\n - {name: a, prefixes: [192.0.2.0/24]}\n"

static void tells_what_needs_a_restart(void **state)
{
	static const struct {
		const char *first, *newer, *kept;
	} cases[] = {
		{"", "", ""},
		{LOCAL, LOCAL, ""},
		{LOCAL GROUP, LOCAL "groups:\n - {name: b, prefixes: [198.51.100.0/24]}\n", ""},
		{"cache: {stale: 1h}", "cache: {prefetch: false}", ""},
		{"events: {directory: e}", "events: {directory: e, keep: 1d, size: 1 GiB, rotate: 5m}", ""},
		{TLS("c"), TLS("d"), ""},
		{LOCAL, "", "listen"},
		{LOCAL, TLS("c"), "listen"},
		{TLS("c"),
		 "listen:\n - {address: 127.0.0.1, port: 1, transports: [tls], key: k, certificate: c, "
		 "client_ca: a}\n",
		 "listen"},
		{"threads: 2", "threads: 3\nuser: someone", "threads, user"},
		{"recursion: {zone_max: 5}", "recursion: {client_max: 5}",
		 "recursion.zone_max, recursion.client_max"},
		{"", "recursion:\n  forward: [{address: 192.0.2.1}]", "recursion.forward"},
		{"", "cache: {size: 1 MiB, stale: 1h}", "cache.size"},
		{"events: {directory: e}", "events: {directory: f}", "events.directory"},
		{"events: {directory: e}", "", "events.directory"},
		{"", "metrics: {port: 1}\ncontrol: {socket: s}", "metrics.port, control.socket"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct resolver_config *first = read(cases[i].first), *newer = read(cases[i].newer);
		struct fault fault = {{0}, {0}};
		struct buf kept;
		buf_init(&kept, 1024);
		if (resolver_config_keep(newer, first, first, &kept, &fault) != HN_OK)
			fail_msg("%zu: %s %s", i, fault.place, fault.message);
		assert_int_equal(kept.len, strlen(cases[i].kept));
		assert_memory_equal(kept.len > 0 ? kept.data : "", cases[i].kept, kept.len);
		buf_clear(&kept);
		resolver_config_free(newer);
		resolver_config_free(first);
	}
}

static void keeps_what_is_in_use(void **state)
{
	(void)state;
	struct resolver_config *first = read(TLS("c") "threads: 2\ncache: {size: 1 MiB}\n");
	struct resolver_config *former = read(TLS("d") "threads: 2\n");
	struct resolver_config *newer = read(LOCAL "threads: 3\ncache: {stale: 1h}\n" GROUP);
	struct buf kept;
	buf_init(&kept, 1024);
	assert_int_equal(resolver_config_keep(newer, first, former, &kept, NULL), HN_OK);
	resolver_config_free(former);
	const struct resolver_listener *l = RESOLVER_ITEM(resolver_listener, &newer->listen, 0);
	assert_int_equal(newer->listen.count, 1);
	assert_int_equal(l->transports, RESOLVER_TLS);
	assert_string_equal(l->certificate, "d"); /* the renewed one */
	assert_int_equal(newer->threads, 2);
	assert_int_equal(newer->cache.size, 1 << 20);
	assert_int_equal(newer->cache.stale_ns, INT64_C(3600000000000));
	assert_int_equal(newer->groups.count, 1);
	buf_clear(&kept);
	resolver_config_free(newer);
	resolver_config_free(first);
}

/* A sinkhole where the listener in force still serves port 443. */
static void refuses_what_does_not_go_with_what_stays(void **state)
{
	(void)state;
	struct resolver_config *first =
		read("listen:\n - {address: 127.0.0.1, transports: [https], key: k, certificate: c}\n");
	struct resolver_config *newer =
		read(LOCAL "policy:\n - {name: a, set: [s], action: sinkhole, sinkhole: [127.0.0.1]}\n");
	struct fault fault = {{0}, {0}};
	struct buf kept;
	buf_init(&kept, 1024);
	assert_int_equal(resolver_config_keep(newer, first, first, &kept, &fault), HN_EFORMAT);
	assert_non_null(strstr(fault.message, "restart to change them too"));
	assert_non_null(strstr(fault.place, "policy.sinkhole"));
	buf_clear(&kept);
	resolver_config_free(newer);
	resolver_config_free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_needs_a_restart),
		cmocka_unit_test(keeps_what_is_in_use),
		cmocka_unit_test(refuses_what_does_not_go_with_what_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
