/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_CONFIG_EVENTS_H
#define HINOMI_BASE_CONFIG_EVENTS_H

/* A configuration as libyaml's events, and the place in it; for the parts of config.h only. */
#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/config_private.h"

#define CONFIG_PATH_SIZE 160 /* bytes of "key.list[2].key" in a fault */

struct config_reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one at hand */
	bool has_event;
	const char *name;
	struct config_memory *memory;
	struct fault *fault;
	char path[CONFIG_PATH_SIZE];
	size_t path_len;
	unsigned depth;
};

/** Goes to the next event. What may stand nowhere (anchors, aliases, tags) is refused. */
HN_MUST_USE int config_next_event(struct config_reader *r);

/** The line of the event at hand, from 1. */
unsigned config_line_here(const struct config_reader *r);

/** A fault at the event at hand. @return err */
int config_fault_here(struct config_reader *r, int err, const char *message);

/** Puts ".key", or "[index]" for no key, behind the path. @return what config_path_pop() takes */
size_t config_path_push(struct config_reader *r, const char *key, size_t index);
void config_path_pop(struct config_reader *r, size_t before);

/** Nothing in a value may steer a terminal or end a text early: C0, DEL and C1 (ISO 6429). */
bool config_has_control(const char *text, size_t len);

/** What libyaml found wrong (NULL: it did not say), in the user's language. */
const char *config_problem(const char *en);

#endif
