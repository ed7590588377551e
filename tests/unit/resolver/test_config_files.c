/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/config_files.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"
#include "base/buf.h"
#include "base/lang.h"

static const char text[] = "listen:\n"
			   "  - {address: 127.0.0.1, port: 853, transports: [tls], certificate: a.pem, key: "
			   "a.key, client_ca: a.ca}\n"
			   "recursion: {trust_anchors: root.key, root_hints: root.hints, ca: ca.pem}\n"
			   "policy:\n"
			   "  - {name: one, set: [base.him, more.him]}\n"
			   "  - {name: two, directory: sets}\n"
			   "  - {name: three, rpz: sets/feed.rpz}\n"
			   "events: {directory: events}\n"
			   "cookies: {secrets: secret}\n";

static struct resolver_config *configuration(void)
{
	struct resolver_config *c;
	struct fault fault = {0};
	if (resolver_config_parse("r.yaml", text, sizeof(text) - 1, &c, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	return c;
}

static int add(void *context, const struct config_file *file)
{
	buf_addf(context, "%u %s %s %d\n", file->line, file->key, file->path, (int)file->use);
	return HN_OK;
}

static int stop(void *context, const struct config_file *file)
{
	int *left = context;
	(void)file;
	return --*left == 0 ? HN_ESTATE : HN_OK;
}

static void every_file_is_told_with_line_and_key(void **state)
{
	struct resolver_config *c = configuration();
	struct buf out;
	int left = 3;
	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(config_files_each(c, add, &out), HN_OK);
	assert_string_equal(out.data, "2 listen.certificate a.pem 0\n"
				      "2 listen.key a.key 0\n"
				      "2 listen.client_ca a.ca 0\n"
				      "3 recursion.trust_anchors root.key 0\n"
				      "3 recursion.root_hints root.hints 0\n"
				      "3 recursion.ca ca.pem 0\n"
				      "5 policy.set base.him 0\n"
				      "5 policy.set more.him 0\n"
				      "6 policy.directory sets 1\n"
				      "7 policy.rpz sets/feed.rpz 0\n"
				      "8 events.directory events 2\n"
				      "9 cookies.secrets secret 0\n");
	assert_int_equal(config_files_each(c, stop, &left), HN_ESTATE);
	assert_int_equal(left, 0);
	buf_clear(&out);
	resolver_config_free(c);
}

static void a_fault_is_blamed_on_who_named_its_file(void **state)
{
	static const struct {
		const char *place, *message;
	} cases[] = {
		{"a.key", "is bad (named in r.yaml:2: listen.key)"},
		{"sets/feed.rpz:7", "is bad (named in r.yaml:7: policy.rpz)"},
		{"sets/base.him", "is bad (named in r.yaml:6: policy.directory)"},
		{"sets", "is bad (named in r.yaml:6: policy.directory)"},
		{"a.keys", "is bad"}, /* another file */
		{"policy.contact", "is bad"},
		{"", "is bad"},
	};
	struct resolver_config *c = configuration();
	struct fault fault;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		(void)fault_set(&fault, HN_EFORMAT, cases[i].place, "is bad");
		config_files_blame(c, &fault);
		assert_string_equal(fault.place, cases[i].place);
		assert_string_equal(fault.message, cases[i].message);
	}
	/* Where there is no room the message stays whole. */
	(void)fault_set(&fault, HN_EFORMAT, "a.key", "%0500d", 1);
	config_files_blame(c, &fault);
	assert_int_equal(strlen(fault.message), 500);
	config_files_blame(c, NULL);
	resolver_config_free(c);
}

static void a_pipe_is_not_read(void **state)
{
	static const char *const keys[] = {
		"groups:\n  - {name: g, prefix_file: pipe}\n", "cookies: {secrets: pipe}\n",
		"recursion: {trust_anchors: pipe}\n",          "policy:\n  - {name: p, rpz: pipe}\n",
		"policy:\n  - {name: p, set: [gone, pipe]}\n",
	};
	char directory[] = "/tmp/hinomi-pipe-XXXXXX", name[64], pipe[64];
	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(name, sizeof(name), "%s/r.yaml", directory);
	(void)snprintf(pipe, sizeof(pipe), "%s/pipe", directory);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct resolver_config *c = NULL;
		struct fault fault = {{0}, {0}};
		assert_int_equal(resolver_config_parse(name, keys[i], strlen(keys[i]), &c, &fault),
				 HN_EFORMAT);
		assert_non_null(strstr(fault.message, "/pipe' is no file"));
	}
	assert_false(config_file_may_be_read(pipe));
	assert_false(config_file_may_be_read(directory));
	assert_true(config_file_may_be_read(name)); /* nothing is there */
	assert_int_equal(unlink(pipe), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void note(void *context, const struct fault *fault)
{
	buf_addf(context, "%s\n", fault->place);
}

static void each_file_out_of_reach_is_told_once(void **state)
{
	struct resolver_config *c = configuration();
	struct buf out;
	(void)state;
	buf_init(&out, 4096);
	/* Nothing of it is there; where events go would be made. */
	assert_int_equal(config_files_try(c, geteuid(), getegid(), note, &out), HN_OK);
	assert_string_equal(out.data, "r.yaml:2: listen.certificate\n"
				      "r.yaml:2: listen.key\n"
				      "r.yaml:2: listen.client_ca\n"
				      "r.yaml:3: recursion.trust_anchors\n"
				      "r.yaml:3: recursion.root_hints\n"
				      "r.yaml:3: recursion.ca\n"
				      "r.yaml:5: policy.set\n"
				      "r.yaml:5: policy.set\n"
				      "r.yaml:6: policy.directory\n"
				      "r.yaml:7: policy.rpz\n"
				      "r.yaml:9: cookies.secrets\n");
	buf_clear(&out);
	resolver_config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_told_with_line_and_key),
		cmocka_unit_test(a_fault_is_blamed_on_who_named_its_file),
		cmocka_unit_test(a_pipe_is_not_read),
		cmocka_unit_test(each_file_out_of_reach_is_told_once),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
