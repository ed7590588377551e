/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Response policy zones (draft-vixie-dnsop-dns-rpz) as zone files (RFC 1035, 5). The owner says what is
 * matched, the record what is done; what is done belongs to a set as a whole, so that only rpz-passthru makes
 * a difference: an allow entry.
 */
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/lang.h"
#include "match/import_form.h"

#define LOOK_LINES    64
#define WORDS_MAX     16u
#define NAME_MAX_TEXT 1024u

struct word {
	const char *text;
	size_t len;
};

struct record {
	bool same_owner; /* the line begins with white space */
	struct word words[WORDS_MAX];
	size_t count;
};

struct zone {
	struct import *im;
	uint64_t line;
	char origin[NAME_MAX_TEXT]; /* without the last dot; "" unknown or the root */
	char apex[NAME_MAX_TEXT];
	char owner[NAME_MAX_TEXT]; /* inside the zone; "" is the apex */
	char last[NAME_MAX_TEXT];  /* owner of the rule told last: more records at it say nothing new */
	bool outside;              /* the owner is not in the zone */
	bool told_passthru;        /* of the rule told last */
};

static bool word_is(const struct word *w, const char *text)
{
	return strlen(text) == w->len && strncasecmp(w->text, text, w->len) == 0;
}

/* One word at the front of the text; a quoted string is one. */
static struct word take_word(const char **text, size_t *len)
{
	struct word w = {*text, 0};
	bool quoted = *len > 0 && (*text)[0] == '"';
	size_t n = quoted ? 1 : 0;
	for (; n < *len; n++) {
		char c = (*text)[n];
		if (c == '\\' && n + 1 < *len) {
			n++;
		} else if (quoted && c == '"') {
			n++;
			break;
		} else if (!quoted &&
			   (c == ' ' || c == '\t' || c == ';' || c == '(' || c == ')' || c == '"')) {
			break;
		}
	}
	w.len = n;
	*text += n;
	*len -= n;
	return w;
}

/* Adds the words of a line. @return the change in the depth of parentheses */
static int add_words(struct record *r, const char *text, size_t len)
{
	int depth = 0;
	while (len > 0 && text[0] != ';') {
		char c = text[0];
		if (c == ' ' || c == '\t' || c == '(' || c == ')') {
			depth += c == '(' ? 1 : c == ')' ? -1 : 0;
			text++;
			len--;
			continue;
		}
		struct word w = take_word(&text, &len);
		if (r->count < WORDS_MAX)
			r->words[r->count++] = w;
	}
	return depth;
}

/* The next record with at least one word, over the lines that parentheses join. */
static bool next_record(struct zone *z, struct cur *in, struct record *r)
{
	const char *line;
	size_t len;
	int depth = 0;
	r->count = 0;
	while (import_line(in, &line, &len)) {
		z->line++;
		if (len > z->im->limits->line_max)
			len = z->im->limits->line_max;
		if (depth == 0)
			r->same_owner = len > 0 && (line[0] == ' ' || line[0] == '\t');
		depth += add_words(r, line, len);
		if (depth <= 0 && r->count > 0)
			return true;
		if (depth < 0)
			depth = 0;
	}
	return r->count > 0;
}

/* Makes a name absolute, without its last dot. @return false when it is too long */
static bool absolute(const struct zone *z, const struct word *w, char out[NAME_MAX_TEXT])
{
	int n;
	if (w->len == 1 && w->text[0] == '@')
		n = snprintf(out, NAME_MAX_TEXT, "%s", z->origin);
	else if (w->len > 0 && w->text[w->len - 1] == '.')
		n = snprintf(out, NAME_MAX_TEXT, "%.*s", (int)w->len - 1, w->text);
	else if (z->origin[0] == '\0')
		n = snprintf(out, NAME_MAX_TEXT, "%.*s", (int)w->len, w->text);
	else
		n = snprintf(out, NAME_MAX_TEXT, "%.*s.%s", (int)w->len, w->text, z->origin);
	return n >= 0 && (size_t)n < NAME_MAX_TEXT;
}

/* Takes the zone's own name off a name in it. @return false when the name is not in the zone */
static bool cut_apex(const char *apex, char *name)
{
	size_t apex_len = strlen(apex), len = strlen(name);
	if (apex_len == 0)
		return true;
	if (len < apex_len || strcasecmp(name + len - apex_len, apex) != 0)
		return false;
	if (len > apex_len && name[len - apex_len - 1] != '.')
		return false;
	name[len > apex_len ? len - apex_len - 1 : 0] = '\0';
	return true;
}

/* Ends in ".suffix" or is it. @return the part before, or NULL */
static char *cut_trigger(char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);
	if (len < n || strcasecmp(name + len - n, suffix) != 0 || (len > n && name[len - n - 1] != '.'))
		return NULL;
	name[len > n ? len - n - 1 : 0] = '\0';
	return name;
}

/* "128.57.zz.db8.2001" and "24.0.2.0.192" to an address and its length (the draft, 4.1.1). */
static int trigger_address(const char *text, char out[IP_PREFIX_TEXT_SIZE + 8])
{
	struct word parts[10];
	size_t count = 0, used = 0;
	bool v4 = true;
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, ".");
		if (count == 10 || n == 0 || n > 4)
			return HN_EFORMAT;
		parts[count++] = (struct word){at, n};
		at += at[n] == '.' ? n + 1 : n;
	}
	if (count < 2)
		return HN_EFORMAT;
	v4 = count == 5;
	for (size_t i = 1; i < count; i++)
		v4 = v4 && strspn(parts[i].text, "0123456789") >= parts[i].len;
	for (size_t i = count; i-- > 1;) {
		bool zeros = word_is(&parts[i], "zz");
		bool edge = zeros && (i == 1 || i == count - 1); /* "::" needs a colon of its own there */
		int n = snprintf(out + used, IP_PREFIX_TEXT_SIZE + 8 - used, "%s%.*s%s",
				 edge && i == count - 1 ? ":" : "", zeros ? 0 : (int)parts[i].len,
				 parts[i].text,
				 i > 1  ? (v4 ? "." : ":")
				 : edge ? ":"
					: "");
		if (n < 0 || used + (size_t)n >= IP_PREFIX_TEXT_SIZE + 8)
			return HN_EFORMAT;
		used += (size_t)n;
	}
	int n = snprintf(out + used, IP_PREFIX_TEXT_SIZE + 8 - used, "/%.*s", (int)parts[0].len,
			 parts[0].text);
	return n < 0 || used + (size_t)n >= IP_PREFIX_TEXT_SIZE + 8 ? HN_EFORMAT : HN_OK;
}

static int leave_out(struct zone *z, enum import_reason reason, const char *detail)
{
	return import_leave_out(z->im, reason, NULL, z->owner, strlen(z->owner), detail);
}

static int tell_address(struct zone *z, const char *trigger, const struct entry_meta *meta)
{
	char text[IP_PREFIX_TEXT_SIZE + 8];
	struct canonical *key = &z->im->canonical;
	if (trigger_address(trigger, text) != HN_OK || canonical_ip(text, strlen(text), key) != HN_OK)
		return leave_out(z, IMPORT_NOT_INDICATOR,
				 tr("no address in RPZ notation", "RPZ表記のアドレスではない"));
	return import_key(z->im, &key->key, meta);
}

static int tell_rule(struct zone *z, const struct entry_meta *meta)
{
	static const char *const others[] = {"rpz-client-ip", "rpz-nsdname", "rpz-nsip"};
	char name[NAME_MAX_TEXT];
	memcpy(name, z->owner, strlen(z->owner) + 1);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (cut_trigger(name, others[i]) != NULL)
			return leave_out(z, IMPORT_TRIGGER, others[i]);
	if (cut_trigger(name, "rpz-ip") != NULL)
		return tell_address(z, name, meta);
	int rc = canonical_name(name, strlen(name), &z->im->canonical);
	if (rc == HN_OK)
		return import_key(z->im, &z->im->canonical.key, meta);
	if (rc != HN_EFORMAT && rc != HN_ELIMIT)
		return rc;
	return leave_out(z, rc == HN_ELIMIT ? IMPORT_TOO_LONG : IMPORT_NOT_INDICATOR, "");
}

/* What a rule's CNAME asks for. */
static int read_cname(struct zone *z, const struct word *target, struct entry_meta *meta)
{
	char to[NAME_MAX_TEXT];
	if (word_is(target, "rpz-tcp-only.") || word_is(target, "rpz-tcp-only"))
		return leave_out(z, IMPORT_TRIGGER, "rpz-tcp-only");
	if (word_is(target, "rpz-passthru.") || word_is(target, "rpz-passthru"))
		meta->allow = true;
	/* The older way to say so: a name that leads to itself. */
	else if (absolute(z, target, to) && strcasecmp(to, z->owner) == 0)
		meta->allow = true;
	if (strcmp(z->last, z->owner) == 0 && z->told_passthru == meta->allow)
		return HN_OK;
	z->told_passthru = meta->allow;
	return tell_rule(z, meta);
}

static bool is_number(const struct word *w)
{
	return w->len > 0 && w->text[0] >= '0' && w->text[0] <= '9';
}

static bool is_class(const struct word *w)
{
	return word_is(w, "IN") || word_is(w, "CH") || word_is(w, "HS");
}

/* Types with which a rule gives an answer of its own. */
static bool is_local_data(const struct word *type)
{
	static const char *const types[] = {"A",   "AAAA",  "TXT",  "MX",  "SRV",
					    "PTR", "HTTPS", "SVCB", "CAA", "DNAME"};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (word_is(type, types[i]))
			return true;
	return false;
}

static int read_rule(struct zone *z, const struct word *type, const struct word *data)
{
	struct entry_meta meta = import_no_meta();
	int rc;
	import_at_line(z->im, z->line, &meta);
	if (z->outside)
		return leave_out(z, IMPORT_TRIGGER, tr("outside the zone", "ゾーンの外"));
	if (z->owner[0] == '\0') {
		z->im->summary->other++;
		return HN_OK;
	}
	if (word_is(type, "CNAME")) {
		rc = read_cname(z, data, &meta);
	} else if (is_local_data(type)) {
		bool again = strcmp(z->last, z->owner) == 0 && !z->told_passthru;
		rc = again ? HN_OK : tell_rule(z, &meta);
		z->told_passthru = false;
	} else {
		z->im->summary->other++;
		return HN_OK;
	}
	memcpy(z->last, z->owner, strlen(z->owner) + 1);
	return rc;
}

static int read_record(struct zone *z, const struct record *r)
{
	size_t i = 0;
	if (!r->same_owner) {
		if (!absolute(z, &r->words[0], z->owner))
			return import_fault_line(z->im, HN_EFORMAT, z->line,
						 tr("name too long", "名前が長すぎる"));
		z->outside = z->apex[0] != '\0' && !cut_apex(z->apex, z->owner);
		i = 1;
	}
	while (i < r->count && (is_number(&r->words[i]) || is_class(&r->words[i])))
		i++;
	if (i < r->count && word_is(&r->words[i], "SOA")) {
		if (!r->same_owner && z->apex[0] == '\0')
			(void)absolute(z, &r->words[0], z->apex);
		z->owner[0] = '\0';
		z->im->summary->other++;
		return HN_OK;
	}
	if (i + 1 >= r->count)
		return import_fault_line(z->im, HN_EFORMAT, z->line,
					 tr("this is no record: owner, type and data are expected",
					    "レコードではない。所有者名、型、データが要る"));
	return read_rule(z, &r->words[i], &r->words[i + 1]);
}

static int read_directive(struct zone *z, const struct record *r)
{
	char origin[NAME_MAX_TEXT];
	if (word_is(&r->words[0], "$TTL"))
		return HN_OK;
	if (word_is(&r->words[0], "$ORIGIN") && r->count > 1 && absolute(z, &r->words[1], origin)) {
		memcpy(z->origin, origin, strlen(origin) + 1);
		return HN_OK;
	}
	return import_fault_line(
		z->im, HN_EUNSUPPORTED, z->line,
		tr("this directive is not understood; $INCLUDE and $GENERATE must be expanded first",
		   "この指示は解釈できない。$INCLUDE と $GENERATE は先に展開する"));
}

static int read_rpz(struct import *im, struct cur in)
{
	struct record r;
	struct zone *z = calloc(1, sizeof(*z));
	int rc = HN_OK;
	if (z == NULL)
		return HN_ENOMEM;
	z->im = im;
	while (rc == HN_OK && next_record(z, &in, &r))
		rc = r.words[0].text[0] == '$' ? read_directive(z, &r) : read_record(z, &r);
	free(z);
	return rc;
}

/* A record, or a directive that begins zone files. */
static bool is_zone_line(const char *line, size_t len)
{
	struct record r = {0};
	(void)add_words(&r, line, len);
	if (r.count > 0 && (word_is(&r.words[0], "$ORIGIN") || word_is(&r.words[0], "$TTL")))
		return true;
	for (size_t i = 0; i + 1 < r.count && i < 4; i++)
		if (word_is(&r.words[i], "SOA") || word_is(&r.words[i], "CNAME"))
			return true;
	return false;
}

static bool recognise_rpz(struct cur in)
{
	const char *line;
	size_t len;
	for (unsigned n = 0; n < LOOK_LINES && import_line(&in, &line, &len); n++)
		if (len < 4096 && !import_is_comment(line, len) && is_zone_line(line, len))
			return true;
	return false;
}

const struct import_form IMPORT_RPZ = {"rpz", recognise_rpz, read_rpz};
