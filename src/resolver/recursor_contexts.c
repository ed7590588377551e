/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/recursor_contexts.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "wire/name.h"

#define DNS_PORT          53
#define DNS_OVER_TLS_PORT 853
#define SYSTEM_CA_FILE    "/etc/ssl/certs/ca-certificates.crt"
#define TEXT_OF(number)   TEXT_OF_(number)
#define TEXT_OF_(number)  #number

static int no_memory(struct fault *fault)
{
	return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
}

static bool is_zone_name(const char *text)
{
	uint8_t name[NAME_MAX_WIRE];
	size_t len;
	return strcmp(text, ".") == 0 ||
	       name_from_text((const uint8_t *)text, strlen(text), name, &len) == HN_OK;
}

static struct endpoint with_port(struct endpoint e, uint16_t port)
{
	if (e.port == 0)
		e.port = port;
	return e;
}

static int copy_zone(struct unbound_zone *to, const struct recursor_stub *from, struct fault *fault)
{
	if (!is_zone_name(from->zone) || from->count == 0)
		return fault_set(fault, HN_EFORMAT, from->zone,
				 tr("a stub is the name of a zone and at least one address",
				    "スタブには、ゾーンの名前と1つ以上のアドレスが必要です"));
	struct endpoint *addresses = calloc(from->count, sizeof(*addresses));
	to->name = strdup(from->zone);
	to->addresses = addresses;
	to->count = from->count;
	to->prime = from->prime;
	to->insecure = from->insecure;
	if (to->name == NULL || addresses == NULL)
		return no_memory(fault);
	for (size_t i = 0; i < from->count; i++)
		addresses[i] = with_port(from->addresses[i], DNS_PORT);
	return HN_OK;
}

static int copy_zones(struct recursor_contexts *c, const struct recursor_options *o, struct fault *fault)
{
	if (o->stub_count > RECURSOR_STUBS_MAX)
		return fault_set(fault, HN_ELIMIT, "stubs", tr("at most %d", "%d 以下にしてください"),
				 RECURSOR_STUBS_MAX);
	/* One more: the roots. */
	c->zones = calloc(o->stub_count + 1, sizeof(*c->zones));
	if (c->zones == NULL)
		return no_memory(fault);
	for (size_t i = 0; i < o->stub_count; i++) {
		int err = copy_zone(&c->zones[c->zone_count++], &o->stubs[i], fault);
		if (err != HN_OK)
			return err;
		if (strcmp(o->stubs[i].zone, ".") == 0)
			c->root_is_stub = true;
	}
	return HN_OK;
}

static bool is_over_tls(const struct recursor_forward *f)
{
	return f->tls_name != NULL || f->spki.present;
}

static int copy_forward(struct recursor_contexts *c, const struct recursor_options *o, struct fault *fault)
{
	if (o->forward_count > RECURSOR_FORWARD_MAX)
		return fault_set(fault, HN_ELIMIT, "forward", tr("at most %d", "%d 以下にしてください"),
				 RECURSOR_FORWARD_MAX);
	for (size_t i = 0; i < o->forward_count; i++) {
		if (is_over_tls(&o->forward[i]) != is_over_tls(&o->forward[0]))
			return fault_set(fault, HN_EFORMAT, "forward",
					 tr("some are over TLS and others in clear; choose one",
					    "TLS と平文が混在しています。どちらかにそろえてください"));
		if (!is_over_tls(&o->forward[i]))
			c->forward[c->forward_count++] = with_port(o->forward[i].address, DNS_PORT);
	}
	return HN_OK;
}

/* What is forwarded over TLS: each thread has its own connections. */
static int make_forwarders(struct recursor_contexts *c, const struct recursor_options *o,
			   struct reactor *const reactors[], struct fault *fault)
{
	if (o->forward_count == 0 || !is_over_tls(&o->forward[0]))
		return HN_OK;
	struct recursor_forward upstreams[RECURSOR_FORWARD_MAX];
	bool by_name = false;
	for (size_t i = 0; i < o->forward_count; i++) {
		upstreams[i] = o->forward[i];
		upstreams[i].address = with_port(o->forward[i].address, DNS_OVER_TLS_PORT);
		by_name = by_name || o->forward[i].tls_name != NULL;
	}
	int err =
		forwarder_tls_new(o->ca_file == NULL ? SYSTEM_CA_FILE : o->ca_file, by_name, &c->tls, fault);
	for (unsigned i = 0; i < o->threads && err == HN_OK; i++) {
		err = forwarder_new(reactors[i], c->tls, upstreams, o->forward_count, &c->forwarders[i]);
		if (err != HN_OK)
			fault_set(fault, err, "forward", "%s", hn_strerror(err));
	}
	return err;
}

static int copy_options(struct recursor_contexts *c, const struct recursor_options *o, struct fault *fault)
{
	int err = copy_zones(c, o, fault);
	if (err == HN_OK)
		err = copy_forward(c, o, fault);
	if (err == HN_OK && o->validation_date != NULL) {
		c->validation_date = strdup(o->validation_date);
		if (c->validation_date == NULL)
			err = no_memory(fault);
	}
	c->options = (struct unbound_options){
		.zones = c->zones,
		.zone_count = c->zone_count,
		.forward = c->forward,
		.forward_count = c->forward_count,
		.validation_date = c->validation_date,
		.cache_size = o->cache_size / o->threads,
		.under_way_max = o->total_max,
		.ask_localhost = o->ask_localhost,
		.whole_names = o->whole_names,
	};
	return err;
}

int recursor_contexts_init(struct recursor_contexts *c, const struct recursor_options *o,
			   struct reactor *const reactors[], struct fault *fault)
{
	int err = copy_options(c, o, fault);
	if (err == HN_OK)
		err = make_forwarders(c, o, reactors, fault);
	if (err != HN_OK)
		return err;
	c->roots = calloc(1, sizeof(*c->roots));
	if (c->roots == NULL)
		return no_memory(fault);
	err = root_files_new(o->trust_anchors, o->root_hints, &c->files, fault);
	return err == HN_OK ? root_files_read(c->files, c->roots, fault) : err;
}

static void free_roots(struct root_data *roots)
{
	if (roots != NULL)
		root_data_clear(roots);
	free(roots);
}

void recursor_contexts_clear(struct recursor_contexts *c)
{
	for (size_t i = 0; i < c->zone_count; i++) {
		free((char *)(uintptr_t)c->zones[i].name);
		free((struct endpoint *)(uintptr_t)c->zones[i].addresses);
	}
	free(c->zones);
	free(c->validation_date);
	for (size_t i = 0; i < RECURSOR_THREADS_MAX; i++)
		forwarder_free(c->forwarders[i]);
	forwarder_tls_free(c->tls);
	free_roots(c->roots);
	free_roots(c->next);
	root_files_free(c->files);
	*c = (struct recursor_contexts){0};
}

int recursor_contexts_make(const struct recursor_contexts *c, unsigned thread, struct resolution **out,
			   struct fault *fault)
{
	const struct root_data *roots = c->next != NULL ? c->next : c->roots;
	struct unbound_options o = c->options;
	o.anchors = (const char *const *)roots->anchors;
	o.anchor_count = roots->anchor_count;
	if (!c->root_is_stub) {
		c->zones[c->zone_count] = (struct unbound_zone){.name = ".",
								.addresses = roots->servers,
								.count = roots->server_count,
								.prime = true};
		o.zone_count = c->zone_count + 1;
	}
	struct endpoint forward;
	if (c->forwarders[thread] != NULL) {
		forward = forwarder_endpoint(c->forwarders[thread]);
		o.forward = &forward;
		o.forward_count = 1;
		o.config_file = forwarder_config_file(c->forwarders[thread]);
		o.smallest_wait = TEXT_OF(FORWARDER_WAIT_MS);
	}
	struct resolution *one = calloc(1, sizeof(*one));
	if (one == NULL)
		return no_memory(fault);
	int err = unbound_new(&o, &one->unbound, fault);
	if (err != HN_OK) {
		free(one);
		return err;
	}
	*out = one;
	return HN_OK;
}

void recursor_contexts_free(struct resolution *one)
{
	if (one == NULL)
		return;
	unbound_free(one->unbound);
	free(one);
}

int recursor_contexts_reread(struct recursor_contexts *c, bool *changed_out, struct fault *fault)
{
	(void)root_files_changed(c->files);
	struct root_data *next = calloc(1, sizeof(*next));
	if (next == NULL)
		return no_memory(fault);
	int err = root_files_read(c->files, next, fault);
	*changed_out = err == HN_OK && !root_data_equal(next, c->roots);
	if (*changed_out)
		c->next = next;
	else
		free_roots(next);
	return err;
}

void recursor_contexts_settle(struct recursor_contexts *c, bool keep)
{
	struct root_data *gone = keep ? c->roots : c->next;
	if (keep)
		c->roots = c->next;
	c->next = NULL;
	free_roots(gone);
}
