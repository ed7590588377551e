/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Each allocation of reading, writing and cutting STIX fails once: HN_ENOMEM, nothing left behind. */
#include "../check.h"

#include "fails.h"
#include "stix/canonical.h"
#include "stix/mask.h"
#include "stix/split.h"

#define UUID_A "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define MD5    "\"MD5\":\"d41d8cd98f00b204e9800998ecf8427e\""

static const char file[] = "{\"type\":\"file\",\"spec_version\":\"2.1\",\"id\":\"file--" UUID_A
			   "\",\"n\\u0061me\":\"\\u0061\",\"hashes\":{" MD5
			   "},\"object_marking_refs\":[\"marking-definition--" UUID_A
			   "\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":["
			   "\"name\",\"x_list.[1]\"]}],\"parent_directory_ref\":\"directory--" UUID_A
			   "\",\"x_list\":[\"a\",\"b\"],"
			   "\"extensions\":{\"pdf-ext\":{\"version\":\"1\"}}}";
static const char indicator[] = "{\"type\":\"indicator\",\"id\":\"indicator--" UUID_A
				"\",\"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":"
				"\"2024-01-01T00:00:00.000Z\",\"labels\":[\"l\"],\"valid_from\":\"2024-01-"
				"01T00:00:00Z\",\"pattern\":\"[ipv4-addr:value "
				"= '192.0.2.1' AND \\u0066ile:name = 'a']\"}";

static int read_and_write(void)
{
	struct stix_object o;
	struct buf out;
	struct uuid id;
	uint8_t digest[STIX_DIGEST_SIZE];
	const struct stix_selector hidden = {"x_list.[0]", 10};
	stix_object_init(&o);
	buf_init(&out, 10000);
	int rc = stix_object_read(&o, cur_of(indicator, sizeof(indicator) - 1), STIX_2_0, &STIX_DEFAULTS,
				  NULL);
	if (rc == HN_OK)
		rc = stix_object_read(&o, cur_of(file, sizeof(file) - 1), STIX_2_1, &STIX_DEFAULTS, NULL);
	if (rc == HN_OK)
		rc = stix_deterministic_id(&o, &id);
	if (rc == HN_OK)
		rc = stix_object_digest(&o, digest);
	if (rc == HN_OK)
		rc = stix_mask(&o, &hidden, 1, &id, &out);
	buf_reset(&out);
	if (rc == HN_OK)
		rc = stix_canonical(cur_of(file, sizeof(file) - 1), &STIX_DEFAULTS, &out, NULL);
	stix_object_clear(&o);
	buf_clear(&out);
	return rc;
}

static int nothing(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
	(void)context;
	(void)index;
	(void)bytes;
	(void)len;
	return HN_OK;
}

static int cut(void)
{
	struct stix_split *s;
	int rc = stix_split_new(1000, nothing, NULL, &s);
	if (rc != HN_OK)
		return rc;
	rc = stix_split_feed(s, "[{\"a\":", 6, NULL);
	if (rc == HN_OK)
		rc = stix_split_feed(s, "1}]", 3, NULL);
	stix_split_free(s);
	return rc;
}

static void fails_cleanly(int (*fn)(void), unsigned least)
{
	int rc = HN_ENOMEM;
	unsigned n = 0;
	assert_int_equal(fn(), HN_OK);
	while (rc != HN_OK) {
		calls = 0;
		live = 0;
		fail_at = ++n;
		counting = true;
		rc = fn();
		counting = false;
		assert_true(rc == HN_OK || rc == HN_ENOMEM);
		assert_int_equal(live, 0);
		assert_true(n < 1000);
	}
	assert_true(n > least);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	fails_cleanly(read_and_write, 20);
	fails_cleanly(cut, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
