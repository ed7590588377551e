/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>
#include <sys/statvfs.h>

#include "http/answer.h"
#include "http/server.h"
#include "hub/api/tables.h"
#include "hub/config.h"
#include "hub/hub.h"
#include "hub/record/record.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/store.h"

#define TEXT "text/plain; version=0.0.4; charset=utf-8"

static int healthz(struct request *r)
{
	buf_adds(answer_body(r), "{\"status\":\"ok\"}");
	return answer_send(r, 200, NULL);
}

static bool database_reads(struct request *r)
{
	struct reader *reader;
	if (request_read(r, &reader) != HN_OK)
		return false;
	reader_end(reader);
	return true;
}

static bool disk_has_room(const struct hub_config *config)
{
	struct statvfs fs;
	return statvfs(config->data, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= config->disk_least;
}

static void add_check(struct buf *b, const char *name, bool good)
{
	buf_addf(b, "\"%s\":\"%s\"", name, good ? "ok" : "failed");
}

static int readyz(struct request *r)
{
	struct buf *b = answer_body(r);
	bool database = database_reads(r);
	bool ledger = hub_of(r)->record && record_state(hub_of(r)->record) == HN_OK;
	bool disk = disk_has_room(hub_of(r)->config);
	bool ready = database && ledger && disk;
	buf_addf(b, "{\"status\":\"%s\",\"checks\":{", ready ? "ok" : "failed");
	add_check(b, "database", database);
	buf_addc(b, ',');
	add_check(b, "ledger", ledger);
	buf_addc(b, ',');
	add_check(b, "disk", disk);
	buf_adds(b, "}}");
	return answer_send(r, ready ? 200 : 503, NULL);
}

static bool is_near(const struct request *r)
{
	const struct ip *ip = &r->address;
	static const struct ip loopback6 = {.bytes = {[15] = 1}, .version = 6};
	bool loopback = ip->version == 4 ? ip->bytes[0] == 127 : memcmp(ip, &loopback6, sizeof(*ip)) == 0;
	return loopback && !request_header(r, "X-Forwarded-For", NULL) &&
	       !request_header(r, "Forwarded", NULL);
}

/* For this machine, and for whoever may audit. */
static void store_metrics(struct store *store, struct buf *b)
{
	struct store_status s;
	store_status(store, &s);
	const struct {
		const char *name, *kind, *help;
		uint64_t value;
	} rows[] = {
		{"jobs_waiting", "gauge", "Changes that wait for the writer.", s.waiting},
		{"jobs_total", "counter", "Changes that were run.", s.jobs},
		{"commits_total", "counter", "Transactions that made changes durable.", s.commits},
		{"log_bytes", "gauge", "Of the write-ahead log, not yet in the file.", s.log_bytes},
		{"snapshots", "gauge", "Snapshots that are being read.", s.readers},
		{"snapshot_oldest_microseconds", "gauge", "How long the oldest of them has lasted.",
		 (uint64_t)(s.oldest_us < 0 ? 0 : s.oldest_us)},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		buf_addf(b,
			 "# HELP hinomi_hub_store_%s %s\n# TYPE hinomi_hub_store_%s %s\nhinomi_hub_store_%s "
			 "%llu\n",
			 rows[i].name, rows[i].help, rows[i].name, rows[i].kind, rows[i].name,
			 (unsigned long long)rows[i].value);
}

static int metrics(struct request *r)
{
	struct buf *b = answer_body(r);
	if (!is_near(r) && !rights_audit(r))
		return HN_ENOENT;
	server_metrics(hub_of(r)->server, b);
	store_metrics(hub_of(r)->store, b);
	if (hub_of(r)->record)
		record_metrics(hub_of(r)->record, b);
	return answer_send(r, 200, TEXT);
}

#define FLAGS (ROUTE_PUBLIC | ROUTE_UNLIMITED | ROUTE_UNLOGGED)

const struct route HEALTH_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/healthz",
	 .operation = "getHealth",
	 .flags = FLAGS,
	 .handle = healthz,
	 .answers = {{200, "health", NULL}},
	 .tag = "system",
	 .summary_en = "Whether the process answers",
	 .summary_ja = "プロセスが応答するか"},
	{.method = HTTP_GET,
	 .pattern = "/readyz",
	 .operation = "getReadiness",
	 .flags = FLAGS,
	 .handle = readyz,
	 .answers = {{200, "health", NULL}, {503, "health", NULL}},
	 .tag = "system",
	 .summary_en = "Whether database, ledger and disk are ready",
	 .summary_ja = "データベース、台帳、ディスクの準備ができているか"},
	{.method = HTTP_GET,
	 .pattern = "/metrics",
	 .operation = "getMetrics",
	 .flags = FLAGS,
	 .handle = metrics,
	 .gives = "text/plain",
	 .answers = {{200, NULL, "text/plain"}},
	 .tag = "system",
	 .summary_en = "Counters for Prometheus",
	 .summary_ja = "Prometheus用の計測値"},
	{0},
};
