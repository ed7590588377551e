/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/channel.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "bus/batch.h"
#include "bus/client.h"
#include "bus/enrol.h"
#include "bus/pki.h"
#include "http/route.h"
#include "http/server.h"

#define DRAIN_NS (5 * NS_SECOND)
#define THREADS  2

static struct {
	struct router *router;
	struct server *server;
	bool started;
	int listeners[WITNESS_LISTENERS_MAX]; /* until the server has them */
	size_t listener_count;
} channel;

static const struct route routes[] = {
	{.method = HTTP_POST,
	 .pattern = "/edge/v1/enrol",
	 .operation = "enrol",
	 .flags = ROUTE_PUBLIC | ROUTE_HIDDEN,
	 .handle = channel_enrol_post,
	 .end = channel_enrol_end,
	 .takes = "application/json|application/jose+json",
	 .body_max = ENROL_REQUEST_MAX},
	{.method = HTTP_POST,
	 .pattern = "/edge/v1/renew",
	 .operation = "renew",
	 .flags = ROUTE_HIDDEN,
	 .handle = channel_renew_post,
	 .takes = "application/json",
	 .body_max = ENROL_REQUEST_MAX},
	{.method = HTTP_GET,
	 .pattern = "/edge/v1/streams",
	 .operation = "listStreams",
	 .flags = ROUTE_HIDDEN,
	 .handle = channel_streams_list},
	{.method = HTTP_POST,
	 .pattern = "/edge/v1/streams/{stream:name}",
	 .operation = "sendBatch",
	 .flags = ROUTE_HIDDEN,
	 .handle = channel_stream_post,
	 .takes = "application/x-ndjson",
	 .body_max = BATCH_BODY_MAX},
	{.method = HTTP_GET,
	 .pattern = "/edge/v1/cosigned",
	 .operation = "getCosigned",
	 .flags = ROUTE_HIDDEN,
	 .handle = channel_cosigned_get,
	 .gives = "text/plain"},
	{0},
};

/* ---- who asks ---- */

static int find_peer(struct state *s, const char *serial, struct channel_peer *p)
{
	sqlite3_stmt *row;
	int err = state_one(s, &row,
			    "SELECT edges.id, kind, ed25519 FROM certificates JOIN edges ON edges.id = edge "
			    "WHERE serial = ? AND until > ? AND revoked = 0",
			    "ti", serial, utc_now_ns());
	if (err == HN_OK && sqlite3_column_bytes(row, 2) == (int)sizeof(p->ed25519)) {
		const char *id = state_text(row, 0);
		err = uuid_parse(id, strlen(id), &p->id);
		p->sensor = strcmp(state_text(row, 1), "sensor") == 0;
		memcpy(p->ed25519, sqlite3_column_blob(row, 2), sizeof(p->ed25519));
		uuid_format(&p->id, p->edge);
	}
	state_done(row);
	return err;
}

/* The certificate says the same edge that is known here for its serial. */
static int identify(struct request *r)
{
	const struct peer *certificate = request_peer(r);
	const struct witness *w = r->program;
	struct uuid said;
	if (certificate == NULL)
		return HN_OK;
	struct channel_peer *p = arena_alloc(r->arena, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	int err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, find_peer(w->state, certificate->serial, p));
	if (err == HN_OK)
		err = pki_uri_parse(certificate->uri, strlen(certificate->uri), &said);
	if (err == HN_OK && uuid_compare(&said, &p->id) != 0)
		err = HN_EAUTH;
	if (err == HN_ENOENT || err == HN_EFORMAT)
		err = HN_EAUTH;
	if (err != HN_OK)
		return err;
	r->own = p;
	r->who = (struct request_identity){
		.signed_in = true, .account = p->id, .how = "certificate", .limit_key = 1};
	memcpy(&r->who.limit_key, p->id.bytes, sizeof(r->who.limit_key));
	return HN_OK;
}

/* ---- the server ---- */

int channel_listen(const struct witness_config *config, struct fault *fault)
{
	const struct endpoint *e = config->edge_listen.items;
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < config->edge_listen.count; i++) {
		err = server_listen(&e[i], &channel.listeners[i], fault);
		channel.listener_count += err == HN_OK;
	}
	return err;
}

static int server_keys(const struct witness *w, struct pki_pair *pair, bool *changed, struct fault *fault)
{
	const struct config_list *names = &w->config->names;
	return pki_server(w->pki, names->items, names->count, utc_now_ns(), pair, changed, fault);
}

static struct server_tls tls_of(const struct witness *w, const struct pki_pair *pair)
{
	/* Who has no certificate yet may enrol, and nothing else. */
	return (struct server_tls){.certificate = pair->chain,
				   .key = pair->key,
				   .clients = PEER_ASKED,
				   .client_root = pki_root_pem(w->pki)};
}

static int make_server(struct witness *w, const struct pki_pair *pair, struct fault *fault)
{
	static const struct route *const tables[] = {routes, NULL};
	const struct server_tls tls = tls_of(w, pair);
	int err = router_new(tables, &channel.router, fault);
	if (err != HN_OK)
		return err;
	const struct server_options options = {
		.program = w,
		.metrics = "hinomi_witness_edge",
		.router = channel.router,
		.listeners = channel.listeners,
		.listener_count = channel.listener_count,
		.threads = THREADS,
		.connection_max = w->config->connections,
		.address_max = w->config->connections / 4, /* that have shown no certificate yet */
		.peer_max = CLIENT_CONNECTIONS_MAX,
		.header_ns = 20 * NS_SECOND,
		.idle_ns = 30 * NS_SECOND,
		.body_rate = 512,
		.body_max = BATCH_BODY_MAX,
		.bulk_max = BATCH_BODY_MAX,
		.rate_second = 200,
		.rate_burst = 400,
		.tls = &tls,
		.identify = identify,
	};
	err = server_new(&options, &channel.server, fault);
	if (err == HN_OK)
		channel.listener_count = 0; /* the server's now */
	return err;
}

int channel_start(struct witness *w, struct fault *fault)
{
	struct pki_pair pair = {0};
	bool changed;
	int err = server_keys(w, &pair, &changed, fault);
	if (err == HN_OK)
		err = make_server(w, &pair, fault);
	pki_pair_clear(&pair);
	if (err == HN_OK)
		err = server_start(channel.server, fault);
	channel.started = err == HN_OK;
	if (channel.started)
		server_go(channel.server);
	return err;
}

void channel_renew(struct witness *w)
{
	struct pki_pair pair = {0};
	struct fault fault = {0};
	bool changed = false;
	int err = server_keys(w, &pair, &changed, &fault);
	if (err == HN_OK && changed) {
		const struct server_tls tls = tls_of(w, &pair);
		err = server_tls_replace(channel.server, &tls, &fault);
	}
	pki_pair_clear(&pair);
	if (err != HN_OK)
		log_line(LOG_LEVEL_ERROR,
			 tr("the edge channel's certificate cannot be renewed: %s: %s",
			    "エッジチャネルの証明書を更新できない: %s: %s"),
			 fault.place, fault.message);
}

void channel_metrics(struct buf *out)
{
	if (channel.started)
		server_metrics(channel.server, out);
}

void channel_stop(void)
{
	if (channel.server != NULL) {
		server_drain(channel.server, DRAIN_NS);
		server_join(channel.server);
		server_free(channel.server);
	}
	for (size_t i = 0; i < channel.listener_count; i++)
		(void)close(channel.listeners[i]);
	channel.listener_count = 0;
	router_free(channel.router);
	channel.server = NULL;
	channel.router = NULL;
	channel.started = false;
}
