/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SERVE_COOKIES_H
#define HINOMI_RESOLVER_SERVE_COOKIES_H

#include "base/err.h"
#include "base/fault.h"
#include "resolver/running.h"

/** Puts the file's secrets in force; the former ones go when no thread judges a cookie by them any more. Not
 * from a thread that asks the policy. @return as cookie_secrets_read() */
HN_MUST_USE int serve_cookies_read(struct running *r, struct fault *fault);
/** After the serving threads have ended. */
void serve_cookies_free(struct running *r);

#endif
