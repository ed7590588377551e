/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/err.h"

#include <errno.h>

#include "../check.h"
#include "base/lang.h"
#include "base/utf8.h"

static void every_error_has_words_in_both_languages(void **state)
{
	(void)state;
	for (int err = HN_ENOSPC; err <= HN_OK; err++) {
		lang_set(LANG_EN);
		const char *en = hn_strerror(err);
		assert_non_null(en);
		assert_string_not_equal(en, hn_strerror(-9999));
		lang_set(LANG_JA);
		assert_string_not_equal(en, hn_strerror(err));
		assert_true(utf8_valid(hn_strerror(err), strlen(hn_strerror(err))));
	}
	lang_set(LANG_EN);
}

static void what_the_system_says_is_told_apart_where_it_matters(void **state)
{
	(void)state;
	static const struct {
		int error, want;
	} rows[] = {
		{ENOSPC, HN_ENOSPC}, {EDQUOT, HN_ENOSPC}, {EFBIG, HN_ENOSPC},
		{ENOENT, HN_ENOENT}, {EEXIST, HN_EEXIST}, {ENOMEM, HN_ENOMEM},
		{EACCES, HN_EIO},    {EIO, HN_EIO},       {0, HN_EIO},
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(hn_err_of_errno(rows[i].error), rows[i].want);
}

static void an_errno_has_words_in_both_languages(void **state)
{
	(void)state;
	static const int known[] = {EACCES, ENOENT, EISDIR, ENOSPC, EADDRINUSE, ECONNREFUSED, ENOMEM};
	for (size_t i = 0; i < COUNT(known); i++) {
		char en[64];
		lang_set(LANG_EN);
		(void)snprintf(en, sizeof(en), "%s", hn_errno_text(known[i]));
		lang_set(LANG_JA);
		assert_string_not_equal(en, hn_errno_text(known[i]));
		assert_true(utf8_valid(hn_errno_text(known[i]), strlen(hn_errno_text(known[i]))));
	}
	assert_string_equal(hn_errno_text(98765), "エラー 98765");
	lang_set(LANG_EN);
	assert_string_equal(hn_errno_text(98765), "error 98765");
	assert_string_equal(hn_errno_text(ENOENT), "no such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_words_in_both_languages),
		cmocka_unit_test(an_errno_has_words_in_both_languages),
		cmocka_unit_test(what_the_system_says_is_told_apart_where_it_matters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
