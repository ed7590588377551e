/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/batch.h"
#include "bus/enrol.h"
#include "http/route.h"
#include "hub/edge/edge.h"
#include "hub/request/rights.h"

/* The edge channel's own table: not part of the API, served at the channel's listener alone. */
const struct route EDGE_ROUTES[] = {
	{.method = HTTP_POST,
	 .pattern = "/edge/v1/enrol",
	 .operation = "enrol",
	 .flags = ROUTE_PUBLIC | ROUTE_NO_KEEP | ROUTE_HIDDEN,
	 .handle = edge_enrol_post,
	 .end = edge_enrol_end,
	 .takes = "application/json",
	 .body_max = ENROL_REQUEST_MAX},
	{.method = HTTP_POST,
	 .pattern = "/edge/v1/renew",
	 .operation = "renew",
	 .flags = ROUTE_NO_KEEP | ROUTE_HIDDEN,
	 .scopes = SCOPE_EDGE,
	 .handle = edge_renew_post,
	 .takes = "application/json",
	 .body_max = ENROL_REQUEST_MAX},
	{.method = HTTP_GET,
	 .pattern = "/edge/v1/heads",
	 .operation = "followHeads",
	 .flags = ROUTE_HIDDEN | ROUTE_UNLIMITED | ROUTE_LASTING,
	 .scopes = SCOPE_EDGE,
	 .handle = edge_heads_get_stream,
	 .end = edge_heads_end,
	 .gives = "text/event-stream"},
	{.method = HTTP_GET,
	 .pattern = "/edge/v1/blobs/{digest:name}",
	 .operation = "getBlob",
	 .flags = ROUTE_HIDDEN,
	 .scopes = SCOPE_EDGE,
	 .handle = edge_blob_get,
	 .end = edge_blob_end,
	 .gives = "application/octet-stream"},
	{.method = HTTP_GET,
	 .pattern = "/edge/v1/streams",
	 .operation = "listStreams",
	 .flags = ROUTE_HIDDEN,
	 .scopes = SCOPE_EDGE,
	 .handle = edge_streams_list},
	{.method = HTTP_POST,
	 .pattern = "/edge/v1/streams/{stream:name}",
	 .operation = "sendBatch",
	 .flags = ROUTE_NO_KEEP | ROUTE_HIDDEN,
	 .scopes = SCOPE_EDGE,
	 .handle = edge_stream_post,
	 .takes = "application/x-ndjson",
	 .body_max = BATCH_BODY_MAX},
	{0},
};
