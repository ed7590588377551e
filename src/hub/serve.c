/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/config_compare.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/serving.h"
#include "base/utc.h"
#include "http/server.h"
#include "hub/api/common.h"
#include "hub/api/tables.h"
#include "hub/config.h"
#include "hub/config_keep.h"
#include "hub/demonstration.h"
#include "hub/edge/edge.h"
#include "hub/exchange/fetch_process.h"
#include "hub/hub.h"
#include "hub/identity/identity.h"
#include "hub/keys.h"
#include "hub/record/record.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "hub/sandbox.h"
#include "hub/taxii/taxii.h"
#include "hub/tls_keys.h"
#include "store/directory.h"
#include "store/store.h"

#define DRAIN_NS    (10 * NS_SECOND)
#define ORIGIN_SIZE 96
#define KEPT_MAX    4096 /* bytes of keys */

/* All that runs, in the order in which it is made. */
struct serving {
	struct hub hub;
	struct hub_config *first, *newest; /* configurations: of the start, in force */
	const struct hub_overrides *overrides;
	struct confinement confinement;
	struct router *router;
	int listeners[HUB_LISTENERS_MAX];
	size_t listener_count;
	int signal_fd, data_fd;
	uint8_t *ledger_key;
	struct tls_keys tls; /* until the server has them */
	char origin[ORIGIN_SIZE];
	size_t parts; /* that were started */
};

static unsigned core_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > HUB_THREADS_MAX ? HUB_THREADS_MAX : (unsigned)n;
}

static int make_sockets(struct serving *s, struct fault *fault)
{
	const struct config_list *list = &s->hub.config->listen;
	const struct endpoint *e = list->items;
	for (size_t i = 0; i < list->count; i++) {
		int rc = server_listen(&e[i], &s->listeners[s->listener_count], fault);
		if (rc != HN_OK)
			return rc;
		s->listener_count++;
	}
	return HN_OK;
}

static int make_store(struct serving *s, struct fault *fault)
{
	const struct store_options options = {
		.backup_dir = s->hub.config->data,
		.database = s->hub.config->database,
		.readers = s->hub.config->readers,
		.queue_max = s->hub.config->queue,
	};
	return store_open(&options, &s->hub.store, fault);
}

static int make_record(struct serving *s, struct fault *fault)
{
	const struct hub_config *c = s->hub.config;
	int rc = hub_ledger_key(s->data_fd, &s->ledger_key, fault);
	if (rc != HN_OK)
		return rc;
	(void)snprintf(s->origin, sizeof(s->origin), "hinomi/hub/%s", c->name);
	const struct record_options options = {
		.dir_fd = s->data_fd,
		.origin = s->origin,
		.secret_key = s->ledger_key,
		.queue_max = c->queue * (size_t)4,
		.access_bytes = c->access.size,
		.access_files = c->access.files,
		.store = s->hub.store,
	};
	return record_open(&options, &s->hub.record, fault);
}

static int make_identity(struct serving *s, struct fault *fault)
{
	/* Several hubs may share a database that is not a file of one. */
	bool shared = strncmp(s->hub.config->database, "sqlite:", 7) != 0;
	int rc = directory_open(s->hub.store, shared, &s->hub.directory, fault);
	if (rc != HN_OK)
		return rc;
	const struct hub_sign_in *c = &s->hub.config->sign_in;
	const struct identity_options options = {
		.directory = s->hub.directory,
		.data_fd = s->data_fd,
		.password_passes = c->passes,
		.password_memory = c->memory,
		.queue_max = c->queue,
	};
	uint8_t numbers[SIPHASH_KEY];
	rc = identity_open(&options, &s->hub.identity, fault);
	if (rc == HN_OK) {
		identity_number_key(s->hub.identity, numbers);
		common_key(numbers);
		sodium_memzero(numbers, sizeof(numbers));
	}
	return rc;
}

static int make_server(struct serving *s, struct fault *fault)
{
	const struct hub_http *c = &s->hub.config->http;
	const struct server_tls tls = tls_keys_options(&s->tls);
	const struct server_options options = {
		.program = &s->hub,
		.metrics = "hinomi_hub",
		.router = s->router,
		.listeners = s->listeners,
		.listener_count = s->listener_count,
		.threads = c->threads > 0 ? c->threads : core_count(),
		.connection_max = c->connections,
		.address_max = c->connections_address,
		.header_ns = c->header_ns,
		.idle_ns = c->idle_ns,
		.body_rate = (uint32_t)c->body_rate,
		.body_max = c->body_max,
		.bulk_max = c->bulk_max,
		.rate_second = c->rate,
		.rate_burst = c->burst,
		.proxies = c->proxies.items,
		.proxy_count = c->proxies.count,
		.tls = s->tls.key ? &tls : NULL,
		.certificate_header = c->certificate_header,
		.identify = identity_request,
		.still = identity_still,
		.allowed = rights_allow,
		.seal = request_seal,
		.problem = taxii_lost,
		.finished = request_log,
	};
	int rc = server_new(&options, &s->hub.server, fault);
	if (rc == HN_OK)
		s->listener_count = 0; /* the server's now */
	else
		tls_keys_fault(c, fault);
	tls_keys_clear(&s->tls);
	return rc;
}

static int make(struct serving *s, struct fault *fault)
{
	int rc = fetch_process_start(&s->hub.fetch, fault);
	if (rc == HN_OK)
		rc = serving_signals(&s->signal_fd, fault);
	if (rc == HN_OK)
		rc = router_new(HUB_TABLES, &s->router, fault);
	if (rc == HN_OK)
		rc = make_sockets(s, fault);
	if (rc == HN_OK && s->hub.config->http.certificate) /* root may be who can read the key */
		rc = tls_keys_read(&s->hub.config->http, &s->tls, fault);
	if (rc == HN_OK)
		rc = edge_channel_listen(s->hub.config, fault);
	if (rc == HN_OK)
		rc = sandbox_identity(s->hub.config, &s->data_fd, &s->confinement, fault);
	if (rc == HN_OK)
		rc = sandbox_files(s->hub.config, s->data_fd, &s->confinement, fault);
	if (rc == HN_OK)
		rc = make_store(s, fault);
	if (rc == HN_OK)
		rc = demonstration_check(s->hub.config, s->hub.store, fault);
	if (rc == HN_OK)
		rc = make_record(s, fault);
	if (rc == HN_OK)
		rc = make_identity(s, fault);
	return rc == HN_OK ? make_server(s, fault) : rc;
}

static int start(struct serving *s, struct fault *fault)
{
	int rc = record_start(s->hub.record, fault);
	for (; rc == HN_OK && HUB_PARTS[s->parts]; s->parts++)
		if (HUB_PARTS[s->parts]->start)
			rc = HUB_PARTS[s->parts]->start(&s->hub, fault);
	if (rc == HN_OK)
		rc = server_start(s->hub.server, fault);
	return rc == HN_OK ? sandbox_calls(s->hub.config, &s->confinement, fault) : rc;
}

static void tell_stays(const char *what, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR,
		 tr("%s: %s%s%s; what was in force stays", "%s: %s%s%s。従来のものを維持する"), what,
		 fault->place, fault->place[0] ? ": " : "", fault->message);
}

static void tell_kept(const struct hub_config *c, const struct buf *kept)
{
	if (kept->len > 0)
		log_line(LOG_LEVEL_WARNING,
			 tr("%s: these come into force by a restart only, and stay as they were: %.*s",
			    "%s: 次のキーは再起動でのみ反映され、今は元のまま: %.*s"),
			 c->file, (int)kept->len, kept->data);
}

/* One that differs from what is in force takes its place as a whole; those before it stay, since requests
 * read them. */
static int reload_config(struct serving *s, struct fault *fault)
{
	struct hub_config *newer;
	struct buf kept;
	if (s->first->file[0] == '(')
		return HN_OK;
	int rc = hub_config_read(s->first->file, s->overrides, &newer, fault);
	if (rc != HN_OK)
		return rc;
	buf_init(&kept, KEPT_MAX);
	rc = hub_config_keep(newer, s->first, &kept);
	if (rc == HN_OK)
		tell_kept(newer, &kept);
	if (rc == HN_OK && !config_same(HUB_KEYS, newer, s->newest)) {
		newer->before = s->newest;
		s->newest = newer;
		atomic_store(&s->hub.config, newer);
	} else {
		hub_config_free(newer);
	}
	buf_clear(&kept);
	return rc;
}

static void reload(struct serving *s)
{
	struct fault fault = {0};
	if (reload_config(s, &fault) != HN_OK)
		tell_stays(tr("the configuration", "設定"), &fault);
	fault = (struct fault){0};
	if (s->hub.config->http.certificate &&
	    tls_keys_reload(&s->hub.config->http, s->hub.server, &fault) != HN_OK)
		tell_stays("TLS", &fault);
	for (size_t i = 0; HUB_PARTS[i]; i++) {
		fault = (struct fault){0};
		if (HUB_PARTS[i]->reload && HUB_PARTS[i]->reload(&s->hub, &fault) != HN_OK)
			tell_stays(HUB_PARTS[i]->name, &fault);
	}
	log_line(LOG_LEVEL_INFO, "%s", tr("reloaded", "読み直した"));
}

static void wait_for_end(struct serving *s)
{
	struct pollfd fd = {.fd = s->signal_fd, .events = POLLIN};
	for (;;) {
		struct signalfd_siginfo info;
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return;
		if (read(s->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
			continue;
		if (info.ssi_signo != SIGHUP)
			return;
		reload(s);
	}
}

static void tell_address(const struct serving *s)
{
	const struct endpoint *e = s->hub.config->listen.items;
	char text[IP_TEXT_SIZE];
	ip_format(&e->ip, text);
	bool loopback = strcmp(text, "127.0.0.1") == 0 || strcmp(text, "::1") == 0;
	printf(e->ip.version == 6 && !loopback ? "%s://[%s]:%u\n" : "%s://%s:%u\n",
	       s->hub.config->http.certificate ? "https" : "http", loopback ? "localhost" : text, e->port);
	(void)fflush(stdout);
}

/* Requests first, for they wait for the rest. */
static void stop(struct serving *s)
{
	if (s->hub.server)
		server_drain(s->hub.server, DRAIN_NS);
	while (s->parts > 0) {
		s->parts--;
		if (HUB_PARTS[s->parts]->stop)
			HUB_PARTS[s->parts]->stop(&s->hub);
	}
	if (s->hub.server)
		server_join(s->hub.server);
	if (s->hub.record)
		record_stop(s->hub.record);
}

static void clear(struct serving *s)
{
	server_free(s->hub.server);
	identity_close(s->hub.identity);
	store_close(s->hub.store);
	directory_close(s->hub.directory);
	record_free(s->hub.record);
	router_free(s->router);
	tls_keys_clear(&s->tls);
	sodium_free(s->ledger_key);
	for (size_t i = 0; i < s->listener_count; i++)
		(void)close(s->listeners[i]);
	fetch_process_end(s->hub.fetch);
	if (s->signal_fd >= 0)
		(void)close(s->signal_fd);
	if (s->data_fd >= 0)
		(void)close(s->data_fd);
}

/* The first is the caller's. */
static void free_configs(struct serving *s)
{
	while (s->newest != s->first) {
		struct hub_config *before = s->newest->before;
		s->newest->before = NULL;
		hub_config_free(s->newest);
		s->newest = before;
	}
}

int hub_serve(struct hub_config *config, const struct hub_overrides *overrides, struct fault *fault)
{
	struct serving s = {
		.hub = {.config = config},
		.first = config,
		.newest = config,
		.overrides = overrides,
		.signal_fd = -1,
		.data_fd = -1,
	};
	serving_raise_descriptors();
	int rc = make(&s, fault);
	if (rc == HN_OK)
		rc = start(&s, fault);
	if (rc == HN_OK) {
		server_go(s.hub.server);
		log_line(LOG_LEVEL_INFO,
			 tr("ready; Landlock ABI %u, system calls %s",
			    "準備完了; Landlock ABI %u、システムコールの制限 %s"),
			 s.confinement.landlock_abi,
			 s.confinement.system_calls ? tr("filtered", "あり") : tr("open", "なし"));
		tell_address(&s);
		wait_for_end(&s);
		log_line(LOG_LEVEL_INFO, "%s", tr("ends; answers what waits", "終了する。待ちに答える"));
	}
	stop(&s);
	clear(&s);
	free_configs(&s);
	return rc;
}
