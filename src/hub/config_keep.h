/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_CONFIG_KEEP_H
#define HINOMI_HUB_CONFIG_KEEP_H

#include "base/buf.h"
#include "hub/config.h"

/**
 * Makes a configuration that was read again one that may come into force in the hub that runs: what needs
 * sockets, threads, files or rights that only a start has is taken from what it was started with. The rest
 * (cosigners, disk_least, fetch_inside, sign_in.session, sign_in.second_factor) is the newer's.
 *
 * @param newer  changed
 * @param first  with which the hub was started; outlives newer
 * @param kept   keys that differ and stay are appended, as "listen, http.rate"
 * @return as buf_err(kept)
 */
HN_MUST_USE int hub_config_keep(struct hub_config *newer, const struct hub_config *first, struct buf *kept);

#endif
