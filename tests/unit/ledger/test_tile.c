/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/tile.h"

#include "../check.h"

static void paths_are_those_of_the_specification(void **state)
{
	(void)state;
	static const struct {
		struct tile tile;
		const char *path;
	} rows[] = {
		{{0, 256, 0}, "tile/0/000"},
		{{0, 256, 1234067}, "tile/0/x001/x234/067"},
		{{0, 112, 273}, "tile/0/273.p/112"},
		{{1, 17, 1}, "tile/1/001.p/17"},
		{{63, 1, 999}, "tile/63/999.p/1"},
		{{TILE_ENTRIES, 256, 1000}, "tile/entries/x001/000"},
		{{TILE_ENTRIES, 255, 999999}, "tile/entries/x999/999.p/255"},
		{{0, 256, UINT64_MAX}, "tile/0/x018/x446/x744/x073/x709/x551/615"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[TILE_PATH_SIZE];
		struct tile got;
		tile_path(&rows[i].tile, path);
		assert_string_equal(path, rows[i].path);
		size_t len = strlen(path);
		uint8_t *exact = exact_copy(path, len);
		assert_int_equal(tile_path_parse((const char *)exact, len, &got), HN_OK);
		free(exact);
		assert_int_equal(got.level, rows[i].tile.level);
		assert_int_equal(got.width, rows[i].tile.width);
		assert_true(got.index == rows[i].tile.index);
	}
}

static void other_spellings_are_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		"tile/0/",
		"tile/00/000",
		"tile/64/000",
		"tile/0/0",
		"tile/0/1000",
		"tile/0/x000/001",
		"tile/0/x001",
		"tile/0/001/002",
		"tile/0/000.p",
		"tile/0/000.p/",
		"tile/0/000.p/0",
		"tile/0/000.p/256",
		"tile/0/000.p/01",
		"tile/0/000.p/1/",
		"tile/0/000 ",
		"tile/entries/x1/000",
		"/tile/0/000",
		"tile/-1/000",
		"tile/0/x018/x446/x744/x073/x709/x551/616",
		"tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tile tile = {7, 7, 7};
		uint8_t *exact = exact_copy(rows[i], strlen(rows[i]));
		assert_int_equal(tile_path_parse((const char *)exact, strlen(rows[i]), &tile), HN_EFORMAT);
		assert_int_equal(tile.level, 7);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_those_of_the_specification),
		cmocka_unit_test(other_spellings_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
