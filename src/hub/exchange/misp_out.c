/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/misp_out.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/utc.h"
#include "hub/config.h"
#include "hub/exchange/export.h"
#include "hub/hub.h"
#include "match/entry.h"
#include "store/directory.h"
#include "store/search.h"

#define EVENT_DAY_AT 20 /* bits of a day's number */

#define INDICATOR "indicator"

void misp_read_key(const struct request *r, struct misp_key *out)
{
	struct directory *d = hub_of(r)->directory;
	uint8_t digest[SHA256_SIZE];
	if (directory_uuid(d, DIRECTORY_ORGANISATION, directory_centre(d), &out->centre) != HN_OK)
		memset(&out->centre, 0, sizeof(out->centre)); /* there is none yet */
	sha256_parts("misp feed", 9, out->centre.bytes, sizeof(out->centre.bytes), NULL, 0, digest);
	memcpy(out->key, digest, sizeof(out->key));
}

struct uuid misp_day_uuid(const struct misp_key *key, uint64_t day, uint64_t source)
{
	uint64_t plain = source << EVENT_DAY_AT | day;
	uint64_t tag = siphash24(key->key, &plain, sizeof(plain)) & ~UINT64_C(0xf000);
	uint64_t hidden = plain ^ (siphash24(key->key, &tag, sizeof(tag)) >> 2);
	struct uuid u;
	for (unsigned i = 0; i < 8; i++) {
		u.bytes[i] = (uint8_t)(tag >> (56 - 8 * i));
		u.bytes[8 + i] = (uint8_t)(hidden >> (56 - 8 * i));
	}
	u.bytes[6] = (uint8_t)(0x80 | (u.bytes[6] & 0x0f));
	u.bytes[8] = (uint8_t)(0x80 | (u.bytes[8] & 0x3f));
	return u;
}

bool misp_uuid_day(const struct misp_key *key, const struct uuid *u, uint64_t *day, uint64_t *source)
{
	uint64_t tag = 0, hidden = 0;
	for (unsigned i = 0; i < 8; i++) {
		tag = tag << 8 | u->bytes[i];
		hidden = hidden << 8 | u->bytes[8 + i];
	}
	tag &= ~UINT64_C(0xf000);
	hidden &= UINT64_MAX >> 2;
	uint64_t plain = hidden ^ (siphash24(key->key, &tag, sizeof(tag)) >> 2);
	*day = plain & ((1u << EVENT_DAY_AT) - 1);
	*source = plain >> EVENT_DAY_AT;
	struct uuid again = misp_day_uuid(key, *day, *source);
	return uuid_compare(&again, u) == 0;
}

/* ---- values as attributes ---- */

static const char *digest_type(const struct stix_value *v)
{
	static const char *const names[][2] = {{"SHA-512:", "sha512"},
					       {"SHA-224:", "sha224"},
					       {"SHA-384:", "sha384"},
					       {"SSDEEP:", "ssdeep"},
					       {"TLSH:", "tlsh"}};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (v->key_len > strlen(names[i][0]) && memcmp(v->key, names[i][0], strlen(names[i][0])) == 0)
			return names[i][1];
	return "text";
}

static const char *certificate_type(const struct stix_value *v)
{
	return v->key_len == 64   ? "x509-fingerprint-sha256"
	       : v->key_len == 40 ? "x509-fingerprint-sha1"
	       : v->key_len == 32 ? "x509-fingerprint-md5"
				  : "text";
}

const char *misp_attribute_type(const struct stix_value *v)
{
	static const char *const entries[ENTRY_KIND_COUNT] = {
		[ENTRY_IP4] = "ip-dst",     [ENTRY_IP6] = "ip-dst",    [ENTRY_PREFIX4] = "ip-dst",
		[ENTRY_PREFIX6] = "ip-dst", [ENTRY_NAME] = "hostname", [ENTRY_WILDCARD] = "domain",
		[ENTRY_URL] = "url",        [ENTRY_MD5] = "md5",       [ENTRY_SHA1] = "sha1",
		[ENTRY_SHA256] = "sha256",  [ENTRY_JA4] = "text"};
	switch (v->kind) {
	case STIX_VALUE_ENTRY:
		return entries[v->entry_kind];
	case STIX_VALUE_EMAIL:
		return "email";
	case STIX_VALUE_ASN:
		return "AS";
	case STIX_VALUE_FILENAME:
		return "filename";
	case STIX_VALUE_MAC:
		return "mac-address";
	case STIX_VALUE_MUTEX:
		return "mutex";
	case STIX_VALUE_REGISTRY:
		return "regkey";
	case STIX_VALUE_CERTIFICATE:
		return certificate_type(v);
	case STIX_VALUE_VULNERABILITY:
		return "vulnerability";
	case STIX_VALUE_DIGEST:
		return digest_type(v);
	case STIX_VALUE_EXTERNAL:
		break;
	}
	return NULL;
}

static const char *category_of(const char *type)
{
	static const char *const rows[][2] = {
		{"md5", "Payload delivery"},      {"sha", "Payload delivery"},
		{"ssdeep", "Payload delivery"},   {"tlsh", "Payload delivery"},
		{"filename", "Payload delivery"}, {"email", "Payload delivery"},
		{"mutex", "Artifacts dropped"},   {"regkey", "Artifacts dropped"},
		{"vuln", "External analysis"},    {"text", "Other"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(type, rows[i][0], strlen(rows[i][0])) == 0)
			return rows[i][1];
	return "Network activity";
}

void misp_feed_init(struct misp_feed *f, const struct request *r, const struct warned *warned)
{
	f->warned = warned;
	misp_read_key(r, &f->key);
	stix_object_init(&f->object);
	buf_init(&f->value, 4 * ENTRY_KEY_MAX);
	f->name = hub_of(r)->config->name;
	f->now_ns = r->received_ns;
}

void misp_feed_clear(void *feed)
{
	struct misp_feed *f = feed;
	stix_object_clear(&f->object);
	buf_clear(&f->value);
}

/* @return whether the row is an object that holds now; it stands in f->object */
int misp_read(struct misp_feed *f, const struct object_row *row, bool *holds)
{
	int err = stix_object_read(&f->object, cur_of(row->bytes, row->len), row->spec, &STIX_DEFAULTS, NULL);
	*holds = err == HN_OK && export_holds(&f->object, f->now_ns);
	return err == HN_ENOMEM ? err : HN_OK;
}

bool misp_gives(const struct misp_feed *f, const struct stix_value *v, struct warning_hit *hit)
{
	hit->action = WARNING_OFF;
	return misp_attribute_type(v) != NULL &&
	       (f->warned == NULL || warned_value(f->warned, v, hit) != WARNING_BLOCK);
}

bool misp_gives_any(const struct misp_feed *f)
{
	struct warning_hit hit;
	for (size_t i = 0; i < f->object.value_count; i++)
		if (misp_gives(f, &f->object.values[i], &hit))
			return true;
	return f->object.value_count == 0;
}

static void open_tags(struct buf *out, const char *tlp)
{
	char tag[32];
	size_t len = 0;
	for (; tlp[len] != '\0'; len++)
		tag[len] = tlp[len] >= 'A' && tlp[len] <= 'Z' ? (char)(tlp[len] + 'a' - 'A') : tlp[len];
	buf_addf(out, "\"Tag\":[{\"name\":\"%.*s\"}", (int)len, tag);
}

void misp_add_tag(struct buf *out, const char *tlp)
{
	open_tags(out, tlp);
	buf_addc(out, ']');
}

/* A list's name stands between quotes in the tag, so it has none of its own. */
static void add_warning(struct buf *out, const struct warning_hit *hit)
{
	char tag[sizeof(hit->name) + 32];
	int len = snprintf(tag, sizeof(tag), "hinomi:warning-list=\"%s\"", hit->name);
	for (char *c = strchr(tag, '"') + 1; c < tag + len - 1; c++)
		if (*c == '"')
			*c = '\'';
	buf_adds(out, ",{\"name\":");
	buf_json_string(out, tag, (size_t)len);
	buf_addc(out, '}');
}

void misp_add_uuid(struct buf *out, const char *name, const struct uuid *uuid)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(uuid, text);
	buf_addf(out, "\"%s\":\"%s\",", name, text);
}

static void add_attribute(struct misp_feed *f, struct reader *reader, const struct object_row *row,
			  const struct stix_value *v, struct buf *out)
{
	const char *type = misp_attribute_type(v);
	char id[STIX_ID_MAX];
	struct warning_hit hit;
	if (!misp_gives(f, v, &hit))
		return;
	search_value_text(v, &f->value);
	struct uuid uuid = uuid_v5(&row->id.uuid, f->value.data, f->value.len);
	stix_id_format(&row->id, id);
	buf_adds(out, f->written++ == 0 ? "\n{" : ",\n{");
	misp_add_uuid(out, "uuid", &uuid);
	buf_addf(out,
		 "\"type\":\"%s\",\"category\":\"%s\",\"to_ids\":%s,\"timestamp\":\"%lld\",\"value\":", type,
		 category_of(type), strcmp(type, "text") == 0 ? "false" : "true",
		 (long long)(row->modified_ns / NS_SECOND));
	buf_json_string(out, f->value.data, f->value.len);
	buf_addf(out, ",\"comment\":\"%s\",", id);
	open_tags(out, export_tlp(reader, row->label));
	if (hit.action != WARNING_OFF)
		add_warning(out, &hit);
	buf_adds(out, "]}");
}

int misp_add_attributes(struct misp_feed *f, struct reader *reader, const struct object_row *row,
			struct buf *out)
{
	bool holds;
	int err = misp_read(f, row, &holds);
	for (size_t i = 0; err == HN_OK && holds && i < f->object.value_count; i++)
		add_attribute(f, reader, row, &f->object.values[i], out);
	return err == HN_OK ? buf_err(out) : err;
}

/* ---- events ---- */

/* The members that manifest and event share. */
static void add_head(struct buf *out, const struct misp_feed *f, const char *info, size_t info_len,
		     int64_t date_ns, int64_t stamp_ns)
{
	char date[UTC_SIZE], centre[UUID_TEXT_SIZE];
	utc_format(date_ns, date);
	uuid_format(&f->key.centre, centre);
	buf_adds(out, "\"info\":");
	buf_json_string(out, info, info_len);
	buf_addf(out,
		 ",\"date\":\"%.10s\",\"timestamp\":\"%lld\",\"publish_timestamp\":\"%lld\",\"published\":"
		 "true,"
		 "\"analysis\":\"2\",\"threat_level_id\":\"4\",\"Orgc\":{\"uuid\":\"%s\",\"name\":",
		 date, (long long)(stamp_ns / NS_SECOND), (long long)(stamp_ns / NS_SECOND), centre);
	buf_json_string(out, f->name, strlen(f->name));
	buf_addc(out, '}');
}

void misp_add_day_head(struct buf *out, const struct misp_feed *f, uint64_t day)
{
	char info[64], date[UTC_SIZE];
	int64_t at_ns = (int64_t)day * MISP_DAY_US * 1000;
	utc_format(at_ns, date);
	int n = snprintf(info, sizeof(info), "Indicators of %.10s", date);
	add_head(out, f, info, (size_t)n, at_ns, at_ns + MISP_DAY_US * 1000 - NS_SECOND);
}

void misp_add_export_head(struct buf *out, const struct misp_feed *f)
{
	static const char info[] = "Export";
	add_head(out, f, info, sizeof(info) - 1, f->now_ns, f->now_ns);
}

/* The name of a report; f->object has been read, its bytes are the row's. */
void misp_add_report_head(struct buf *out, const struct misp_feed *f, const struct object_row *row)
{
	json_t *tree = NULL;
	const char *name = NULL;
	if (json_object_read((const char *)row->bytes, row->len, &tree, NULL) == HN_OK)
		name = json_string_value(json_object_get(tree, "name"));
	if (name == NULL)
		name = row->id.type[0] == 'g' ? "Grouping" : "Report";
	add_head(out, f, name, strlen(name),
		 f->object.created_ns != STIX_NO_TIME ? f->object.created_ns : row->added * 1000,
		 row->modified_ns);
	json_decref(tree);
}

bool misp_is_indicator(const struct object_row *row)
{
	return row->id.type_len == strlen(INDICATOR) &&
	       memcmp(row->id.type, INDICATOR, row->id.type_len) == 0;
}

uint64_t misp_day_of(const struct object_row *row)
{
	return (uint64_t)(row->added / MISP_DAY_US);
}
