/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What all forms share: lines, words of metadata, and from a written value to a key. */
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/utc.h"
#include "match/import_form.h"

bool import_line(struct cur *in, const char **line_out, size_t *len_out)
{
	size_t left = cur_left(in);
	if (left == 0)
		return false;
	const uint8_t *from = in->at;
	const uint8_t *feed = memchr(from, '\n', left);
	size_t len = feed == NULL ? left : (size_t)(feed - from);
	cur_skip(in, feed == NULL ? len : len + 1);
	if (len > 0 && from[len - 1] == '\r')
		len--;
	*line_out = (const char *)from;
	*len_out = len;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

void import_trim(const char **text, size_t *len)
{
	const char *at = *text;
	size_t n = *len;
	for (;;) {
		if (n > 0 && is_space(at[0])) {
			at++;
			n--;
		} else if (n >= 2 && memcmp(at, "\xC2\xA0", 2) == 0) {
			at += 2;
			n -= 2;
		} else {
			break;
		}
	}
	for (;;) {
		if (n > 0 && is_space(at[n - 1]))
			n--;
		else if (n >= 2 && memcmp(at + n - 2, "\xC2\xA0", 2) == 0)
			n -= 2;
		else
			break;
	}
	*text = at;
	*len = n;
}

bool import_is_comment(const char *text, size_t len)
{
	if (len == 0)
		return false;
	if (text[0] == '#' || text[0] == ';' || text[0] == '!')
		return true;
	return len >= 2 && text[0] == '/' && text[1] == '/';
}

static const struct {
	const char *word;
	enum import_type type;
} types[] = {
	{"ip", IMPORT_IP},
	{"ip-src", IMPORT_IP},
	{"ip-dst", IMPORT_IP},
	{"ip:port", IMPORT_IP},
	{"ipv4", IMPORT_IP},
	{"ipv6", IMPORT_IP},
	{"ipv4-addr", IMPORT_IP},
	{"ipv6-addr", IMPORT_IP},
	{"ip address", IMPORT_IP},
	{"cidr", IMPORT_IP},
	{"netblock", IMPORT_IP},
	{"domain", IMPORT_HOST},
	{"domain-name", IMPORT_HOST},
	{"domain name", IMPORT_HOST},
	{"hostname", IMPORT_HOST},
	{"host", IMPORT_HOST},
	{"fqdn", IMPORT_HOST},
	{"url", IMPORT_URL},
	{"uri", IMPORT_URL},
	{"link", IMPORT_URL},
	{"md5", IMPORT_DIGEST},
	{"sha1", IMPORT_DIGEST},
	{"sha-1", IMPORT_DIGEST},
	{"sha256", IMPORT_DIGEST},
	{"sha-256", IMPORT_DIGEST},
	{"hash", IMPORT_DIGEST},
	{"filehash-md5", IMPORT_DIGEST},
	{"filehash-sha1", IMPORT_DIGEST},
	{"filehash-sha256", IMPORT_DIGEST},
	{"file:hashes.md5", IMPORT_DIGEST},
	{"file:hashes.sha1", IMPORT_DIGEST},
	{"file:hashes.sha256", IMPORT_DIGEST},
	{"ja4", IMPORT_JA4},
	{"ja4-fingerprint", IMPORT_JA4},
	{"email", IMPORT_UNHELD},
	{"email-src", IMPORT_UNHELD},
	{"email-dst", IMPORT_UNHELD},
	{"email-addr", IMPORT_UNHELD},
	{"filename", IMPORT_UNHELD},
	{"file", IMPORT_UNHELD},
	{"filepath", IMPORT_UNHELD},
	{"mutex", IMPORT_UNHELD},
	{"cve", IMPORT_UNHELD},
	{"yara", IMPORT_UNHELD},
	{"ja3", IMPORT_UNHELD},
	{"asn", IMPORT_UNHELD},
	{"sha224", IMPORT_UNHELD},
	{"sha384", IMPORT_UNHELD},
	{"sha512", IMPORT_UNHELD},
	{"imphash", IMPORT_UNHELD},
	{"ssdeep", IMPORT_UNHELD},
};

/* Upper and lower case of ASCII are the same. */
static bool same_word(const char *a, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(a, word, len) == 0;
}

enum import_type import_type_of(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (same_word(word, len, types[i].word))
			return types[i].type;
	return IMPORT_UNKNOWN;
}

/* From the freest to the strictest (TLP 2.0); "white" is the name that TLP 1.0 had for clear. */
static const struct {
	const char *word;
	const char *marking;
} tlps[] = {
	{"clear", "TLP:CLEAR"},
	{"white", "TLP:CLEAR"},
	{"green", "TLP:GREEN"},
	{"amber", "TLP:AMBER"},
	{"amber+strict", "TLP:AMBER+STRICT"},
	{"red", "TLP:RED"},
};

const char *import_tlp(const char *word, size_t len)
{
	if (len >= 4 && strncasecmp(word, "tlp", 3) == 0 &&
	    (word[3] == ':' || word[3] == ' ' || word[3] == '-')) {
		word += 4;
		len -= 4;
	}
	import_trim(&word, &len);
	for (size_t i = 0; i < sizeof(tlps) / sizeof(tlps[0]); i++)
		if (same_word(word, len, tlps[i].word))
			return tlps[i].marking;
	return NULL;
}

static size_t tlp_rank(const char *marking)
{
	for (size_t i = 0; marking != NULL && i < sizeof(tlps) / sizeof(tlps[0]); i++)
		if (strcmp(marking, tlps[i].marking) == 0)
			return i + 1;
	return 0;
}

const char *import_tlp_stricter(const char *a, const char *b)
{
	return tlp_rank(b) > tlp_rank(a) ? b : a;
}

/* How a dot and what stands around it is disguised; longer ones first. */
static const struct {
	const char *from;
	const char *to;
} disguises[] = {
	{"[://]", "://"}, {"[dot]", "."}, {"(dot)", "."}, {"{dot}", "."}, {"[.]", "."}, {"(.)", "."},
	{"{.}", "."},     {"[:]", ":"},   {"[/]", "/"},   {"[.", "."},    {".]", "."},  {"\\.", "."},
};

static bool scheme_in_disguise(const char *text, size_t len, size_t *drop_out)
{
	static const char *const words[] = {"hxxp", "hxtp", "htxp", "h**p", "httx", "hxxx"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len > 6 && strncasecmp(text, words[i], 4) == 0 &&
		    (text[4] == ':' || text[4] == '[' ||
		     ((text[4] | 0x20) == 's' && (text[5] == ':' || text[5] == '[')))) {
			*drop_out = 4;
			return true;
		}
	return false;
}

static void add_plain(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t used = 0;
		for (size_t k = 0; used == 0 && k < sizeof(disguises) / sizeof(disguises[0]); k++) {
			size_t n = strlen(disguises[k].from);
			if (n <= len - i && strncasecmp(text + i, disguises[k].from, n) == 0) {
				buf_adds(out, disguises[k].to);
				used = n;
			}
		}
		if (used == 0) {
			buf_addc(out, text[i]);
			used = 1;
		}
		i += used;
	}
}

static bool may_be_disguised(const char *text, size_t len)
{
	if (len > 0 && (text[0] | 0x20) == 'h')
		return true;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '[' || text[i] == '(' || text[i] == '{' || text[i] == '\\' || text[i] == ']')
			return true;
	return false;
}

/* Undoes "hxxp" and "[.]". The result lies in the text or in im->plain. */
static int undisguise(struct import *im, const char **text, size_t *len)
{
	size_t drop = 0;
	if (!may_be_disguised(*text, *len))
		return HN_OK;
	buf_reset(&im->plain);
	if (scheme_in_disguise(*text, *len, &drop))
		buf_adds(&im->plain, "http");
	add_plain(&im->plain, *text + drop, *len - drop);
	int rc = buf_err(&im->plain);
	if (rc != HN_OK)
		return rc;
	*text = im->plain.data;
	*len = im->plain.len;
	return HN_OK;
}

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return len > 0;
}

/* "host:port" and "[v6]:port", also "[v6]", lose port and brackets. @return whether there was a port */
static bool take_off_port(const char **text, size_t *len)
{
	const char *t = *text;
	const char *close;
	if (*len > 2 && t[0] == '[' && (close = memchr(t, ']', *len)) != NULL) {
		size_t rest = *len - (size_t)(close + 1 - t);
		if (rest > 0 && !(close[1] == ':' && rest <= 6 && all_digits(close + 2, rest - 1)))
			return false;
		*text = t + 1;
		*len = (size_t)(close - t) - 1;
		return rest > 0;
	}
	const char *colon = memchr(t, ':', *len);
	if (colon == NULL || colon == t)
		return false;
	size_t digits = *len - (size_t)(colon + 1 - t);
	if (digits > 5 || !all_digits(colon + 1, digits))
		return false;
	*len = (size_t)(colon - t);
	return true;
}

/* "10.1.2.3/8": an address and a length, but not a prefix. */
static bool has_host_bits(const char *text, size_t len)
{
	struct ip ip;
	struct ip_prefix prefix;
	const char *slash = memchr(text, '/', len);
	if (slash == NULL)
		return false;
	size_t digits = len - (size_t)(slash + 1 - text);
	return digits <= 3 && all_digits(slash + 1, digits) &&
	       ip_parse(text, (size_t)(slash - text), &ip) == HN_OK &&
	       ip_prefix_parse(text, len, &prefix) != HN_OK;
}

/* Prose is full of single words; a list means names with a dot. */
static bool is_single_label(const struct entry_key *key)
{
	if (key->kind == ENTRY_NAME)
		return key->len == 1u + key->data[0];
	if (key->kind != ENTRY_URL)
		return false;
	const uint8_t *slash = memchr(key->data, '/', key->len);
	size_t host = slash == NULL ? key->len : (size_t)(slash - key->data);
	return host == 0 || (memchr(key->data, '.', host) == NULL && key->data[0] != '[');
}

static bool has_scheme(const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	return colon != NULL && len - (size_t)(colon - text) >= 3 && colon[1] == '/' && colon[2] == '/';
}

static int make_any(const char *text, size_t len, struct canonical *out)
{
	int rc = has_scheme(text, len) ? canonical_url(text, len, out) : canonical_value(text, len, out);
	if (rc == HN_OK && is_single_label(&out->key))
		return HN_EFORMAT;
	if (rc == HN_OK && out->key.kind == ENTRY_URL && !has_scheme(text, len) &&
	    memchr(text, '@', len) != NULL)
		return HN_EFORMAT;
	return rc;
}

static int make_key(const char *text, size_t len, enum import_type type, struct canonical *out)
{
	int rc;
	switch (type) {
	case IMPORT_IP:
		return canonical_ip(text, len, out);
	case IMPORT_HOST:
		rc = canonical_name(text, len, out);
		return rc == HN_EFORMAT ? make_any(text, len, out) : rc;
	case IMPORT_URL:
		return canonical_url(text, len, out);
	case IMPORT_DIGEST:
		return canonical_digest(text, len, out);
	case IMPORT_JA4:
		return canonical_ja4(text, len, out);
	default:
		return make_any(text, len, out);
	}
}

static void take_off_quotes(const char **text, size_t *len)
{
	import_trim(text, len);
	while (*len > 0 && (*text)[*len - 1] == ',')
		(*len)--;
	const char *t = *text;
	if (*len >= 2 && t[0] == t[*len - 1] && (t[0] == '"' || t[0] == '\'' || t[0] == '`')) {
		*text = t + 1;
		*len -= 2;
		import_trim(text, len);
	}
}

int import_value(struct import *im, const char *text, size_t len, enum import_type type,
		 const struct entry_meta *meta)
{
	const char *written = text;
	size_t written_len = len;
	bool port = false;

	if (type == IMPORT_UNHELD)
		return import_leave_out(im, IMPORT_TYPE, meta->object, written, written_len, "");
	if (len > im->limits->line_max)
		return import_leave_out(im, IMPORT_TOO_LONG, meta->object, written, written_len, "");
	take_off_quotes(&text, &len);
	int rc = undisguise(im, &text, &len);
	if (rc != HN_OK)
		return rc;
	if (type == IMPORT_ANY && len > 1 && text[0] == '.' && memchr(text, '/', len) == NULL)
		return import_zone(im, text + 1, len - 1, meta);
	if (type != IMPORT_URL && type != IMPORT_DIGEST && type != IMPORT_JA4)
		port = take_off_port(&text, &len);
	if (type != IMPORT_URL && has_host_bits(text, len))
		return import_leave_out(im, IMPORT_HOST_BITS, meta->object, written, written_len, "");
	rc = make_key(text, len, type, &im->canonical);
	if (rc == HN_ELIMIT)
		return import_leave_out(im, IMPORT_TOO_LONG, meta->object, written, written_len, "");
	if (rc == HN_EFORMAT)
		return import_leave_out(im, IMPORT_NOT_INDICATOR, meta->object, written, written_len, "");
	if (rc != HN_OK)
		return rc;
	im->summary->ports += port ? 1 : 0;
	return import_key(im, &im->canonical.key, meta);
}

/* The half of a pair "a|b" before or behind the bar. */
static void half_of(const char **text, size_t *len, bool second)
{
	const char *bar = memchr(*text, '|', *len);
	size_t first = bar == NULL ? *len : (size_t)(bar - *text);
	if (!second) {
		*len = first;
	} else {
		size_t skip = bar == NULL ? *len : first + 1;
		*text += skip;
		*len -= skip;
	}
}

static bool is_held(enum import_type type)
{
	return type != IMPORT_UNHELD && type != IMPORT_UNKNOWN;
}

/* Of "filename|sha256" the digest, of "ip-dst|port" the address, of "domain|ip" both become entries. */
static int import_pair(struct import *im, const char *word, size_t word_len, const char *text, size_t len,
		       const struct entry_meta *meta)
{
	bool any = false;
	for (unsigned second = 0; second < 2; second++) {
		const char *half_word = word, *half = text;
		size_t half_word_len = word_len, half_len = len;
		half_of(&half_word, &half_word_len, second != 0);
		half_of(&half, &half_len, second != 0);
		enum import_type type = import_type_of(half_word, half_word_len);
		if (same_word(half_word, half_word_len, "port") && half_len > 0)
			im->summary->ports++;
		if (!is_held(type))
			continue;
		any = true;
		int rc = import_value(im, half, half_len, type, meta);
		if (rc != HN_OK)
			return rc;
	}
	return any ? HN_OK : import_leave_out(im, IMPORT_TYPE, meta->object, text, len, "");
}

int import_typed(struct import *im, const char *word, size_t word_len, const char *text, size_t len,
		 enum import_type other, const struct entry_meta *meta)
{
	if (same_word(word, word_len, "malware-sample"))
		return import_pair(im, "filename|md5", strlen("filename|md5"), text, len, meta);
	if (memchr(word, '|', word_len) != NULL)
		return import_pair(im, word, word_len, text, len, meta);
	enum import_type type = import_type_of(word, word_len);
	return import_value(im, text, len, type == IMPORT_UNKNOWN ? other : type, meta);
}

bool import_is_json(struct cur in)
{
	const char *text = (const char *)in.at;
	size_t len = cur_left(&in);
	import_trim(&text, &len);
	if (len == 0 || (text[0] != '{' && text[0] != '['))
		return false;
	if (text[0] == '{')
		return true;
	text++;
	len--;
	import_trim(&text, &len);
	return len > 0 && (text[0] == '{' || text[0] == '[' || text[0] == '"' || text[0] == ']');
}

int import_time(const char *text, size_t len, int64_t *out)
{
	char whole[32];
	int64_t time;
	import_trim(&text, &len);
	if (len == strlen("2026-01-31")) {
		(void)snprintf(whole, sizeof(whole), "%.*sT00:00:00Z", (int)len, text);
		text = whole;
		len = strlen(whole);
	}
	int rc = utc_parse(text, len, &time);
	if (rc == HN_ELIMIT)
		time = 0;
	else if (rc != HN_OK)
		return rc;
	*out = time;
	return HN_OK;
}

uint8_t import_confidence(const char *text, size_t len)
{
	unsigned value = 0;
	import_trim(&text, &len);
	if (len > 3 || !all_digits(text, len))
		return 255;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	return value <= 100 ? (uint8_t)value : 255;
}

int import_zone(struct import *im, const char *text, size_t len, const struct entry_meta *meta)
{
	int rc = canonical_name(text, len, &im->canonical);
	if (rc != HN_OK && rc != HN_EFORMAT && rc != HN_ELIMIT)
		return rc;
	if (rc != HN_OK || im->canonical.key.kind != ENTRY_NAME || is_single_label(&im->canonical.key))
		return import_leave_out(im, rc == HN_ELIMIT ? IMPORT_TOO_LONG : IMPORT_NOT_INDICATOR,
					meta->object, text, len, "");
	rc = import_key(im, &im->canonical.key, meta);
	if (rc != HN_OK)
		return rc;
	im->canonical.key.kind = ENTRY_WILDCARD;
	return import_key(im, &im->canonical.key, meta);
}
