/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_COOKIE_FILE_H
#define HINOMI_RESOLVER_COOKIE_FILE_H

#include "base/err.h"
#include "base/fault.h"
#include "resolver/cookie.h"

/**
 * Reads the file of cookie secrets, or makes a secret of this process alone.
 *
 * @param out  in locked memory; free with sodium_free()
 * @return HN_ENOENT, HN_EIO (errno), HN_EFORMAT, HN_ENOMEM; no byte of a secret stands in the fault
 */
HN_MUST_USE int cookie_secrets_read(const char *path, struct cookie_secrets **out, struct fault *fault);

#endif
