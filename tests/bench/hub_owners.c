/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Events matched to their owners: a directory of organisations with prefixes, domains, networks and
 * certificates, and a million events that name one of them, or nobody.
 *
 *   hub_owners DATABASE ORGANISATIONS EVENTS
 *
 * One line of JSON: holdings, events, how many had an owner, seconds to make the image and to match them all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/ip.h"
#include "base/uuid.h"
#include "match/canonical.h"
#include "store/asker.h"
#include "store/directory.h"
#include "store/organisations.h"
#include "store/owners.h"
#include "store/store.h"

enum { BATCH = 500, HOLDINGS = 8 };

enum event_kind { EVENT_IP, EVENT_NAME, EVENT_ASN, EVENT_CERTIFICATE };

struct event {
	enum event_kind kind;
	union {
		struct ip ip;
		struct {
			uint8_t wire[48];
			size_t len;
		} name;
		uint32_t asn;
		uint8_t certificate[32];
	};
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "hub_owners: %s\n", what);
	exit(2);
}

/* The same numbers in each run. */
static uint32_t rnd(uint32_t below)
{
	static uint64_t state = 88172645463325252U;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

/* ---- the directory ---- */

static void certificate_of(unsigned n, uint8_t out[32])
{
	for (unsigned i = 0; i < 32; i++)
		out[i] = (uint8_t)((n * 2654435761U >> (i % 4 * 8)) + i);
}

static void write_organisation(unsigned n, struct buf *out)
{
	static const char holding[] = "{\"kind\":\"%s\",\"value\":\"%s\",\"state\":\"entered\"}";
	char value[80];
	uint8_t certificate[32];
	buf_addf(out,
		 "{\"kind\":\"operator\",\"names\":[{\"language\":\"en\",\"name\":\"organisation %u\"}],"
		 "\"holdings\":[",
		 n);
	/* A /16 or a /20 here and there, and /24 that lie in others' wider ones. */
	for (unsigned i = 0; i < 3; i++) {
		unsigned length = i == 0 && n % 16 == 0 ? 16 : i == 1 ? 20 : 24;
		uint32_t at = ((n * 3 + i) * 2654435761U) & ~((1U << (32 - length)) - 1);
		(void)snprintf(value, sizeof(value), "%u.%u.%u.%u/%u", 1 + (at >> 24) % 200, at >> 16 & 255,
			       at >> 8 & 255, at & 255, length);
		buf_addf(out, holding, "prefix", value);
		buf_addc(out, ',');
	}
	(void)snprintf(value, sizeof(value), "2001:%x:%x::/48", n >> 4 & 0xffff, (n & 15) * 257);
	buf_addf(out, holding, "prefix", value);
	buf_addc(out, ',');
	(void)snprintf(value, sizeof(value), "org%u.example.jp", n);
	buf_addf(out, holding, "domain", value);
	buf_addc(out, ',');
	(void)snprintf(value, sizeof(value), "mail.org%u.example.jp", n / 2);
	buf_addf(out, holding, "domain", value);
	buf_addc(out, ',');
	(void)snprintf(value, sizeof(value), "%u", 4200000000U + n);
	buf_addf(out, holding, "asn", value);
	buf_addc(out, ',');
	certificate_of(n, certificate);
	for (size_t i = 0; i < sizeof(certificate); i++)
		(void)snprintf(value + 2 * i, 3, "%02x", certificate[i]);
	buf_addf(out, holding, "certificate", value);
	buf_adds(out, "]}");
}

struct putting {
	unsigned first, behind;
	struct fault fault;
};

static int put_some(struct writing *w, void *context)
{
	struct putting *p = context;
	struct asker hub;
	struct buf text;
	int err = HN_OK;
	asker_hub(&hub);
	buf_init(&text, 1u << 16);
	for (unsigned n = p->first; err == HN_OK && n < p->behind; n++) {
		int64_t number, revision;
		struct uuid id = uuid_v4();
		buf_reset(&text);
		write_organisation(n, &text);
		err = buf_err(&text);
		if (err == HN_OK)
			err = organisations_put(w, &hub, &id, 0, text.data, text.len, &number, &revision,
						&p->fault);
	}
	buf_clear(&text);
	return err;
}

static void fill(struct store *store, unsigned count)
{
	for (unsigned n = 0; n < count; n += BATCH) {
		struct putting p = {.first = n, .behind = n + BATCH < count ? n + BATCH : count};
		if (store_write(store, put_some, &p) != HN_OK)
			die(p.fault.message);
	}
}

/* ---- events ---- */

static void name_event(struct event *e, unsigned organisations)
{
	static const char *const before[] = {"www.", "mail.", "a.b.c.", "x"};
	const char *first = before[rnd(4)];
	char text[48];
	struct canonical c;
	(void)snprintf(text, sizeof(text), "%sorg%u.example.jp", first, rnd(organisations));
	if (canonical_name(text, strlen(text), &c) != HN_OK || c.key.len > sizeof(e->name.wire))
		die("a name that is none");
	memcpy(e->name.wire, c.key.data, c.key.len);
	e->name.len = c.key.len;
}

static void ip_event(struct event *e, unsigned organisations)
{
	char text[IP_TEXT_SIZE];
	if (rnd(4) == 0)
		(void)snprintf(text, sizeof(text), "2001:%x:%x::%x", rnd(organisations) >> 4 & 0xffff,
			       rnd(16) * 257, rnd(65535));
	else
		(void)snprintf(text, sizeof(text), "%u.%u.%u.%u", 1 + rnd(200), rnd(256), rnd(256), rnd(256));
	if (ip_parse(text, strlen(text), &e->ip) != HN_OK)
		die("an address that is none");
}

/* Six of ten addresses, the rest names, networks and certificates. */
static void make_event(struct event *e, unsigned organisations)
{
	uint32_t kind = rnd(10);
	if (kind < 6) {
		e->kind = EVENT_IP;
		ip_event(e, organisations);
	} else if (kind < 8) {
		e->kind = EVENT_NAME;
		name_event(e, organisations);
	} else if (kind < 9) {
		e->kind = EVENT_ASN;
		e->asn = 4200000000U + rnd(organisations * 2);
	} else {
		e->kind = EVENT_CERTIFICATE;
		certificate_of(rnd(organisations * 2), e->certificate);
	}
}

static bool match(const struct owners *o, const struct event *e, struct owners_found *found)
{
	switch (e->kind) {
	case EVENT_IP:
		return owners_of_ip(o, &e->ip, found);
	case EVENT_NAME:
		return owners_of_name(o, e->name.wire, e->name.len, found);
	case EVENT_ASN:
		return owners_of_asn(o, e->asn, found);
	case EVENT_CERTIFICATE:
		return owners_of_certificate(o, e->certificate, found);
	}
	return false;
}

static void measure(struct directory *d, unsigned organisations, size_t count)
{
	struct event *events = malloc(count * sizeof(*events));
	struct owners *o;
	if (events == NULL)
		die("no memory");
	for (size_t i = 0; i < count; i++)
		make_event(&events[i], organisations);
	double start = now();
	if (owners_get(d, INT64_C(1790000000000000), &o) != HN_OK)
		die("no image");
	double made = now() - start;
	uint64_t held = 0;
	start = now();
	for (size_t i = 0; i < count; i++) {
		struct owners_found found;
		held += match(o, &events[i], &found);
	}
	printf("{\"holdings\": %u, \"events\": %zu, \"held\": %" PRIu64 ", \"image_seconds\": %.3f, "
	       "\"seconds\": %.3f}\n",
	       organisations * HOLDINGS, count, held, made, now() - start);
	owners_unref(o);
	free(events);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		die("DATABASE ORGANISATIONS EVENTS");
	struct store *store;
	struct directory *d;
	struct fault fault = {0};
	const struct store_options options = {.database = argv[1], .readers = 2, .queue_max = 16};
	unsigned organisations = (unsigned)strtoul(argv[2], NULL, 10);
	if (organisations == 0 || store_open(&options, &store, &fault) != HN_OK)
		die(fault.message);
	fill(store, organisations);
	if (directory_open(store, false, &d, &fault) != HN_OK)
		die(fault.message);
	measure(d, organisations, strtoul(argv[3], NULL, 10));
	store_close(store); /* it tells the directory of each job */
	directory_close(d);
	return 0;
}
