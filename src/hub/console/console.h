/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_CONSOLE_CONSOLE_H
#define HINOMI_HUB_CONSOLE_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "http/route.h"

/*
 * The web console: files that the build made (console/, scripts/console.sh) and that are part of the program.
 * The page is the same for every path of the console; which one it shows, it decides by itself
 * (console/src/shell/ routes.tsx has the same paths).
 */

/** A file, as it goes out. */
struct console_file {
	const char *name;  /* "index.html", "assets/..." */
	const char *media; /* its media type */
	const char *etag;  /* hex SHA-256 of the data */
	const uint8_t *data;
	size_t len; /* gzip */
};

/** Made by the build; ends with {0}. Empty where the console was not built. */
extern const struct console_file CONSOLE_FILES[];

extern const struct route CONSOLE_ROUTES[];

#endif
