/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/console.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/pki.h"
#include "http/answer.h"
#include "http/route.h"
#include "http/server.h"
#include "witness/alarm.h"
#include "witness/channel.h"
#include "witness/console_pages.h"

#define DRAIN_NS (5 * NS_SECOND)
#define THREADS  2
#define BODY_MAX ((size_t)9 << 20) /* an authorisation that was signed offline, in a form */

static struct {
	struct router *router;
	struct server *server;
	bool started;
	char *key;
	struct buf certificate;
	int listeners[WITNESS_LISTENERS_MAX]; /* until the server has them */
	size_t listener_count;
} console;

int console_listen(const struct witness_config *config, struct fault *fault)
{
	const struct endpoint *e = config->listen.items;
	int err = HN_OK;
	buf_init(&console.certificate, 1 << 20);
	if (config->http.certificate != NULL) {
		err = file_read(config->http.certificate, &console.certificate);
		if (err != HN_OK)
			(void)fault_set(fault, err, config->http.certificate, "%s", hn_strerror(err));
		if (err == HN_OK)
			err = pki_key_read(config->http.key, &console.key, fault);
	}
	for (size_t i = 0; err == HN_OK && i < config->listen.count; i++) {
		err = server_listen(&e[i], &console.listeners[i], fault);
		console.listener_count += err == HN_OK;
	}
	return err;
}

/* ---- what machines ask ---- */

int console_metrics_get(struct request *r)
{
	struct witness *w = r->program;
	struct buf *b = answer_body(r);
	int err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, alarm_metrics(w->state, b));
	server_metrics(console.server, b);
	channel_metrics(b);
	return err == HN_OK ? answer_send(r, 200, "text/plain; version=0.0.4; charset=utf-8") : err;
}

int console_health_get(struct request *r)
{
	buf_adds(answer_body(r), "{\"status\":\"up\"}");
	return answer_send(r, 200, NULL);
}

/* ---- the server ---- */

int console_start(struct witness *w, struct fault *fault)
{
	static const struct route *const tables[] = {CONSOLE_ROUTES, NULL};
	const struct server_tls tls = {.certificate = console.certificate.data, .key = console.key};
	int err = router_new(tables, &console.router, fault);
	if (err != HN_OK)
		return err;
	const struct server_options options = {
		.program = w,
		.metrics = "hinomi_witness",
		.router = console.router,
		.listeners = console.listeners,
		.listener_count = console.listener_count,
		.threads = THREADS,
		.connection_max = 256,
		.address_max = 256,
		.header_ns = 20 * NS_SECOND,
		.idle_ns = 30 * NS_SECOND,
		.body_rate = 512,
		.body_max = BODY_MAX,
		.bulk_max = BODY_MAX,
		.rate_second = 100,
		.rate_burst = 200,
		.tls = console.key != NULL ? &tls : NULL,
		.identify = console_identify,
		.allowed = console_allowed,
	};
	err = server_new(&options, &console.server, fault);
	if (err != HN_OK)
		return err;
	console.listener_count = 0; /* the server's now */
	err = server_start(console.server, fault);
	console.started = err == HN_OK;
	if (console.started)
		server_go(console.server);
	return err;
}

void console_stop(void)
{
	if (console.server != NULL) {
		server_drain(console.server, DRAIN_NS);
		server_join(console.server);
		server_free(console.server);
	}
	for (size_t i = 0; i < console.listener_count; i++)
		(void)close(console.listeners[i]);
	console.listener_count = 0;
	router_free(console.router);
	pki_secret_free(console.key);
	buf_clear(&console.certificate);
	console.key = NULL;
	console.server = NULL;
	console.router = NULL;
	console.started = false;
}
