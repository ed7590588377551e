/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CONFIG_KEEP_H
#define HINOMI_RESOLVER_CONFIG_KEEP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"

/**
 * Makes a configuration that was read again one that may come into force in the process that runs: what needs
 * sockets, threads or rights that only a start has (listen but for its certificates, threads, recursion,
 * cache.size, events.directory, metrics, blockpage, control, collector, user) is taken from what runs.
 *
 * @param newer   changed
 * @param first   with which the process was started; outlives newer
 * @param former  in force now: whose certificates stay where the listeners do
 * @param kept    the keys that differ and were taken from it are appended, as "listen, threads"
 *
 * @return HN_EFORMAT: with these as they are the rest cannot come into force; HN_ENOMEM
 */
HN_MUST_USE int resolver_config_keep(struct resolver_config *newer, const struct resolver_config *first,
				     const struct resolver_config *former, struct buf *kept,
				     struct fault *fault);

#endif
