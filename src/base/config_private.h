/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_CONFIG_PRIVATE_H
#define HINOMI_BASE_CONFIG_PRIVATE_H

/* What the parts of config.h share; for them only. */
#include "base/config.h"

#define CONFIG_PLACE_SIZE 256

/** Where a value stands and where what it becomes goes. */
struct config_value {
	const struct config_key *row;
	const char *text; /* NUL-terminated, no NUL within */
	size_t len;
	const char *name; /* of the file */
	const char *place;
	struct config_memory *memory;
	struct fault *fault;
};

/** A memory with nothing in it, or NULL. */
struct config_memory *config_memory_new(void);

/** A table that is not sound is our own bug: asserts that it is. */
void config_table_check(const struct config_key keys[]);

/** Reads one scalar into the member at `at`; on an error that is unchanged. @return as config_read() */
HN_MUST_USE int config_value_read(const struct config_value *value, void *at);

/** Whether the scalar is one of the row's words. @return HN_EFORMAT with the fault set */
HN_MUST_USE int config_word_read(const struct config_value *value, int *out);

/** "FILE:LINE: KEY"; line 0 and key "" are left out. */
void config_place(const char *name, unsigned line, const char *key, char out[CONFIG_PLACE_SIZE]);

/** The lowest and highest value of a row of an integer, size or duration. */
uint64_t config_max(const struct config_key *row);

#endif
