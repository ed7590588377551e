/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_TLS_KEYS_H
#define HINOMI_HUB_TLS_KEYS_H

#include "base/err.h"
#include "base/fault.h"
#include "http/peer.h"

struct hub_http;
struct server;

/** http.certificate and http.key as texts; all zero: none are configured. */
struct tls_keys {
	char *certificate;
	char *key; /* in memory of libsodium */
};

/** Reads both files. @return HN_ENOENT, HN_EIO, HN_EAUTH, HN_ELIMIT, HN_ENOMEM; the fault names the file */
HN_MUST_USE int tls_keys_read(const struct hub_http *config, struct tls_keys *out, struct fault *fault);
/** Wipes. */
void tls_keys_clear(struct tls_keys *keys);

/** What the server is told; the texts are the keys'. */
struct server_tls tls_keys_options(const struct tls_keys *keys);

/** Puts the file's name where the server's fault has "certificate" or "key". */
void tls_keys_fault(const struct hub_http *config, struct fault *fault);

/** Reads both again for a server that has some. Nothing changes on an error. */
HN_MUST_USE int tls_keys_reload(const struct hub_http *config, struct server *server, struct fault *fault);

#endif
