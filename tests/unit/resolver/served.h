/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_RESOLVER_SERVED_H
#define HINOMI_TESTS_UNIT_RESOLVER_SERVED_H

/* What an exchange needs, made of a configuration beside the fakes: for tests, fuzzing and measuring. */
#include <sodium.h>
#include <urcu-qsbr.h>

#include "resolver/cookie_file.h"
#include "resolver/exchange.h"
#include "resolver/rate_limit.h"
#include "resolver/terms.h"
#include "tests/unit/resolver/fakes.h"

struct served {
	struct service service;
	struct resolver_config *config;
	struct terms *terms;
	struct policy_spec spec;
	struct cookie_secrets *cookies;
	struct loop *loop;
	struct exchange *exchange; /* the caller's to make */
};

static inline int served_policy(struct served *s, struct fault *fault)
{
	int rc = terms_new(s->config, &s->terms, fault);
	if (rc != HN_OK)
		return rc;
	s->spec = terms_spec(s->terms);
	return policy_store_new(&s->spec, &s->service.policies, fault);
}

/** All but the exchange, of s->config, which was read before; cache: bytes, 0: none. @return what failed
 * first */
static inline int served_make(struct served *s, size_t cache, struct fault *fault)
{
	int rc = sodium_init() < 0 ? HN_EIO : served_policy(s, fault);
	if (rc == HN_OK)
		rc = cookie_secrets_read(NULL, &s->cookies, fault);
	if (rc == HN_OK && cache > 0)
		rc = answer_cache_new(cache, 3600, &s->service.cache);
	s->service.config = s->config;
	s->service.cookies = s->cookies;
	if (rc == HN_OK)
		rc = rate_limit_new(&s->service.limits);
	if (rc == HN_OK)
		rc = rate_limit_new(&s->service.refusals);
	if (rc == HN_OK)
		rc = loop_new(&s->loop);
	fake.count = 0;
	fake.refuse = HN_OK;
	return rc;
}

/** After what uses it. The exchange too, unless the caller freed it and says so by NULL. */
static inline void served_clear(struct served *s)
{
	exchange_free(s->exchange);
	rcu_barrier();
	answer_cache_free(s->service.cache);
	rate_limit_free(s->service.limits);
	rate_limit_free(s->service.refusals);
	rcu_thread_offline();
	policy_store_free(s->service.policies);
	rcu_thread_online();
	terms_release(s->terms);
	sodium_free(s->cookies);
	resolver_config_free(s->config);
	loop_free(s->loop);
}

#endif
