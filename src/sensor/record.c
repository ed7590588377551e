/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/record.h"

#include <stdio.h>
#include <string.h>

#include "authority/class.h"
#include "base/encode.h"
#include "base/utc.h"
#include "base/version.h"
#include "match/canonical.h"
#include "sensor/deidentify.h"
#include "wire/dns_type.h"
#include "wire/field.h"

#define MS_NS INT64_C(1000000)

/* OCSF class ids and the activity of a finished flow (schema.ocsf.io). */
enum {
	CLASS_NETWORK = 4001,
	CLASS_DNS = 4003,
	CATEGORY_NETWORK = 4,
	ACTIVITY_OPEN = 1,
	ACTIVITY_CLOSE = 2,
	ACTIVITY_QUERY = 1,
	ACTIVITY_RESPONSE = 2,
	ACTIVITY_TRAFFIC = 6
};

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

static void add_endpoint(struct buf *b, const char *name, const struct message_endpoint *e)
{
	char ip[IP_TEXT_SIZE];
	buf_addf(b, ",\"%s\":{", name);
	if (e->identified) {
		ip_format(&e->ip, ip);
		buf_addf(b, "\"ip\":\"%s\",", ip);
	}
	buf_addf(b, "\"port\":%u}", e->port);
}

static void add_connection(struct buf *b, const struct message_record *r, const char *uid)
{
	static const struct {
		unsigned id;
		const char *name;
	} directions[] = {
		[FOREIGN_FOREIGN] = {99, "Transit"},
		[FOREIGN_DOMESTIC] = {1, "Inbound"},
		[DOMESTIC_FOREIGN] = {2, "Outbound"},
	};
	buf_addf(b,
		 ",\"connection_info\":{\"uid\":\"%s\",\"protocol_num\":%u,\"protocol_ver_id\":%u,"
		 "\"direction_id\":%u",
		 uid, r->protocol, r->ip_version, directions[r->class].id);
	add_string(b, "direction", directions[r->class].name);
	buf_addc(b, '}');
}

static void add_traffic(struct buf *b, const struct message_record *r)
{
	buf_addf(b,
		 ",\"traffic\":{\"packets\":%llu,\"bytes\":%llu,\"packets_out\":%llu,\"bytes_out\":%llu,"
		 "\"packets_in\":%llu,\"bytes_in\":%llu}",
		 (unsigned long long)(r->packets[0] + r->packets[1]),
		 (unsigned long long)(r->bytes[0] + r->bytes[1]), (unsigned long long)r->packets[0],
		 (unsigned long long)r->bytes[0], (unsigned long long)r->packets[1],
		 (unsigned long long)r->bytes[1]);
}

static bool is_dns(const struct message_record *r)
{
	return r->field == FIELD_DNS_QUERY_NAME || r->field == FIELD_DNS_ANSWER_NAME ||
	       r->field == FIELD_DNS_ANSWER_ADDRESS;
}

/* What OCSF has a field of its own for; `value` is the indicator's own text. */
static void add_matched(struct buf *b, const struct message_record *r, const char *value)
{
	char type[DNS_TYPE_TEXT_SIZE];

	/* A wildcard is listed as "*.name"; a host name field holds the name. */
	if (r->kind == ENTRY_WILDCARD && strncmp(value, "*.", 2) == 0)
		value += 2;
	if (r->field == FIELD_DNS_QUERY_NAME) {
		buf_adds(b, ",\"query\":{\"hostname\":");
		buf_json_string(b, value, strlen(value));
		if (r->dns_type != 0) {
			dns_type_format(r->dns_type, type);
			buf_addf(b, ",\"type\":\"%s\"", type);
		}
		buf_addc(b, '}');
		if (r->dns_response)
			buf_addf(b, ",\"rcode_id\":%u", r->dns_rcode);
	} else if (r->field == FIELD_TLS_SNI || r->field == FIELD_QUIC_SNI) {
		buf_adds(b, ",\"tls\":{\"version\":\"unknown\",\"sni\":");
		buf_json_string(b, value, strlen(value));
		buf_addc(b, '}');
	}
}

static void add_deidentified(struct buf *b, const struct message_endpoint *e)
{
	buf_addf(b, "\"pseudonym\":\"%s\",\"prefix_pseudonym\":\"%s\",\"sealed\":\"%s\"", e->pseudonym,
		 e->prefix_pseudonym, e->sealed);
	if (e->organisation[0] != '\0')
		add_string(b, "organisation", e->organisation);
}

/*
 * The domestic end. Both are only in a tunnel between global addresses with private ones inside, whose outer
 * header decides the class; then dst stands in an object of its own.
 */
static void add_domestic_ends(struct buf *b, const struct message_record *r)
{
	if (r->src.identified && r->dst.identified)
		return;
	buf_addf(b, ",\"end\":\"%s\",", r->src.identified ? "dst" : "src");
	add_deidentified(b, r->src.identified ? &r->dst : &r->src);
	if (r->src.identified || r->dst.identified)
		return;
	buf_adds(b, ",\"peer\":{");
	add_deidentified(b, &r->dst);
	buf_addc(b, '}');
}

/* DNS Activity knows no opening: there the message that matched is told first, and the whole at the end. */
static unsigned activity_of(const struct message_record *r)
{
	if (r->phase != RECORD_OPEN)
		return is_dns(r) ? ACTIVITY_TRAFFIC : ACTIVITY_CLOSE;
	if (!is_dns(r))
		return ACTIVITY_OPEN;
	return r->dns_response ? ACTIVITY_RESPONSE : ACTIVITY_QUERY;
}

#define INDICATOR_TEXT_MAX (4 * ENTRY_KEY_MAX)

/* The indicator as the set or the authorisation tells it. */
struct indicator {
	const char *id;
	const char *act;
	const char *set;
	const char *version;
	char handle[24];
	struct buf value; /* in text */
};

static const char *text_of(const struct indicator *i)
{
	return i->value.data == NULL ? "" : i->value.data;
}

static int find_indicator(const struct record_context *c, const struct message_record *r,
			  struct indicator *out)
{
	memset(out, 0, sizeof(*out));
	buf_init(&out->value, INDICATOR_TEXT_MAX);
	if (r->field == FIELD_PATTERN) {
		if (r->pattern >= c->authorization->pattern_count)
			return HN_EFORMAT;
		out->id = c->authorization->patterns[r->pattern].id;
		out->act = c->authorization->patterns[r->pattern].act;
		return HN_OK;
	}
	if (r->set >= c->set_count)
		return HN_EFORMAT;
	const struct set *set = c->sets[r->set];
	if (r->layer >= set_info(set)->layers)
		return HN_EFORMAT;
	const struct set_hit hit = {.layer = r->layer,
				    .handle = r->handle,
				    .slot = r->slot,
				    .kind = r->kind,
				    .prefix_len = r->prefix_len};
	struct entry_meta meta;
	struct entry_key key;
	uint8_t scratch[32];
	set_meta(set, &hit, &meta);
	int rc = set_key(set, &hit, &key, scratch);
	if (rc != HN_OK)
		return HN_EFORMAT;
	canonical_format(&key, &out->value);
	(void)snprintf(out->handle, sizeof(out->handle), "%u", r->handle);
	out->id = meta.object != NULL ? meta.object : out->handle;
	out->act = meta.act;
	out->set = set_info(set)->id;
	out->version = set_info(set)->version;
	return buf_err(&out->value);
}

static void add_own(struct buf *b, const struct record_context *c, const struct message_record *r,
		    const struct indicator *i)
{
	char matched[UTC_SIZE];

	buf_addf(b,
		 ",\"unmapped\":{\"hinomi\":{\"authorization\":\"%s\",\"class\":\"%s\",\"action\":"
		 "\"select\"",
		 c->authorization->id_text, flow_class_name(r->class));
	utc_format(r->match_ns, matched);
	buf_addf(b, ",\"field\":\"%s\",\"matched_dt\":\"%s\"", field_name(r->field), matched);
	if (r->phase != RECORD_ONLY)
		add_string(b, "phase", r->phase == RECORD_OPEN ? "open" : "close");
	add_string(b, "indicator", i->id);
	if (i->act != NULL)
		add_string(b, "act", i->act);
	if (r->field == FIELD_PATTERN) {
		buf_addf(b, ",\"offset\":%u", r->pattern_offset);
	} else {
		add_string(b, "kind", entry_kind_name(r->kind));
		add_string(b, "value", text_of(i));
		add_string(b, "set", i->set);
		add_string(b, "set_version", i->version);
	}
	if (r->kind == ENTRY_WILDCARD && r->field != FIELD_PATTERN)
		buf_addf(b, ",\"labels_left\":%u,\"bytes_left\":%u", r->labels_left, r->bytes_left);
	add_domestic_ends(b, r);
	buf_adds(b, "}}");
}

static bool hex_of(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

/* A parser that a packet has taken over might write what it read into the fields of a record. */
static bool endpoint_lawful(const struct record_context *c, const struct message_endpoint *e)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=";
	if (e->identified)
		return c->authorization->identified || !domestic_has(c->domestic, &e->ip);
	return !c->authorization->identified && hex_of(e->pseudonym, PSEUDONYM_TEXT_SIZE - 1) &&
	       hex_of(e->prefix_pseudonym, PSEUDONYM_TEXT_SIZE - 1) &&
	       strspn(e->sealed, base64) == SEAL_TEXT_SIZE - 1 && e->sealed[SEAL_TEXT_SIZE - 1] == '\0';
}

static bool record_lawful(const struct record_context *c, const struct message_record *r)
{
	return authorization_has_class(c->authorization, r->class) && endpoint_lawful(c, &r->src) &&
	       endpoint_lawful(c, &r->dst);
}

int record_add(const struct record_context *c, const struct message_record *r, struct buf *out)
{
	struct indicator indicator;
	char uid_text[UUID_TEXT_SIZE], flow_text[UUID_TEXT_SIZE];

	if (!record_lawful(c, r))
		return HN_EFORMAT;
	int rc = find_indicator(c, r, &indicator);
	if (rc != HN_OK) {
		buf_clear(&indicator.value);
		return rc;
	}
	struct uuid uid = record_uid(&c->edge, &c->epoch, r->seq);
	uuid_format(&uid, uid_text);
	/* Both records of a flow have the uid of the first as that of the connection. */
	uid = record_uid(&c->edge, &c->epoch, r->open_seq);
	uuid_format(&uid, flow_text);
	unsigned class_uid = is_dns(r) ? CLASS_DNS : CLASS_NETWORK;
	unsigned activity = activity_of(r);
	buf_addf(out,
		 "{\"class_uid\":%u,\"category_uid\":%u,\"activity_id\":%u,\"type_uid\":%u,\"severity_id\":1,"
		 "\"metadata\":{\"version\":\"" OCSF_VERSION "\",\"uid\":\"%s\",\"profiles\":[\"datetime\"],"
		 "\"product\":{\"name\":\"Hinomi\",\"vendor_name\":\"Hinomi\",\"version\":\"" HINOMI_VERSION
		 "\"}}",
		 class_uid, CATEGORY_NETWORK, activity, class_uid * 100 + activity, uid_text);
	add_time(out, "time", r->last_ns);
	add_time(out, "start_time", r->first_ns);
	add_time(out, "end_time", r->last_ns);
	add_endpoint(out, "src_endpoint", &r->src);
	add_endpoint(out, "dst_endpoint", &r->dst);
	add_connection(out, r, flow_text);
	add_traffic(out, r);
	add_matched(out, r, text_of(&indicator));
	add_own(out, c, r, &indicator);
	buf_adds(out, "}\n");
	buf_clear(&indicator.value);
	return buf_err(out);
}
