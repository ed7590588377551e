/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/edge/channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "bus/client.h"
#include "bus/pki.h"
#include "http/route.h"
#include "http/server.h"
#include "hub/config.h"
#include "hub/edge/edge.h"
#include "hub/edge/followers.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/store.h"

#define DRAIN_NS (5 * NS_SECOND)
#define THREADS  2

static struct {
	struct hub *hub;
	struct pki *pki;
	struct router *router;
	struct server *server;
	bool started;
	int listeners[HUB_LISTENERS_MAX]; /* until the server has them */
	size_t listener_count;
} channel;

struct pki *edge_pki(void)
{
	return channel.pki;
}

static int open_pki(const struct hub_config *c, struct fault *fault)
{
	char path[4096], name[128];
	if (snprintf(path, sizeof(path), "%s/keys/edges", c->data) >= (int)sizeof(path))
		return fault_set(fault, HN_ELIMIT, c->data, "%s", hn_strerror(HN_ELIMIT));
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), path, "%s", hn_errno_text(errno));
	(void)snprintf(name, sizeof(name), "Hinomi hub %s", c->name);
	return pki_open(path, name, utc_now_ns(), &channel.pki, NULL, fault);
}

static int server_keys(struct pki_pair *pair, bool *changed, struct fault *fault)
{
	const struct config_list *names = &channel.hub->config->edges.names;
	return pki_server(channel.pki, names->items, names->count, utc_now_ns(), pair, changed, fault);
}

static struct server_tls tls_of(const struct pki_pair *pair)
{
	/* Who has no certificate yet may enrol, and nothing else. */
	return (struct server_tls){.certificate = pair->chain,
				   .key = pair->key,
				   .clients = PEER_ASKED,
				   .client_root = pki_root_pem(channel.pki)};
}

int edge_channel_listen(const struct hub_config *config, struct fault *fault)
{
	const struct config_list *list = &config->edges.listen;
	const struct endpoint *e = list->items;
	int err = HN_OK;
	channel.listener_count = 0;
	for (size_t i = 0; err == HN_OK && config->edges.enabled && i < list->count; i++) {
		err = server_listen(&e[i], &channel.listeners[i], fault);
		channel.listener_count += err == HN_OK;
	}
	return err;
}

static void close_listeners(void)
{
	for (size_t i = 0; i < channel.listener_count; i++)
		(void)close(channel.listeners[i]);
	channel.listener_count = 0;
}

static int make_server(const struct pki_pair *pair, struct fault *fault)
{
	const struct hub_config *c = channel.hub->config;
	static const struct route *const tables[] = {EDGE_ROUTES, NULL};
	const struct server_tls tls = tls_of(pair);
	int err = router_new(tables, &channel.router, fault);
	if (err != HN_OK)
		return err;
	const struct server_options options = {
		.program = channel.hub,
		.metrics = "hinomi_hub_edge",
		.router = channel.router,
		.listeners = channel.listeners,
		.listener_count = channel.listener_count,
		.threads = THREADS,
		.connection_max = c->edges.connections,
		.address_max = c->edges.connections / 4, /* that have shown no certificate yet */
		.peer_max = CLIENT_CONNECTIONS_MAX,
		.header_ns = c->http.header_ns,
		.idle_ns = c->http.idle_ns,
		.body_rate = (uint32_t)c->http.body_rate,
		.body_max = c->http.body_max,
		.bulk_max = c->http.body_max,
		.rate_second = c->http.rate,
		.rate_burst = c->http.burst,
		.tls = &tls,
		.identify = edge_identify,
		.still = edge_still,
		.allowed = rights_allow,
		.seal = request_seal,
		.finished = request_log,
	};
	err = server_new(&options, &channel.server, fault);
	if (err == HN_OK)
		channel.listener_count = 0; /* the server's now */
	return err;
}

static int start(struct hub *hub, struct fault *fault)
{
	struct pki_pair pair = {0};
	bool changed;
	channel.hub = hub;
	if (!hub->config->edges.enabled)
		return HN_OK;
	followers_end(false);
	int err = open_pki(hub->config, fault);
	if (err == HN_OK)
		err = server_keys(&pair, &changed, fault);
	if (err == HN_OK)
		err = make_server(&pair, fault);
	pki_pair_clear(&pair);
	if (err == HN_OK)
		err = server_start(channel.server, fault);
	channel.started = err == HN_OK;
	if (channel.started)
		server_go(channel.server);
	return err;
}

void channel_renew(void)
{
	struct pki_pair pair = {0};
	struct fault fault = {0};
	bool changed = false;
	if (!channel.started)
		return;
	int err = server_keys(&pair, &changed, &fault);
	if (err == HN_OK && changed) {
		const struct server_tls tls = tls_of(&pair);
		err = server_tls_replace(channel.server, &tls, &fault);
	}
	pki_pair_clear(&pair);
	if (err != HN_OK)
		log_line(LOG_LEVEL_ERROR,
			 tr("the edge channel's certificate cannot be renewed: %s: %s",
			    "エッジチャネルの証明書を更新できない: %s: %s"),
			 fault.place, fault.message);
}

static int reload(struct hub *hub, struct fault *fault)
{
	(void)hub;
	(void)fault;
	channel_renew();
	return HN_OK;
}

static int cut(void *context, const uint8_t *serial, size_t len)
{
	char text[2 * EDGE_SERIAL_MAX + 1];
	(void)context;
	for (size_t i = 0; i < len && i < EDGE_SERIAL_MAX; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", serial[i]);
	return server_cut_peer(channel.server, text);
}

void edge_cut(const struct uuid *edge)
{
	struct asker hub;
	struct reader *reader;
	if (!channel.started)
		return;
	asker_hub(&hub);
	int err = store_read(channel.hub->store, &hub, &reader);
	if (err == HN_OK) {
		err = edges_serials(reader, edge, cut, NULL);
		reader_end(reader);
	}
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("connections of a revoked edge may last a little: %s",
			    "失効したエッジの接続がしばらく残ることがある: %s"),
			 hn_strerror(err));
}

void channel_metrics(struct buf *out)
{
	if (channel.started)
		server_metrics(channel.server, out);
}

static void stop(struct hub *hub)
{
	(void)hub;
	if (channel.server != NULL) {
		followers_end(true);
		server_drain(channel.server, DRAIN_NS);
		server_join(channel.server);
		server_free(channel.server);
	}
	close_listeners();
	router_free(channel.router);
	pki_close(channel.pki);
	channel.server = NULL;
	channel.router = NULL;
	channel.pki = NULL;
	channel.started = false;
}

const struct hub_part EDGE_CHANNEL = {.name = "edges", .start = start, .reload = reload, .stop = stop};
