/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/handin.h"
#include "hub/request/rights.h"
#include "hub/taxii/taxii.h"

#define COLLECTION TAXII_ROOT "/collections/{collection:name}"
#define OBJECT     COLLECTION "/objects/{object:stix}"

/* Unknown parameters are passed over (TAXII 2.1, 1.6.6); what a client wants more than we give is its limit.
 */
#define FLAGS (ROUTE_HIDDEN | ROUTE_LAX_QUERY | ROUTE_OWN_ERRORS)
#define LIST(parameter)                                                                                      \
	{                                                                                                    \
		.name = parameter, .kind = QUERY_TEXT, .max = 8192,                                          \
	}

static const struct query_spec page_query[] = {
	{.name = "added_after", .kind = QUERY_TEXT},
	{.name = "limit", .kind = QUERY_NUMBER, .min = 1, .max = UINT32_MAX},
	{.name = "next", .kind = QUERY_TEXT},
	LIST("match[id]"),
	LIST("match[type]"),
	LIST("match[version]"),
	LIST("match[spec_version]"),
	{0},
};

#define READ(path, name, handler, roles_)                                                                    \
	{                                                                                                    \
		.method = HTTP_GET, .pattern = path, .operation = name, .flags = FLAGS | (roles_),           \
		.scopes = SCOPE_READ, .handle = handler, .gives = TAXII_MEDIA, .query = page_query,          \
		.problem = taxii_problem,                                                                    \
	}

/* Reading is open to the public: it sees what is TLP:CLEAR. */
const struct route TAXII_ROUTES[] = {
	READ("/taxii2", "taxiiDiscovery", taxii_discovery, ROUTE_PUBLIC),
	READ(TAXII_ROOT, "taxiiRoot", taxii_root, ROUTE_PUBLIC),
	READ(TAXII_ROOT "/status/{status:uuid}", "taxiiStatus", taxii_status, 0),
	READ(TAXII_ROOT "/collections", "taxiiCollections", taxii_collections, ROUTE_PUBLIC),
	READ(COLLECTION, "taxiiCollection", taxii_collection, ROUTE_PUBLIC),
	READ(COLLECTION "/manifest", "taxiiManifest", taxii_manifest, ROUTE_PUBLIC),
	READ(COLLECTION "/objects", "taxiiObjects", taxii_objects, ROUTE_PUBLIC),
	READ(OBJECT, "taxiiObject", taxii_object, ROUTE_PUBLIC),
	READ(OBJECT "/versions", "taxiiVersions", taxii_object_versions, ROUTE_PUBLIC),
	{
		.method = HTTP_POST,
		.pattern = COLLECTION "/objects",
		.operation = "taxiiAdd",
		.flags = FLAGS | ROUTE_NO_KEEP,
		.scopes = SCOPE_WRITE,
		.handle = taxii_add,
		.takes = TAXII_MEDIA,
		.body_max = TAXII_CONTENT_MAX,
		.piece = taxii_add_piece,
		.end = handin_free,
		.gives = TAXII_MEDIA,
		.problem = taxii_problem,
	},
	{
		.method = HTTP_DELETE,
		.pattern = OBJECT,
		.operation = "taxiiDelete",
		.flags = FLAGS | ROUTE_NO_KEEP,
		.scopes = SCOPE_WRITE,
		.handle = taxii_object_delete,
		.gives = TAXII_MEDIA,
		.query = page_query,
		.problem = taxii_problem,
	},
	{0},
};
