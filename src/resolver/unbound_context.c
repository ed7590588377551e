/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/unbound_context.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unbound.h>

#include "base/lang.h"
#include "resolver/unbound_events.h"

#define CLASS_IN       1
#define ADDRESS_SIZE   (IP_TEXT_SIZE + sizeof("@65535"))
#define NAME_TEXT_SIZE (255 * 4 + 1) /* each byte as \DDD */

struct unbound {
	struct ub_ctx *context;
	struct unbound_events events;
};

/* Guards what libunbound keeps for the whole process: its parser, its log file, what it sets up once. */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

/* Said in full, so that a default changed by a packager changes nothing here. */
static const struct {
	const char *option;
	const char *value;
} fixed_options[] = {
	{"module-config:", "validator iterator"}, /* no ECS, whatever it was built with */
	{"verbosity:", "0"},
	{"log-servfail:", "no"},
	{"val-log-squelch:", "yes"}, /* names that were asked never reach a log */
	{"val-log-level:", "2"},     /* but the callback is told why */
	{"use-syslog:", "no"},
	{"do-ip4:", "yes"},
	{"do-ip6:", "yes"},
	{"do-udp:", "yes"},
	{"do-tcp:", "yes"},
	{"edns-buffer-size:", "1232"},
	{"msg-buffer-size:", "65552"},
	{"outgoing-range:", "1024"},
	{"outgoing-num-tcp:", "128"},
	{"udp-connect:", "yes"},
	{"msg-cache-slabs:", "1"},
	{"rrset-cache-slabs:", "1"},
	{"infra-cache-slabs:", "1"},
	{"key-cache-slabs:", "1"},
	{"infra-cache-numhosts:", "20000"},
	{"infra-keep-probing:", "yes"},
	{"cache-max-ttl:", "86400"},
	{"cache-min-ttl:", "0"},
	{"cache-max-negative-ttl:", "3600"},
	{"minimal-responses:", "yes"},
	{"rrset-roundrobin:", "no"},
	{"prefetch:", "no"},
	{"serve-expired:", "no"},
	{"qname-minimisation:", "yes"},
	{"qname-minimisation-strict:", "no"},
	{"aggressive-nsec:", "yes"},
	{"harden-glue:", "yes"},
	{"harden-dnssec-stripped:", "yes"},
	{"harden-below-nxdomain:", "yes"},
	{"harden-short-bufsize:", "yes"},
	{"harden-large-queries:", "no"},
	{"harden-algo-downgrade:", "no"}, /* refuses zones that RFC 6840, 5.11 says to accept */
	{"harden-referral-path:", "no"},
	{"use-caps-for-id:", "no"},
	{"unwanted-reply-threshold:", "10000000"},
	{"do-not-query-localhost:", "no"}, /* said by refuse_localhost() */
	{"do-not-query-address:", "0.0.0.0/8"},
	{"do-not-query-address:", "::/128"},
	{"do-not-query-address:", "::ffff:0.0.0.0/96"},
	{"val-permissive-mode:", "no"},
	{"ignore-cd-flag:", "no"},
	{"val-clean-additional:", "yes"},
	{"val-bogus-ttl:", "60"},
	{"val-sig-skew-min:", "3600"},
	{"val-sig-skew-max:", "86400"},
	{"val-max-restart:", "5"},
	{"val-nsec3-keysize-iterations:", "1024 150 2048 150 4096 150"},
	{"trust-anchor-signaling:", "yes"},
	{"root-key-sentinel:", "yes"},
};

static int err_of(int code)
{
	return code == UB_NOMEM ? HN_ENOMEM : HN_EFORMAT;
}

static int set(struct unbound *u, const char *option, const char *value, struct fault *fault)
{
	int code = ub_ctx_set_option(u->context, option, value);
	if (code == UB_NOERROR)
		return HN_OK;
	return fault_set(fault, code == UB_NOMEM ? HN_ENOMEM : HN_EUNSUPPORTED, option,
			 tr("this libunbound does not take the value '%s'",
			    "この libunbound は値「%s」を受け付けません"),
			 value);
}

static int set_number(struct unbound *u, const char *option, uint64_t value, struct fault *fault)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return set(u, option, text, fault);
}

/* Records and messages fill memory in about this proportion; keys and proofs of absence are few. */
static int set_sizes(struct unbound *u, const struct unbound_options *o, struct fault *fault)
{
	const struct {
		const char *option;
		uint64_t value;
	} sizes[] = {
		{"rrset-cache-size:", o->cache_size / 20 * 11}, {"msg-cache-size:", o->cache_size / 20 * 6},
		{"key-cache-size:", o->cache_size / 20},        {"neg-cache-size:", o->cache_size / 20 * 2},
		{"num-queries-per-thread:", o->under_way_max},
	};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int err = set_number(u, sizes[i].option, sizes[i].value, fault);
		if (err != HN_OK)
			return err;
	}
	return HN_OK;
}

static void address_text(const struct endpoint *e, char out[ADDRESS_SIZE])
{
	char ip[IP_TEXT_SIZE];
	ip_format(&e->ip, ip);
	snprintf(out, ADDRESS_SIZE, "%s@%u", ip, e->port);
}

static int set_zones(struct unbound *u, const struct unbound_options *o, struct fault *fault)
{
	char address[ADDRESS_SIZE];
	for (size_t i = 0; i < o->zone_count; i++) {
		const struct unbound_zone *zone = &o->zones[i];
		if (zone->insecure) {
			int err = set(u, "domain-insecure:", zone->name, fault);
			if (err != HN_OK)
				return err;
		}
		for (size_t j = 0; j < zone->count; j++) {
			address_text(&zone->addresses[j], address);
			int code = ub_ctx_set_stub(u->context, zone->name, address, zone->prime);
			if (code != UB_NOERROR)
				return fault_set(fault, err_of(code), zone->name,
						 tr("is not a zone that can be asked at %s",
						    "%s に問い合わせるゾーンとして正しくありません"),
						 address);
		}
	}
	for (size_t i = 0; i < o->forward_count; i++) {
		address_text(&o->forward[i], address);
		int code = ub_ctx_set_fwd(u->context, address);
		if (code != UB_NOERROR)
			return fault_set(fault, err_of(code), address,
					 tr("cannot be asked", "問い合わせ先にできません"));
	}
	return HN_OK;
}

/* Whether one of the servers that were given lies in the prefix. */
static bool given_in(const struct unbound_options *o, const struct ip_prefix *prefix)
{
	for (size_t i = 0; i < o->forward_count; i++)
		if (ip_prefix_has(prefix, &o->forward[i].ip))
			return true;
	for (size_t i = 0; i < o->zone_count; i++)
		for (size_t j = 0; j < o->zones[i].count; j++)
			if (ip_prefix_has(prefix, &o->zones[i].addresses[j].ip))
				return true;
	return false;
}

/* Nobody's name servers on this machine's loopback are asked but those that were given: the prefix, halved as
 * long as one of these lies in it. */
static int refuse_prefix(struct unbound *u, const struct unbound_options *o, struct ip_prefix prefix,
			 struct fault *fault)
{
	/* The path down to one address is at most so long, and at each step one half waits. */
	struct ip_prefix waiting[129];
	size_t count = 0;
	waiting[count++] = prefix;
	while (count > 0) {
		struct ip_prefix p = waiting[--count];
		unsigned whole = p.addr.version == 4 ? 32 : 128;
		if (!given_in(o, &p)) {
			char text[IP_PREFIX_TEXT_SIZE];
			ip_prefix_format(&p, text);
			int err = set(u, "do-not-query-address:", text, fault);
			if (err != HN_OK)
				return err;
		} else if (p.len < whole) {
			p.len++;
			waiting[count++] = p;
			p.addr.bytes[(p.len - 1) / 8] |= (uint8_t)(0x80 >> ((p.len - 1) % 8));
			waiting[count++] = p;
		}
	}
	return HN_OK;
}

static int refuse_localhost(struct unbound *u, const struct unbound_options *o, struct fault *fault)
{
	static const struct ip_prefix loopback[] = {
		{{{127}, 4}, 8},
		{{{[15] = 1}, 6}, 128},
	};
	int err = HN_OK;
	for (size_t i = 0; i < 2 && err == HN_OK; i++)
		err = refuse_prefix(u, o, loopback[i], fault);
	return err;
}

static int set_anchors(struct unbound *u, const struct unbound_options *o, struct fault *fault)
{
	for (size_t i = 0; i < o->anchor_count; i++)
		/* libunbound copies it. */
		if (ub_ctx_add_ta(u->context, o->anchors[i]) != UB_NOERROR)
			return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	return HN_OK;
}

static int set_all(struct unbound *u, const struct unbound_options *o, struct fault *fault)
{
	int err = HN_OK;
	for (size_t i = 0; i < sizeof(fixed_options) / sizeof(fixed_options[0]) && err == HN_OK; i++)
		err = set(u, fixed_options[i].option, fixed_options[i].value, fault);
	if (err == HN_OK)
		err = set_sizes(u, o, fault);
	if (err == HN_OK && o->whole_names)
		err = set(u, "qname-minimisation:", "no", fault);
	if (err == HN_OK && o->validation_date != NULL)
		err = set(u, "val-override-date:", o->validation_date, fault);
	if (err == HN_OK && o->smallest_wait != NULL)
		err = set(u, "infra-cache-min-rtt:", o->smallest_wait, fault);
	if (err == HN_OK && o->smallest_wait != NULL)
		err = set(u, "unknown-server-time-limit:", o->smallest_wait, fault);
	if (err == HN_OK)
		err = set_zones(u, o, fault);
	if (err == HN_OK && !o->ask_localhost)
		err = refuse_localhost(u, o, fault);
	if (err == HN_OK)
		err = set_anchors(u, o, fault);
	if (err == HN_OK && o->config_file != NULL && ub_ctx_config(u->context, o->config_file) != UB_NOERROR)
		err = fault_set(
			fault, HN_EUNSUPPORTED, "libunbound",
			tr("does not read the options we give it", "こちらの渡す設定を読み込めません"));
	return err;
}

static void first_done(struct unbound_question *q, const struct unbound_answer *answer)
{
	(void)answer;
	q->id = -1;
}

/* What libunbound would answer by itself (10.in-addr.arpa and the like, names under test), the servers of a
 * zone answer where they are given. An option "local-zone" with "nodefault" is accepted but changes nothing.
 * This ends the time of options. */
static int ask_zones_themselves(struct unbound *u, const struct unbound_options *o)
{
	for (size_t i = 0; i < o->zone_count; i++) {
		const struct unbound_zone *zone = &o->zones[i];
		if (zone->prime || strcmp(zone->name, ".") == 0)
			continue;
		int code = ub_ctx_zone_remove(u->context, zone->name);
		if (code == UB_NOERROR)
			code = ub_ctx_zone_add(u->context, zone->name, "transparent");
		if (code != UB_NOERROR)
			return err_of(code);
	}
	return HN_OK;
}

/* libunbound reads what it was told when it is first asked. That takes a while and can fail, so it is asked
 * something here that it knows without a server. */
static int finish(struct unbound *u, const struct unbound_options *o, struct fault *fault)
{
	static const uint8_t localhost[] = "\x09localhost";
	struct unbound_question first = {.done = first_done};
	int err = ask_zones_themselves(u, o);
	if (err == HN_OK)
		err = unbound_ask(u, &first, localhost, sizeof(localhost) - 1, 1);
	if (err == HN_OK && first.id == -1)
		return HN_OK;
	return fault_set(fault, HN_EFORMAT, "",
			 tr("libunbound does not accept a trust anchor, root hint or zone",
			    "libunbound がトラストアンカー、ルートヒント又はゾーンを受け付けません"));
}

int unbound_new(const struct unbound_options *o, struct unbound **out, struct fault *fault)
{
	struct unbound *u = calloc(1, sizeof(*u));
	if (u == NULL)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	unbound_events_init(&u->events);

	pthread_mutex_lock(&making);
	u->context = ub_ctx_create_ub_event(&u->events.base);
	int err = HN_ENOMEM;
	if (u->context != NULL && ub_ctx_debugout(u->context, NULL) == UB_NOERROR)
		err = set_all(u, o, fault);
	if (err == HN_OK)
		err = finish(u, o, fault);
	pthread_mutex_unlock(&making);

	if (err != HN_OK) {
		unbound_free(u);
		return err;
	}
	*out = u;
	return HN_OK;
}

void unbound_attach(struct unbound *u, struct reactor *r)
{
	assert(u->events.reactor == NULL);
	u->events.reactor = r;
}

void unbound_detach(struct unbound *u)
{
	unbound_events_detach(&u->events);
}

void unbound_free(struct unbound *u)
{
	if (u == NULL)
		return;
	pthread_mutex_lock(&making);
	if (u->context != NULL)
		ub_ctx_delete(u->context);
	pthread_mutex_unlock(&making);
	free(u);
}

/* Wire form to text as libunbound reads it: whatever could mean something else is written \DDD. */
static void name_text(const uint8_t *name, size_t len, char out[NAME_TEXT_SIZE])
{
	char *to = out;
	for (size_t at = 0; at < len;) {
		size_t end = at + 1 + name[at];
		for (at++; at < end && at < len; at++) {
			uint8_t c = name[at];
			if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') {
				*to++ = (char)c;
			} else {
				*to++ = '\\';
				*to++ = (char)('0' + c / 100);
				*to++ = (char)('0' + c / 10 % 10);
				*to++ = (char)('0' + c % 10);
			}
		}
		*to++ = '.';
	}
	if (len == 0)
		*to++ = '.';
	*to = 0;
}

static enum unbound_security security_of(int said)
{
	switch (said) {
	case 1:
		return UNBOUND_BOGUS;
	case 2:
		return UNBOUND_SECURE;
	default:
		return UNBOUND_INSECURE;
	}
}

static void answered(void *data, int rcode, void *packet, int packet_len, int security, char *why,
		     int was_ratelimited)
{
	(void)was_ratelimited; /* no such limit of libunbound's is set */
	struct unbound_question *q = data;
	struct unbound_answer answer = {.security = security_of(security), .why = why == NULL ? "" : why};
	if (rcode == 0 && packet != NULL && packet_len > 0) {
		answer.packet = packet;
		answer.packet_len = (size_t)packet_len;
	}
	q->done(q, &answer);
}

int unbound_ask(struct unbound *u, struct unbound_question *q, const uint8_t *name, size_t len, uint16_t type)
{
	char text[NAME_TEXT_SIZE];
	name_text(name, len, text);
	/* libunbound writes the number before it may call back, when q may be gone. */
	return ub_resolve_event(u->context, text, type, CLASS_IN, q, answered, &q->id) == UB_NOERROR
		       ? HN_OK
		       : HN_ENOMEM;
}

void unbound_cancel(struct unbound *u, const struct unbound_question *q)
{
	/* An unknown number means that it is done. */
	(void)ub_cancel(u->context, q->id);
}
