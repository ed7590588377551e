/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_COMMANDS_H
#define HINOMI_RESOLVER_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "resolver/policy.h"

/*
 * The commands of `hinomi resolver`. Each takes its own name as argv[0] and gives the exit code (enum
 * hn_exit).
 */

/** Serves, or with --check looks at the configuration and what it names. */
int resolver_cmd_serve(int argc, char **argv);

/** Asks the resolver that runs, over its control socket. */
int resolver_cmd_ctl(int argc, char **argv);

/** Says which entry of which set decides about a name. */
int resolver_cmd_explain(int argc, char **argv);

/** Writes the policy of a group as a response policy zone. */
int resolver_cmd_export(int argc, char **argv);

/* What they share (commands_common.c). */

struct resolver_config;

/** One line for a fault, and the exit code that an error of reading files means. */
int resolver_report(int err, const struct fault *fault);

/**
 * Reads a configuration and all files of its policies. Tells of what was left out as warnings.
 *
 * @param config_out  free with resolver_config_free(), after the policy
 * @param policy_out  free with policy_free()
 * @return -1 to go on; else the exit code, after one line
 */
HN_MUST_USE int resolver_load(const char *path, struct resolver_config **config_out,
			      struct policy **policy_out);

/**
 * The view of a client, or of a group by name where there is no client.
 *
 * @param group   NULL: by the client, or the first group where there is none
 * @return -1 to go on; else the exit code, after one line
 */
HN_MUST_USE int resolver_view(const struct resolver_config *config, const char *group,
			      const struct ip *client, unsigned *view_out);

/**
 * Asks the resolver that runs and prints its answer.
 *
 * @param socket  NULL: that of the configuration file
 * @param config  NULL too: where a resolver with its own default, or the packaged service, has its socket
 * @param json    as it came; else for people
 */
int resolver_ask(const char *socket, const char *config, const char *const words[], size_t count, bool json);

#endif
