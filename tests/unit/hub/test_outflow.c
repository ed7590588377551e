/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/outflow.h"

#include "../store/object_world.h"
#include "base/arena.h"
#include "http/answer.h"
#include "http/exchange.h"
#include "hub/hub.h"

/* A hub of a store alone: nothing here is marked so closely that it would stand in a ledger. */
static struct world {
	struct store_world store;
	struct hub hub;
	struct asker who;
	struct exchange e;
	unsigned freed;
} world;

static int add_many(struct writing *w, void *context)
{
	const struct label label = a_label(ACME, TLP_GREEN);
	const unsigned *range = context;
	int err = HN_OK;
	for (unsigned i = range[0]; i < range[1] && err == HN_OK; i++) {
		struct an_adding a = {.label = label};
		a.json = an_indicator(i, 1, "");
		err = world_add_job(w, &a);
	}
	return err;
}

static void add(unsigned from, unsigned until)
{
	unsigned range[2] = {from, until};
	world.store.now_us += 1000;
	assert_int_equal(store_write(world.store.store, add_many, range), HN_OK);
}

static int begin(void **state)
{
	static const struct route route = {.operation = "test"};
	(void)state;
	memset(&world, 0, sizeof(world));
	world_open(&world.store);
	world.hub.store = world.store.store;
	world.who = an_asker(ACME);
	world.e.pub = (struct request){.program = &world.hub, .route = &route, .method = HTTP_GET};
	world.e.pub.who.asker = &world.who;
	world.e.pub.arena = arena_new(REQUEST_ARENA_MAX);
	buf_init(&world.e.body, 1 << 20);
	buf_init(&world.e.fields, 1 << 16);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_free(world.e.pub.arena);
	buf_clear(&world.e.body);
	buf_clear(&world.e.fields);
	world_close(&world.store);
	return 0;
}

/* ---- a form: a letter a row ---- */

struct letters {
	unsigned rows;
	void *memory;
};

static void begin_letters(struct outflow *o)
{
	struct letters *l = outflow_extra(o);
	assert_int_equal(l->rows, 0);
	l->memory = malloc(1);
	buf_adds(outflow_text(o), outflow_context(o));
}

static int letter(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct letters *l = outflow_extra(o);
	(void)reader;
	assert_int_equal(outflow_count(o), l->rows++);
	assert_non_null(row->bytes);
	buf_addc(outflow_text(o), 'x');
	return HN_OK;
}

static int long_row(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	(void)reader, (void)row;
	for (int i = 0; i < 100000; i++)
		buf_addc(outflow_text(o), 'y');
	return HN_OK;
}

static void end_letters(struct outflow *o)
{
	buf_adds(outflow_text(o), ">");
}

static void free_letters(void *extra)
{
	struct letters *l = extra;
	free(l->memory);
	world.freed++;
}

#define FORM(row_)                                                                                           \
	(struct outflow_form)                                                                                \
	{                                                                                                    \
		.media = "text/plain", .begin = begin_letters, .row = row_, .end = end_letters,              \
		.extra = sizeof(struct letters), .free_extra = free_letters, .context = "<",                 \
	}

/* All of it, in pieces of a size. @return ANSWER_END or what ended it */
static ssize_t read_all(size_t piece, struct buf *out)
{
	char *room = malloc(piece);
	ssize_t n;
	assert_non_null(room);
	while ((n = world.e.more(&world.e.pub, room, piece)) > 0) {
		assert_true((size_t)n <= piece);
		buf_add(out, room, (size_t)n);
	}
	free(room);
	return n;
}

static void check_letters(const struct buf *got, size_t rows)
{
	assert_int_equal(got->len, rows + 2);
	assert_int_equal(got->data[0], '<');
	assert_int_equal(got->data[got->len - 1], '>');
	for (size_t i = 1; i <= rows; i++)
		assert_int_equal(got->data[i], 'x');
}

static void rows_come_in_slices_without_end(void **state)
{
	(void)state;
	static const size_t pieces[] = {1, 7, 4096};
	const struct outflow_form form = FORM(letter);
	add(0, 2 * OUTFLOW_ROWS + 10);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		const struct object_filter filter = {.types = NULL};
		struct buf got;
		buf_init(&got, 1 << 20);
		world.e.answered = false;
		assert_int_equal(outflow_send(&world.e.pub, &form, &filter), HN_OK);
		assert_int_equal(world.e.status, 200);
		/* What comes while it goes out is the next one's. */
		add(5000 + 10 * (unsigned)i, 5003 + 10 * (unsigned)i);
		assert_int_equal(read_all(pieces[i], &got), ANSWER_END);
		check_letters(&got, 2 * OUTFLOW_ROWS + 10 + 3 * i);
		outflow_free(&world.e.pub);
		assert_null(world.e.pub.state);
		assert_int_equal(world.freed, i + 1);
		buf_clear(&got);
	}
}

static void long_rows_end_a_slice_early(void **state)
{
	(void)state;
	const struct outflow_form form = FORM(long_row);
	const struct object_filter filter = {.types = NULL};
	struct buf got;
	add(0, 50);
	buf_init(&got, 8 << 20);
	assert_int_equal(outflow_send(&world.e.pub, &form, &filter), HN_OK);
	assert_int_equal(read_all(65536, &got), ANSWER_END);
	assert_int_equal(got.len, 50 * 100000 + 2);
	outflow_free(&world.e.pub);
	buf_clear(&got);
}

static void nothing_is_an_answer_too(void **state)
{
	(void)state;
	const struct outflow_form form = FORM(letter);
	const struct object_filter filter = {.types = NULL};
	struct buf got;
	buf_init(&got, 1 << 20);
	assert_int_equal(outflow_send(&world.e.pub, &form, &filter), HN_OK);
	add(0, 5); /* later */
	assert_int_equal(read_all(100, &got), ANSWER_END);
	check_letters(&got, 0);
	outflow_free(&world.e.pub);
	outflow_free(&world.e.pub); /* once is enough */
	buf_clear(&got);
}

static int fail_at_third(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	(void)reader, (void)row;
	return outflow_count(o) == 2 ? HN_EIO : HN_OK;
}

static void an_error_cuts_the_answer(void **state)
{
	(void)state;
	const struct outflow_form form = FORM(fail_at_third);
	const struct object_filter filter = {.types = NULL};
	struct buf got;
	add(0, 5);
	buf_init(&got, 1 << 20);
	assert_int_equal(outflow_send(&world.e.pub, &form, &filter), HN_OK);
	assert_int_equal(read_all(100, &got), ANSWER_FAIL);
	outflow_free(&world.e.pub); /* a client that goes away in the middle: the same */
	assert_int_equal(world.freed, 1);
	buf_clear(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_come_in_slices_without_end, begin, end),
		cmocka_unit_test_setup_teardown(long_rows_end_a_slice_early, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_an_answer_too, begin, end),
		cmocka_unit_test_setup_teardown(an_error_cuts_the_answer, begin, end),
	};
	return cmocka_run_group_tests_name("outflow", tests, NULL, NULL);
}
