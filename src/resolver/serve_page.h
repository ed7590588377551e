/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SERVE_PAGE_H
#define HINOMI_RESOLVER_SERVE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "resolver/blockpage.h"

/** blockpage_options' find and shown; the context is the struct running. */
bool serve_page_find(void *context, const char *name, const struct ip *client, struct blockpage_finding *out);
void serve_page_shown(void *context, const char *listed, int64_t minute_ns);

#endif
