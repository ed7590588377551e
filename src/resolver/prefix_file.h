/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_PREFIX_FILE_H
#define HINOMI_RESOLVER_PREFIX_FILE_H

#include <stddef.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"

#define PREFIX_FILE_SIZE_MAX (16u << 20) /* bytes */

/**
 * Reads prefixes of text, one a line; what follows a "#" and empty lines are passed over.
 *
 * @param name    of the file, for the fault
 * @param memory  what the list comes to stand in
 * @param list    struct ip_prefix; these are put behind those that are there. Unchanged on an error
 *
 * @return HN_EFORMAT: the fault names the line; HN_ENOMEM
 */
HN_MUST_USE int prefix_file_parse(const char *name, const char *text, size_t len,
				  struct config_memory *memory, struct config_list *list,
				  struct fault *fault);

/** The same of a file. @return also HN_ENOENT, HN_EIO (errno), HN_ELIMIT: larger than PREFIX_FILE_SIZE_MAX */
HN_MUST_USE int prefix_file_read(const char *path, struct config_memory *memory, struct config_list *list,
				 struct fault *fault);

#endif
