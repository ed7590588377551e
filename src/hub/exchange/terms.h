/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_TERMS_H
#define HINOMI_HUB_EXCHANGE_TERMS_H

#include "base/err.h"
#include "http/request.h"
#include "hub/exchange/intake.h"

/**
 * Under which terms a request's objects come in: its organisation owns them, and what they do not say
 * themselves is as the source says that the parameter `source` names, else the organisation's default source
 * (store/sources.h), else TLP:AMBER+STRICT.
 *
 * @return HN_EAUTH: who asks belongs to no organisation; HN_ENOENT: no such source of his organisation;
 *         HN_ESTATE: it is disabled
 */
HN_MUST_USE int terms_of_request(struct request *r, struct intake_terms *out);

struct source;
/** The source of a request's objects. @return HN_ENOENT with an empty fault: it names none, and there is no
 * default; else as above */
HN_MUST_USE int source_of_request(struct request *r, struct source *out);

/** The terms of what the hub fetches from a source. */
void terms_of_source(const struct source *source, struct intake_terms *out);

#endif
