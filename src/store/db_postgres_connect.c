/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/lang.h"
#include "store/db_postgres.h"

#define VERSION_MIN   150000
#define SCHEMA        "hinomi"
#define RESOLVE_TRIES 150
#define RESOLVE_MS    200

/* ---- the URL ---- */

static bool schema_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Takes our own `schema=NAME` out of the URL's query. */
static int split_schema(struct pg_db *p)
{
	char *query = strchr(p->conninfo, '?');
	char *at = query == NULL ? NULL : strstr(query, "schema=");
	(void)snprintf(p->schema, sizeof(p->schema), "%s", SCHEMA);
	if (at == NULL || (at[-1] != '?' && at[-1] != '&'))
		return HN_OK;
	char *name = at + strlen("schema=");
	size_t len = 0;
	while (schema_char(name[len]))
		len++;
	if (len == 0 || len > PG_SCHEMA_MAX || isdigit((unsigned char)name[0]) ||
	    (name[len] != '\0' && name[len] != '&'))
		return HN_EFORMAT;
	memcpy(p->schema, name, len);
	p->schema[len] = '\0';
	const char *rest = name[len] == '&' ? name + len + 1 : name + len;
	memmove(at, rest, strlen(rest) + 1);
	return HN_OK;
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

static const char *or_default(const char *text, const char *otherwise)
{
	return text == NULL || *text == '\0' ? otherwise : text;
}

/* How faults call it: never with what may hold a password. */
static int name_place(struct pg_db *p)
{
	/* What libpq says of a URL that it cannot read repeats it. */
	PQconninfoOption *options = PQconninfoParse(p->conninfo, NULL);
	if (options == NULL)
		return HN_EFORMAT;
	(void)snprintf(p->place, sizeof(p->place), "postgresql://%s/%s",
		       or_default(option(options, "host"), ""), or_default(option(options, "dbname"), ""));
	PQconninfoFree(options);
	return HN_OK;
}

static int unreadable(int err, struct fault *fault)
{
	return fault_set(fault, err, "database",
			 tr("the address behind 'postgresql://' cannot be read",
			    "'postgresql://' に続くアドレスを読み取れない"));
}

/* One for each host, or one for all. */
static bool ports_ok(const char *ports)
{
	while (*ports != '\0') {
		char *end;
		unsigned long port = strtoul(ports, &end, 10);
		if (port == 0 || port > 65535 || (*end != '\0' && *end != ','))
			return false;
		ports = *end == ',' ? end + 1 : end;
	}
	return true;
}

int pg_address(const char *url, struct fault *fault)
{
	struct pg_db p = {.conninfo = strdup(url)};
	if (p.conninfo == NULL)
		return fault_set(fault, HN_ENOMEM, "database", "%s", hn_strerror(HN_ENOMEM));
	int err = split_schema(&p);
	PQconninfoOption *options = err == HN_OK ? PQconninfoParse(p.conninfo, NULL) : NULL;
	if (options == NULL)
		err = unreadable(HN_EFORMAT, fault);
	else if (!ports_ok(or_default(option(options, "port"), "")))
		err = fault_set(
			fault, HN_EFORMAT, "database",
			tr("a port is a number from 1 to 65535", "ポートは1から65535までの数で指定すること"));
	PQconninfoFree(options);
	free(p.conninfo);
	return err;
}

/* ---- connecting ---- */

static int simple(struct pg_db *p, const char *sql)
{
	PGresult *result = PQexec(p->conn, sql);
	ExecStatusType status = PQresultStatus(result);
	int err = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? HN_OK : pg_fail(p, result);
	PQclear(result);
	return err;
}

/* The first column of the first row; "" if there is none. */
static int simple_text(struct pg_db *p, const char *sql, char *out, size_t size)
{
	PGresult *result = PQexec(p->conn, sql);
	int err = PQresultStatus(result) == PGRES_TUPLES_OK ? HN_OK : pg_fail(p, result);
	if (err == HN_OK)
		(void)snprintf(out, size, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
	return err;
}

/* What all that we say to it stands on. The limits end what a hung peer or a forgotten reader would hold. */
static int set_session(struct pg_db *p)
{
	char sql[1024];
	bool writes = p->db.access == DB_WRITE;
	(void)snprintf(sql, sizeof(sql),
		       "SET search_path TO %s; SET client_encoding TO 'UTF8'; "
		       "SET standard_conforming_strings TO on; SET client_min_messages TO error; "
		       "SET default_transaction_read_only TO %s; SET lock_timeout TO '60s'; "
		       "SET statement_timeout TO '%s'; SET idle_in_transaction_session_timeout TO '10min'; "
		       "SELECT set_config('synchronous_commit', 'on', false) "
		       "WHERE current_setting('synchronous_commit') IN ('off', 'local')",
		       p->schema, writes ? "off" : "on", writes ? "1h" : "10min");
	return simple(p, sql);
}

static int ensure_schema(struct pg_db *p)
{
	char sql[256], there[8];
	(void)snprintf(sql, sizeof(sql), "SELECT 1 FROM pg_namespace WHERE nspname = '%s'", p->schema);
	int err = simple_text(p, sql, there, sizeof(there));
	if (err != HN_OK || there[0] != '\0')
		return err;
	(void)snprintf(sql, sizeof(sql), "CREATE SCHEMA IF NOT EXISTS %s", p->schema);
	return simple(p, sql);
}

static int connect_once(struct pg_db *p)
{
	/* What the URL says comes last and counts: ours are defaults. */
	static const char *const keywords[] = {
		"fallback_application_name", "connect_timeout", "keepalives_idle",
		"tcp_user_timeout",          "dbname",          NULL,
	};
	const char *const values[] = {"hinomi-hub", "10", "30", "30000", p->conninfo, NULL};
	p->conn = PQconnectdbParams(keywords, values, 1);
	if (p->conn == NULL)
		return HN_ENOMEM;
	if (PQstatus(p->conn) != CONNECTION_OK)
		return pg_fail(p, NULL);
	return HN_OK;
}

void pg_disconnect(struct pg_db *p)
{
	PQfinish(p->conn);
	p->conn = NULL;
	p->generation++;
	p->outstanding = 0;
	p->sync_owed = false;
	p->later = false;
	p->in_transaction = false;
	pg_many_drop(p);
}

/* Another cluster, or one that went on from a copy: what the old one answered need not hold there. */
static int name_server(struct pg_db *p)
{
	return simple_text(p,
			   "SELECT system_identifier || '/' || timeline_id FROM pg_control_system(), "
			   "pg_control_checkpoint()",
			   p->server, sizeof(p->server));
}

int pg_connect(struct pg_db *p)
{
	pg_disconnect(p);
	int err = connect_once(p);
	if (err == HN_OK && PQserverVersion(p->conn) < VERSION_MIN)
		err = db_fail(&p->db, HN_EUNSUPPORTED, "the server is older than PostgreSQL %d",
			      VERSION_MIN / 10000);
	if (err == HN_OK &&
	    strcmp(or_default(PQparameterStatus(p->conn, "server_encoding"), ""), "UTF8") != 0)
		err = db_fail(&p->db, HN_EUNSUPPORTED, "the database's encoding is not UTF8");
	if (err == HN_OK && p->db.access == DB_WRITE)
		err = ensure_schema(p);
	if (err == HN_OK)
		err = set_session(p);
	if (err == HN_OK)
		err = name_server(p);
	if (err == HN_OK && p->claimed)
		err = simple(p, "SELECT " PG_CLAIM);
	if (err == HN_OK && PQenterPipelineMode(p->conn) != 1)
		err = HN_EIO;
	if (err != HN_OK)
		pg_disconnect(p);
	return err;
}

int pg_open(const char *url, enum db_access access, struct db **out, struct fault *fault)
{
	struct pg_db *p = calloc(1, sizeof(*p));
	if (p == NULL || (p->conninfo = strdup(url)) == NULL) {
		free(p);
		return fault_set(fault, HN_ENOMEM, "database", "%s", hn_strerror(HN_ENOMEM));
	}
	p->db.kind = &DB_POSTGRES;
	p->db.access = access;
	p->cache.free = pg_statement_free;
	int err = split_schema(p);
	if (err == HN_OK)
		err = name_place(p);
	if (err != HN_OK) {
		err = unreadable(HN_EUNSUPPORTED, fault);
	} else {
		err = pg_connect(p);
		if (err != HN_OK)
			(void)fault_set(fault, err, p->place, tr("cannot be opened: %s", "開けない: %s"),
					p->db.error);
	}
	if (err == HN_OK)
		*out = &p->db;
	else
		DB_POSTGRES.close(&p->db);
	return err;
}

/* ---- a commit whose answer was lost ---- */

void pg_pause_ms(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	(void)nanosleep(&t, NULL);
}

/* "committed", "aborted", "in progress", or "" for one that the server does not know any more. */
static int ask_status(struct pg_db *p, int64_t transaction, char *out, size_t size)
{
	char sql[128];
	(void)snprintf(sql, sizeof(sql), "SELECT pg_xact_status('%lld'::xid8)", (long long)transaction);
	if (PQexitPipelineMode(p->conn) != 1)
		return HN_EIO;
	int err = simple_text(p, sql, out, size);
	return PQenterPipelineMode(p->conn) == 1 ? err : HN_EIO;
}

int pg_resolve(struct pg_db *p, int64_t transaction)
{
	char status[32], server[sizeof(p->server)];
	memcpy(server, p->server, sizeof(server));
	for (unsigned i = 0; i < RESOLVE_TRIES; i++, pg_pause_ms(RESOLVE_MS)) {
		if (p->conn == NULL && pg_connect(p) != HN_OK)
			continue;
		if (strcmp(server, p->server) != 0)
			break;
		if (ask_status(p, transaction, status, sizeof(status)) != HN_OK) {
			pg_disconnect(p);
			continue;
		}
		if (strcmp(status, "committed") == 0)
			return HN_OK;
		if (strcmp(status, "aborted") == 0)
			return db_fail(&p->db, HN_EIO, "the connection ended before the commit");
		/* The server has not noticed yet that its client is gone. */
		if (strcmp(status, "in progress") != 0)
			break;
	}
	return db_fail(&p->db, HN_ETRUNC, "the connection ended during a commit whose outcome is unknown");
}
