/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/console_pages.h"

const struct route CONSOLE_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/metrics",
	 .operation = "metrics",
	 .flags = ROUTE_PUBLIC | ROUTE_HIDDEN | ROUTE_UNLIMITED,
	 .handle = console_metrics_get,
	 .gives = "text/plain"},
	{.method = HTTP_GET,
	 .pattern = "/healthz",
	 .operation = "health",
	 .flags = ROUTE_PUBLIC | ROUTE_HIDDEN | ROUTE_UNLIMITED,
	 .handle = console_health_get},
	{0},
};

int console_identify(struct request *r)
{
	(void)r;
	return HN_OK;
}

bool console_allowed(const struct request *r)
{
	return r->who.signed_in;
}
