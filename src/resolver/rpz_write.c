/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rpz_write.h"

#include <string.h>

#include "base/lang.h"
#include "resolver/policy_set.h"
#include "resolver/rdata_text.h"
#include "resolver/rpz_owner.h"
#include "resolver/rpz_read.h"
#include "resolver/zone_text.h"

static const char *const trigger_labels[POLICY_TRIGGER_COUNT] = {
	[POLICY_CLIENT] = "rpz-client-ip",
	[POLICY_ADDRESS] = "rpz-ip",
	[POLICY_NS_NAME] = "rpz-nsdname",
	[POLICY_NS_ADDRESS] = "rpz-nsip",
};

static const char *const targets[POLICY_ACTION_COUNT] = {
	[POLICY_PASSTHRU] = "rpz-passthru.",
	[POLICY_NXDOMAIN] = ".",
	[POLICY_NODATA] = "*.",
	[POLICY_DROP] = "rpz-drop.",
	[POLICY_TCP_ONLY] = "rpz-tcp-only.",
};

struct writer {
	const struct policy *p;
	const struct policy_view *view;
	size_t place; /* of the set whose entries come */
	struct zone_name zone;
	int64_t now_ns;
	struct buf *out;
	struct rpz_written written;
};

static bool is_name(const struct entry_key *key)
{
	return key->kind == ENTRY_NAME || key->kind == ENTRY_WILDCARD;
}

/* Addresses and prefixes alike. */
static void prefix_of(const struct entry_key *key, struct ip_prefix *out)
{
	bool v4 = key->kind == ENTRY_IP4 || key->kind == ENTRY_PREFIX4;
	size_t size = v4 ? 4 : 16;
	*out = (struct ip_prefix){.addr = {.version = v4 ? 4 : 6},
				  .len = key->len > size ? key->data[size] : (uint8_t)(8 * size)};
	memcpy(out->addr.bytes, key->data, size);
}

/* A name that all entries cover which cover what the key stands for: itself, or a label below a wildcard. */
static size_t sample_name(const struct entry_key *key, uint8_t out[ZONE_NAME_MAX + 2])
{
	size_t front = key->kind == ENTRY_WILDCARD ? 2 : 0;
	memcpy(out, "\1*", front);
	if (key->len > 0)
		memcpy(out + front, key->data, key->len);
	return front + key->len;
}

/* Whether a set has an entry that covers all of this one: an allow entry, or any other. */
static bool set_covers(const struct writer *w, const struct policy_set *s, enum policy_trigger trigger,
		       const struct entry_key *key, bool allow)
{
	struct policy_match match;
	if ((s->triggers >> trigger & 1) == 0 || (allow && !s->allows))
		return false;
	if (is_name(key)) {
		uint8_t name[ZONE_NAME_MAX + 2];
		struct suffixes n;
		size_t len = sample_name(key, name);
		return suffixes_cut(&n, name, len) && s->kind->find_name(s, trigger, &n, w->now_ns, &match) &&
		       match.allow == allow;
	}
	struct ip_prefix prefix;
	prefix_of(key, &prefix);
	return s->kind->covers(s, trigger, &prefix, allow, w->now_ns);
}

/* Whether somebody else decides wherever this entry would. */
static bool is_covered(const struct writer *w, enum policy_trigger trigger, const struct entry_key *key,
		       bool allow)
{
	for (size_t i = 0; i < w->view->count; i++) {
		const struct policy_set *s = &w->p->sets[w->view->sets[i]];
		if ((!allow || i < w->place) && set_covers(w, s, trigger, key, true))
			return true;
		if (!allow && i < w->place && s->action != POLICY_LOG &&
		    set_covers(w, s, trigger, key, false))
			return true;
	}
	return false;
}

/* @return false when it is longer than a name may be */
static bool add_owner(struct buf *out, const struct zone_name *zone, enum policy_trigger trigger,
		      const struct entry_key *key)
{
	const char *label = trigger_labels[trigger];
	size_t len = zone->len + (label == NULL ? 0 : 1 + strlen(label));
	if (is_name(key)) {
		len += key->len + (key->kind == ENTRY_WILDCARD ? 2u : 0u);
		if (len > ZONE_NAME_MAX)
			return false;
		buf_adds(out, key->kind == ENTRY_WILDCARD ? "*." : "");
		if (key->len > 0)
			wire_name_format(key->data, key->len, out);
		if (buf_err(out) == HN_OK)
			out->len--; /* the last dot: it is relative to the zone */
	} else {
		struct ip_prefix prefix;
		prefix_of(key, &prefix);
		rpz_prefix_format(&prefix, out);
	}
	if (label != NULL)
		buf_addf(out, ".%s", label);
	return true;
}

/* Behind the owner; the lines of further records have none, so that they have the same. */
static void add_records(struct writer *w, const struct policy_set *s, const struct policy_match *match)
{
	struct policy_record records[POLICY_RECORDS_MAX];
	size_t count = s->kind->records(s, match, records);
	for (size_t i = 0; i < count; i++) {
		buf_addf(w->out, " %u ", records[i].ttl);
		rrtype_format(records[i].type, w->out);
		buf_addc(w->out, ' ');
		rdata_format(records[i].type, records[i].data, records[i].len, w->out);
		buf_addc(w->out, '\n');
	}
}

static int write_entry(void *context, enum policy_trigger trigger, const struct entry_key *key,
		       const struct policy_match *match)
{
	struct writer *w = context;
	const struct policy_set *s = &w->p->sets[w->view->sets[w->place]];
	enum policy_action action = match->allow ? POLICY_PASSTHRU : (enum policy_action)match->action;
	if (is_covered(w, trigger, key, match->allow)) {
		w->written.covered++;
		return HN_OK;
	}
	if (!add_owner(w->out, &w->zone, trigger, key)) {
		w->written.too_long++;
		return HN_OK;
	}
	w->written.rules++;
	if (action == POLICY_SINKHOLE || action == POLICY_LOCAL)
		add_records(w, s, match);
	else
		buf_addf(w->out, " %u CNAME %s\n", s->kind->ttl(s, match), targets[action]);
	return buf_err(w->out);
}

static void write_head(struct writer *w, uint32_t serial)
{
	buf_addf(w->out, "; %s\n$TTL 60\n$ORIGIN ", RPZ_PROMISE);
	wire_name_format(w->zone.data, w->zone.len, w->out);
	buf_addf(w->out, "\n@ SOA localhost. root.localhost. %u 3600 600 604800 60\n NS localhost.\n",
		 serial);
}

static int write_sets(struct writer *w)
{
	int rc = HN_OK;
	for (w->place = 0; rc == HN_OK && w->place < w->view->count; w->place++) {
		const struct policy_set *s = &w->p->sets[w->view->sets[w->place]];
		bool again = false; /* a set that the view names twice says nothing new */
		for (size_t i = 0; i < w->place; i++)
			again |= w->view->sets[i] == w->view->sets[w->place];
		if (s->action != POLICY_LOG && !again)
			rc = s->kind->each(s, w->now_ns, write_entry, w);
	}
	return rc;
}

int rpz_write(const struct policy *p, unsigned view, const char *zone, uint32_t serial, int64_t now_ns,
	      struct buf *out, struct rpz_written *written_out, struct fault *fault)
{
	const struct zone_name root = {0};
	struct writer w = {.p = p, .now_ns = now_ns, .out = out};
	if (view >= p->view_count)
		return fault_set(fault, HN_ENOENT, "", "%s", tr("no such view", "そのビューはない"));
	w.view = &p->views[view];
	int rc = zone_name_parse(zone, strlen(zone), &root, &w.zone);
	if (rc != HN_OK)
		return fault_set(fault, HN_EFORMAT, zone, "%s",
				 tr("this is no name for a zone", "ゾーンの名前ではない"));
	write_head(&w, serial);
	rc = write_sets(&w);
	if (rc != HN_OK)
		return fault_set(fault, rc, zone, "%s", hn_strerror(rc));
	buf_addf(out, "; " RPZ_END "\n", (unsigned long long)w.written.rules);
	*written_out = w.written;
	return buf_err(out);
}
