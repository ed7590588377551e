/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_record.h"

#include <string.h>

#include "base/ocsf.h"
#include "base/utc.h"
#include "base/version.h"
#include "match/canonical.h"
#include "resolver/policy.h"
#include "wire/dns_type.h"

#define MS_NS          INT64_C(1000000)
#define VALUE_TEXT_MAX (4 * ENTRY_KEY_MAX)

/* OCSF (schema.ocsf.io): DNS Activity, Traffic; the security_control profile. */
enum { ACTION_ALLOWED = 1, ACTION_DENIED = 2 };
enum { DISPOSITION_BLOCKED = 2, DISPOSITION_DROPPED = 6, DISPOSITION_LOGGED = 17 };

static const char *const transports[] = {"udp", "tcp", "tls", "https"};

static void add_string(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, ",\"%s\":", name);
	buf_json_string(b, text, strlen(text));
}

static void add_time(struct buf *b, const char *name, int64_t time_ns)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	buf_addf(b, ",\"%s\":%lld,\"%s_dt\":\"%s\"", name, (long long)(time_ns / MS_NS), name, text);
}

static void add_head(struct buf *b, const struct event_told *t)
{
	char uid[UUID_TEXT_SIZE];
	uuid_format(&t->uid, uid);
	buf_addf(b,
		 "{\"class_uid\":4003,\"category_uid\":4,\"activity_id\":6,\"type_uid\":400306,"
		 "\"severity_id\":1,\"metadata\":{\"version\":\"" OCSF_VERSION "\",\"uid\":\"%s\","
		 "\"profiles\":[\"datetime\",\"security_control\"],\"product\":{\"name\":\"Hinomi\","
		 "\"vendor_name\":\"Hinomi\",\"version\":\"" HINOMI_VERSION "\"}}",
		 uid);
	add_time(b, "time", t->last_ns);
	add_time(b, "start_time", t->first_ns);
	add_time(b, "end_time", t->last_ns);
	buf_addf(b, ",\"count\":%llu", (unsigned long long)t->count);
}

static void add_disposition(struct buf *b, unsigned action)
{
	unsigned disposition = action == POLICY_LOG    ? DISPOSITION_LOGGED
			       : action == POLICY_DROP ? DISPOSITION_DROPPED
						       : DISPOSITION_BLOCKED;
	buf_addf(b, ",\"action_id\":%d,\"disposition_id\":%u",
		 action == POLICY_LOG ? ACTION_ALLOWED : ACTION_DENIED, disposition);
}

static void add_client(struct buf *b, const struct event_told *t)
{
	char text[IP_TEXT_SIZE];
	if (t->pseudonym) {
		buf_addf(b, ",\"src_endpoint\":{\"uid\":\"%s\"}", t->pseudonym);
		return;
	}
	ip_format(&t->event->client, text);
	buf_addf(b, ",\"src_endpoint\":{\"ip\":\"%s\"}", text);
}

/* The listed name, of a wildcard without its "*.". */
static void add_query(struct buf *b, const struct event *e, const char *value)
{
	char type[DNS_TYPE_TEXT_SIZE];
	bool name = e->kind == ENTRY_NAME || e->kind == ENTRY_WILDCARD;
	dns_type_format(e->qtype, type);
	buf_adds(b, ",\"query\":{");
	if (name && e->trigger == POLICY_QNAME) {
		const char *host = strncmp(value, "*.", 2) == 0 ? value + 2 : value;
		buf_adds(b, "\"hostname\":");
		buf_json_string(b, host, strlen(host));
		buf_addc(b, ',');
	}
	buf_addf(b, "\"type\":\"%s\"}", type);
	if (e->rcode != EVENT_NO_RCODE)
		buf_addf(b, ",\"rcode_id\":%u", e->rcode);
}

static void add_entry(struct buf *b, const struct event *e, const char *value)
{
	char object[EVENT_OBJECT_MAX + 1], marking[EVENT_MARKING_MAX + 1];
	memcpy(object, e->bytes + e->key_len, e->object_len);
	object[e->object_len] = '\0';
	memcpy(marking, e->bytes + e->key_len + e->object_len, e->marking_len);
	marking[e->marking_len] = '\0';
	add_string(b, "indicator", e->object_len > 0 ? object : value);
	add_string(b, "kind", entry_kind_name((enum entry_kind)e->kind));
	add_string(b, "value", value);
	if (e->kind == ENTRY_WILDCARD)
		buf_addf(b, ",\"labels_left\":%u,\"bytes_left\":%u", e->labels_left, e->bytes_left);
	if (e->marking_len > 0)
		add_string(b, "marking", marking);
	if (e->confidence != EVENT_NO_CONFIDENCE)
		buf_addf(b, ",\"confidence\":%u", e->confidence);
}

static void add_own(struct buf *b, const struct event_told *t, const char *value)
{
	const struct event *e = t->event;
	char organisation[UUID_TEXT_SIZE];
	buf_addf(b, ",\"unmapped\":{\"hinomi\":{\"action\":\"%s\",\"trigger\":\"%s\"",
		 policy_action_name((enum policy_action)e->action),
		 policy_trigger_name((enum policy_trigger)e->trigger));
	if (e->trigger != POLICY_CLIENT || !t->pseudonym)
		add_entry(b, e, value);
	if (t->set) {
		add_string(b, "policy", t->set->name);
		add_string(b, "set", t->set->id);
		add_string(b, "set_version", t->set->version);
	}
	add_string(b, "group", t->group->name);
	add_string(b, "transport", transports[e->transport % 4]);
	if (uuid_compare(&t->group->organisation, &(struct uuid){0}) != 0) {
		uuid_format(&t->group->organisation, organisation);
		add_string(b, "organisation", organisation);
	}
	if (t->pseudonym) {
		add_string(b, "pseudonym", t->pseudonym);
		add_string(b, "prefix_pseudonym", t->prefix_pseudonym);
	}
	buf_adds(b, "}}");
}

int event_record_add(const struct event_told *t, struct buf *out)
{
	const struct event *e = t->event;
	const struct entry_key key = {(enum entry_kind)e->kind, e->key_len, e->bytes};
	struct buf value;
	buf_init(&value, VALUE_TEXT_MAX);
	if (key.len == 0)
		buf_addc(&value, '*');
	else
		canonical_format(&key, &value);
	int rc = buf_err(&value);
	if (rc == HN_OK) {
		add_head(out, t);
		add_disposition(out, e->action);
		add_client(out, t);
		add_query(out, e, value.data);
		add_own(out, t, value.data);
		buf_adds(out, "}\n");
		rc = buf_err(out);
	}
	buf_clear(&value);
	return rc;
}
