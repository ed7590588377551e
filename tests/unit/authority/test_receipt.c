/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/receipt.h"

#include "../check.h"
#include "authority/receipt_check.h"
#include "base/encode.h"
#include "base/json.h"

static struct key *identity, *stranger;

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES  "1111111111111111111111111111111111111111111111111111111111111111"

/* A live receipt in which all was erased, for nothing was authorised; members in the order of their names. */
static const char live[] =
	"{\"authorizations\":[],\"domestic\":\"" ZEROS "\",\"edge\":\"9a8ec62b-558c-53cb-911b-90ef72d9ff2a\","
	"\"epoch\":\"01940000-0000-7000-8000-000000000001\",\"flows\":{\"begun\":0,\"ended\":0,\"erased\":{},"
	"\"pending\":0,\"selected\":0},\"identified\":false,\"input\":{\"bytes\":0,\"cut\":false,\"name\":"
	"\"eth0\",\"packets\":3,\"state\":\"interface\"},\"interval\":{\"from\":"
	"\"2026-11-21T10:00:00.000000Z\",\"until\":\"2026-11-21T10:01:00.000000Z\"},\"made\":"
	"\"2026-11-21T10:01:00.000001Z\",\"not_seen\":5,\"number\":1,\"program\":{\"build_id\":\"\",\"name\":"
	"\"hinomi-sensor\",\"version\":\"0\"},\"pseudonym_secret\":\"none\",\"recorded\":false,\"records\":"
	"{\"bytes\":0,\"count\":0,\"erase_by\":\"2026-11-21T10:01:00.000000Z\",\"offset\":0,\"sha256\":"
	"\"" ZEROS "\"},\"refused\":\"revocations-stale\",\"sandbox\":{\"memory_locked\":true,\"parser\":{"
	"\"landlock_abi\":1,"
	"\"seccomp\":true,\"unprivileged\":true},\"writer\":{\"landlock_abi\":1,\"seccomp\":true,"
	"\"unprivileged\":true}},\"sets\":[],\"streams_dropped\":0,\"sums\":{\"erased\":{\"by_class\":"
	"{\"foreign-domestic\":{\"bytes\":180,\"packets\":3}},\"by_reason\":{\"foreign-domestic\":"
	"{\"not_authorised\":{\"bytes\":180,\"packets\":3}}},\"bytes\":180,\"packets\":3},\"pending_after\":"
	"{\"by_class\":{},\"bytes\":0,\"packets\":0},\"pending_before\":{\"by_class\":{},\"bytes\":0,"
	"\"packets\":0},\"seen\":{\"by_class\":{\"foreign-domestic\":{\"bytes\":180,\"packets\":3}},"
	"\"bytes\":180,"
	"\"packets\":3},\"selected\":{\"by_class\":{},\"bytes\":0,\"packets\":0}},\"trust\":\"" ONES
	"\",\"trust_mark\":\"demo\",\"values_dropped\":0,\"version\":1}";

/* The text with one part of it replaced, signed; without its line feed. */
static void make(const char *from, const char *to, struct buf *line)
{
	struct buf text;
	const char *at = from == NULL ? NULL : strstr(live, from);
	buf_init(&text, RECEIPT_MAX);
	buf_init(line, RECEIPT_LINE_MAX);
	if (from == NULL) {
		buf_adds(&text, live);
	} else {
		assert_non_null(at);
		buf_add(&text, live, (size_t)(at - live));
		buf_adds(&text, to);
		buf_adds(&text, at + strlen(from));
	}
	assert_int_equal(receipt_seal(text.data, text.len, identity, line), HN_OK);
	assert_int_equal(line->data[line->len - 1], '\n');
	line->len--;
	buf_clear(&text);
}

static int check(const struct buf *line, const struct key *k, struct receipt_facts *facts,
		 struct fault *fault)
{
	char *copy = (char *)exact_copy(line->data, line->len);
	int rc = receipt_check(copy, line->len, k == NULL ? NULL : key_public(k), facts, fault);
	free(copy);
	return rc;
}

static int read_copy(const char *line, size_t len, const struct key *k, struct receipt_tail *tail)
{
	struct fault fault = {0};
	char *copy = (char *)exact_copy(line, len);
	int rc = receipt_read(copy, len, key_public(k)->ed25519, tail, &fault);
	free(copy);
	return rc;
}

static void what_a_live_receipt_says_is_read(void **state)
{
	(void)state;
	static struct receipt_facts f;
	struct fault fault = {0};
	struct buf line;
	make(NULL, NULL, &line);
	assert_int_equal(check(&line, identity, &f, &fault), HN_OK);
	assert_true(f.live);
	assert_int_equal(f.refused, REFUSAL_REVOCATIONS_STALE);
	assert_int_equal(f.authorization_count, 0);
	assert_int_equal(f.mark, TRUST_MARK_DEMO);
	assert_int_equal(f.trust[31], 0x11);
	assert_int_equal(f.until_ns - f.from_ns, 60 * INT64_C(1000000000));
	assert_int_equal(f.sums.seen[1].packets, 3);
	assert_int_equal(f.sums.erased[1][ERASED_NOT_AUTHORISED].bytes, 180);
	assert_int_equal(f.sums.not_seen_packets, 5);
	assert_int_equal(check(&line, stranger, &f, &fault), HN_EAUTH);
	assert_int_equal(check(&line, NULL, &f, &fault), HN_OK);
	buf_clear(&line);
}

static void what_does_not_go_together_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"\"refused\":\"revocations-stale\",", ""},
		{"\"revocations-stale\"", "\"weather\""},
		{"\"revocations-stale\"", "\"none\""},
		{"\"pseudonym_secret\":\"none\"", "\"pseudonym_secret\":\"drawn\""},
		{"\"ended\":0,", ""},
		{"\"interface\"", "\"kept\""},
		{"\"authorizations\":[]",
		 "\"authorizations\":[{\"id\":\"01940000-0000-7000-8000-000000000001\",\"sha256\":\"" ZEROS
		 "\"}]"},
		{"\"not_authorised\":{\"bytes\":180,\"packets\":3}",
		 "\"not_authorised\":{\"bytes\":180,\"packets\":2}"},
		{"\"not_authorised\"", "\"unknown\""},
		{"\"number\":1", "\"number\":0"},
		/* Sums that are true only where they wrap. */
		{"\"not_seen\":5", "\"not_seen\":9007199254740993"},
		{"\"number\":1", "\"number\":9223372036854775807"},
		{"\"flows\":{\"begun\":0", "\"flows\":{\"begun\":9007199254740993"},
	};
	static struct receipt_facts f;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault = {0};
		struct buf line;
		make(cases[i].from, cases[i].to, &line);
		assert_int_not_equal(check(&line, identity, &f, &fault), HN_OK);
		buf_clear(&line);
	}
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	static struct receipt_facts f;
	struct fault fault = {0};
	struct buf line;
	make(NULL, NULL, &line);
	for (size_t whole = line.len, len = 0; len < whole; len += 13) {
		line.len = len;
		assert_int_not_equal(check(&line, identity, &f, &fault), HN_OK);
	}
	buf_clear(&line);
}

static void a_receipt_follows_one_and_no_other(void **state)
{
	(void)state;
	static struct receipt_facts first, next, wrong;
	uint8_t digest[SHA256_SIZE] = {7};
	struct fault fault = {0};
	struct buf line;
	make(NULL, NULL, &line);
	assert_int_equal(check(&line, identity, &first, &fault), HN_OK);
	buf_clear(&line);
	first.sums.pending_after[1].packets = 2;
	next = first;
	next.tail.number = 2;
	next.has_former = true;
	memcpy(next.former, digest, sizeof(digest));
	next.sums.pending_before[1].packets = 2;
	assert_int_equal(receipt_follows(&first, digest, &next, &fault), HN_OK);
	assert_int_equal(receipt_follows(NULL, NULL, &first, &fault), HN_OK);
	assert_int_equal(receipt_follows(NULL, NULL, &next, &fault), HN_EAUTH);
	assert_int_equal(receipt_follows(&first, digest, &first, &fault), HN_EAUTH);
	wrong = next;
	wrong.former[0]++;
	assert_int_equal(receipt_follows(&first, digest, &wrong, &fault), HN_EAUTH);
	wrong = next;
	wrong.sums.pending_before[1].packets = 1;
	assert_int_equal(receipt_follows(&first, digest, &wrong, &fault), HN_EAUTH);
	wrong = next;
	wrong.tail.records_begin++;
	assert_int_equal(receipt_follows(&first, digest, &wrong, &fault), HN_EAUTH);
	wrong = next;
	wrong.edge.bytes[0]++;
	assert_int_equal(receipt_follows(&first, digest, &wrong, &fault), HN_EAUTH);
	/* Another run begins with nothing pending. */
	wrong = next;
	wrong.epoch.bytes[15]++;
	assert_int_equal(receipt_follows(&first, digest, &wrong, &fault), HN_EAUTH);
	wrong.sums.pending_before[1].packets = 0;
	assert_int_equal(receipt_follows(&first, digest, &wrong, &fault), HN_OK);
}

/* Lines that are signed as they should be (members in order) but say what no receipt says. */
static void signed_nonsense_is_refused(void **state)
{
	(void)state;
	static const char *const receipts[] = {
		"{}",
		"{\"number\":0,\"records\":{\"bytes\":0,\"offset\":0}}",
		"{\"number\":-1,\"records\":{\"bytes\":0,\"offset\":0}}",
		"{\"number\":1}",
		"{\"number\":1,\"records\":[]}",
		"{\"number\":1,\"records\":{\"bytes\":0,\"offset\":-1}}",
		"{\"number\":1,\"records\":{\"offset\":0}}",
		"{\"number\":1,\"records\":{\"bytes\":9223372036854775807,\"offset\":0}}",
		"{\"number\":1,\"records\":{\"bytes\":0,\"offset\":0}}",
		"{\"number\":1,\"records\":{\"bytes\":0,\"count\":0,\"offset\":0}}",
		"{\"number\":1,\"records\":{\"bytes\":0,\"count\":0,\"erase_by\":\"soon\",\"offset\":0}}",
		"{\"number\":\"1\",\"records\":{\"bytes\":0,\"offset\":0}}",
	};
	for (size_t i = 0; i < COUNT(receipts); i++) {
		struct receipt_tail tail = {.number = 77, .records_end = 77};
		struct buf input, line;
		uint8_t signature[KEY_SIGNATURE_SIZE];
		buf_init(&input, 4096);
		buf_init(&line, 4096);
		buf_adds(&input, "e30.");
		base64url_add(&input, receipts[i], strlen(receipts[i]));
		key_sign(identity, input.data, input.len, signature);
		buf_addf(&line, "{\"receipt\":%s,\"protected\":\"e30\",\"signature\":\"", receipts[i]);
		base64url_add(&line, signature, sizeof(signature));
		buf_adds(&line, "\"}");
		assert_int_equal(read_copy(line.data, line.len, identity, &tail), HN_EFORMAT);
		assert_int_equal(tail.number, 77);
		buf_clear(&input);
		buf_clear(&line);
	}
}

static int setup(void **state)
{
	(void)state;
	return key_make("sensor", &identity) == HN_OK && key_make("stranger", &stranger) == HN_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	key_free(identity);
	key_free(stranger);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_live_receipt_says_is_read),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(a_receipt_follows_one_and_no_other),
		cmocka_unit_test(signed_nonsense_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
