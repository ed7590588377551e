/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/record.h"

#include "../check.h"
#include "wire/field.h"

static const char hex32[] = "00112233445566778899aabbccddeeff";

/* 192.0.2.1 at home, 203.0.113.9 abroad. */
static struct message_record lawful(void)
{
	struct message_record r = {.seq = 1,
				   .open_seq = 1,
				   .first_ns = 1,
				   .last_ns = 2,
				   .match_ns = 1,
				   .protocol = 17,
				   .ip_version = 4,
				   .class = FOREIGN_DOMESTIC,
				   .field = FIELD_PATTERN};
	r.src = (struct message_endpoint){
		.port = 53, .identified = true, .ip = {.version = 4, .bytes = {203, 0, 113, 9}}};
	r.dst.port = 1024;
	memcpy(r.dst.pseudonym, hex32, sizeof(hex32));
	memcpy(r.dst.prefix_pseudonym, hex32, sizeof(hex32));
	memset(r.dst.sealed, 'A', SEAL_TEXT_SIZE - 1);
	return r;
}

static int add(const struct message_record *r, bool identified)
{
	static const char table[] = "192.0.2.0/24\n";
	struct pattern pattern = {.id = "p1", .act = "act-1"};
	struct authorization a = {.id_text = "a",
				  .classes = 1u << FOREIGN_DOMESTIC,
				  .identified = identified,
				  .patterns = &pattern,
				  .pattern_count = 1};
	struct domestic *domestic = NULL;
	struct fault fault = {0};
	struct buf out;

	assert_int_equal(domestic_parse(table, sizeof(table) - 1, &domestic, &fault), HN_OK);
	struct record_context c = {.authorization = &a, .domestic = domestic};
	buf_init(&out, 65536);
	int rc = record_add(&c, r, &out);
	assert_int_equal(out.len > 0, rc == HN_OK);
	buf_clear(&out);
	domestic_free(domestic);
	return rc;
}

static void writes_what_an_honest_parser_sends(void **state)
{
	(void)state;
	struct message_record r = lawful();
	assert_int_equal(add(&r, false), HN_OK);
	r.dst = (struct message_endpoint){.identified = true, .ip = {.version = 4, .bytes = {192, 0, 2, 1}}};
	assert_int_equal(add(&r, true), HN_OK);
}

/* What a parser that was taken over might try, to carry out what it read. */
static void refuses_what_the_authorisation_does_not_allow(void **state)
{
	(void)state;
	struct message_record bad[7];
	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = lawful();
	bad[0].class = DOMESTIC_FOREIGN;
	bad[1].dst =
		(struct message_endpoint){.identified = true, .ip = {.version = 4, .bytes = {192, 0, 2, 1}}};
	bad[2].dst =
		(struct message_endpoint){.identified = true, .ip = {.version = 4, .bytes = {10, 0, 0, 1}}};
	memcpy(bad[3].dst.pseudonym, "secret.example", 15);
	bad[4].dst.prefix_pseudonym[3] = 'x';
	bad[5].dst.sealed[7] = '.';
	bad[6].dst.sealed[20] = '\0';
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(add(&bad[i], false), HN_EFORMAT);
	struct message_record hidden = lawful();
	assert_int_equal(add(&hidden, true), HN_EFORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_an_honest_parser_sends),
		cmocka_unit_test(refuses_what_the_authorisation_does_not_allow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
