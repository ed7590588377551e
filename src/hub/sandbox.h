/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SANDBOX_H
#define HINOMI_HUB_SANDBOX_H

#include "base/confine.h"
#include "base/err.h"
#include "base/fault.h"

struct hub_config;

/**
 * Opens the data folder, makes it where it is not there, and gives up privileges: a root becomes the
 * configuration's user, or hinomi-hub where there is one, to whom the folder is given; else it stays root
 * without any capability. Sockets are bound before.
 */
HN_MUST_USE int sandbox_identity(const struct hub_config *config, int *data_fd_out, struct confinement *state,
				 struct fault *fault);

/** Landlock: the data folder to write, the configuration's to read, /etc and the folders of the keys of TLS
 * to read, nothing else. */
HN_MUST_USE int sandbox_files(const struct hub_config *config, int data_fd, struct confinement *state,
			      struct fault *fault);

/**
 * The system calls that serving needs, for all threads. Sockets are made only where a database is reached by
 * one; what the hub fetches is fetched by another process.
 */
HN_MUST_USE int sandbox_calls(const struct hub_config *config, struct confinement *state,
			      struct fault *fault);

#endif
