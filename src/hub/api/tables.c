/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/tables.h"

#include "hub/api/account.h"
#include "hub/api/collections.h"
#include "hub/api/edges.h"
#include "hub/api/events.h"
#include "hub/api/exchange.h"
#include "hub/api/holds.h"
#include "hub/api/objects.h"
#include "hub/api/openapi.h"
#include "hub/api/sets.h"
#include "hub/console/console.h"
#include "hub/exchange/export.h"
#include "hub/taxii/taxii.h"

/* One a line, so that each addition is a line of its own. */
/* clang-format off */
const struct route *const HUB_TABLES[] = {
	ACCESS_ROUTES,
	ACCOUNT_ROUTES,
	APPROVAL_ROUTES,
	AUTHORISATION_ROUTES,
	COLLECTION_ROUTES,
	CONSOLE_ROUTES,
	DIRECTORY_ROUTES,
	EDGE_API_ROUTES,
	EVENT_ROUTES,
	EXPORT_ROUTES,
	HEALTH_ROUTES,
	HOLD_ROUTES,
	IMPORT_ROUTES,
	LEDGER_ROUTES,
	LOCKOUT_ROUTES,
	MISP_ROUTES,
	OBJECT_ROUTES,
	OPENAPI_ROUTES,
	PASSKEY_ROUTES,
	REPORT_ROUTES,
	ROOT_ROUTES,
	SESSION_ROUTES,
	SET_ROUTES,
	SOURCE_ROUTES,
	TAXII_ROUTES,
	TOKEN_ROUTES,
	WARNING_ROUTES,
	NULL,
};
/* clang-format on */
