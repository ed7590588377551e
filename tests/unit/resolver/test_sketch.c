/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/sketch.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/utc.h"
#include "policy_world.h"
#include "resolver/sketch_keys.h"

#define DAY_NS  (86400 * NS_SECOND)
#define DAY     20000
#define DAY_UTC (DAY * DAY_NS + 5 * NS_SECOND)

struct sketch_world {
	struct world files;
	int dir_fd;
	struct sketch *sketch;
};

static int set_up(void **state)
{
	struct sketch_world *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	world_open(&w->files);
	w->dir_fd = open(w->files.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->dir_fd >= 0);
	assert_int_equal(sketch_new(w->dir_fd, &w->sketch), HN_OK);
	assert_int_equal(sketch_open(w->sketch), HN_OK);
	assert_int_equal(sketch_turn(w->sketch, DAY_UTC), HN_OK);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct sketch_world *w = *state;
	sketch_free(w->sketch);
	(void)close(w->dir_fd);
	world_close(&w->files);
	free(w);
	return 0;
}

static uint64_t site(const struct sketch_world *w, uint64_t number)
{
	return sketch_site(sketch_key(w->sketch), (const uint8_t *)&number, sizeof(number));
}

static void add(struct sketch_world *w, uint64_t number, size_t times)
{
	uint64_t sites[64];
	for (size_t i = 0; i < COUNT(sites); i++)
		sites[i] = site(w, number);
	for (; times > 0; times -= times < COUNT(sites) ? times : COUNT(sites))
		sketch_add(w->sketch, sites, times < COUNT(sites) ? times : COUNT(sites));
}

static void orders_of_magnitude_are_told(void **state)
{
	static const struct {
		uint32_t count;
		const char *name;
	} cases[] = {
		{0, "none"},         {1, "under 10"},           {9, "under 10"},   {10, "tens"},
		{99, "tens"},        {100, "hundreds"},         {999, "hundreds"}, {1000, "thousands"},
		{5000, "thousands"}, {UINT16_MAX, "thousands"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(sketch_level_name(sketch_level_of(cases[i].count)), cases[i].name);
}

static void counts_are_never_too_low(void **state)
{
	struct sketch_world *w = *state;
	for (uint64_t n = 1; n <= 300; n++)
		add(w, n, n);
	for (uint64_t n = 1; n <= 300; n++)
		assert_true(sketch_count(w->sketch, DAY, site(w, n)) >= n);
	assert_int_equal(sketch_count(w->sketch, DAY, site(w, 1000)), 0);
	add(w, 7, 70000);
	assert_int_equal(sketch_count(w->sketch, DAY, site(w, 7)), UINT16_MAX);
}

/*
 * Two million questions for half a million names, the n-th in proportion to 1/n: of names that nobody asked
 * for, and of those asked, no more than the stated part is too high by more than the stated bound. In fact
 * nearly none is told in the wrong order of magnitude.
 */
static void what_is_too_high_stays_within_the_bound(void **state)
{
	struct sketch_world *w = *state;
	enum { NAMES = 500000, ASKED = 2000000, TRIES = 20000 };
	uint32_t *truth = calloc(NAMES, sizeof(*truth));
	uint64_t total = 0, above = 0, wrong = 0, some = 0, random = 1;
	assert_non_null(truth);
	for (uint32_t n = 0; n < NAMES; n++) {
		truth[n] = 1 + 150000 / (n + 1);
		total += truth[n];
	}
	/* In a mixed order, since what comes first matters to conservative update. */
	for (uint32_t i = 0, left = NAMES; left > 0; i = (i + 300007) % NAMES, left--)
		add(w, i, truth[i] > 60000 ? 60000 : truth[i]);
	assert_true(total > ASKED / 2 && total < 2 * ASKED);
	double bound = 2.71828 * (double)total / SKETCH_WIDTH;
	for (unsigned i = 0; i < TRIES; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		uint32_t n = (uint32_t)(random >> 33) % (2 * NAMES);
		uint32_t real = n >= NAMES ? 0 : truth[n] > 60000 ? 60000 : truth[n];
		uint32_t told = sketch_count(w->sketch, DAY, site(w, n));
		assert_true(told >= real);
		above += (double)(told - real) > bound;
		wrong += sketch_level_of(told) != sketch_level_of(real);
		some += n >= NAMES && told > 0;
	}
	assert_true((double)above <= 0.018 * TRIES);
	assert_true((double)wrong <= 0.03 * TRIES);
	assert_true((double)some <= 0.03 * TRIES);
	free(truth);
}

static void a_restart_goes_on_with_what_was_written(void **state)
{
	struct sketch_world *w = *state;
	struct stat st;
	uint64_t before = site(w, 1);
	add(w, 1, 20);
	assert_int_equal(sketch_flush(w->sketch), HN_OK);
	add(w, 1, 5);
	sketch_free(w->sketch);
	assert_int_equal(sketch_new(w->dir_fd, &w->sketch), HN_OK);
	assert_int_equal(sketch_open(w->sketch), HN_OK);
	assert_int_equal(sketch_turn(w->sketch, DAY_UTC), HN_OK);
	assert_int_equal(site(w, 1), before);
	assert_int_equal(sketch_count(w->sketch, DAY, site(w, 1)), 20);
	assert_int_equal(fstatat(w->dir_fd, "sketch.key", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fstatat(w->dir_fd, "sketch-20241004", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void days_are_apart_and_kept_for_a_week(void **state)
{
	struct sketch_world *w = *state;
	for (int64_t day = DAY; day < DAY + 10; day++) {
		assert_int_equal(sketch_turn(w->sketch, day * DAY_NS), HN_OK);
		add(w, 1, (size_t)(day - DAY + 1));
	}
	for (int64_t day = DAY; day < DAY + 11; day++) {
		int64_t age = DAY + 9 - day;
		uint32_t kept = age >= 0 && age < SKETCH_DAYS ? (uint32_t)(day - DAY + 1) : 0;
		assert_int_equal(sketch_count(w->sketch, day, site(w, 1)), kept);
	}
}

static void a_file_that_is_not_ours_begins_anew(void **state)
{
	struct sketch_world *w = *state;
	assert_int_equal(file_write_whole_at(w->dir_fd, "sketch-20241005", "short", 5, 0600, true), HN_OK);
	assert_int_equal(sketch_turn(w->sketch, (DAY + 1) * DAY_NS), HN_OK);
	add(w, 1, 3);
	assert_int_equal(sketch_flush(w->sketch), HN_OK);
	assert_int_equal(sketch_turn(w->sketch, (DAY + 2) * DAY_NS), HN_OK);
	assert_int_equal(sketch_count(w->sketch, DAY + 1, site(w, 1)), 3);
}

static const char *day_path(struct sketch_world *w, int64_t day)
{
	char text[UTC_SIZE], name[32];
	utc_format(day * DAY_NS, text);
	(void)snprintf(name, sizeof(name), "sketch-%.4s%.2s%.2s", text, text + 5, text + 8);
	return world_path(&w->files, name);
}

static void read_file(const char *path, struct buf *out)
{
	buf_init(out, 16u << 20);
	assert_int_equal(file_read(path, out), HN_OK);
}

static void read_keys(struct sketch_world *w, struct sketch_keys *out)
{
	struct buf bytes;
	read_file(world_path(&w->files, "sketch.key"), &bytes);
	assert_int_equal(sketch_keys_parse(cur_of(bytes.data, bytes.len), out), HN_OK);
	buf_clear(&bytes);
}

static void reopen(struct sketch_world *w, int64_t day)
{
	sketch_free(w->sketch);
	assert_int_equal(sketch_new(w->dir_fd, &w->sketch), HN_OK);
	assert_int_equal(sketch_open(w->sketch), HN_OK);
	assert_int_equal(sketch_turn(w->sketch, day * DAY_NS), HN_OK);
}

/* Nobody can tell from two days' files whether they count the same name. */
static void a_name_lies_elsewhere_each_day(void **state)
{
	struct sketch_world *w = *state;
	struct buf file[2];
	size_t both = 0, cells = 0;
	for (size_t i = 0; i < COUNT(file); i++) {
		assert_int_equal(sketch_turn(w->sketch, (DAY + (int64_t)i) * DAY_NS), HN_OK);
		for (uint64_t n = 0; n < 100; n++)
			add(w, n, 3);
		assert_int_equal(sketch_flush(w->sketch), HN_OK);
		read_file(day_path(w, DAY + (int64_t)i), &file[i]);
	}
	assert_int_equal(file[0].len, file[1].len);
	for (size_t at = 4096; at < file[0].len; at++) {
		cells += file[0].data[at] != 0;
		both += file[0].data[at] != 0 && file[1].data[at] != 0;
	}
	assert_true(cells > 300 && both < 10);
	for (uint64_t n = 0; n < 100; n++)
		for (int64_t day = DAY; day <= DAY + 1; day++)
			assert_int_equal(sketch_count(w->sketch, day, site(w, n)), 3);
	for (size_t i = 0; i < COUNT(file); i++)
		buf_clear(&file[i]);
}

/* Whoever kept a copy of a day's file cannot test a name against it any more, with all that is left. */
static void a_day_that_is_over_takes_its_key_along(void **state)
{
	struct sketch_world *w = *state;
	struct sketch_keys before, after;
	struct buf copy, keys;
	uint8_t key[SIPHASH_KEY];
	add(w, 1, 20);
	assert_int_equal(sketch_flush(w->sketch), HN_OK);
	read_file(day_path(w, DAY), &copy);
	read_keys(w, &before);
	assert_int_equal(before.count, 1);
	assert_int_equal(before.days[0].day, DAY);
	memcpy(key, before.days[0].key, sizeof(key));

	reopen(w, DAY + SKETCH_DAYS - 1);
	assert_int_equal(sketch_count(w->sketch, DAY, site(w, 1)), 20);
	read_keys(w, &after);
	assert_int_equal(after.count, 2);

	assert_int_equal(sketch_turn(w->sketch, (DAY + SKETCH_DAYS) * DAY_NS), HN_OK);
	read_keys(w, &after);
	assert_int_equal(after.count, 2);
	assert_null(sketch_keys_find(&after, DAY));
	assert_memory_equal(after.site, before.site, SIPHASH_KEY);
	read_file(world_path(&w->files, "sketch.key"), &keys);
	assert_null(memmem(keys.data, keys.len, key, sizeof(key)));

	const char *path = day_path(w, DAY);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(file_write_whole(path, copy.data, copy.len, 0600, true), HN_OK);
	assert_int_equal(sketch_count(w->sketch, DAY, site(w, 1)), 0);
	reopen(w, DAY); /* even where the clock is set back */
	assert_int_equal(sketch_count(w->sketch, DAY, site(w, 1)), 0);
	assert_int_equal(access(path, F_OK), -1);
	buf_clear(&copy);
	buf_clear(&keys);
}

static void what_is_not_a_file_of_keys_is_refused(void **state)
{
	struct sketch_world *w = *state;
	static const char *const bad[] = {"", "short", "seventeen bytes!!",
					  "another line of text\n0123456789abcdef"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(
			file_write_whole_at(w->dir_fd, "sketch.key", bad[i], strlen(bad[i]), 0600, true),
			HN_OK);
		uint64_t before = site(w, 1);
		assert_int_not_equal(sketch_open(w->sketch), HN_OK);
		assert_int_equal(site(w, 1), before);
	}
}

/* Keys of days 100, 102, ... */
static void make_keys(struct sketch_keys *k, size_t count)
{
	*k = (struct sketch_keys){.site = "0123456789abcde"};
	for (size_t i = 0; i < count; i++)
		sketch_keys_make(k, 100 + 2 * (int64_t)i);
}

static void keys_are_read_as_they_were_written(void **state)
{
	struct sketch_keys keys, read;
	uint8_t bytes[SKETCH_KEYS_SIZE];
	(void)state;
	for (size_t count = 0; count <= SKETCH_KEYS_MAX; count++) {
		make_keys(&keys, count);
		size_t len = sketch_keys_format(&keys, bytes);
		uint8_t *exact = exact_copy(bytes, len);
		assert_int_equal(sketch_keys_parse(cur_of(exact, len), &read), HN_OK);
		assert_memory_equal(&read, &keys, sizeof(keys));
		free(exact);
	}
}

/* Each prefix but those that end with a day; days in another order; one day twice; one day too many. */
static void keys_that_are_not_whole_are_refused(void **state)
{
	struct sketch_keys keys, read, untouched;
	uint8_t bytes[SKETCH_KEYS_SIZE + 64];
	(void)state;
	make_keys(&keys, 3);
	size_t len = sketch_keys_format(&keys, bytes), day = 4 + SIPHASH_KEY;
	memset(&read, 0x55, sizeof(read));
	untouched = read;
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = exact_copy(bytes, n);
		if (n < len - 3 * day || (len - n) % day != 0)
			assert_int_equal(sketch_keys_parse(cur_of(exact, n), &read), HN_ETRUNC);
		assert_true((len - n) % day == 0 || memcmp(&read, &untouched, sizeof(read)) == 0);
		free(exact);
	}
	for (uint8_t wrong = 100; wrong <= 102; wrong++) {
		read = untouched;
		bytes[len - day + 3] = wrong;
		assert_int_equal(sketch_keys_parse(cur_of(bytes, len), &read), HN_EFORMAT);
		assert_memory_equal(&read, &untouched, sizeof(read));
	}
	make_keys(&keys, SKETCH_KEYS_MAX);
	len = sketch_keys_format(&keys, bytes);
	memcpy(bytes + len, "\xff\0\0\0 a key too many.", day);
	assert_int_equal(sketch_keys_parse(cur_of(bytes, len + day), &read), HN_ELIMIT);
}

/* A clock that jumps about: the days nearest to now keep their keys. */
static void there_are_never_too_many_keys(void **state)
{
	struct sketch_keys keys;
	(void)state;
	make_keys(&keys, SKETCH_KEYS_MAX);
	sketch_keys_make(&keys, 101);
	assert_int_equal(keys.count, SKETCH_KEYS_MAX);
	assert_non_null(sketch_keys_find(&keys, 100));
	assert_null(sketch_keys_find(&keys, 100 + 2 * (SKETCH_KEYS_MAX - 1)));
	sketch_keys_make(&keys, 5000);
	assert_non_null(sketch_keys_find(&keys, 5000));
	assert_null(sketch_keys_find(&keys, 100));
	for (size_t i = 1; i < keys.count; i++)
		assert_true(keys.days[i - 1].day < keys.days[i].day);
	assert_true(sketch_keys_erase_before(&keys, 5000));
	assert_false(sketch_keys_erase_before(&keys, 5000));
	assert_int_equal(keys.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_of_magnitude_are_told),
		cmocka_unit_test_setup_teardown(counts_are_never_too_low, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_high_stays_within_the_bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_restart_goes_on_with_what_was_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(days_are_apart_and_kept_for_a_week, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_not_ours_begins_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_lies_elsewhere_each_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_day_that_is_over_takes_its_key_along, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_a_file_of_keys_is_refused, set_up, tear_down),
		cmocka_unit_test(keys_are_read_as_they_were_written),
		cmocka_unit_test(keys_that_are_not_whole_are_refused),
		cmocka_unit_test(there_are_never_too_many_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
