/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve_cookies.h"

#include <sodium.h>
#include <urcu-qsbr.h>
static void free_secrets(const struct cookie_secrets *secrets)
{
	sodium_free((void *)(uintptr_t)secrets);
}

void serve_cookies_put(struct running *r, struct cookie_secrets *secrets)
{
	const struct cookie_secrets *former = atomic_exchange(&r->service.cookies, secrets);
	if (former) {
		synchronize_rcu();
		free_secrets(former);
	}
}

void serve_cookies_free(struct running *r)
{
	free_secrets(atomic_load(&r->service.cookies));
}
