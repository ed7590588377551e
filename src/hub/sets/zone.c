/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sets/zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/lang.h"
#include "match/canonical.h"
#include "match/set.h"

#define OWNER_MAX 253 /* characters of a name without its last dot */

struct zone {
	struct compile_opened set;
	struct canonical name;
	uint32_t serial;
	int64_t now_ns;
	bool begun;
	struct set_place place;
	struct buf *out;        /* during zone_next() */
	struct warnings *lists; /* NULL: none */
	int64_t consumer;
	uint64_t rules, left_out, withheld;
};

/* "24.0.2.0.192", "48.zz.db8.2001": the address backwards, the longest run of zero words of IPv6 as "zz". */
static void add_ip6(const uint8_t *a, struct buf *out)
{
	unsigned words[8], best = 0, best_len = 0;
	for (unsigned i = 0; i < 8; i++)
		words[i] = (unsigned)a[2 * i] << 8 | a[2 * i + 1];
	for (unsigned i = 0; i < 8; i++) {
		unsigned len = 0;
		while (i + len < 8 && words[i + len] == 0)
			len++;
		if (len > best_len) {
			best = i;
			best_len = len;
		}
	}
	for (unsigned i = 8; i-- > 0;) {
		bool in_run = best_len > 1 && i >= best && i < best + best_len;
		if (in_run && i != best)
			continue;
		if (in_run)
			buf_adds(out, ".zz");
		else
			buf_addf(out, ".%x", words[i]);
	}
}

static void add_address(const struct entry_key *key, struct buf *out)
{
	bool v4 = key->kind == ENTRY_IP4 || key->kind == ENTRY_PREFIX4;
	unsigned size = v4 ? 4 : 16;
	buf_addf(out, "%u", key->len > size ? key->data[size] : 8 * size);
	if (v4)
		buf_addf(out, ".%u.%u.%u.%u", key->data[3], key->data[2], key->data[1], key->data[0]);
	else
		add_ip6(key->data, out);
	buf_adds(out, ".rpz-ip");
}

static bool is_name(const struct entry_key *key)
{
	return key->kind == ENTRY_NAME || key->kind == ENTRY_WILDCARD;
}

static bool has_place(const struct zone *z, const struct entry_key *key)
{
	switch (key->kind) {
	case ENTRY_IP4:
	case ENTRY_IP6:
	case ENTRY_PREFIX4:
	case ENTRY_PREFIX6:
		return true;
	default:
		return is_name(key) && key->len > 0 && key->len + z->name.key.len + 3u <= OWNER_MAX;
	}
}

static void add_owner(const struct zone *z, const struct entry_key *key)
{
	if (is_name(key))
		canonical_format(key, z->out);
	else
		add_address(key, z->out);
}

/* Asked of what stops somebody; what lets pass hits nobody. @return false: it stays out */
static bool ask_lists(struct zone *z, const struct entry_key *key)
{
	struct warning_hit hit;
	if (z->lists == NULL || warnings_find(z->lists, key, z->consumer, "rpz", &hit, 1) == 0)
		return true;
	if (hit.action == WARNING_BLOCK)
		return false;
	buf_adds(z->out, "; warning list: ");
	for (const char *c = hit.name; *c != '\0'; c++)
		buf_addc(z->out, (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c);
	buf_addc(z->out, '\n');
	return true;
}

static int add_entry(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct zone *z = context;
	bool holds = meta->valid_from_ns <= z->now_ns &&
		     (meta->valid_until_ns == 0 || z->now_ns < meta->valid_until_ns);
	if (!holds || !has_place(z, key)) {
		z->left_out++;
		return HN_OK;
	}
	if (!meta->allow && !ask_lists(z, key)) {
		z->withheld++;
		return HN_OK;
	}
	add_owner(z, key);
	buf_addf(z->out, " CNAME %s\n", meta->allow ? "rpz-passthru." : ".");
	z->rules++;
	return buf_err(z->out);
}

int zone_new(struct compile_opened *set, uint32_t serial, const char *zone, int64_t now_ns,
	     struct warnings *lists, int64_t consumer, struct zone **out, struct fault *fault)
{
	struct zone *z = calloc(1, sizeof(*z));
	if (z == NULL) {
		compile_close(set);
		return HN_ENOMEM;
	}
	z->set = *set;
	*set = (struct compile_opened){.set = NULL};
	z->lists = lists;
	z->consumer = consumer;
	z->serial = lists != NULL ? serial + (uint32_t)warnings_revision(lists) : serial;
	z->now_ns = now_ns;
	if (canonical_name(zone, strlen(zone), &z->name) == HN_OK && z->name.key.kind == ENTRY_NAME) {
		*out = z;
		return HN_OK;
	}
	zone_free(z);
	return fault_set(fault, HN_EFORMAT, "zone", "%s",
			 tr("this is no name for a zone", "ゾーンの名前ではない"));
}

void zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	compile_close(&z->set);
	free(z);
}

static void add_head(struct zone *z)
{
	buf_adds(z->out, "$TTL 60\n$ORIGIN ");
	canonical_format(&z->name.key, z->out);
	buf_addf(z->out, ".\n@ SOA localhost. root.localhost. %u 3600 600 604800 60\n NS localhost.\n",
		 (unsigned)z->serial);
}

int zone_next(struct zone *z, struct buf *out, bool *ended_out)
{
	bool more = false;
	z->out = out;
	if (!z->begun)
		add_head(z);
	z->begun = true;
	int err = set_each_from(z->set.set, &z->place, add_entry, z, &more);
	if (err == HN_OK && !more)
		buf_addf(out,
			 "; %llu rules, %llu entries without a place in a zone, %llu kept out by warning "
			 "lists\n",
			 (unsigned long long)z->rules, (unsigned long long)z->left_out,
			 (unsigned long long)z->withheld);
	z->out = NULL;
	*ended_out = !more;
	return err == HN_OK ? buf_err(out) : err;
}
