/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_WITNESS_STATE_WORLD_H
#define HINOMI_TESTS_UNIT_WITNESS_STATE_WORLD_H

/* A state of a test's own, in a transaction that nothing is kept of. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/check.h"
#include "witness/state.h"

static struct state *s;
static char state_dir[] = "/tmp/hinomi-witness-XXXXXX";

static int state_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int begin(void **state)
{
	(void)state;
	struct fault fault = {0};
	memcpy(state_dir + sizeof(state_dir) - 7, "XXXXXX", 6);
	if (mkdtemp(state_dir) == NULL || state_open(state_dir, &s, &fault) != HN_OK)
		return -1;
	return state_begin(s);
}

static inline int end(void **state)
{
	(void)state;
	int undone = state_end(s, HN_ESTATE);
	state_close(s);
	return undone != HN_ESTATE ? -1 : nftw(state_dir, state_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/** The first number of a statement. */
static inline int64_t number_of(const char *sql)
{
	sqlite3_stmt *row;
	assert_int_equal(state_one(s, &row, sql, ""), HN_OK);
	int64_t number = sqlite3_column_int64(row, 0);
	state_done(row);
	return number;
}

#endif
