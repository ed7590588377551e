/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/labels.h"

#include "label_world.h"
#include "store/decide.h"
#include "store_world.h"

#define LABELS 700 /* more than one chunk of the image */

struct numbering {
	const struct label *labels;
	size_t count;
	int64_t *numbers;
	int result; /* what the job returns */
};

static int number_all(struct writing *w, void *context)
{
	struct numbering *n = context;
	for (size_t i = 0; i < n->count; i++) {
		int err = labels_number(w, &n->labels[i], &n->numbers[i]);
		if (err != HN_OK)
			return err;
	}
	return n->result;
}

static void number(struct store_world *w, const struct label *labels, size_t count, int64_t *numbers)
{
	struct numbering n = {labels, count, numbers, HN_OK};
	assert_int_equal(store_write(w->store, number_all, &n), HN_OK);
}

static struct reader *read_as(struct store_world *w, const struct asker *asker)
{
	struct reader *reader = NULL;
	assert_int_equal(store_read(w->store, asker, &reader), HN_OK);
	return reader;
}

static void equal_labels_have_one_number(void **state)
{
	(void)state;
	struct store_world w;
	uint64_t seed = 5;
	struct label labels[3];
	int64_t numbers[3];
	int64_t again[3];
	world_open(&w);
	world_label(&seed, &labels[0]);
	world_label(&seed, &labels[1]);
	labels[2] = labels[0];
	number(&w, labels, 3, numbers);
	assert_int_equal(numbers[0], 1);
	assert_int_equal(numbers[1], 2);
	assert_int_equal(numbers[2], 1);
	number(&w, labels, 3, again);
	assert_memory_equal(numbers, again, sizeof(numbers));

	/* The image has them once a reader asked; another process finds them in the database. */
	struct asker hub;
	asker_hub(&hub);
	reader_end(read_as(&w, &hub));
	number(&w, labels, 3, again);
	assert_memory_equal(numbers, again, sizeof(numbers));
	world_close_store(&w);
	world_open_store(&w);
	number(&w, labels, 3, again);
	assert_memory_equal(numbers, again, sizeof(numbers));
	world_close(&w);
}

static void what_is_undone_leaves_no_number(void **state)
{
	(void)state;
	struct store_world w;
	uint64_t seed = 6;
	struct label labels[2];
	int64_t numbers[2];
	world_open(&w);
	world_label(&seed, &labels[0]);
	labels[1] = labels[0];
	labels[1].owner += 100;
	struct numbering undone = {labels, 1, numbers, HN_EEXIST};
	assert_int_equal(store_write(w.store, number_all, &undone), HN_EEXIST);
	number(&w, &labels[1], 1, &numbers[1]);
	assert_int_equal(numbers[1], 1);
	number(&w, &labels[0], 1, &numbers[0]);
	assert_int_equal(numbers[0], 2);
	world_close(&w);
}

static void a_view_is_the_decision_on_every_label(void **state)
{
	(void)state;
	struct store_world w;
	uint64_t seed = 7;
	static struct label labels[LABELS];
	static int64_t numbers[LABELS];
	int64_t seen[LABELS + 1];
	world_open(&w);
	for (size_t done = 0; done < LABELS; done += 100) {
		for (size_t i = done; i < done + 100; i++)
			world_label(&seed, &labels[i]);
		number(&w, &labels[done], 100, &numbers[done]);
		uint64_t askers = 9; /* the same askers each time: their views grow */
		for (int a = 0; a < 40; a++) {
			struct asker asker;
			world_asker(&askers, &asker);
			struct reader *reader = read_as(&w, &asker);
			const struct view *view = reader_view(reader);
			size_t expected = 0;
			for (size_t i = 0; i < done + 100; i++)
				assert_int_equal(view_sees(view, numbers[i]),
						 decide(&asker, &labels[i], NULL));
			for (int64_t i = 1; i <= view->label_count; i++)
				expected += view_sees(view, i);
			assert_int_equal(view_labels(view, seen), expected);
			assert_false(view_sees(view, 0));
			assert_false(view_sees(view, -1));
			assert_false(view_sees(view, view->label_count + 1));
			for (size_t i = 0; i < done + 100; i++)
				assert_int_equal(labels_owner(reader_labels(reader), numbers[i]),
						 labels[i].owner);
			reader_end(reader);
		}
	}
	world_close(&w);
}

struct joining {
	int64_t a, b, both;
};

static int ask_for_both(struct writing *w, void *context)
{
	struct joining *j = context;
	return labels_both(w, j->a, j->b, &j->both);
}

static int64_t both(struct store_world *w, int64_t a, int64_t b)
{
	struct joining j = {a, b, 0};
	assert_int_equal(store_write(w->store, ask_for_both, &j), HN_OK);
	return j.both;
}

static void both_is_seen_by_who_sees_each(void **state)
{
	(void)state;
	struct store_world w;
	uint64_t seed = 8;
	struct label labels[3];
	int64_t numbers[3];
	world_open(&w);
	for (size_t i = 0; i < 3; i++)
		world_label(&seed, &labels[i]);
	number(&w, labels, 3, numbers);
	int64_t two = both(&w, numbers[1], numbers[0]);
	int64_t three = both(&w, two, numbers[2]);
	assert_int_equal(both(&w, numbers[0], numbers[1]), two);
	assert_int_equal(both(&w, numbers[2], numbers[2]), numbers[2]);
	for (int a = 0; a < 200; a++) {
		struct asker asker;
		world_asker(&seed, &asker);
		struct reader *reader = read_as(&w, &asker);
		bool sees = decide(&asker, &labels[0], NULL) && decide(&asker, &labels[1], NULL);
		assert_int_equal(view_sees(reader_view(reader), two), sees);
		sees = sees && decide(&asker, &labels[2], NULL);
		assert_int_equal(view_sees(reader_view(reader), three), sees);
		struct label label;
		int64_t pair[2] = {0};
		assert_int_equal(labels_get(reader_labels(reader), three, &label, pair), HN_EUNSUPPORTED);
		assert_int_equal(pair[0], numbers[2]);
		assert_int_equal(pair[1], two);
		assert_int_equal(labels_get(reader_labels(reader), 99, &label, pair), HN_ENOENT);
		assert_int_equal(labels_get(reader_labels(reader), numbers[0], &label, pair), HN_OK);
		assert_int_equal(label.owner, labels[0].owner);
		assert_int_equal(labels_owner(reader_labels(reader), two), labels[0].owner);
		reader_end(reader);
	}
	world_close(&w);
}

static int add_strange_rows(struct writing *w, void *context)
{
	(void)context;
	struct db *db = writing_db(w);
	static const char text[] = "{\"tlp\":\"purple\"}";
	/* of a newer program; a gap; a "both" that names itself */
	int err = db_run(db, "INSERT INTO label (number, text) VALUES (1, $1)", db_bytes(text, strlen(text)));
	if (err == HN_OK)
		err = db_run(db, "INSERT INTO label (number, both_a, both_b) VALUES (4, 4, 1)");
	return err;
}

static void what_cannot_be_read_is_not_seen(void **state)
{
	(void)state;
	struct store_world w;
	struct asker hub;
	world_open(&w);
	assert_int_equal(store_write(w.store, add_strange_rows, NULL), HN_OK);
	asker_hub(&hub);
	struct reader *reader = read_as(&w, &hub);
	assert_int_equal(reader_view(reader)->label_count, 4);
	for (int64_t i = 1; i <= 4; i++)
		assert_false(view_sees(reader_view(reader), i));
	reader_end(reader);
	world_close(&w);
}

static void the_same_rights_share_a_view(void **state)
{
	(void)state;
	struct store_world w;
	struct asker one;
	world_open(&w);
	asker_public(&one);
	one.organisation = 3;
	one.kind = ORG_OPERATOR;
	one.groups[0] = 4;
	one.group_count = 1;
	struct asker two = one;
	two.person = 9;
	two.revision = 11;
	two.groups[1] = 77; /* behind the end */
	assert_true(asker_same(&one, &two));
	struct reader *a = read_as(&w, &one);
	struct reader *b = read_as(&w, &two);
	assert_ptr_equal(reader_view(a), reader_view(b));
	reader_end(a);
	two.clearance = 1;
	struct reader *c = read_as(&w, &two);
	assert_ptr_not_equal(reader_view(b), reader_view(c));
	reader_end(b);
	reader_end(c);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_labels_have_one_number),
		cmocka_unit_test(what_is_undone_leaves_no_number),
		cmocka_unit_test(a_view_is_the_decision_on_every_label),
		cmocka_unit_test(both_is_seen_by_who_sees_each),
		cmocka_unit_test(what_cannot_be_read_is_not_seen),
		cmocka_unit_test(the_same_rights_share_a_view),
	};
	return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
