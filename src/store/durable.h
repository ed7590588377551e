/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DURABLE_H
#define HINOMI_STORE_DURABLE_H

#include "base/err.h"

/**
 * Gives a file that is whole its name: its bytes outlive a power cut, then its name does. What has the name
 * already is never replaced. The name under which it was written is removed in any case.
 *
 * @return HN_EEXIST, HN_ENOENT, HN_ENOSPC, HN_EIO; HN_ELIMIT for a path that is too long
 */
HN_MUST_USE int durable_publish(const char *part, const char *path);

#endif
