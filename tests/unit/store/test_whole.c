/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The database as a whole: backup while serving, restore, check, and the steps of its form. */
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>

#include "store/asker.h"
#include "store/store_private.h"
#include "store_world.h"

/* A version with all that belongs to it. */
static int add_version(struct writing *w, void *context)
{
	struct db *db = writing_db(w);
	const uint8_t *bytes = context;
	struct db_value seq = db_number(writing_next_seq(w));
	int err = db_run(db, "INSERT INTO label (number, text) VALUES (1, $1) ON CONFLICT DO NOTHING",
			 db_bytes("x", 1));
	if (err == HN_OK)
		err = db_run(db,
			     "INSERT INTO object (number, uuid_a, uuid_b, type, spec, owner, newest) "
			     "VALUES ($1, $1, 0, 1, 1, 1, $1)",
			     seq);
	if (err == HN_OK)
		err = db_run(db,
			     "INSERT INTO version (seq, object, uuid_a, uuid_b, type, spec, modified, label, "
			     "own_label, "
			     "source, newest, flags) VALUES ($1, $1, $1, 0, 1, 1, 0, 1, 1, 0, 1, 0)",
			     seq);
	if (err == HN_OK)
		err = db_run(
			db,
			"INSERT INTO tally (label, type, objects) VALUES (1, 1, 1) ON CONFLICT (label, type) "
			"DO UPDATE SET objects = tally.objects + 1");
	return err != HN_OK ? err
			    : db_run(db, "INSERT INTO content (seq, bytes) VALUES ($1, $2)", seq,
				     db_bytes(bytes, 3000));
}

static const uint8_t *some_bytes(void)
{
	static uint8_t bytes[3000];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	return bytes;
}

static void add_versions(struct store_world *w, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(store_write(w->store, add_version, (void *)(uintptr_t)some_bytes()), HN_OK);
}

static void count_finding(void *context, const char *text)
{
	assert_true(strlen(text) > 0);
	++*(unsigned *)context;
}

static uint64_t check(struct store_world *w)
{
	struct fault fault = {0};
	unsigned told = 0;
	uint64_t wrong = 99;
	if (store_check(w->store, count_finding, &told, &wrong, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	assert_int_equal(told, wrong);
	return wrong;
}

/* ---- backup and restore ---- */

struct busy {
	struct store_world *w;
	_Atomic bool stop;
	unsigned written;
};

static void *write_on(void *context)
{
	struct busy *b = context;
	while (!b->stop) {
		if (store_write(b->w->store, add_version, (void *)(uintptr_t)some_bytes()) != HN_OK)
			return b;
		b->written++;
	}
	return NULL;
}

static void a_backup_while_writing_is_one_moment(void **state)
{
	(void)state;
	struct store_world w, back;
	struct fault fault = {0};
	char path[128];
	pthread_t thread;
	void *failed;
	world_open(&w);
	add_versions(&w, 100);
	struct busy busy = {.w = &w};
	assert_int_equal(pthread_create(&thread, NULL, write_on, &busy), 0);
	(void)snprintf(path, sizeof(path), "%s/copy", w.dir);
	int err = store_backup(w.store, path, &fault);
	busy.stop = true;
	assert_int_equal(pthread_join(thread, &failed), 0);
	if (err != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	assert_null(failed);
	assert_int_equal(store_backup(w.store, path, &fault), HN_EEXIST);
	assert_int_equal(check(&w), 0);

	world_init(&back);
	if (store_restore(path, back.url, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	assert_int_equal(store_restore(path, back.url, &fault), HN_EEXIST);
	world_open_store(&back);
	int64_t count = world_ask(&back, "SELECT count(*) FROM version");
	assert_true(count >= 100 && count <= 100 + busy.written);
	assert_int_equal(check(&back), 0);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* It goes on behind the last number of the backup. */
	int64_t last = world_ask(&back, "SELECT max(seq) FROM version");
	add_versions(&back, 1);
	assert_true(world_ask(&back, "SELECT max(seq) FROM version") > last);
	world_close(&back);
	world_close(&w);
}

static void what_is_no_whole_backup_restores_nothing(void **state)
{
	(void)state;
	struct store_world w, back;
	struct fault fault = {0};
	char path[128], cut[128];
	world_open(&w);
	add_versions(&w, 50);
	(void)snprintf(path, sizeof(path), "%s/copy", w.dir);
	(void)snprintf(cut, sizeof(cut), "%s/cut", w.dir);
	assert_int_equal(store_backup(w.store, path, &fault), HN_OK);
	static char bytes[4 << 20];
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t len = fread(bytes, 1, sizeof(bytes), f);
	assert_int_equal(fclose(f), 0);
	assert_true(len > 100 && len < sizeof(bytes));
	world_init(&back);
	for (size_t part = 0; part < 8; part++) {
		int fd = open(cut, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_true(fd >= 0);
		size_t kept = len * part / 8 / 512 * 512;
		assert_int_equal(write(fd, bytes, kept), (ssize_t)kept);
		assert_int_equal(close(fd), 0);
		/* SQLite takes an empty file for an empty database. */
		if (kept > 0)
			assert_int_not_equal(store_restore(cut, back.url, &fault), HN_OK);
	}
	if (!world_is_postgres()) {
		char url[160];
		struct db *db;
		(void)snprintf(url, sizeof(url), "sqlite:%s.other", cut);
		assert_int_equal(db_open(url, DB_WRITE, &db, &fault), HN_OK);
		assert_int_equal(db_run(db, "CREATE TABLE theirs (number BIGINT)"), HN_OK);
		db_close(db);
		assert_int_equal(store_restore(url + strlen("sqlite:"), back.url, &fault), HN_EFORMAT);
	}
	assert_int_equal(store_restore("/nowhere/at/all", back.url, &fault), HN_ENOENT);
	assert_int_equal(store_restore(path, "mysql://x", &fault), HN_EUNSUPPORTED);
	/* Nothing of the failed ones is in the way. */
	assert_int_equal(store_restore(path, back.url, &fault), HN_OK);
	world_open_store(&back);
	assert_int_equal(world_ask(&back, "SELECT count(*) FROM version"), 50);
	world_close(&back);
	world_close(&w);
}

/* ---- check ---- */

static void a_check_finds_what_is_wrong(void **state)
{
	(void)state;
	struct store_world w;
	world_open(&w);
	add_versions(&w, 20);
	assert_int_equal(check(&w), 0);
	static const struct {
		const char *harm, *heal;
		uint64_t wrong;
	} cases[] = {
		{"UPDATE content SET seq = seq + 1 WHERE seq = (SELECT max(seq) FROM content)",
		 "UPDATE content SET seq = seq - 1 WHERE seq = (SELECT max(seq) FROM content)", 2},
		{"UPDATE version SET label = 7 WHERE seq = (SELECT max(seq) FROM version)",
		 "UPDATE version SET label = 1 WHERE label = 7", 2},
		{"UPDATE version SET newest = 0 WHERE seq = (SELECT max(seq) FROM version)",
		 "UPDATE version SET newest = 1", 2},
		{"UPDATE label SET number = 5", "UPDATE label SET number = 1", 2},
		{"UPDATE tally SET objects = 21", "UPDATE tally SET objects = 20", 1},
		{"UPDATE writer SET last_seq = last_seq - 1", "UPDATE writer SET last_seq = last_seq + 1", 1},
		{"INSERT INTO reference (target_a, target_b, seq) VALUES (1, 2, 3)", "DELETE FROM reference",
		 1},
		{"INSERT INTO collected (collection, added, seq) VALUES (1, 3, 3)", "DELETE FROM collected",
		 1},
		{"INSERT INTO part (seq, place, selector, label) VALUES (1, 0, 'x', 1)", "DELETE FROM part",
		 1},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct db *db;
		assert_int_equal(db_open(w.url, DB_WRITE, &db, NULL), HN_OK);
		assert_int_equal(db_run_values(db, cases[i].harm, NULL, 0, NULL), HN_OK);
		uint64_t wrong = check(&w);
		if (wrong != cases[i].wrong)
			fail_msg("%s: %d findings", cases[i].harm, (int)wrong);
		assert_int_equal(db_run_values(db, cases[i].heal, NULL, 0, NULL), HN_OK);
		db_close(db);
		assert_int_equal(check(&w), 0);
	}
	world_close(&w);
}

/* ---- steps ---- */

static const char *const make_a[] = {"CREATE TABLE a (number BIGINT PRIMARY KEY)", NULL};
static const char *const fill_a[] = {"INSERT INTO a (number) VALUES (1)", NULL};
static const char *const make_b[] = {"CREATE TABLE b (number BIGINT PRIMARY KEY)",
				     "INSERT INTO b SELECT number FROM a", NULL};
static const char *const broken[] = {"DELETE FROM a", "SELECT nothing FROM nowhere", NULL};

static const struct schema_step STEPS_1[] = {{1, "a", make_a}, {0}};
static const struct schema_step STEPS_3[] = {{1, "a", make_a}, {2, "one row", fill_a}, {3, "b", make_b}, {0}};
static const struct schema_step STEPS_BROKEN[] = {
	{1, "a", make_a}, {2, "one row", fill_a}, {3, "b", make_b}, {4, "broken", broken}, {0}};
static const struct schema_step STEPS_OTHER[] = {
	{1, "a", make_a}, {2, "other", fill_a}, {3, "b", make_b}, {0}};

struct backups {
	int step, err;
	unsigned count;
};

static int note_backup(void *context, int step, struct fault *fault)
{
	struct backups *b = context;
	b->step = step;
	b->count++;
	return b->err == HN_OK ? HN_OK : fault_set(fault, b->err, "backup", "no room");
}

static int apply(struct db *db, const struct schema_step *steps, struct backups *b, struct fault *fault)
{
	return schema_apply(db, steps, 1, note_backup, b, fault);
}

static int64_t one_number(struct db *db, const char *sql)
{
	struct db_rows *rows;
	assert_int_equal(db_query_values(db, sql, NULL, 0, &rows), HN_OK);
	assert_int_equal(db_next(rows), 1);
	int64_t number = db_int(rows, 0);
	db_rows_end(rows);
	return number;
}

static void steps_go_forward_only(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db;
	struct fault fault = {0};
	struct backups b = {0};
	world_init(&w);
	assert_int_equal(db_open(w.url, DB_WRITE, &db, &fault), HN_OK);
	assert_int_equal(apply(db, STEPS_1, &b, &fault), HN_OK);
	assert_int_equal(apply(db, STEPS_1, &b, &fault), HN_OK);
	assert_int_equal(b.count, 0);

	/* Without its backup nothing is changed. */
	b.err = HN_ENOSPC;
	assert_int_equal(apply(db, STEPS_3, &b, &fault), HN_ENOSPC);
	assert_string_equal(fault.message, "no room");
	assert_int_equal(one_number(db, "SELECT count(*) FROM schema_step"), 1);

	b = (struct backups){0};
	assert_int_equal(apply(db, STEPS_3, &b, &fault), HN_OK);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.step, 1);
	assert_int_equal(one_number(db, "SELECT count(*) FROM b"), 1);

	/* A step that fails leaves the form before it, rows and all. */
	assert_int_not_equal(apply(db, STEPS_BROKEN, &b, &fault), HN_OK);
	assert_non_null(strstr(fault.message, "broken"));
	assert_int_equal(one_number(db, "SELECT count(*) FROM schema_step"), 3);
	assert_int_equal(one_number(db, "SELECT count(*) FROM a"), 1);

	assert_int_equal(apply(db, STEPS_1, &b, &fault), HN_EUNSUPPORTED);
	assert_int_equal(apply(db, STEPS_OTHER, &b, &fault), HN_EUNSUPPORTED);
	assert_int_equal(apply(db, STEPS_3, &b, &fault), HN_OK);
	db_close(db);
	world_clear(&w);
}

static void tables_of_others_are_left_alone(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db;
	struct fault fault = {0};
	world_init(&w);
	assert_int_equal(db_open(w.url, DB_WRITE, &db, &fault), HN_OK);
	assert_int_equal(db_run(db, "CREATE TABLE theirs (number BIGINT)"), HN_OK);
	db_close(db);
	struct store_options options = {.database = w.url, .readers = 1, .queue_max = 1};
	struct store *store;
	assert_int_equal(store_open(&options, &store, &fault), HN_EUNSUPPORTED);
	world_clear(&w);
}

/* An older database with rows: the backup stands before the new form does, and can be read by the old one. */
static void a_migration_leaves_a_backup(void **state)
{
	(void)state;
	struct store_world w, back;
	struct fault fault = {0};
	char pattern[128], path[256];
	glob_t found;
	world_open(&w);
	add_versions(&w, 3);
	/* As if the last step were not there yet. */
	int64_t steps = world_ask(&w, "SELECT max(number) FROM schema_step");
	world_close_store(&w);
	struct schema_step more[32] = {{0}};
	for (int64_t i = 0; i < steps; i++)
		more[i] = SCHEMA_STEPS[i];
	more[steps] = (struct schema_step){(int)steps + 1, "more", make_a};
	struct store half = {
		.database = w.url, .backup_dir = w.dir, .now_us = world_now_us, .now_context = &w};
	struct db *db;
	assert_int_equal(db_open(w.url, DB_WRITE, &db, &fault), HN_OK);
	if (schema_apply(db, more, 1, store_backup_first, &half, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	assert_int_equal(one_number(db, "SELECT count(*) FROM a"), 0);
	db_close(db);

	/* The new form is refused by the old program; its backup is not. */
	struct store_options options = {.database = w.url, .readers = 1, .queue_max = 1};
	struct store *store;
	assert_int_equal(store_open(&options, &store, &fault), HN_EUNSUPPORTED);
	(void)snprintf(pattern, sizeof(pattern), "%s/*.step-%d.*.backup", w.dir, (int)steps);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	(void)snprintf(path, sizeof(path), "%s", found.gl_pathv[0]);
	globfree(&found);
	world_init(&back);
	if (store_restore(path, back.url, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	world_open_store(&back);
	assert_int_equal(world_ask(&back, "SELECT count(*) FROM version"), 3);
	world_close(&back);
	world_clear(&w);
}

/* What only looks makes nothing, changes nothing, and copies what it cannot read. */
static void looked_at_as_it_is(void **state)
{
	(void)state;
	struct store_world w;
	struct fault fault = {0};
	struct store *store = NULL;
	struct asker nobody;
	struct reader *reader;
	struct db *db;
	char path[128];
	uint64_t wrong = 0;
	world_init(&w);
	struct store_options options = {.database = w.url, .as_it_is = true};
	if (!world_is_postgres()) {
		assert_int_equal(store_open(&options, &store, &fault), HN_ENOENT);
		assert_int_not_equal(access(w.url + strlen("sqlite:"), F_OK), 0);
	}
	world_open_store(&w);
	add_versions(&w, 3);
	/* Beside the one that serves. */
	assert_int_equal(store_open(&options, &store, &fault), HN_OK);
	assert_int_equal(store_check(store, count_finding, NULL, &wrong, &fault), HN_OK);
	asker_public(&nobody);
	assert_int_equal(store_read(store, &nobody, &reader), HN_ESTATE);
	assert_int_equal(store_write(store, add_version, NULL), HN_ESTATE);
	assert_int_equal(store_submit(store, add_version, NULL, NULL), HN_ESTATE);
	world_close_store(&w);

	assert_int_equal(db_open(w.url, DB_WRITE, &db, &fault), HN_OK);
	assert_int_equal(
		db_run(db, "DELETE FROM schema_step WHERE number = (SELECT max(number) FROM schema_step)"),
		HN_OK);
	int64_t steps = one_number(db, "SELECT count(*) FROM schema_step");
	assert_int_equal(store_check(store, count_finding, NULL, &wrong, &fault), HN_EUNSUPPORTED);
	(void)snprintf(path, sizeof(path), "%s/copy", w.dir);
	assert_int_equal(store_backup(store, path, &fault), HN_OK);
	assert_int_equal(one_number(db, "SELECT count(*) FROM schema_step"), steps);
	assert_int_equal(db_run(db, "DROP TABLE schema_step"), HN_OK);
	assert_int_equal(store_check(store, count_finding, NULL, &wrong, &fault), HN_EUNSUPPORTED);
	db_close(db);
	store_close(store);
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backup_while_writing_is_one_moment),
		cmocka_unit_test(what_is_no_whole_backup_restores_nothing),
		cmocka_unit_test(a_check_finds_what_is_wrong),
		cmocka_unit_test(steps_go_forward_only),
		cmocka_unit_test(tables_of_others_are_left_alone),
		cmocka_unit_test(a_migration_leaves_a_backup),
		cmocka_unit_test(looked_at_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
