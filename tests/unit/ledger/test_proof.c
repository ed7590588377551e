/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/proof.h"

#include "../check.h"
#include "ledger/private.h"
#include "log_world.h"

static void make(uint64_t index, struct buf *out)
{
	struct tlog *t = NULL;
	struct fault fault;
	assert_int_equal(tlog_open(w.fd, &w.key, &t, &fault), HN_OK);
	buf_init(out, PROOF_SIZE_MAX);
	assert_int_equal(proof_make(t, index, out, &fault), HN_OK);
	tlog_free(t);
}

static void each_record_can_be_disclosed(void **state)
{
	(void)state;
	struct fault fault;
	world_grow(&w, 300, 77);
	for (uint64_t i = 0; i < 300; i += 13) {
		struct buf text;
		struct proof proof;
		char want[32];
		make(i, &text);
		uint8_t *exact = exact_copy(text.data, text.len);
		assert_int_equal(proof_read((const char *)exact, text.len, &w.key, &proof, &fault), HN_OK);
		assert_int_equal(proof.index, i);
		assert_string_equal(proof.entry.kind, "receipt");
		assert_int_equal(proof.head.size, 300);
		(void)snprintf(want, sizeof(want), "{\"record\":%llu,", (unsigned long long)i);
		assert_memory_equal(proof.record.data, want, strlen(want));
		buf_clear(&proof.record);
		buf_clear(&text);
		free(exact);
	}
}

/* White space and the spelling of escapes may change; nothing else may. */
static void no_changed_byte_gives_another_record(void **state)
{
	(void)state;
	struct buf text;
	struct proof proof, first;
	struct fault fault;
	world_grow(&w, 20, 20);
	make(11, &text);
	assert_int_equal(proof_read(text.data, text.len, &w.key, &first, &fault), HN_OK);
	for (size_t i = 0; i < text.len; i++) {
		uint8_t *copy = exact_copy(text.data, text.len);
		copy[i] ^= 1;
		if (proof_read((const char *)copy, text.len, &w.key, &proof, &fault) == HN_OK) {
			assert_int_equal(proof.index, 11);
			assert_int_equal(proof.record.len, first.record.len);
			assert_memory_equal(proof.record.data, first.record.data, first.record.len);
		}
		buf_clear(&proof.record);
		free(copy);
	}
	for (size_t len = 0; len < text.len - 1; len++) {
		uint8_t *copy = exact_copy(text.data, len);
		assert_int_not_equal(proof_read((const char *)copy, len, &w.key, &proof, &fault), HN_OK);
		buf_clear(&proof.record);
		free(copy);
	}
	buf_clear(&first.record);
	buf_clear(&text);
}

static void what_does_not_hold_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *place;
	} rows[] = {
		{"\"index\": 11", "\"index\": 12", "/path"},
		{"\\\"record\\\":11", "\\\"record\\\":12", "/record"},
		{"\\\"kind\\\":\\\"receipt", "\\\"kind\\\":\\\"receipx", "/path"},
		{"\\\"kind\\\":\\\"receipt", "\\\"kind\\\":\\\"Receipt", "/entry"},
		{"hinomi/test\\u000a20", "hinomi/test\\u000a21", "/checkpoint"},
		{"\"salt\": \"", "\"salt\": \"zz", "/salt"},
		{"hinomi-ledger-proof/1", "hinomi-ledger-proof/2", "/format"},
		{"\"index\"", "\"indeX\"", "/indeX"},
	};
	struct buf text;
	struct fault fault;
	world_grow(&w, 20, 20);
	make(11, &text);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct proof proof;
		struct buf other;
		char *at = strstr(text.data, rows[i].from);
		assert_non_null(at);
		buf_init(&other, PROOF_SIZE_MAX);
		buf_add(&other, text.data, (size_t)(at - text.data));
		buf_adds(&other, rows[i].to);
		buf_adds(&other, at + strlen(rows[i].from));
		assert_int_not_equal(proof_read(other.data, other.len, &w.key, &proof, &fault), HN_OK);
		assert_string_equal(fault.place, rows[i].place);
		buf_clear(&proof.record);
		buf_clear(&other);
	}
	struct note_key stranger;
	struct proof proof;
	uint8_t public_key[NOTE_PUBLIC_SIZE] = {1};
	note_key_nameless(&stranger, NOTE_ED25519, public_key);
	assert_int_equal(proof_read(text.data, text.len, &stranger, &proof, &fault), HN_EAUTH);
	assert_string_equal(fault.place, "/checkpoint");
	buf_clear(&proof.record);
	buf_clear(&text);
}

static void records_of_any_bytes_can_be_disclosed(void **state)
{
	(void)state;
	static const struct {
		const char *data;
		size_t len;
	} rows[] = {{"", 0}, {"\0\xff\x80", 3}, {"\"\\\n\t\x01", 5}, {"火の見", 9}, {"a\0b", 3}};
	struct ledger *l = world_open(&w);
	struct fault fault;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(ledger_append(l, "a", WORLD_TIME, rows[i].data, rows[i].len, NULL), HN_OK);
	assert_int_equal(ledger_commit(l), HN_OK);
	ledger_close(l);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf text;
		struct proof proof;
		make(i, &text);
		assert_int_equal(proof_read(text.data, text.len, &w.key, &proof, &fault), HN_OK);
		assert_int_equal(proof.record.len, rows[i].len);
		if (rows[i].len > 0)
			assert_memory_equal(proof.record.data, rows[i].data, rows[i].len);
		buf_clear(&proof.record);
		buf_clear(&text);
	}
}

static void what_is_not_there_cannot_be_disclosed(void **state)
{
	(void)state;
	struct tlog *t = NULL;
	struct private *p = NULL;
	struct fault fault;
	struct buf out;
	uint64_t count;
	world_grow(&w, 5, 5);
	assert_int_equal(private_open(w.fd, true, &p), HN_OK);
	assert_int_equal(ledger_private_erase(p, 5, 2, 3, INT64_MAX, NULL, &count), HN_OK);
	private_free(p);
	buf_init(&out, PROOF_SIZE_MAX);
	assert_int_equal(tlog_open(w.fd, &w.key, &t, &fault), HN_OK);
	assert_int_equal(proof_make(t, 2, &out, &fault), HN_ESTATE);
	assert_int_equal(proof_make(t, 5, &out, &fault), HN_ENOENT);
	assert_int_equal(renameat(w.fd, "private", w.fd, "elsewhere"), 0);
	assert_int_equal(proof_make(t, 1, &out, &fault), HN_ENOENT);
	assert_int_equal(out.len, 0);
	tlog_free(t);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_record_can_be_disclosed, begin, end),
		cmocka_unit_test_setup_teardown(no_changed_byte_gives_another_record, begin, end),
		cmocka_unit_test_setup_teardown(what_does_not_hold_is_named, begin, end),
		cmocka_unit_test_setup_teardown(records_of_any_bytes_can_be_disclosed, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_there_cannot_be_disclosed, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
