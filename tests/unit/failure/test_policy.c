/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Each allocation that making a policy takes fails once, through the linker's wraps: the answer is HN_ENOMEM,
 * the former policy is as it was, and the next attempt succeeds. What is left behind the leak checker tells.
 */
#include <errno.h>
#include <sys/mman.h>

#include "tests/unit/resolver/policy_model.h"

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that the linker's --wrap gives. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__real_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_mprotect(void *at, size_t size, int protection);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __wrap_mprotect(void *at, size_t size, int protection);

static bool counting;
static unsigned calls, fail_at; /* the number of the call that fails, while counting */

static bool fails(void)
{
	if (!counting || ++calls != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return fails() ? MAP_FAILED : __real_mmap64(at, size, protection, flags, fd, offset);
}

int __wrap_mprotect(void *at, size_t size, int protection)
{
	return fails() ? -1 : __real_mprotect(at, size, protection);
}
/* NOLINTEND(bugprone-reserved-identifier) */

#define NOW 1000

/* Names enough that tables grow. */
static const char *write_zone(struct world *w, const char *action)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_adds(&text, SOA "24.0.2.0.192.rpz-ip CNAME .\nns.test.rpz-nsdname CNAME .\n");
	for (unsigned i = 0; i < 3000; i++)
		buf_addf(&text, "n%u.test CNAME %s\n*.n%u.test CNAME .\n", i, action, i);
	buf_adds(&text, "last.test A 192.0.2.1\n TXT x\n");
	assert_int_equal(buf_err(&text), HN_OK);
	const char *path = world_text(w, "zone", text.data);
	buf_clear(&text);
	return path;
}

static void fails_once_each(void **state)
{
	const struct world_entry base[] = {{"a.test"}}, overlay[] = {{"b.test"}}, old[] = {{"c.test"}};
	static const char *const local[] = {"TXT \"x\""};
	static const uint16_t order[] = {0, 1};
	struct world w;
	struct policy *former, *next = NULL;
	struct policy_verdict v;
	uint8_t digest[32];
	(void)state;
	world_open(&w);
	(void)world_him(&w, "0.him", NULL, old, 1, NULL);
	(void)world_him(&w, "1.him", NULL, base, 1, digest);
	const char *zone = write_zone(&w, "*.");
	const struct policy_set_spec sets[] = {{.name = "d",
						.directory = w.dir,
						.action = POLICY_LOCAL,
						.records = local,
						.record_count = 1},
					       rpz_spec("z", &zone)};
	const struct policy_view_spec view = {"v", order, 2};
	const struct policy_spec spec = {sets, 2, &view, 1};
	assert_int_equal(policy_new(&spec, NULL, &former, NULL), HN_OK);
	/* The base is shared, the overlay and the zone are new. */
	(void)world_him(&w, "2.him", digest, overlay, 1, NULL);
	(void)write_zone(&w, "rpz-drop.");
	unsigned refused = 0;
	bool all = false; /* it took fewer than fail_at */
	for (fail_at = 1; !all; fail_at++) {
		struct fault fault = {{0}, {0}};
		calls = 0;
		counting = true;
		int rc = policy_new(&spec, former, &next, &fault);
		counting = false;
		all = calls < fail_at;
		if (rc == HN_OK) {
			world_judge(next, 0, "n7.test", NOW, &v);
			assert_int_equal(v.action, POLICY_DROP);
			policy_free(next);
			next = NULL;
		} else {
			assert_int_equal(rc, HN_ENOMEM);
			assert_null(next);
			refused++;
		}
		world_judge(former, 0, "n7.test", NOW, &v);
		assert_int_equal(v.action, POLICY_NODATA);
		world_judge(former, 0, "a.test", NOW, &v);
		assert_int_equal(v.action, POLICY_LOCAL);
	}
	assert_true(refused > 30);
	policy_free(former);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_once_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
