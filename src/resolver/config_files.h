/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CONFIG_FILES_H
#define HINOMI_RESOLVER_CONFIG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"

/* The files that resolver.yaml names: which line and key do, and whether the resolver will reach them. */

enum config_file_use {
	CONFIG_FILE_READ, /* at the start, and again by a reload */
	CONFIG_FILE_SETS, /* a directory whose *.him files are read so */
	CONFIG_FILE_MADE, /* a directory that is written to, made where it is not there */
};

struct config_file {
	const char *path;
	const char *key; /* "policy.rpz" */
	unsigned line;
	enum config_file_use use;
};

/** Calls back for each, in the order of the keys, until the callback returns something else than HN_OK;
 * returns that. */
HN_MUST_USE int config_files_each(const struct resolver_config *config,
				  int (*each)(void *context, const struct config_file *file), void *context);

/** Whether what stands there is a file, or nothing, or out of reach: which opening tells at once. */
bool config_file_may_be_read(const char *path);
/**
 * Whether those that are read are files, as far as they are there: a pipe that somebody put in place of one
 * would hold up who opens it for ever.
 *
 * @return HN_EFORMAT: one is not
 */
HN_MUST_USE int config_files_are_files(const struct resolver_config *config, struct fault *fault);

/** Where a fault's place is one of these files, or lies in one of the directories: appends by which file,
 * line and key it was named. NULL is allowed. */
void config_files_blame(const struct resolver_config *config, struct fault *fault);

/**
 * Tries each as the user given, the one that the resolver becomes: what is read again by a reload must be in
 * reach of that user, not only of who starts it. Changes the process's effective user meanwhile, so only from
 * a process of one thread that serves nobody.
 *
 * @param told  called for each file out of reach, its place and message filled
 *
 * @return HN_OK, also where some are out of reach; HN_EIO (errno): it could not be tried
 */
HN_MUST_USE int config_files_try(const struct resolver_config *config, uid_t user, gid_t group,
				 void (*told)(void *context, const struct fault *fault), void *context);

#endif
