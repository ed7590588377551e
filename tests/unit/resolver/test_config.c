/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/config.h"

#include <stdio.h>

#include "../check.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"

static struct resolver_config *parse(const char *text)
{
	struct resolver_config *c = NULL;
	struct fault fault = {0};
	int rc = resolver_config_parse("etc/r.yaml", text, strlen(text), &c, &fault);
	assert_string_equal(fault.message, "");
	assert_int_equal(rc, HN_OK);
	return c;
}

static const struct resolver_listener *listener(const struct resolver_config *c, size_t i)
{
	return RESOLVER_ITEM(resolver_listener, &c->listen, i);
}

static const struct resolver_group *group(const struct resolver_config *c, size_t i)
{
	return RESOLVER_ITEM(resolver_group, &c->groups, i);
}

static const struct resolver_policy *policy(const struct resolver_config *c, size_t i)
{
	return RESOLVER_ITEM(resolver_policy, &c->policy, i);
}

static void check_built_in(const struct resolver_config *c)
{
	assert_int_equal(c->listen.count, 2);
	assert_int_equal(listener(c, 0)->address.version, 4);
	assert_int_equal(listener(c, 1)->address.version, 6);
	assert_int_equal(listener(c, 0)->port, 5300);
	assert_int_equal(listener(c, 0)->transports, RESOLVER_UDP | RESOLVER_TCP);
	assert_int_equal(c->groups.count, 1);
	assert_string_equal(group(c, 0)->name, RESOLVER_GROUP_LOCAL);
	assert_int_equal(group(c, 0)->prefixes.count, 2);
	assert_int_equal(c->cache.size, 64u << 20);
	assert_int_equal(c->cache.stale_ns, 3 * 86400 * NS_SECOND);
	assert_true(c->cache.prefetch);
	assert_int_equal(c->recursion.answer_ns, 10 * NS_SECOND);
	assert_int_equal(c->recursion.forward.count, 0);
	assert_null(c->events.directory);
	assert_int_equal(c->metrics.port, 0);
	assert_int_equal(c->blockpage.addresses.count, 0);
	assert_false(c->collector.enabled);
	assert_null(c->cookies.secrets);
}

static void has_an_embedded_default(void **state)
{
	(void)state;
	struct resolver_config *c = NULL;
	struct fault fault = {0};
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/tmp", 1), 0);
	assert_int_equal(resolver_config_read(NULL, &c, &fault), HN_OK);
	check_built_in(c);
	assert_string_equal(c->file, "(built in)");
	assert_string_equal(c->control.socket, "/tmp/hinomi-resolver.sock");
	resolver_config_free(c);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/tmp/nowhere/at/all", 1), 0);
	assert_int_equal(resolver_config_read(NULL, &c, &fault), HN_OK);
	assert_null(c->control.socket);
	resolver_config_free(c);
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	assert_string_equal(resolver_default_socket(), "/run/hinomi-resolver.sock");

	c = parse("");
	check_built_in(c);
	assert_null(c->control.socket);
	resolver_config_free(c);
	resolver_config_free(NULL);
}

static const char whole[] =
	"listen:\n"
	"  - {address: 192.0.2.53, transports: [udp, tcp]}\n"
	"  - {address: 192.0.2.53, transports: [tls], certificate: tls.pem, key: tls.key, client_ca: "
	"ca.pem}\n"
	"  - {address: 2001:db8::53, transports: [https], certificate: /c.pem, key: /k.pem}\n"
	"  - {address: 192.0.2.53, port: 5353, transports: [udp, tcp], proxy: true, proxies: [10.0.0.1]}\n"
	"threads: 4\n"
	"recursion:\n"
	"  threads: 2\n"
	"  forward:\n"
	"    - address: 192.0.2.1\n"
	"    - {address: 192.0.2.2, tls_name: dns.example}\n"
	"    - {address: 192.0.2.3, port: 8853,\n"
	"       spki: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}\n"
	"  trust_anchors: root.key\n"
	"  cache: 1 GiB\n"
	"  stubs: [{zone: example.jp, addresses: ['10.0.0.1', '[2001:db8::2]:5353']}]\n"
	"groups:\n"
	"  - name: ministry\n"
	"    organisation: 00112233-4455-6677-8899-aabbccddeeff\n"
	"    prefixes: [198.51.100.0/24, 2001:db8:1::/48]\n"
	"    token: abcdefghij-_KLMN\n"
	"    policy: [own, law]\n"
	"    queries_per_second: 1000\n"
	"    addresses: true\n"
	"  - name: town\n"
	"    certificates: [ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad]\n"
	"  - {name: free, prefixes: [203.0.113.0/24], policy: []}\n"
	"policy:\n"
	"  - name: law\n"
	"    set: [base.him, over/1.him]\n"
	"    reason: law\n"
	"    organisation: 委員会\n"
	"    contact: https://appeal.example/\n"
	"  - name: own\n"
	"    directory: own\n"
	"    action: sinkhole\n"
	"    sinkhole: [192.0.2.80, 2001:db8::80]\n"
	"    ttl: 5m\n"
	"    name_servers: true\n"
	"  - {name: feed, rpz: feed.rpz, reason: customer}\n"
	"  - {name: data, rpz: data.rpz, action: local-data, records: [\"A 192.0.2.9\"]}\n"
	"events: {directory: /var/lib/e, rotate: 30m, keep: 7d, size: 1 GiB}\n"
	"metrics: {port: 9153}\n"
	"blockpage: {addresses: [192.0.2.80], organisation_en: Centre, organisation_ja: 統括室,\n"
	"            contact_en: a@example, contact_ja: a@example}\n"
	"control: {socket: /run/hinomi-resolver/control}\n"
	"cookies: {secrets: cookies}\n"
	"collector: {enabled: true, interval: 6h, forward: [{address: 192.0.2.7}]}\n"
	"user: resolver\n";

static void reads_all_of_it(void **state)
{
	(void)state;
	struct resolver_config *c = parse(whole);
	assert_int_equal(c->listen.count, 4);
	assert_int_equal(listener(c, 0)->port, 53);
	assert_int_equal(listener(c, 1)->port, 853);
	assert_string_equal(listener(c, 1)->certificate, "etc/tls.pem");
	assert_string_equal(listener(c, 1)->client_ca, "etc/ca.pem");
	assert_int_equal(listener(c, 2)->port, 443);
	assert_string_equal(listener(c, 2)->key, "/k.pem");
	assert_true(listener(c, 3)->proxy);
	assert_int_equal(listener(c, 3)->proxies.count, 1);
	assert_int_equal(listener(c, 3)->line, 5);

	assert_int_equal(c->recursion.forward.count, 3);
	const struct resolver_forward *f = c->recursion.forward.items;
	assert_int_equal(f[0].port, 53);
	assert_int_equal(f[1].port, 853);
	assert_string_equal(f[1].tls_name, "dns.example");
	assert_int_equal(f[2].port, 8853);
	assert_true(f[2].spki.present);
	const struct resolver_stub *stub = c->recursion.stubs.items;
	assert_int_equal(RESOLVER_ITEM(endpoint, &stub->addresses, 0)->port, 53);
	assert_int_equal(RESOLVER_ITEM(endpoint, &stub->addresses, 1)->port, 5353);

	assert_int_equal(group(c, 0)->organisation.bytes[1], 0x11);
	assert_int_equal(group(c, 0)->policy.count, 2);
	assert_string_equal(((const char **)group(c, 0)->policy.items)[0], "own");
	assert_true(group(c, 0)->addresses);
	assert_int_equal(group(c, 1)->policy.count, 4); /* none named: all */
	assert_string_equal(((const char **)group(c, 1)->policy.items)[3], "data");
	assert_int_equal(group(c, 2)->policy.count, 0); /* none, as it says */

	assert_int_equal(policy(c, 0)->action, POLICY_NXDOMAIN);
	assert_int_equal(policy(c, 0)->reason, POLICY_CENSORED);
	assert_string_equal(((const char **)policy(c, 0)->set.items)[1], "etc/over/1.him");
	assert_int_equal(policy(c, 1)->action, POLICY_SINKHOLE);
	assert_int_equal(policy(c, 1)->ttl_ns, 300 * NS_SECOND);
	assert_int_equal(policy(c, 2)->action, POLICY_GIVEN);
	assert_int_equal(policy(c, 2)->reason, POLICY_FILTERED);
	assert_int_equal(policy(c, 3)->action, POLICY_LOCAL);
	assert_ptr_equal(resolver_config_policy(c, "own"), policy(c, 1));
	assert_null(resolver_config_policy(c, "none"));

	assert_int_equal(c->events.keep_ns, 7 * 86400 * NS_SECOND);
	assert_int_equal(c->metrics.address.bytes[0], 127);
	assert_int_equal(c->blockpage.port, 80);
	assert_string_equal(c->blockpage.organisation_ja, "統括室");
	assert_string_equal(c->cookies.secrets, "etc/cookies");
	assert_true(c->collector.enabled);
	assert_string_equal(c->user, "resolver");
	assert_string_equal(c->file, "etc/r.yaml");
	resolver_config_free(c);
}

#define GROUP "groups: [{name: g, prefixes: [10.0.0.0/8]}]\n"
#define USELESS                                                                                              \
	"groups: [{name: g, certificates: [ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=]}]\n"                \
	"listen: [{address: 127.0.0.1, transports: [tls], certificate: c, key: k}]"

static void says_what_does_not_go_together(void **state)
{
	static const struct {
		const char *text, *place, *message;
	} cases[] = {
		{"threads: 1\nlisten:\n - {address: 192.0.2.1, transports: [udp]}",
		 "etc/r.yaml:3: listen.address",
		 "is beyond loopback, but no group says who is served; add 'groups'"},
		{"listen: [{address: 127.0.0.1, transports: [https], certificate: c, key: k}]\n"
		 "policy: [{name: a, set: [s], action: sinkhole, sinkhole: [127.0.0.1]}]",
		 "etc/r.yaml:2: policy.sinkhole", "has an address that the listener on line 1"},
		{"blockpage: {addresses: [127.0.0.1], port: 443, organisation_en: a, organisation_ja: b,\n"
		 "            contact_en: c, contact_ja: d}",
		 "etc/r.yaml:1: blockpage.port", "is the port of HTTPS"},
		{"listen: [{address: '::', transports: [udp]}]", "etc/r.yaml:1: listen.address",
		 "is beyond loopback"},
		{"listen: [{address: 127.0.0.1, transports: [tcp, tls]}]", "etc/r.yaml:1: listen.transports",
		 "tcp, tls and https each need"},
		{"listen: [{address: 127.0.0.1, transports: [udp, https]}]", "etc/r.yaml:1: listen.port",
		 "is missing: udp and tls"},
		{"listen: [{address: 127.0.0.1, transports: [tls]}]", "etc/r.yaml:1: listen.certificate",
		 "is missing"},
		{"listen: [{address: 127.0.0.1, transports: [tls], certificate: c}]",
		 "etc/r.yaml:1: listen.key", "is missing"},
		{"listen: [{address: 127.0.0.1, transports: [udp], key: k}]",
		 "etc/r.yaml:1: listen.certificate", "goes with tls or https only"},
		{"listen: [{address: 127.0.0.1, transports: [udp], proxy: true}]",
		 "etc/r.yaml:1: listen.proxies", "goes with 'proxy: true'"},
		{"listen:\n - {address: 127.0.0.1, transports: [udp, tcp]}\n - {address: 127.0.0.1, "
		 "transports: [tcp]}",
		 "etc/r.yaml:3: listen", "the same address and port as on line 2"},
		{"listen: [{address: 127.0.0.1}]", "etc/r.yaml:1: listen[0].transports", "is missing"},
		{"recursion: {forward: [{address: 192.0.2.1}, {address: 192.0.2.1, port: 53}]}",
		 "etc/r.yaml:1: recursion.forward", "the same as on line 1"},
		{"groups: [{name: g}]", "etc/r.yaml:1: groups", "'g' has no client"},
		{GROUP "groups: []", "etc/r.yaml:2: groups", "stands twice"},
		{"groups: [{name: g, prefixes: [10.0.0.0/8]}, {name: g, prefixes: [11.0.0.0/8]}]",
		 "etc/r.yaml:1: groups.name", "'g' stands on line 1 too"},
		{"groups: [{name: g, prefixes: [10.0.0.0/8]},\n {name: h, prefixes: [10.0.0.0/8]}]",
		 "etc/r.yaml:2: groups", "'h' and 'g' (line 1) both have 10.0.0.0/8"},
		{"groups: [{name: g, prefixes: [10.0.0.0/8, 10.0.0.0/8]}]", "etc/r.yaml:1: groups",
		 "'g' has 10.0.0.0/8 twice"},
		{"groups: [{name: g, prefixes: [10.0.0.0/8], policy: [x]}]", "etc/r.yaml:1: groups.policy",
		 "no policy is called 'x'"},
		{"groups: [{name: g, prefixes: [10.0.0.0/8], policy: [x, x]}]\npolicy: [{name: x, rpz: f}]",
		 "etc/r.yaml:1: groups.policy", "'x' stands twice"},
		{"groups: [{name: g, prefixes: ['::ffff:10.0.0.0/104']}]", "etc/r.yaml:1: groups.prefixes",
		 "holds an IPv4 prefix in IPv6 form"},
		{"groups: [{name: g, token: abcdefghijklmnop}]", "etc/r.yaml:1: groups.token",
		 "is of no use: no listener takes https"},
		{"groups: [{name: g, token: 'abcdefghijklmnop/'}]", "etc/r.yaml:1: groups.token",
		 "takes letters"},
		{USELESS, "etc/r.yaml:1: groups.certificates", "are of no use: no listener has client_ca"},
		{"policy: [{name: p}]", "etc/r.yaml:1: policy", "takes one of set, directory and rpz"},
		{"policy: [{name: p, set: [a], rpz: b}]", "etc/r.yaml:1: policy", "takes one of"},
		{"policy: [{name: p, set: []}]", "etc/r.yaml:1: policy[0].set", "takes 1 to 17 items"},
		{"policy: [{name: p, set: [a], action: given}]", "etc/r.yaml:1: policy.action",
		 "'given' is for rpz"},
		{"policy: [{name: p, set: [a], action: sinkhole}]", "etc/r.yaml:1: policy.sinkhole",
		 "goes with"},
		{"policy: [{name: p, set: [a], sinkhole: [192.0.2.1]}]", "etc/r.yaml:1: policy.sinkhole",
		 "goes with"},
		{"policy: [{name: p, set: [a], action: sinkhole, sinkhole: [192.0.2.1, 192.0.2.2]}]",
		 "etc/r.yaml:1: policy.sinkhole", "takes one IPv4 and one IPv6"},
		{"policy: [{name: p, set: [a], action: local-data}]", "etc/r.yaml:1: policy.records",
		 "goes with"},
		{"policy: [{name: p, set: [a]}, {name: p, set: [b]}]", "etc/r.yaml:1: policy.name",
		 "'p' stands on line 1 too"},
		{"blockpage: {addresses: [127.0.0.1]}", "etc/r.yaml:1: blockpage.organisation_en",
		 "is missing"},
		{"collector: {enabled: true}", "etc/r.yaml:1: collector.forward", "is missing"},
		{"groups: [{name: g, prefixes: [192.0.2.0/24], addresses: true}]",
		 "etc/r.yaml:1: groups.addresses", "are kept for an organisation alone"},
		{"collector: {enabled: true, forward: [{address: 192.0.2.7}]}", "etc/r.yaml:1: collector",
		 "writes into 'events.directory'"},
		{"events: {rotate: 1h}", "etc/r.yaml:1: events.directory", "is missing"},
		{"cache: {stale: 8d}", "etc/r.yaml:1: cache.stale", "takes a duration like"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct resolver_config *c = NULL;
		struct fault fault = {0};
		int rc =
			resolver_config_parse("etc/r.yaml", cases[i].text, strlen(cases[i].text), &c, &fault);
		assert_string_equal(fault.place, cases[i].place);
		assert_memory_equal(fault.message, cases[i].message, strlen(cases[i].message));
		assert_true(rc == HN_EFORMAT || rc == HN_ELIMIT || rc == HN_EEXIST);
		assert_null(c);
	}
}

/* A token is a password: no fault tells it, wherever it stands. */
static void keeps_tokens_to_itself(void **state)
{
#define TWICE                                                                                                \
	"groups: [{name: g, token: hunter2hunter2hunter2}, {name: h, token: hunter2hunter2hunter2}]\n"       \
	"listen: [{address: 127.0.0.1, transports: [https], certificate: c, key: k}]"
	static const char *const texts[] = {
		"groups: [{name: g, token: hunter2}]",
		"groups: [{name: g, token: hunter2hunter2hunter2}]",
		"groups: [{name: g, token: 'hunter2hunter2 hunter2'}]",
		TWICE,
	};
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct resolver_config *c = NULL;
		struct fault fault = {0};
		assert_int_not_equal(resolver_config_parse("r", texts[i], strlen(texts[i]), &c, &fault),
				     HN_OK);
		assert_string_not_equal(fault.message, "");
		assert_null(strstr(fault.message, "hunter2"));
		assert_null(strstr(fault.place, "hunter2"));
	}
}

/* The page of the documentation is what the table says. */
static void is_documented(void **state)
{
	(void)state;
	const char *source = getenv("HINOMI_SOURCE");
	if (source == NULL)
		skip();
	char path[512];
	struct buf page, table;
	(void)snprintf(path, sizeof(path), "%s/docs/resolver.md", source);
	buf_init(&page, 1u << 20);
	buf_init(&table, 1u << 16);
	assert_int_equal(file_read(path, &page), HN_OK);
	config_reference(resolver_config_keys, &table);
	assert_int_equal(buf_err(&table), HN_OK);
	for (char *line = table.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (strstr(page.data, line) == NULL)
			fail_msg("docs/resolver.md lacks: %s", line);
	}
	buf_clear(&page);
	buf_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_an_embedded_default),
		cmocka_unit_test(reads_all_of_it),
		cmocka_unit_test(says_what_does_not_go_together),
		cmocka_unit_test(keeps_tokens_to_itself),
		cmocka_unit_test(is_documented),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
