/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_LEDGER_LOG_WORLD_H
#define HINOMI_TESTS_UNIT_LEDGER_LOG_WORLD_H

/* For tests about one log: a world that is new for each test and gone after it. */
#include "world.h"

static struct world w;

static inline int begin(void **state)
{
	(void)state;
	world_init(&w);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	world_clear(&w);
	return 0;
}

#endif
