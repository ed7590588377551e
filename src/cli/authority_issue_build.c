/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/pseudonym.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "cli/authority_common.h"
#include "cli/authority_issue.h"

#define PATTERN_FILE_MAX ((size_t)4 << 20)
#define UUID_LEN         (UUID_TEXT_SIZE - 1)

static int out_of_memory(void)
{
	log_line(LOG_LEVEL_ERROR, "%s", hn_strerror(HN_ENOMEM));
	return HN_EXIT_UNFINISHED;
}

/* A list of texts; they point into argv. */
static int set_texts(const struct option_list *list, const char ***out, size_t *count_out)
{
	*out = calloc(list->count + 1, sizeof(**out));
	if (*out == NULL)
		return out_of_memory();
	for (size_t i = 0; i < list->count; i++)
		(*out)[i] = list->items[i];
	*count_out = list->count;
	return HN_EXIT_DONE;
}

static int set_basis(const struct issue_options *o, const struct trust *trust, struct authorization *a)
{
	if (basis_parse(o->basis, strlen(o->basis), &a->basis) != HN_OK)
		return report_value("basis", o->basis, "agreement, foreign-foreign, specified");
	for (size_t i = 0; i < o->directions.count; i++) {
		const char *text = o->directions.items[i];
		enum flow_class c;
		if (flow_class_parse(text, strlen(text), &c) != HN_OK)
			return report_value("direction", text,
					    "foreign-foreign, foreign-domestic, domestic-foreign");
		a->classes |= FLOW_CLASS_BIT(c);
	}
	/* Where the basis leaves no choice none need be made. */
	if (o->directions.count == 0 && a->basis != BASIS_SPECIFIED)
		a->classes = trust->limits.basis[a->basis].classes & limits_builtin.basis[a->basis].classes;
	return a->classes == 0 ? report_missing("--direction") : HN_EXIT_DONE;
}

static int set_times(const struct issue_options *o, struct authorization *a)
{
	int code;
	a->issued_ns = utc_now_ns() / 1000 * 1000;
	if (strcmp(o->from, "now") == 0)
		a->from_ns = a->issued_ns;
	else if ((code = read_time("from", o->from, -1, &a->from_ns)) != HN_EXIT_DONE)
		return code;
	if ((code = read_time("until", o->until, a->from_ns, &a->until_ns)) != HN_EXIT_DONE)
		return code;
	if (utc_duration_parse(o->retention, strlen(o->retention), &a->retention_ns) != HN_OK)
		return report_value("retention", o->retention,
				    tr("a duration such as P30D", "P30D のような期間"));
	return HN_EXIT_DONE;
}

static int set_facilities(const struct issue_options *o, struct authorization *a)
{
	a->facilities = calloc(o->facilities.count + 1, sizeof(*a->facilities));
	if (a->facilities == NULL)
		return out_of_memory();
	for (size_t i = 0; i < o->facilities.count; i++) {
		const char *text = o->facilities.items[i], *equals = strchr(text, '=');
		const char *prefix = equals == NULL ? text : equals + 1;
		struct facility *f = &a->facilities[a->facility_count];
		enum flow_class c;

		f->classes = a->classes;
		if (equals != NULL) {
			if (flow_class_parse(text, (size_t)(equals - text), &c) != HN_OK)
				return report_value("facility", text, "CLASS=PREFIX");
			f->classes = FLOW_CLASS_BIT(c);
		}
		if (ip_prefix_parse(prefix, strlen(prefix), &f->prefix) != HN_OK)
			return report_value("facility", text,
					    tr("a prefix such as 203.0.113.0/24",
					       "203.0.113.0/24 のようなプレフィックス"));
		a->facility_count++;
	}
	return HN_EXIT_DONE;
}

static int set_kinds(const char *text, size_t len, uint32_t *out)
{
	while (len > 0) {
		const char *comma = memchr(text, ',', len);
		size_t n = comma == NULL ? len : (size_t)(comma - text);
		enum entry_kind kind;
		if (entry_kind_parse(text, n, &kind) != HN_OK)
			return HN_EFORMAT;
		*out |= BOUNDS_KIND_BIT(kind);
		text += comma == NULL ? n : n + 1;
		len -= comma == NULL ? n : n + 1;
	}
	return HN_OK;
}

/* ID[:KINDS[:MAX]] */
static int set_one(const char *text, const struct limits *l, struct bounds *b)
{
	size_t id_len = strcspn(text, ":");
	const char *kinds = text + id_len + (text[id_len] == ':');
	size_t kinds_len = strcspn(kinds, ":");
	const char *most = kinds + kinds_len + (kinds[kinds_len] == ':');
	char *end = NULL;

	if (id_len > PATTERN_ID_MAX)
		return HN_EFORMAT;
	memcpy(b->set, text, id_len);
	b->prefix4 = l->prefix4;
	b->prefix6 = l->prefix6;
	b->entries_max = BOUNDS_ENTRIES_DEFAULT < l->entries ? BOUNDS_ENTRIES_DEFAULT : l->entries;
	b->kinds = kinds_len == 0 ? BOUNDS_KIND_BIT(ENTRY_KIND_COUNT) - 1 : 0;
	if (set_kinds(kinds, kinds_len, &b->kinds) != HN_OK)
		return HN_EFORMAT;
	if (most[0] == '\0')
		return HN_OK;
	b->entries_max = strtoull(most, &end, 10);
	return most[0] >= '0' && most[0] <= '9' && *end == '\0' ? HN_OK : HN_EFORMAT;
}

static int set_sets(const struct issue_options *o, const struct limits *l, struct authorization *a)
{
	a->sets = calloc(o->sets.count + 1, sizeof(*a->sets));
	if (a->sets == NULL)
		return out_of_memory();
	for (; a->set_count < o->sets.count; a->set_count++)
		if (set_one(o->sets.items[a->set_count], l, &a->sets[a->set_count]) != HN_OK)
			return report_value("set", o->sets.items[a->set_count],
					    tr("ID[:KINDS[:MAX]]; kinds: "
					       "ipv4,ipv6,ipv4-prefix,ipv6-prefix,name,wildcard,url,md5,"
					       "sha1,sha256,ja4",
					       "ID[:種類[:最大件数]]（種類: "
					       "ipv4,ipv6,ipv4-prefix,ipv6-prefix,name,wildcard,url,md5,"
					       "sha1,sha256,ja4）"));
	return HN_EXIT_DONE;
}

static int add_patterns(const char *path, const json_t *array, struct authorization *a)
{
	size_t count = json_array_size(array);
	struct fault fault = {{0}, {0}};

	if (a->pattern_count + count > PATTERNS_MAX)
		return report_value("pattern", path, tr("a list that is short enough", "十分に短い一覧"));
	struct pattern *grown = reallocarray(a->patterns, a->pattern_count + count + 1, sizeof(*grown));
	if (grown == NULL)
		return out_of_memory();
	a->patterns = grown;
	for (size_t i = 0; i < count; i++) {
		int rc = pattern_read(json_array_get(array, i), &a->patterns[a->pattern_count], &fault);
		if (rc != HN_OK) {
			log_line(LOG_LEVEL_ERROR,
				 tr("'%s', pattern %zu: %s %s", "'%s'、%zu番目のパターン: %s %s"), path,
				 i + 1, fault.place,
				 fault.message[0] == '\0' ? hn_strerror(rc) : fault.message);
			return HN_EXIT_USAGE;
		}
		a->pattern_count++;
	}
	return HN_EXIT_DONE;
}

/* The file is a JSON array, which base/json.h reads as the member of an object. */
static int set_patterns(const struct issue_options *o, struct authorization *a)
{
	int code = HN_EXIT_DONE;
	for (size_t i = 0; i < o->patterns.count && code == HN_EXIT_DONE; i++) {
		struct fault fault = {{0}, {0}};
		struct buf text, object;
		json_t *read;

		buf_init(&object, PATTERN_FILE_MAX);
		code = load_text(o->patterns.items[i], &text);
		if (code == HN_EXIT_DONE) {
			buf_adds(&object, "{\"patterns\":");
			buf_add(&object, text.data, text.len);
			buf_addc(&object, '}');
			int rc = buf_err(&object);
			if (rc == HN_OK)
				rc = json_object_read(object.data, object.len, &read, &fault);
			if (rc == HN_OK) {
				const json_t *array = NULL;
				static const char *const members[] = {"patterns", NULL};
				rc = json_only(read, members, &fault);
				if (rc == HN_OK)
					rc = json_get_array(read, "patterns", true, &array, &fault);
				code = rc == HN_OK ? add_patterns(o->patterns.items[i], array, a) : code;
				json_decref(read);
			}
			if (rc != HN_OK)
				code = report_fault(rc, &fault);
		}
		buf_clear(&text);
		buf_clear(&object);
	}
	return code;
}

/* ID, ID:KEY.pub, or KEY.pub alone, whose id is then the sensor's. */
static int set_sensor(const char *text, const struct pseudonym_secret *secret, struct authorization_sensor *s)
{
	struct fault fault = {{0}, {0}};
	struct key_public k;
	size_t len = strlen(text);
	bool named = len >= UUID_LEN && uuid_parse(text, UUID_LEN, &s->id) == HN_OK &&
		     (text[UUID_LEN] == '\0' || text[UUID_LEN] == ':');

	if (named && text[UUID_LEN] == '\0')
		return HN_EXIT_DONE;
	int rc = key_public_read(named ? text + UUID_LEN + 1 : text, &k, &fault);
	if (rc != HN_OK)
		return report_fault(rc, &fault);
	if (!named)
		key_sensor_id(&k, &s->id);
	pseudonym_secret_seal(secret, k.x25519, s->sealed);
	s->has_secret = true;
	return HN_EXIT_DONE;
}

static int set_sensors(const struct issue_options *o, struct authorization *a)
{
	struct pseudonym_secret *secret;
	int code = HN_EXIT_DONE;

	a->sensors = calloc(o->sensors.count + 1, sizeof(*a->sensors));
	if (a->sensors == NULL || pseudonym_secret_new(NULL, &secret) != HN_OK)
		return out_of_memory();
	for (; a->sensor_count < o->sensors.count && code == HN_EXIT_DONE; a->sensor_count++)
		code = set_sensor(o->sensors.items[a->sensor_count], secret, &a->sensors[a->sensor_count]);
	pseudonym_secret_free(secret);
	return code;
}

static int fill(const struct issue_options *o, const struct trust *trust, struct authorization *a)
{
	int code;
	a->id = uuid_v4();
	uuid_format(&a->id, a->id_text);
	memcpy(a->trust, trust->digest, SHA256_SIZE);
	a->purpose = o->purpose;
	a->party = o->party;
	a->identified = o->identified != NULL;
	a->ground = o->identified;
	if ((code = set_basis(o, trust, a)) != HN_EXIT_DONE || (code = set_times(o, a)) != HN_EXIT_DONE ||
	    (code = set_facilities(o, a)) != HN_EXIT_DONE ||
	    (code = set_texts(&o->links, &a->links, &a->link_count)) != HN_EXIT_DONE ||
	    (code = set_texts(&o->recipients, &a->recipients, &a->recipient_count)) != HN_EXIT_DONE ||
	    (code = set_texts(&o->acts, &a->acts, &a->act_count)) != HN_EXIT_DONE ||
	    (code = set_sets(o, &trust->limits, a)) != HN_EXIT_DONE ||
	    (code = set_patterns(o, a)) != HN_EXIT_DONE)
		return code;
	return set_sensors(o, a);
}

int issue_build(const struct issue_options *o, const struct trust *trust, struct authorization **out)
{
	struct authorization *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return out_of_memory();
	int code = fill(o, trust, a);
	if (code == HN_EXIT_DONE)
		*out = a;
	else
		authorization_free(a);
	return code;
}
