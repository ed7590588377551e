/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_BASES_H
#define HINOMI_HUB_SETS_BASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/set_files.h"

/*
 * When overlays become one, when they become a base, and how long both bases are served
 * (docs/adr/0051-two-bases-while-one-is-fetched.md). Every edge fetches a base whole, so its price is paid by
 * size and never by the clock.
 */
#define BASES_OVERLAYS_MOST (SET_FILES_MAX - 1)
#define BASES_FOLD_AFTER    8 /* overlays */
#define BASES_SHARE         4 /* overlays that are together less than this part of a base are few changes */

/** Whether the overlays are few changes of their base. @param files  the base first; count 1 or more */
bool bases_few_changes(const struct set_file files[], size_t count);

/** Of so many files, how many stay when one more overlay comes, which takes the place of the others. */
size_t bases_keep(const struct set_file files[], size_t count);

/** Whether a new base is to be made. While one is being fetched another comes only for as much as all that it
 * holds. */
bool bases_due(const struct set_standing *s);

/** Whether a base is so large that edges go on with the former one while they fetch it. */
bool bases_large(const struct set_file *base);

/** Over how many seconds so many edges begin to fetch it. */
uint32_t bases_spread_s(const struct set_file *base, size_t edges);

#endif
