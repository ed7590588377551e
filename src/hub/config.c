/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "ledger/note.h"
#include "store/store.h"

#define BUILT_IN "(built in)"
#define DATA     "hinomi-data"

static const struct ip loopback4 = {.bytes = {127, 0, 0, 1}, .version = 4};
static const struct ip loopback6 = {.bytes = {[15] = 1}, .version = 6};

static char *take_text(struct hub_config *c, const char *a, const char *b)
{
	size_t size = strlen(a) + strlen(b) + 1;
	char *text = config_memory_take(c->memory, size);
	if (text)
		(void)snprintf(text, size, "%s%s", a, b);
	return text;
}

static struct endpoint *take_endpoints(struct hub_config *c, struct config_list *list, size_t count)
{
	list->items = config_memory_take(c->memory, count * sizeof(struct endpoint));
	list->count = list->items ? count : 0;
	return list->items;
}

/* Loopback, both families. */
static int give_loopback(struct hub_config *c, struct config_list *list, uint16_t port)
{
	struct endpoint *e = take_endpoints(c, list, 2);
	if (!e)
		return HN_ENOMEM;
	e[0] = (struct endpoint){.ip = loopback4, .port = port};
	e[1] = (struct endpoint){.ip = loopback6, .port = port};
	return HN_OK;
}

/* "ADDRESS", "ADDRESS:PORT", "[ADDRESS]:PORT" */
static int read_endpoint(const char *text, uint16_t default_port, struct endpoint *out)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
	const char *from = text[0] == '[' ? text + 1 : text;
	bool lone = !end || (text[0] != '[' && strchr(text, ':') != end);
	unsigned long port = default_port;
	size_t len = lone ? strlen(from) : (size_t)(end - from);
	const char *colon = lone ? NULL : text[0] == '[' ? end + 1 : end;
	if (text[0] == '[' && !end)
		return HN_EFORMAT;
	if (colon && colon[0] != '\0') {
		char *rest;
		if (colon[0] != ':' || colon[1] < '0' || colon[1] > '9')
			return HN_EFORMAT;
		port = strtoul(colon + 1, &rest, 10);
		if (*rest != '\0' || port > 65535)
			return HN_EFORMAT;
	}
	out->port = (uint16_t)port;
	return ip_parse(from, len, &out->ip);
}

/* What the command line says. */
static int take_listeners(struct hub_config *c, struct config_list *list, const char *option,
			  const char *const *texts, size_t count, uint16_t port, struct fault *fault)
{
	struct endpoint *e = take_endpoints(c, list, count);
	if (!e)
		return HN_ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (read_endpoint(texts[i], port, &e[i]) != HN_OK)
			return fault_set(
				fault, HN_EFORMAT, option,
				tr("'%s' is no address with a port", "'%s' はアドレスとポートではない"),
				texts[i]);
	return HN_OK;
}

static int give_edges(struct hub_config *c, const struct hub_overrides *o, struct fault *fault)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
	if (c->edges.names.count == 0) {
		c->edges.names.items = (void *)(uintptr_t)names;
		c->edges.names.count = sizeof(names) / sizeof(names[0]);
	}
	if (o->edge_listen_count > 0)
		return take_listeners(c, &c->edges.listen, "--edge-listen", o->edge_listen,
				      o->edge_listen_count, HUB_EDGE_PORT, fault);
	return c->edges.listen.count > 0 ? HN_OK : give_loopback(c, &c->edges.listen, HUB_EDGE_PORT);
}

static int give_listeners(struct hub_config *c, const struct hub_overrides *o, struct fault *fault)
{
	if (o->listen_count == 0)
		return c->listen.count > 0 ? HN_OK : give_loopback(c, &c->listen, HUB_PORT);
	return take_listeners(c, &c->listen, "--listen", o->listen, o->listen_count, HUB_PORT, fault);
}

static bool all_loopback(const struct config_list *list)
{
	const struct endpoint *e = list->items;
	for (size_t i = 0; i < list->count; i++)
		if (!ip_is_loopback(&e[i].ip))
			return false;
	return true;
}

bool hub_config_loopback(const struct hub_config *c)
{
	return all_loopback(&c->listen) && all_loopback(&c->edges.listen);
}

static int check(const struct hub_config *c, struct fault *fault)
{
	const struct endpoint *e = c->listen.items;
	if (!c->http.certificate != !c->http.key)
		return config_fault(fault, HN_EFORMAT, c->file, c->http.line,
				    c->http.key ? "http.certificate" : "http.key", "%s",
				    tr("is missing: TLS takes a certificate and its key",
				       "が足りない。TLSには証明書と秘密鍵の両方が必要"));
	for (size_t i = 0; i < c->listen.count; i++) {
		char text[IP_TEXT_SIZE];
		ip_format(&e[i].ip, text);
		if (!c->http.beyond_loopback && !c->http.certificate && !ip_is_loopback(&e[i].ip))
			return config_fault(
				fault, HN_EAUTH, c->file, c->http.line, "http.beyond_loopback",
				tr("%s is reached from other machines, and passwords would travel in the "
				   "clear: give "
				   "http.certificate and http.key, or put a proxy with TLS before it and set "
				   "this to true",
				   "%s は他のマシンから届き、パスワードが平文で流れる。http.certificate と "
				   "http.key を指定するか、"
				   "TLSのプロキシを前に置いたうえでこれを true にすること"),
				text);
	}
	const char *const *cosigners = c->cosigners.items;
	for (size_t i = 0; i < c->cosigners.count; i++) {
		struct note_key key;
		if (note_vkey_parse(cosigners[i], strlen(cosigners[i]), &key) != HN_OK ||
		    key.type != NOTE_COSIGNATURE)
			return config_fault(
				fault, HN_EFORMAT, c->file, 0, "cosigners",
				tr("'%s' is no verifier key of a cosigner", "'%s' は連署者の検証鍵ではない"),
				cosigners[i]);
	}
	for (const char *at = c->name; *at; at++)
		if ((*at < 'a' || *at > 'z') && (*at < '0' || *at > '9') && *at != '-' && *at != '.')
			return config_fault(
				fault, HN_EFORMAT, c->file, 0, "name", "%s",
				tr("takes a-z, 0-9, '-' and '.'", "a-z、0-9、'-'、'.' だけを使える"));
	return HN_OK;
}

static int check_database(const struct hub_config *c, const char *option, struct fault *fault)
{
	struct fault inner = {0};
	int rc = store_address(c->database, &inner);
	if (rc == HN_OK)
		return HN_OK;
	return option ? fault_set(fault, rc, "--database", "%s", inner.message)
		      : config_fault(fault, rc, c->file, 0, "database", "%s", inner.message);
}

static int fill(struct hub_config *c, const struct hub_overrides *o, struct fault *fault)
{
	if (o->data)
		c->data = o->data;
	if (!c->data)
		c->data = DATA;
	if (o->database)
		c->database = o->database;
	if (!c->database) {
		const char *path = take_text(c, c->data, "/hub.db");
		c->database = path ? take_text(c, "sqlite:", path) : NULL;
	}
	c->edges.enabled = c->edges.enabled && c->publish;
	int rc = c->database ? check_database(c, o->database, fault) : HN_ENOMEM;
	if (rc == HN_OK)
		rc = give_listeners(c, o, fault);
	if (rc == HN_OK)
		rc = give_edges(c, o, fault);
	return rc == HN_OK ? check(c, fault) : rc;
}

int hub_config_read(const char *path, const struct hub_overrides *overrides, struct hub_config **out,
		    struct fault *fault)
{
	static const struct hub_overrides none = {.data = NULL};
	struct hub_config *c = calloc(1, sizeof(*c));
	if (!c)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	c->file = path ? path : BUILT_IN;
	int rc = path ? config_read(path, HUB_KEYS, c, &c->memory, fault)
		      : config_parse(BUILT_IN, "{}\n", 3, HUB_KEYS, c, &c->memory, fault);
	if (rc == HN_OK)
		rc = fill(c, overrides ? overrides : &none, fault);
	if (rc == HN_OK) {
		*out = c;
		return HN_OK;
	}
	hub_config_free(c);
	return rc;
}

void hub_config_free(struct hub_config *config)
{
	while (config) {
		struct hub_config *before = config->before;
		config_memory_free(config->memory);
		free(config);
		config = before;
	}
}
