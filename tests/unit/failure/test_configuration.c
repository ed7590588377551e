/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Each allocation that reading a configuration makes fails once, through the linker's wraps: the answer is
 * HN_ENOMEM, nothing is left behind, and the next attempt succeeds. libyaml keeps its own.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/lang.h"
#include "resolver/groups.h"
#include "tests/unit/check.h"
#include "tests/unit/failure/fails.h"

/* Groups with so many prefixes that every array of the look-up grows. */
static void write_text(struct buf *text)
{
	buf_init(text, 1u << 16);
	buf_adds(text, "policy: [{name: feed, rpz: feed.rpz}]\ngroups:\n  - name: a\n    prefixes:\n");
	for (unsigned i = 0; i < 200; i++)
		buf_addf(text, "      - 10.%u.%u.0/24\n      - 2001:db8:%x:%x::/64\n", i, i * 7 % 256, i, i);
	buf_adds(text, "      - 2001:db8:1:1::5/128\n  - {name: b, prefixes: [10.0.0.0/8]}\n");
	assert_int_equal(buf_err(text), HN_OK);
}

static int attempt(const struct buf *text)
{
	struct resolver_config *config = NULL;
	struct groups *groups = NULL;
	struct fault fault = {0};

	int rc = resolver_config_parse("r.yaml", text->data, text->len, &config, &fault);
	if (rc == HN_OK)
		rc = groups_new(config, &groups, &fault);
	assert_true((rc == HN_OK) == (groups != NULL));
	groups_free(groups);
	resolver_config_free(config);
	return rc;
}

static void fails_once_each(void **state)
{
	(void)state;
	struct buf text;
	write_text(&text);
	assert_int_equal(attempt(&text), HN_OK);
	unsigned number = 0;
	int rc = HN_ENOMEM;
	while (rc != HN_OK) {
		fail_at = ++number;
		calls = 0;
		long before = live;
		counting = true;
		rc = attempt(&text);
		counting = false;
		assert_int_equal(live, before);
		assert_true(rc == HN_OK || rc == HN_ENOMEM);
		assert_true((rc == HN_OK) == (calls < number));
	}
	assert_true(number > 20);
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_once_each),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
