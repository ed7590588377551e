/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Zone files of policies: what is read is found again, and its records can be written and read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/rdata_text.h"
#include "resolver/rpz_owner.h"
#include "resolver/rpz_read.h"
#include "tests/fuzz/target.h"

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_rpz_read: %s\n", what);
	abort();
}

struct walk {
	const struct rpz *z;
	enum policy_trigger trigger;
	uint64_t count;
};

static void check_rule(const struct rpz *z, uint32_t rule)
{
	struct policy_record records[POLICY_RECORDS_MAX];
	enum policy_action action = rpz_rule_action(z, rule);
	size_t count = rpz_rule_records(z, rule, records);
	must(action > POLICY_NONE && action <= POLICY_TCP_ONLY && action != POLICY_SINKHOLE,
	     "unknown action");
	must((count > 0) == (action == POLICY_LOCAL), "records and action do not fit");
	must(rpz_rule_ttl(z, rule) <= INT32_MAX, "TTL too long");
	for (size_t i = 0; i < count; i++) {
		const struct zone_name root = {0};
		struct zone_text *t;
		struct buf text, data;
		buf_init(&text, 1 << 20);
		buf_init(&data, RDATA_MAX);
		rdata_format(records[i].type, records[i].data, records[i].len, &text);
		buf_addc(&text, '\n');
		must(buf_err(&text) == HN_OK, "no memory");
		struct zone_bytes bytes = {(const uint8_t *)text.data, (const uint8_t *)text.data + text.len};
		struct zone_source source = zone_source_bytes(&bytes);
		must(zone_text_new(&source, "x", &t) == HN_OK, "no memory");
		if (zone_text_next(t, NULL) == HN_OK) {
			must(rdata_parse(records[i].type, t, 0, &root, &data) == HN_OK,
			     "cannot read what was written");
			must(data.len == records[i].len && memcmp(data.data, records[i].data, data.len) == 0,
			     "what was written says something else");
		}
		zone_text_free(t);
		buf_clear(&text);
		buf_clear(&data);
	}
}

static int each_name(void *context, const uint8_t *name, size_t len, bool below, uint32_t rule)
{
	struct walk *w = context;
	struct name_rules_hit hit;
	struct rpz_hit found;
	uint8_t asked[256] = {1, '*'};
	size_t front = below ? 2 : 0;
	w->count++;
	check_rule(w->z, rule);
	must(name_rules_find_entry(w->z->names[w->trigger], name, len, below, &hit) && hit.rule == rule,
	     "an entry is not there");
	if (len > 0)
		memcpy(asked + front, name, len);
	if (len + front > 254)
		return HN_OK;
	must(rpz_find_name(w->z, w->trigger, asked, len + front, &found), "a name is not found");
	/* "*.name" may be there as a name too: a star is a label like another to who asks. */
	must(found.rule == rule || below, "a name has another rule");
	return HN_OK;
}

static int each_prefix(void *context, const struct ip_prefix *prefix, uint32_t rule)
{
	struct walk *w = context;
	struct rpz_hit hit;
	w->count++;
	check_rule(w->z, rule);
	must(rpz_find_address(w->z, w->trigger, &prefix->addr, &hit) && hit.prefix_len >= prefix->len,
	     "an address is not found");
	must(prefix_rules_covers(&w->z->prefixes[w->trigger], prefix), "a prefix does not cover itself");
	struct buf text;
	struct zone_name owner;
	struct rpz_owner again;
	const struct zone_name root = {0};
	buf_init(&text, 256);
	rpz_prefix_format(prefix, &text);
	buf_adds(&text, ".rpz-ip.");
	must(zone_name_parse(text.data, text.len, &root, &owner) == HN_OK &&
		     rpz_owner_parse(&owner, &again) == HN_OK &&
		     memcmp(&again.prefix.addr, &prefix->addr, sizeof(prefix->addr)) == 0 &&
		     again.prefix.len == prefix->len,
	     "a prefix is written as another one");
	buf_clear(&text);
	return HN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct rpz_limits limits = {1000};
	struct zone_bytes bytes = {data, data + len};
	struct zone_source source = zone_source_bytes(&bytes);
	struct fault fault = {{0}, {0}};
	struct rpz *z = NULL;
	int rc = rpz_read(&source, "x", &limits, &z, &fault);
	if (rc != HN_OK) {
		must(z == NULL, "an error with a result");
		must(fault.message[0] != '\0', "an error without a word");
		return 0;
	}
	struct walk w = {.z = z};
	for (unsigned i = 0; i < POLICY_TRIGGER_COUNT; i++) {
		w.trigger = (enum policy_trigger)i;
		if (z->names[i] != NULL)
			must(name_rules_each(z->names[i], each_name, &w) == HN_OK, "each");
		else
			must(prefix_rules_each(&z->prefixes[i], each_prefix, &w) == HN_OK, "each");
	}
	must(w.count == rpz_count(z), "the count is wrong");
	rpz_free(z);
	return 0;
}
