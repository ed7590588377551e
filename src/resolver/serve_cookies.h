/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SERVE_COOKIES_H
#define HINOMI_RESOLVER_SERVE_COOKIES_H

#include "resolver/running.h"

/** Puts secrets in force and takes them over; the former ones go when no thread judges a cookie by them any
 * more. Not from a thread that asks the policy. */
void serve_cookies_put(struct running *r, struct cookie_secrets *secrets);
/** After the serving threads have ended. */
void serve_cookies_free(struct running *r);

#endif
