/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_KEYS_H
#define HINOMI_HUB_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/**
 * A secret of the hub's own, in keys/NAME below the data folder (0600): made by randomness the first time.
 * keys/ledger is 64 bytes, libsodium's Ed25519 secret key; others are whatever their part wants.
 *
 * @param out  locked memory of size bytes (sodium_malloc); sodium_free() it
 * @return HN_EFORMAT: the file is of another size; HN_EAUTH: others may read it; HN_EIO, HN_ENOSPC, HN_ENOMEM
 */
HN_MUST_USE int hub_key(int data_fd, const char *name, size_t size, uint8_t **out, struct fault *fault);

/** The ledger's key: a pair made of 32 random bytes. */
HN_MUST_USE int hub_ledger_key(int data_fd, uint8_t **out, struct fault *fault);

#endif
