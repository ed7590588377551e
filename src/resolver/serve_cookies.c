/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve_cookies.h"

#include <sodium.h>
#include <urcu-qsbr.h>

#include "resolver/cookie_file.h"

static void free_secrets(const struct cookie_secrets *secrets)
{
	sodium_free((void *)(uintptr_t)secrets);
}

int serve_cookies_read(struct running *r, struct fault *fault)
{
	struct cookie_secrets *secrets;
	int rc = cookie_secrets_read(r->config->cookies.secrets, &secrets, fault);
	if (rc != HN_OK)
		return rc;
	const struct cookie_secrets *former = atomic_exchange(&r->service.cookies, secrets);
	if (former) {
		synchronize_rcu();
		free_secrets(former);
	}
	return HN_OK;
}

void serve_cookies_free(struct running *r)
{
	free_secrets(atomic_load(&r->service.cookies));
}
