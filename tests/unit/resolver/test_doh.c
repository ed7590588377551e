/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/doh.h"

#include "../check.h"

struct path {
	const char *path;
	int rc;
	const char *token;    /* NULL: none */
	const char *question; /* NULL: none */
};

static const struct path paths[] = {
	{"/dns-query", HN_OK, NULL, NULL},
	{"/dns-query?dns=AAAB", HN_OK, NULL, "AAAB"},
	{"/dns-query?dns=", HN_OK, NULL, ""},
	{"/dns-query?", HN_OK, NULL, NULL},
	{"/dns-query?x=1&dns=AA&y", HN_OK, NULL, "AA"},
	{"/dns-query?xdns=AA", HN_OK, NULL, NULL},
	{"/dns-query?dnss=AA", HN_OK, NULL, NULL},
	{"/dns-query?&&dns=AA&", HN_OK, NULL, "AA"},
	{"/dns-query?dns=A/B", HN_OK, NULL, "A/B"},
	{"/dns-query?dns=A?dns=B", HN_OK, NULL, "A?dns=B"},
	{"/dns-query/", HN_OK, NULL, NULL},
	{"/dns-query/secret", HN_OK, "secret", NULL},
	{"/dns-query/secret?dns=AA", HN_OK, "secret", "AA"},
	{"/dns-query/?dns=AA", HN_OK, NULL, "AA"},
	{"/dns-query/secret?dns=AA&dns=BB", HN_EFORMAT, NULL, NULL},
	{"/dns-query?dns=&dns=", HN_EFORMAT, NULL, NULL},
	{"/dns-query/a/b", HN_ENOENT, NULL, NULL},
	{"/dns-query/a/", HN_ENOENT, NULL, NULL},
	{"/dns-querya", HN_ENOENT, NULL, NULL},
	{"/DNS-QUERY", HN_ENOENT, NULL, NULL},
	{"/dns-quer", HN_ENOENT, NULL, NULL},
	{"/dns?query", HN_ENOENT, NULL, NULL},
	{"", HN_ENOENT, NULL, NULL},
	{"*", HN_ENOENT, NULL, NULL},
};

static void is_part(const char *name, const char *got, size_t len, const char *wanted)
{
	if (len != (wanted ? strlen(wanted) : 0) || (len > 0 && memcmp(got, wanted, len) != 0))
		fail_msg("%s: %.*s", name, (int)len, got ? got : "");
}

static void takes_paths_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		const struct path *p = &paths[i];
		size_t len = strlen(p->path);
		char *path = (char *)exact_copy(p->path, len);
		struct doh_target out;
		int rc = doh_target_read(path, len, &out);
		if (rc != p->rc)
			fail_msg("%s: %d", p->path, rc);
		if (rc == HN_OK) {
			is_part(p->path, out.token, out.token_len, p->token);
			is_part(p->path, out.question, out.question_len, p->question);
			assert_true(!out.question == !p->question);
		}
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(takes_paths_apart)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
