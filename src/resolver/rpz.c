/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rpz.h"

#include <stdlib.h>
#include <string.h>

#include "base/cur.h"

/*
 * The bytes of a rule: action (8 bits), TTL (32), number of records (16); of each record type (16), TTL (32),
 * length (16), data. In network order, so that equal rules are equal bytes.
 */
#define AT_TTL      1u
#define AT_COUNT    5u
#define RULE_HEAD   7u
#define RECORD_SIZE 8u /* before the data */

#define RULES_BYTES_MAX (UINT64_C(8) << 30)

int rpz_new(struct rpz **out)
{
	struct rpz *z = calloc(1, sizeof(*z));
	if (z == NULL)
		return HN_ENOMEM;
	intern_init(&z->rules, RULES_BYTES_MAX);
	int rc = name_rules_new(&z->names[POLICY_QNAME]);
	if (rc == HN_OK)
		rc = name_rules_new(&z->names[POLICY_NS_NAME]);
	if (rc != HN_OK) {
		rpz_free(z);
		return rc;
	}
	*out = z;
	return HN_OK;
}

void rpz_free(struct rpz *z)
{
	if (z == NULL)
		return;
	for (unsigned i = 0; i < POLICY_TRIGGER_COUNT; i++) {
		name_rules_free(z->names[i]);
		prefix_rules_clear(&z->prefixes[i]);
	}
	intern_clear(&z->rules);
	free(z);
}

/* ---- filling ---- */

void rpz_rule_begin(struct buf *rule, enum policy_action action, uint32_t ttl)
{
	buf_reset(rule);
	buf_addc(rule, (char)action);
	buf_be32(rule, ttl);
	buf_be16(rule, 0);
}

/* The next record of a rule's bytes. */
static bool next_record(struct cur *c, struct policy_record *out)
{
	out->type = cur_be16(c);
	out->ttl = cur_be32(c);
	out->len = cur_be16(c);
	out->data = cur_take(c, out->len);
	return cur_ok(c);
}

static bool has_record(const struct buf *rule, uint16_t type, const uint8_t *data, size_t len)
{
	struct cur c = cur_of(rule->data, rule->len);
	struct policy_record r;
	cur_skip(&c, RULE_HEAD);
	while (cur_left(&c) > 0 && next_record(&c, &r))
		if (r.type == type && r.len == len && (len == 0 || memcmp(r.data, data, len) == 0))
			return true;
	return false;
}

int rpz_rule_record(struct buf *rule, uint16_t type, uint32_t ttl, const uint8_t *data, size_t len)
{
	int rc = buf_err(rule);
	if (rc != HN_OK || has_record(rule, type, data, len))
		return rc;
	uint8_t *at = (uint8_t *)rule->data + AT_COUNT;
	uint16_t count = load_be16(at);
	if (count >= POLICY_RECORDS_MAX || len > UINT16_MAX)
		return HN_ELIMIT;
	count++;
	at[0] = (uint8_t)(count >> 8);
	at[1] = (uint8_t)count;
	buf_be16(rule, type);
	buf_be32(rule, ttl);
	buf_be16(rule, (uint16_t)len);
	buf_add(rule, data, len);
	return buf_err(rule);
}

int rpz_rule_add(struct rpz *z, const struct buf *rule, uint32_t *number_out)
{
	int rc = buf_err(rule);
	return rc == HN_OK ? intern_add(&z->rules, rule->data, rule->len, number_out) : rc;
}

int rpz_finish(struct rpz *z, uint32_t *line_out)
{
	for (unsigned i = 0; i < POLICY_TRIGGER_COUNT; i++) {
		int rc = z->names[i] == NULL ? HN_OK : name_rules_finish(z->names[i]);
		if (rc == HN_OK)
			rc = prefix_rules_finish(&z->prefixes[i], line_out);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

/* ---- asking ---- */

bool rpz_find_name(const struct rpz *z, enum policy_trigger trigger, const uint8_t *name, size_t len,
		   struct rpz_hit *out)
{
	struct suffixes n;
	return suffixes_cut(&n, name, len) && rpz_find_suffixes(z, trigger, &n, out);
}

bool rpz_find_suffixes(const struct rpz *z, enum policy_trigger trigger, struct suffixes *n,
		       struct rpz_hit *out)
{
	struct name_rules_hit hit;
	if (!name_rules_find_suffixes(z->names[trigger], n, &hit))
		return false;
	*out = (struct rpz_hit){hit.rule, hit.slot, hit.below, hit.labels_left, hit.bytes_left, 0};
	return true;
}

bool rpz_find_address(const struct rpz *z, enum policy_trigger trigger, const struct ip *address,
		      struct rpz_hit *out)
{
	struct prefix_rules_hit hit;
	if (!prefix_rules_find(&z->prefixes[trigger], address, &hit))
		return false;
	*out = (struct rpz_hit){.rule = hit.rule, .slot = hit.slot, .prefix_len = hit.len};
	return true;
}

static struct cur rule_bytes(const struct rpz *z, uint32_t rule)
{
	size_t len;
	if (rule >= z->rules.count)
		return (struct cur){NULL, NULL, true};
	const uint8_t *data = intern_get(&z->rules, rule, &len);
	return cur_of(data, len);
}

enum policy_action rpz_rule_action(const struct rpz *z, uint32_t rule)
{
	struct cur c = rule_bytes(z, rule);
	return (enum policy_action)cur_u8(&c);
}

uint32_t rpz_rule_ttl(const struct rpz *z, uint32_t rule)
{
	struct cur c = rule_bytes(z, rule);
	cur_skip(&c, AT_TTL);
	return cur_be32(&c);
}

size_t rpz_records_of(const uint8_t *rule, size_t len, struct policy_record out[POLICY_RECORDS_MAX])
{
	struct cur c = cur_of(rule, len);
	size_t count = 0;
	cur_skip(&c, RULE_HEAD);
	while (count < POLICY_RECORDS_MAX && cur_left(&c) > 0 && next_record(&c, &out[count]))
		count++;
	return count;
}

size_t rpz_rule_records(const struct rpz *z, uint32_t rule, struct policy_record out[POLICY_RECORDS_MAX])
{
	struct cur c = rule_bytes(z, rule);
	return rpz_records_of(c.at, cur_left(&c), out);
}

uint64_t rpz_trigger_count(const struct rpz *z, enum policy_trigger trigger)
{
	if (z->names[trigger] != NULL)
		return name_rules_count(z->names[trigger]);
	return prefix_rules_count(&z->prefixes[trigger]);
}

uint64_t rpz_count(const struct rpz *z)
{
	uint64_t count = 0;
	for (unsigned i = 0; i < POLICY_TRIGGER_COUNT; i++)
		count += rpz_trigger_count(z, (enum policy_trigger)i);
	return count;
}

uint64_t rpz_bytes(const struct rpz *z)
{
	uint64_t bytes = sizeof(*z) + z->rules.cap + z->rules.starts_cap * sizeof(*z->rules.starts) +
			 ((uint64_t)z->rules.slots_mask + 1) * sizeof(*z->rules.slots);
	for (unsigned i = 0; i < POLICY_TRIGGER_COUNT; i++)
		bytes += (z->names[i] == NULL ? 0 : name_rules_bytes(z->names[i])) +
			 prefix_rules_bytes(&z->prefixes[i]);
	return bytes;
}
