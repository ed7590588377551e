/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/warning_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ip.h"
#include "base/json_reader.h"
#include "base/lang.h"
#include "match/canonical.h"
#include "match/import_text.h"

#define LISTS_MAX    4096u
#define STRING_MAX   (1u << 20) /* one value of a JSON list */
#define ADDRESS_SIZE 16u

const struct warning_limits WARNING_DEFAULTS = {.values_max = 20000000, .bytes_max = UINT64_C(2) << 30};

/* What is known of a key. */
enum {
	EXACT = 1,         /* listed */
	SUBTREE = 2,       /* all names below it are */
	SUFFIX = 4,        /* a public suffix */
	BELOW = 8,         /* something below it is listed */
	SUFFIX_BELOW = 16, /* each name one label below it is a public suffix ("*.ck") */
	NO_SUFFIX = 32,    /* except this one ("!www.ck") */
};

struct slot {
	uint32_t at; /* in keys */
	uint16_t len;
	uint8_t kind;
	uint8_t flags; /* 0: free */
	uint32_t list;
};

struct range {
	uint8_t from[ADDRESS_SIZE], to[ADDRESS_SIZE];
	uint32_t list;
};

struct ranges {
	struct range *items;
	size_t count, room;
};

struct warning_lists {
	struct warning_limits limits;
	struct buf keys;
	struct slot *slots;
	size_t mask, used;
	struct ranges ranges[2]; /* IPv4, IPv6 */
	char **names;
	size_t name_count;
	uint64_t values;
	struct canonical canonical; /* while adding */
};

int warning_lists_new(const struct warning_limits *limits, struct warning_lists **out)
{
	struct warning_lists *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return HN_ENOMEM;
	w->limits = limits == NULL ? WARNING_DEFAULTS : *limits;
	buf_init(&w->keys, w->limits.bytes_max < UINT32_MAX ? (size_t)w->limits.bytes_max : UINT32_MAX);
	w->mask = 1023;
	w->slots = calloc(w->mask + 1, sizeof(*w->slots));
	w->names = calloc(LISTS_MAX, sizeof(*w->names));
	if (w->slots == NULL || w->names == NULL) {
		warning_lists_free(w);
		return HN_ENOMEM;
	}
	*out = w;
	return HN_OK;
}

void warning_lists_free(struct warning_lists *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; w->names != NULL && i < w->name_count; i++)
		free(w->names[i]);
	free(w->names);
	free(w->slots);
	free(w->ranges[0].items);
	free(w->ranges[1].items);
	buf_clear(&w->keys);
	free(w);
}

/* FNV-1a with a last mix; lists come from the operator, not from who attacks. */
static uint64_t hash_key(uint8_t kind, const uint8_t *key, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ kind;
	for (size_t i = 0; i < len; i++)
		h = (h ^ key[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	return h * UINT64_C(0xbf58476d1ce4e5b9) >> 20;
}

/* The slot of a key, or the free one where it would be. */
static struct slot *find_slot(const struct warning_lists *w, uint8_t kind, const uint8_t *key, size_t len)
{
	for (size_t i = hash_key(kind, key, len) & w->mask;; i = (i + 1) & w->mask) {
		struct slot *s = &w->slots[i];
		if (s->flags == 0 || (s->kind == kind && s->len == len &&
				      (len == 0 || memcmp(w->keys.data + s->at, key, len) == 0)))
			return s;
	}
}

static int grow(struct warning_lists *w)
{
	struct slot *old = w->slots;
	size_t old_mask = w->mask;
	size_t size = (old_mask + 1) * 2;
	if (size * sizeof(*old) > w->limits.bytes_max)
		return HN_ELIMIT;
	w->slots = calloc(size, sizeof(*w->slots));
	if (w->slots == NULL) {
		w->slots = old;
		return HN_ENOMEM;
	}
	w->mask = size - 1;
	for (size_t i = 0; i <= old_mask; i++)
		if (old[i].flags != 0)
			*find_slot(w, old[i].kind, (const uint8_t *)w->keys.data + old[i].at, old[i].len) =
				old[i];
	free(old);
	return HN_OK;
}

static int mark(struct warning_lists *w, uint8_t kind, const uint8_t *key, size_t len, unsigned flags)
{
	if (w->used * 2 > w->mask) {
		int rc = grow(w);
		if (rc != HN_OK)
			return rc;
	}
	struct slot *s = find_slot(w, kind, key, len);
	if (s->flags == 0) {
		size_t at = w->keys.len;
		buf_add(&w->keys, key, len);
		int rc = buf_err(&w->keys);
		if (rc != HN_OK)
			return rc;
		*s = (struct slot){.at = (uint32_t)at,
				   .len = (uint16_t)len,
				   .kind = kind,
				   .list = (uint32_t)w->name_count - 1};
		w->used++;
	}
	s->flags |= (uint8_t)flags;
	return HN_OK;
}

static unsigned flags_of(const struct warning_lists *w, uint8_t kind, const uint8_t *key, size_t len,
			 uint32_t *list)
{
	const struct slot *s = find_slot(w, kind, key, len);
	if (s->flags != 0)
		*list = s->list;
	return s->flags;
}

/* The name without its first label. @return false for a name of one label */
static bool parent_of(const uint8_t **name, size_t *len)
{
	size_t label = 1u + (*name)[0];
	if (*len <= label)
		return false;
	*name += label;
	*len -= label;
	return true;
}

/* A name, and above it that something lies below. */
static int mark_name(struct warning_lists *w, const uint8_t *name, size_t len, unsigned flags)
{
	int rc = mark(w, ENTRY_NAME, name, len, flags);
	while (rc == HN_OK && parent_of(&name, &len))
		rc = mark(w, ENTRY_NAME, name, len, BELOW);
	return rc;
}

static struct range range_of(const uint8_t *addr, unsigned width, unsigned bits)
{
	struct range r = {0};
	memcpy(r.from, addr, width);
	memcpy(r.to, addr, width);
	for (unsigned i = 0; i < width; i++) {
		unsigned keep = bits > i * 8 ? bits - i * 8 : 0;
		uint8_t host = (uint8_t)(keep >= 8 ? 0 : 0xffu >> keep);
		r.from[i] &= (uint8_t)~host;
		r.to[i] |= host;
	}
	return r;
}

static struct range range_of_key(const struct entry_key *key)
{
	switch (key->kind) {
	case ENTRY_IP4:
		return range_of(key->data, 4, 32);
	case ENTRY_IP6:
		return range_of(key->data, 16, 128);
	case ENTRY_PREFIX4:
		return range_of(key->data, 4, key->data[4]);
	default:
		return range_of(key->data, 16, key->data[16]);
	}
}

static bool is_address(uint8_t kind)
{
	return kind == ENTRY_IP4 || kind == ENTRY_IP6 || kind == ENTRY_PREFIX4 || kind == ENTRY_PREFIX6;
}

static unsigned family_of(uint8_t kind)
{
	return kind == ENTRY_IP6 || kind == ENTRY_PREFIX6 ? 1 : 0;
}

static int add_range(struct warning_lists *w, unsigned family, struct range r)
{
	struct ranges *all = &w->ranges[family];
	if (all->count == all->room) {
		size_t room = all->room == 0 ? 256 : all->room * 2;
		if (room * sizeof(*all->items) > w->limits.bytes_max)
			return HN_ELIMIT;
		struct range *items = realloc(all->items, room * sizeof(*items));
		if (items == NULL)
			return HN_ENOMEM;
		all->items = items;
		all->room = room;
	}
	r.list = (uint32_t)w->name_count - 1;
	all->items[all->count++] = r;
	return HN_OK;
}

static int add_key(struct warning_lists *w, const struct entry_key *key, unsigned flags)
{
	if (++w->values > w->limits.values_max)
		return HN_ELIMIT;
	if (is_address((uint8_t)key->kind))
		return add_range(w, family_of((uint8_t)key->kind), range_of_key(key));
	if (key->kind == ENTRY_WILDCARD)
		return mark_name(w, key->data, key->len, SUBTREE);
	if (key->kind == ENTRY_NAME)
		return mark_name(w, key->data, key->len, flags);
	return mark(w, (uint8_t)key->kind, key->data, key->len, EXACT);
}

/* Prefixes of warning lists may have host bits; what they mean is the prefix around. */
static int canonical_range(const char *text, size_t len, struct canonical *out)
{
	struct ip ip;
	char prefix[IP_PREFIX_TEXT_SIZE];
	struct ip_prefix p;
	uint64_t bits = 0;
	const char *slash = memchr(text, '/', len);
	if (canonical_ip(text, len, out) == HN_OK)
		return HN_OK;
	if (slash == NULL || ip_parse(text, (size_t)(slash - text), &ip) != HN_OK)
		return HN_EFORMAT;
	size_t digits = len - (size_t)(slash + 1 - text);
	if (digits == 0 || digits > 3)
		return HN_EFORMAT;
	for (size_t i = 1; i <= digits; i++) {
		if (slash[i] < '0' || slash[i] > '9')
			return HN_EFORMAT;
		bits = bits * 10 + (uint64_t)(slash[i] - '0');
	}
	if (bits > (ip.version == 4 ? 32u : 128u))
		return HN_EFORMAT;
	p.addr = ip_mask(&ip, (unsigned)bits);
	p.len = (uint8_t)bits;
	ip_prefix_format(&p, prefix);
	return canonical_ip(prefix, strlen(prefix), out);
}

/* One value. What is none of our kinds is counted. */
static int add_value(struct warning_lists *w, const char *text, size_t len, bool below,
		     struct warning_summary *out)
{
	unsigned flags = below ? EXACT | SUBTREE : EXACT;
	import_trim(&text, &len);
	if (len > 1 && text[0] == '.') {
		text++;
		len--;
		flags |= SUBTREE;
	}
	int rc = canonical_range(text, len, &w->canonical);
	if (rc != HN_OK)
		rc = canonical_value(text, len, &w->canonical);
	if (rc == HN_EFORMAT || rc == HN_ELIMIT) {
		out->unusable++;
		out->reason = tr("values that are neither address, name, URL nor digest",
				 "アドレス、名前、URL、ハッシュのいずれでもない値");
		return HN_OK;
	}
	if (rc == HN_OK)
		rc = add_key(w, &w->canonical.key, flags);
	out->values++;
	return rc;
}

static int set_name(struct warning_lists *w, const char *name)
{
	char *copy = strdup(name);
	if (copy == NULL)
		return HN_ENOMEM;
	free(w->names[w->name_count - 1]);
	w->names[w->name_count - 1] = copy;
	return HN_OK;
}

/* ---- MISP warning lists ---- */

struct misp_list {
	struct json_string name, type;
	bool has_list;
};

/* Members in any order: the first walk finds name and type, and that there is a list. */
static int look_at_members(struct json_reader *r, struct misp_list *list, bool *stop_at_list)
{
	enum json_token token;
	int rc = json_next(r, &token);
	if (rc == HN_OK && token != JSON_TOKEN_OBJECT)
		return HN_EUNSUPPORTED;
	while (rc == HN_OK && (rc = json_next(r, &token)) == HN_OK && token == JSON_TOKEN_NAME) {
		struct json_string *into = NULL;
		bool is_list = json_text_is(&r->string, "list");
		if (json_text_is(&r->string, "name"))
			into = &list->name;
		else if (json_text_is(&r->string, "type"))
			into = &list->type;
		rc = json_next(r, &token);
		if (rc == HN_OK && is_list && token == JSON_TOKEN_ARRAY) {
			list->has_list = true;
			if (stop_at_list != NULL)
				return HN_OK;
		}
		if (rc == HN_OK && into != NULL && token == JSON_TOKEN_STRING)
			*into = r->string;
		if (rc == HN_OK)
			rc = json_skip(r, token);
	}
	return rc;
}

static int read_misp_values(struct warning_lists *w, struct json_reader *r, const struct misp_list *list,
			    struct warning_summary *out)
{
	bool below = json_text_is(&list->type, "hostname");
	bool usable = below || json_text_is(&list->type, "string") || json_text_is(&list->type, "cidr");
	struct buf scratch;
	enum json_token token;
	int rc;

	buf_init(&scratch, STRING_MAX);
	for (uint64_t n = 1; (rc = json_next(r, &token)) == HN_OK && token != JSON_TOKEN_ARRAY_END; n++) {
		const char *text;
		size_t len;
		if (token != JSON_TOKEN_STRING && out->no_text == 0)
			out->no_text = n;
		if (token != JSON_TOKEN_STRING || !usable) {
			out->unusable++;
			rc = json_skip(r, token);
		} else if ((rc = json_text(&r->string, &scratch, &text, &len)) == HN_OK) {
			rc = add_value(w, text, len, below, out);
		}
		if (rc != HN_OK)
			break;
	}
	if (!usable && out->unusable > 0)
		out->reason = tr("regular expressions or substrings", "正規表現または部分文字列");
	buf_clear(&scratch);
	return rc;
}

static int read_misp(struct warning_lists *w, struct cur in, const char *place, struct warning_summary *out,
		     struct fault *fault)
{
	struct json_reader r;
	struct misp_list list = {0};
	struct buf scratch;
	const char *text;
	size_t len;
	bool stop = true;

	out->form = "misp";
	json_reader_init(&r, in, 16, false);
	int rc = look_at_members(&r, &list, NULL);
	if (rc == HN_EUNSUPPORTED || (rc == HN_OK && (!list.has_list || list.type.text == NULL)))
		return fault_set(fault, HN_EFORMAT, place,
				 tr("this JSON is no MISP warning list (members 'type' and 'list')",
				    "このJSONはMISP警告リストではない(type と list が要る)"));
	if (rc != HN_OK)
		return json_fault(&r, fault);
	buf_init(&scratch, STRING_MAX);
	if (list.name.text != NULL && json_text(&list.name, &scratch, &text, &len) == HN_OK && len > 0) {
		import_text(out->name, sizeof(out->name), text, len);
		rc = set_name(w, out->name);
	}
	buf_clear(&scratch);
	json_reader_init(&r, in, 16, false);
	if (rc == HN_OK)
		rc = look_at_members(&r, &list, &stop);
	if (rc == HN_OK)
		rc = read_misp_values(w, &r, &list, out);
	if (r.err != HN_OK)
		return json_fault(&r, fault);
	return rc;
}

/* ---- lists of lines ---- */

/* A rule of the public suffix list (its format: one rule a line up to the first white space). */
static int add_suffix(struct warning_lists *w, const char *text, size_t len, struct warning_summary *out)
{
	unsigned flags = SUFFIX;
	if (text[0] == '!') {
		flags = NO_SUFFIX;
		text++;
		len--;
	}
	int rc = canonical_name(text, len, &w->canonical);
	if (rc == HN_EFORMAT || rc == HN_ELIMIT) {
		out->unusable++;
		out->reason = tr("rules that are no names", "名前ではない規則");
		return HN_OK;
	}
	if (rc != HN_OK)
		return rc;
	out->values++;
	if (w->canonical.key.kind == ENTRY_WILDCARD)
		flags = SUFFIX_BELOW;
	if (++w->values > w->limits.values_max)
		return HN_ELIMIT;
	/* That suffixes lie below a suffix is its nature; it says nothing of "*.suffix", which is hit
	 * already. */
	return mark(w, ENTRY_NAME, w->canonical.key.data, w->canonical.key.len, flags);
}

static size_t word_len(const char *line, size_t len)
{
	size_t n = 0;
	while (n < len && line[n] != ' ' && line[n] != '\t')
		n++;
	return n;
}

/* "rank,name", as lists of top sites have it, is the name. */
static void drop_rank(const char **text, size_t *len)
{
	size_t n = 0;
	while (n < *len && (*text)[n] >= '0' && (*text)[n] <= '9')
		n++;
	if (n == 0 || n + 1 >= *len || (*text)[n] != ',')
		return;
	*text += n + 1;
	*len -= n + 1;
}

static int read_lines(struct warning_lists *w, struct cur in, bool suffixes, struct warning_summary *out)
{
	const char *line;
	size_t len;
	int rc = HN_OK;
	out->form = suffixes ? "suffixes" : "list";
	while (rc == HN_OK && import_line(&in, &line, &len)) {
		import_trim(&line, &len);
		bool comment =
			suffixes ? len >= 2 && memcmp(line, "//", 2) == 0 : import_is_comment(line, len);
		if (len == 0 || comment)
			continue;
		len = word_len(line, len);
		if (suffixes) {
			rc = add_suffix(w, line, len, out);
			continue;
		}
		drop_rank(&line, &len);
		rc = add_value(w, line, len, false, out);
	}
	return rc;
}

static bool is_suffix_list(struct cur in)
{
	static const char sign[] = "===BEGIN ICANN DOMAINS===";
	return memmem(in.at, cur_left(&in), sign, sizeof(sign) - 1) != NULL;
}

static bool is_json(struct cur in)
{
	while (cur_left(&in) > 0 && strchr(" \t\r\n", *in.at) != NULL && *in.at != '\0')
		cur_skip(&in, 1);
	return cur_left(&in) > 0 && *in.at == '{';
}

int warning_lists_add(struct warning_lists *w, const char *name, struct cur in, struct warning_summary *out,
		      struct fault *fault)
{
	struct warning_summary summary = {0};
	import_text(summary.name, sizeof(summary.name), name, strlen(name));
	if (w->name_count == LISTS_MAX)
		return fault_set(fault, HN_ELIMIT, summary.name,
				 tr("more than %u warning lists", "警告リストが%uを超えた"), LISTS_MAX);
	w->name_count++;
	int rc = set_name(w, summary.name);
	if (fault != NULL)
		*fault = (struct fault){0};
	if (rc == HN_OK && cur_left(&in) >= 3 && memcmp(in.at, "\xEF\xBB\xBF", 3) == 0)
		cur_skip(&in, 3);
	if (rc == HN_OK && memchr(in.at, 0, cur_left(&in)) != NULL)
		return fault_set(fault, HN_EFORMAT, summary.name,
				 tr("this is no warning list: MISP JSON, the public suffix list or a plain "
				    "list is expected",
				    "警告リストではない。MISPのJSON、Public Suffix "
				    "List、単純なリストのいずれかが要る"));
	if (rc == HN_OK)
		rc = is_json(in) ? read_misp(w, in, summary.name, &summary, fault)
				 : read_lines(w, in, is_suffix_list(in), &summary);
	if (rc == HN_OK)
		*out = summary;
	else if (fault != NULL && fault->message[0] == '\0')
		return fault_set(fault, rc, summary.name, "%s", hn_strerror(rc));
	return rc;
}

/* ---- asking ---- */

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	int order = memcmp(x->from, y->from, ADDRESS_SIZE);
	if (order == 0)
		order = memcmp(y->to, x->to, ADDRESS_SIZE);
	if (order == 0)
		order = x->list < y->list ? -1 : x->list > y->list;
	return order;
}

/* Ranges that overlap become one, so that one binary search answers. */
static void join(struct ranges *all)
{
	size_t kept = 0;
	if (all->count == 0)
		return;
	qsort(all->items, all->count, sizeof(*all->items), by_start);
	for (size_t i = 1; i < all->count; i++) {
		struct range *last = &all->items[kept];
		const struct range *next = &all->items[i];
		if (memcmp(next->from, last->to, ADDRESS_SIZE) > 0)
			all->items[++kept] = *next;
		else if (memcmp(next->to, last->to, ADDRESS_SIZE) > 0)
			memcpy(last->to, next->to, ADDRESS_SIZE);
	}
	all->count = kept + 1;
}

void warning_lists_finish(struct warning_lists *w)
{
	join(&w->ranges[0]);
	join(&w->ranges[1]);
}

static const char *find_range(const struct warning_lists *w, unsigned family, const struct range *r)
{
	const struct ranges *all = &w->ranges[family];
	size_t low = 0, high = all->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (memcmp(all->items[middle].to, r->from, ADDRESS_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == all->count || memcmp(all->items[low].from, r->to, ADDRESS_SIZE) > 0)
		return NULL;
	return w->names[all->items[low].list];
}

static bool is_suffix(const struct warning_lists *w, const uint8_t *name, size_t len, uint32_t *list)
{
	unsigned flags = flags_of(w, ENTRY_NAME, name, len, list);
	if ((flags & SUFFIX) != 0)
		return true;
	const uint8_t *up = name;
	size_t up_len = len;
	return (flags & NO_SUFFIX) == 0 && parent_of(&up, &up_len) &&
	       (flags_of(w, ENTRY_NAME, up, up_len, list) & SUFFIX_BELOW) != 0;
}

static const char *find_name(const struct warning_lists *w, const uint8_t *name, size_t len, bool wildcard)
{
	uint32_t list = 0;
	unsigned hits = wildcard ? EXACT | SUBTREE | BELOW | SUFFIX_BELOW : EXACT;
	if ((flags_of(w, ENTRY_NAME, name, len, &list) & hits) != 0 || is_suffix(w, name, len, &list))
		return w->names[list];
	while (parent_of(&name, &len)) {
		if (is_suffix(w, name, len, &list))
			return NULL;
		if ((flags_of(w, ENTRY_NAME, name, len, &list) & SUBTREE) != 0)
			return w->names[list];
	}
	return NULL;
}

/* The host of a URL key as a key of its own. */
static bool host_of(const struct entry_key *url, struct canonical *out, bool *front_page)
{
	const char *text = (const char *)url->data;
	const char *slash = memchr(text, '/', url->len);
	size_t len = slash == NULL ? url->len : (size_t)(slash - text);
	*front_page = slash == NULL || len + 1 == url->len;
	if (len > 0 && text[0] == '[') {
		const char *close = memchr(text, ']', len);
		return close != NULL && canonical_ip(text + 1, (size_t)(close - text) - 1, out) == HN_OK;
	}
	const char *colon = memchr(text, ':', len);
	if (colon != NULL)
		len = (size_t)(colon - text);
	return canonical_ip(text, len, out) == HN_OK || canonical_name(text, len, out) == HN_OK;
}

const char *warning_find(const struct warning_lists *w, const struct entry_key *key)
{
	struct canonical host;
	uint32_t list = 0;
	bool front_page;

	if (is_address((uint8_t)key->kind)) {
		struct range r = range_of_key(key);
		return find_range(w, family_of((uint8_t)key->kind), &r);
	}
	if (key->kind == ENTRY_NAME || key->kind == ENTRY_WILDCARD)
		return find_name(w, key->data, key->len, key->kind == ENTRY_WILDCARD);
	if (flags_of(w, (uint8_t)key->kind, key->data, key->len, &list) != 0)
		return w->names[list];
	if (key->kind == ENTRY_URL && host_of(key, &host, &front_page) && front_page)
		return warning_find(w, &host.key);
	return NULL;
}

/* What ip_is_global() denies of IPv4, as prefixes. */
static const struct {
	uint8_t addr[4];
	uint8_t len;
} special4[] = {
	{{0}, 8},        {{10}, 8},         {{100, 64}, 10},  {{127}, 8},      {{169, 254}, 16},
	{{172, 16}, 12}, {{192, 0, 0}, 24}, {{192, 168}, 16}, {{198, 18}, 15}, {{224}, 3},
};

static bool overlaps(const struct range *a, const struct range *b)
{
	return memcmp(a->from, b->to, ADDRESS_SIZE) <= 0 && memcmp(b->from, a->to, ADDRESS_SIZE) <= 0;
}

static bool is_special4(const uint8_t *addr, unsigned len)
{
	struct range r = range_of(addr, 4, len);
	for (size_t i = 0; i < sizeof(special4) / sizeof(special4[0]); i++) {
		struct range s = range_of(special4[i].addr, 4, special4[i].len);
		if (overlaps(&r, &s))
			return true;
	}
	return false;
}

/* Global is 2000::/3 without 2001:2::/48, and the IPv4 addresses in 64:ff9b::/96 that are. */
static bool is_special6(const uint8_t *addr, unsigned len)
{
	static const uint8_t nat64[ADDRESS_SIZE] = {0x00, 0x64, 0xff, 0x9b};
	static const uint8_t benchmark[ADDRESS_SIZE] = {0x20, 0x01, 0x00, 0x02};
	if (len >= 96 && memcmp(addr, nat64, 12) == 0)
		return is_special4(addr + 12, len - 96);
	if (len < 3 || (addr[0] & 0xe0) != 0x20)
		return true;
	struct range r = range_of(addr, 16, len), s = range_of(benchmark, 16, 48);
	return overlaps(&r, &s);
}

bool warning_is_special(const struct entry_key *key)
{
	struct canonical host;
	bool front_page;

	switch (key->kind) {
	case ENTRY_IP4:
		return is_special4(key->data, 32);
	case ENTRY_IP6:
		return is_special6(key->data, 128);
	case ENTRY_PREFIX4:
		return is_special4(key->data, key->data[4]);
	case ENTRY_PREFIX6:
		return is_special6(key->data, key->data[16]);
	case ENTRY_URL:
		/* Only a host that is an address can be special. */
		if (key->len == 0 || (key->data[0] != '[' && (key->data[0] < '0' || key->data[0] > '9')))
			return false;
		return host_of(key, &host, &front_page) && is_address((uint8_t)host.key.kind) &&
		       warning_is_special(&host.key);
	default:
		return false;
	}
}
