/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What a policy and a verdict say. */
#include <string.h>

#include "resolver/policy_set.h"
#include "wire/dns_number.h"

#define NAME_WITH_ROOT_MAX 255 /* RFC 1035, 2.3.4 */

static const char *const action_names[POLICY_ACTION_COUNT] = {
	"none",       "passthru", "nxdomain", "nodata",   "sinkhole",
	"local-data", "drop",     "tcp-only", "log-only", "given",
};

static const char *const trigger_names[POLICY_TRIGGER_COUNT] = {"client-ip", "qname", "ip", "nsdname",
								"nsip"};

const char *policy_action_name(enum policy_action action)
{
	return action < POLICY_ACTION_COUNT ? action_names[action] : "?";
}

const char *policy_trigger_name(enum policy_trigger trigger)
{
	return trigger < POLICY_TRIGGER_COUNT ? trigger_names[trigger] : "?";
}

int policy_action_parse(const char *name, size_t len, enum policy_action *out)
{
	for (unsigned i = POLICY_PASSTHRU; i < POLICY_ACTION_COUNT; i++) {
		if (strlen(action_names[i]) == len && memcmp(action_names[i], name, len) == 0) {
			*out = (enum policy_action)i;
			return HN_OK;
		}
	}
	return HN_ENOENT;
}

uint64_t policy_generation(const struct policy *p)
{
	return p->generation;
}

uint16_t policy_slot(const struct policy *p, size_t set)
{
	return p->sets[set].slot;
}

const struct terms *policy_terms(const struct policy *p)
{
	return p->terms;
}

size_t policy_view_count(const struct policy *p)
{
	return p->view_count;
}

size_t policy_set_count(const struct policy *p)
{
	return p->set_count;
}

int policy_view_find(const struct policy *p, const char *name, unsigned *view_out)
{
	for (size_t i = 0; i < p->view_count; i++) {
		if (strcmp(p->views[i].name, name) == 0) {
			*view_out = (unsigned)i;
			return HN_OK;
		}
	}
	return HN_ENOENT;
}

const struct fault *policy_note(const struct policy *p, size_t n)
{
	return n < p->note_count ? &p->notes[n] : NULL;
}

void policy_set_info(const struct policy *p, size_t set, struct policy_set_info *out)
{
	*out = (struct policy_set_info){
		.name = "", .id = "", .version = "", .contact = "", .organisation = ""};
	if (set >= p->set_count)
		return;
	const struct policy_set *s = &p->sets[set];
	s->kind->info(s, out);
	out->name = s->name;
	out->action = s->action;
	out->reason = s->reason;
	out->contact = s->contact;
	out->organisation = s->organisation;
	out->ttl = s->ttl;
	out->slot = s->slot;
}

/* The set that decided; NULL where none did. */
static const struct policy_set *deciding(const struct policy_verdict *v)
{
	return v->has_decided && v->action != POLICY_NONE ? &v->policy->sets[v->decided.set] : NULL;
}

static bool has_records(const struct policy_verdict *v)
{
	return v->action == POLICY_SINKHOLE || v->action == POLICY_LOCAL;
}

size_t policy_records(const struct policy_verdict *v, struct policy_record out[POLICY_RECORDS_MAX])
{
	const struct policy_set *s = deciding(v);
	return s != NULL && has_records(v) ? s->kind->records(s, &v->decided, out) : 0;
}

uint32_t policy_ttl(const struct policy_verdict *v)
{
	const struct policy_set *s = deciding(v);
	return s == NULL ? 0 : s->kind->ttl(s, &v->decided);
}

int policy_cname(const struct policy_record *record, const uint8_t *name, size_t len, uint8_t out[255],
		 size_t *len_out)
{
	const uint8_t *target = record->data;
	size_t size = record->len, front = 0;
	if (record->type != DNS_TYPE_CNAME || size == 0)
		return HN_EFORMAT;
	if (size > 2 && target[0] == 1 && target[1] == '*') {
		front = len;
		target += 2;
		size -= 2;
	}
	if (front + size > NAME_WITH_ROOT_MAX)
		return HN_ELIMIT;
	if (front > 0)
		memcpy(out, name, front);
	memcpy(out + front, target, size);
	*len_out = front + size;
	return HN_OK;
}

int policy_ede(const struct policy_verdict *v, const char **text_out)
{
	const struct policy_set *s = deciding(v);
	if (s == NULL || v->action == POLICY_PASSTHRU || v->action == POLICY_DROP ||
	    v->action == POLICY_TCP_ONLY)
		return -1;
	*text_out = s->ede;
	return has_records(v) ? POLICY_FORGED : (int)s->reason;
}

int policy_tell_entry(const struct policy *p, const struct policy_match *match, uint8_t scratch[32],
		      struct policy_told *out)
{
	struct policy_told told = {0};
	if (match->set >= p->set_count)
		return HN_ENOENT;
	const struct policy_set *s = &p->sets[match->set];
	int rc = s->kind->tell(s, match, scratch, &told);
	if (rc == HN_OK)
		*out = told;
	return rc;
}

int policy_tell(const struct policy *p, const struct policy_match *match, uint8_t scratch[32],
		struct policy_told *out)
{
	struct policy_set_info info;
	struct policy_told told;
	int rc = policy_tell_entry(p, match, scratch, &told);
	if (rc != HN_OK)
		return rc;
	policy_set_info(p, match->set, &info);
	told.set = p->sets[match->set].name;
	told.set_id = info.id;
	told.set_version = info.version;
	told.labels_left = match->hit.labels_left;
	told.bytes_left = match->hit.bytes_left;
	told.trigger = policy_trigger_name((enum policy_trigger)match->trigger);
	told.action = match->allow ? "allow" : policy_action_name((enum policy_action)match->action);
	*out = told;
	return HN_OK;
}

struct each_name {
	int (*each)(void *context, const struct entry_key *key);
	void *context;
};

static int each_name(void *context, enum policy_trigger trigger, const struct entry_key *key,
		     const struct policy_match *match)
{
	const struct each_name *e = context;
	bool name = key->kind == ENTRY_NAME || key->kind == ENTRY_WILDCARD;
	if (trigger != POLICY_QNAME || !name || key->len == 0 || match->allow ||
	    match->action < POLICY_NXDOMAIN || match->action > POLICY_TCP_ONLY)
		return HN_OK;
	return e->each(e->context, key);
}

int policy_each_name(const struct policy *p, size_t set, int64_t now_ns,
		     int (*each)(void *context, const struct entry_key *key), void *context)
{
	struct each_name e = {each, context};
	return set < p->set_count ? p->sets[set].kind->each(&p->sets[set], now_ns, each_name, &e) : HN_ENOENT;
}
