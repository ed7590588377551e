/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* From a value and the word for its type to a pattern or a cyber-observable object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "hub/exchange/importer_inside.h"
#include "match/canonical.h"
#include "match/import.h"
#include "stix/object.h"

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_ASN, VALUE_IP, VALUE_HEX, VALUE_RULE };

/* MISP's attribute types and what the practice of MISP and STIX makes of them. A path of type and property
 * alone is a cyber-observable object too. Of VALUE_IP the path is what stands before "value" and "type". */
static const struct type_row {
	const char *type, *path;
	enum value_kind kind;
} rows[] = {
	{"AS", "autonomous-system:number", VALUE_ASN},
	{"attachment", "file:name", VALUE_TEXT},
	{"authentihash", "file:hashes.AUTHENTIHASH", VALUE_HEX},
	{"cdhash", "file:hashes.CDHASH", VALUE_HEX},
	{"domain", "domain-name:value", VALUE_TEXT},
	{"email", "email-addr:value", VALUE_TEXT},
	{"email-attachment", "email-message:body_multipart[*].body_raw_ref.name", VALUE_TEXT},
	{"email-body", "email-message:body", VALUE_TEXT},
	{"email-dst", "email-message:to_refs[*].value", VALUE_TEXT},
	{"email-header", "email-message:received_lines[*]", VALUE_TEXT},
	{"email-message-id", "email-message:message_id", VALUE_TEXT},
	{"email-reply-to", "email-message:additional_header_fields.reply_to", VALUE_TEXT},
	{"email-src", "email-message:from_ref.value", VALUE_TEXT},
	{"email-subject", "email-message:subject", VALUE_TEXT},
	{"email-x-mailer", "email-message:additional_header_fields.x_mailer", VALUE_TEXT},
	{"filename", "file:name", VALUE_TEXT},
	{"github-username", "user-account:account_login", VALUE_TEXT},
	{"hostname", "domain-name:value", VALUE_TEXT},
	{"http-method", "network-traffic:extensions.'http-request-ext'.request_method", VALUE_TEXT},
	{"imphash", "file:hashes.IMPHASH", VALUE_HEX},
	{"impfuzzy", "file:hashes.IMPFUZZY", VALUE_TEXT},
	{"ip", "ip", VALUE_IP},
	{"ip-dst", "network-traffic:dst_ref", VALUE_IP},
	{"ip-src", "network-traffic:src_ref", VALUE_IP},
	{"link", "url:value", VALUE_TEXT},
	{"mac-address", "mac-addr:value", VALUE_TEXT},
	{"malware-sample", "file:name", VALUE_TEXT},
	{"md5", "file:hashes.MD5", VALUE_HEX},
	{"mime-type", "file:mime_type", VALUE_TEXT},
	{"mutex", "mutex:name", VALUE_TEXT},
	{"pehash", "file:hashes.PEHASH", VALUE_HEX},
	{"port", "network-traffic:dst_port", VALUE_NUMBER},
	{"regkey", "windows-registry-key:key", VALUE_TEXT},
	{"sha1", "file:hashes.'SHA-1'", VALUE_HEX},
	{"sha224", "file:hashes.'SHA-224'", VALUE_HEX},
	{"sha256", "file:hashes.'SHA-256'", VALUE_HEX},
	{"sha3-224", "file:hashes.'SHA3-224'", VALUE_HEX},
	{"sha3-256", "file:hashes.'SHA3-256'", VALUE_HEX},
	{"sha3-384", "file:hashes.'SHA3-384'", VALUE_HEX},
	{"sha3-512", "file:hashes.'SHA3-512'", VALUE_HEX},
	{"sha384", "file:hashes.'SHA-384'", VALUE_HEX},
	{"sha512", "file:hashes.'SHA-512'", VALUE_HEX},
	{"sha512/224", "file:hashes.'SHA-512/224'", VALUE_HEX},
	{"sha512/256", "file:hashes.'SHA-512/256'", VALUE_HEX},
	{"sigma", "sigma", VALUE_RULE},
	{"size-in-bytes", "file:size", VALUE_NUMBER},
	{"snort", "snort", VALUE_RULE},
	{"ssdeep", "file:hashes.SSDEEP", VALUE_TEXT},
	{"telfhash", "file:hashes.TELFHASH", VALUE_HEX},
	{"tlsh", "file:hashes.TLSH", VALUE_TEXT},
	{"uri", "url:value", VALUE_TEXT},
	{"url", "url:value", VALUE_TEXT},
	{"user-agent", "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
	 VALUE_TEXT},
	{"value", "windows-registry-key:values[*].data", VALUE_TEXT}, /* of a registry key */
	{"vhash", "file:hashes.VHASH", VALUE_TEXT},
	{"x509-fingerprint-md5", "x509-certificate:hashes.MD5", VALUE_HEX},
	{"x509-fingerprint-sha1", "x509-certificate:hashes.'SHA-1'", VALUE_HEX},
	{"x509-fingerprint-sha256", "x509-certificate:hashes.'SHA-256'", VALUE_HEX},
	{"yara", "yara", VALUE_RULE},
};

static const struct type_row *find_row(const char *type, size_t len)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].type) == len && strncasecmp(rows[i].type, type, len) == 0)
			return &rows[i];
	return NULL;
}

/* A value and its row; a pair has two. */
struct part {
	const struct type_row *row;
	const char *value;
	size_t len;
};

static bool is_hex(const struct part *p)
{
	for (size_t i = 0; i < p->len; i++)
		if (strchr("0123456789abcdefABCDEF", p->value[i]) == NULL)
			return false;
	return p->len >= 8 && p->len % 2 == 0;
}

static bool is_number(const char *text, size_t len)
{
	return len > 0 && len <= 10 && strspn(text, "0123456789") >= len;
}

/* "AS64500" or "64500". */
static bool read_asn(const struct part *p, const char **digits, size_t *len)
{
	size_t skip = p->len > 2 && strncasecmp(p->value, "AS", 2) == 0 ? 2 : 0;
	*digits = p->value + skip;
	*len = p->len - skip;
	return is_number(*digits, *len);
}

static const char *ip_type(const struct part *p)
{
	struct canonical key;
	if (canonical_ip(p->value, p->len, &key) != HN_OK)
		return NULL;
	return key.key.kind == ENTRY_IP4 || key.key.kind == ENTRY_PREFIX4 ? "ipv4-addr" : "ipv6-addr";
}

static bool part_ok(const struct part *p)
{
	const char *digits;
	size_t len;
	if (p->len == 0)
		return false;
	switch (p->row->kind) {
	case VALUE_NUMBER:
		return is_number(p->value, p->len);
	case VALUE_ASN:
		return read_asn(p, &digits, &len);
	case VALUE_IP:
		return ip_type(p) != NULL;
	case VALUE_HEX:
		return is_hex(p);
	default:
		return true;
	}
}

/* One part, or the two of "a|b"; ports of a source stand with the source. */
static int split(const char *type, const char *value, struct part parts[2], size_t *count_out)
{
	const char *bar = strchr(type, '|');
	size_t first = bar == NULL ? strlen(type) : (size_t)(bar - type);
	bool sample = strcmp(type, "malware-sample") == 0;
	const char *second = bar != NULL ? bar + 1 : sample ? "md5" : NULL;
	const char *cut = second != NULL ? strrchr(value, '|') : NULL;
	parts[0] = (struct part){find_row(type, first), value,
				 cut == NULL ? strlen(value) : (size_t)(cut - value)};
	*count_out = 1;
	if (cut != NULL) {
		parts[1] = (struct part){find_row(second, strlen(second)), cut + 1, strlen(cut + 1)};
		*count_out = 2;
	}
	for (size_t i = 0; i < *count_out; i++)
		if (parts[i].row == NULL)
			return HN_ENOENT;
	if (second != NULL && cut == NULL && !sample)
		return HN_EFORMAT;
	for (size_t i = 0; i < *count_out; i++)
		if (!part_ok(&parts[i]))
			return HN_EFORMAT;
	return HN_OK;
}

static void add_quoted(struct buf *out, const char *text, size_t len)
{
	buf_addc(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'' || text[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, text[i]);
	}
	buf_addc(out, '\'');
}

static void add_comparison(struct buf *out, const struct part *p, const struct part *before)
{
	const struct type_row *row = p->row;
	const char *digits = p->value;
	size_t len = p->len;
	if (row->kind == VALUE_IP && before != NULL) {
		buf_adds(out, "domain-name:resolves_to_refs[*].value = ");
		add_quoted(out, p->value, p->len);
		return;
	}
	if (row->kind == VALUE_IP) {
		const char *type = ip_type(p);
		if (strcmp(row->path, "ip") == 0)
			buf_addf(out, "%s:value = ", type);
		else
			buf_addf(out, "%s.type = '%s' AND %s.value = ", row->path, type, row->path);
		add_quoted(out, p->value, p->len);
		return;
	}
	bool of_source = before != NULL && strcmp(before->row->type, "ip-src") == 0;
	buf_addf(out,
		 "%s = ", of_source && row->kind == VALUE_NUMBER ? "network-traffic:src_port" : row->path);
	if (row->kind == VALUE_ASN)
		(void)read_asn(p, &digits, &len);
	if (row->kind == VALUE_NUMBER || row->kind == VALUE_ASN)
		buf_add(out, digits, len);
	else
		add_quoted(out, p->value, p->len);
}

int importer_pattern(const char *type, const char *value, struct buf *out, const char **language_out)
{
	struct part parts[2];
	size_t count;
	int err = split(type, value, parts, &count);
	if (err != HN_OK)
		return err;
	*language_out = "stix";
	if (parts[0].row->kind == VALUE_RULE) {
		*language_out = parts[0].row->path;
		buf_add(out, value, parts[0].len);
		return buf_err(out);
	}
	buf_addc(out, '[');
	add_comparison(out, &parts[0], NULL);
	if (count == 2) {
		buf_adds(out, " AND ");
		add_comparison(out, &parts[1], &parts[0]);
	}
	buf_addc(out, ']');
	return buf_err(out);
}

/* ---- by content ---- */

struct guess {
	struct buf *out;
	const char *value;
	size_t len;
	bool found;
};

/* The URL as it was written, where it says a scheme; else its canonical form, which has none. */
static void add_url(const struct guess *g, const struct entry_key *key)
{
	struct canonical again;
	bool scheme = g->len > 7 &&
		      (strncasecmp(g->value, "http", 4) == 0 || strncasecmp(g->value, "ftp", 3) == 0) &&
		      memchr(g->value, ':', g->len) != NULL;
	if (scheme && canonical_url(g->value, g->len, &again) == HN_OK && again.key.len == key->len &&
	    memcmp(again.key.data, key->data, key->len) == 0) {
		buf_adds(g->out, "[url:value = ");
		add_quoted(g->out, g->value, g->len);
	} else {
		struct buf text;
		buf_init(&text, ENTRY_KEY_MAX * (size_t)4);
		canonical_format(key, &text);
		buf_adds(g->out, "[url:value = ");
		add_quoted(g->out, text.data != NULL ? text.data : "", text.len);
		buf_clear(&text);
	}
	buf_addc(g->out, ']');
}

static int take_entry(void *context, const struct entry_key *key, const struct entry_meta *meta,
		      struct fault *fault)
{
	static const char *const paths[ENTRY_KIND_COUNT] = {
		[ENTRY_IP4] = "ipv4-addr:value =",
		[ENTRY_IP6] = "ipv6-addr:value =",
		[ENTRY_PREFIX4] = "ipv4-addr:value ISSUBSET",
		[ENTRY_PREFIX6] = "ipv6-addr:value ISSUBSET",
		[ENTRY_NAME] = "domain-name:value =",
		[ENTRY_WILDCARD] = "domain-name:value LIKE",
		[ENTRY_URL] = "url:value =",
		[ENTRY_MD5] = "file:hashes.MD5 =",
		[ENTRY_SHA1] = "file:hashes.'SHA-1' =",
		[ENTRY_SHA256] = "file:hashes.'SHA-256' =",
		[ENTRY_JA4] = "x-client:ja4 =",
	};
	struct guess *g = context;
	struct buf text;
	(void)meta, (void)fault;
	if (g->found)
		buf_adds(g->out, " OR ");
	g->found = true;
	if (key->kind == ENTRY_URL) {
		add_url(g, key);
		return HN_OK;
	}
	buf_init(&text, ENTRY_KEY_MAX * (size_t)4);
	canonical_format(key, &text);
	if (key->kind == ENTRY_WILDCARD && text.len > 0)
		text.data[0] = '%';
	buf_addf(g->out, "[%s ", paths[key->kind]);
	add_quoted(g->out, text.data != NULL ? text.data : "", text.len);
	buf_addc(g->out, ']');
	buf_clear(&text);
	return HN_OK;
}

static int pass_over(void *context, const struct import_left_out *what, struct fault *fault)
{
	(void)context, (void)what, (void)fault;
	return HN_OK;
}

int importer_pattern_guess(const char *value, size_t len, struct buf *out)
{
	struct guess g = {.out = out, .value = value, .len = len};
	const struct import_sink sink = {.context = &g, .entry = take_entry, .left_out = pass_over};
	struct import_summary summary;
	struct fault fault;
	int err = import_read("", cur_of((const uint8_t *)value, len), &sink, &IMPORT_DEFAULTS, &summary,
			      &fault);
	if (err == HN_ENOMEM)
		return err;
	return g.found ? buf_err(out) : HN_EFORMAT;
}

/* ---- cyber-observable objects ---- */

static bool same_object(const struct part *a, const struct part *b)
{
	size_t len = strcspn(a->row->path, ":");
	return strncmp(a->row->path, b->row->path, len + 1) == 0;
}

/* "name", or `hashes` with a key. @return false: deeper than that */
static bool has_property(const struct type_row *row)
{
	const char *property = strchr(row->path, ':');
	if (row->kind == VALUE_IP)
		return true;
	if (property == NULL || strncmp(row->path, "network-traffic", 15) == 0)
		return false;
	return strncmp(property, ":hashes.", 8) == 0 || strpbrk(property + 1, ".[") == NULL;
}

static void add_property(struct buf *out, const struct part *p)
{
	const char *property = strchr(p->row->path, ':');
	const char *digits = p->value;
	size_t len = p->len;
	if (p->row->kind == VALUE_IP) {
		buf_adds(out, ",\"value\":");
		buf_json_string(out, p->value, p->len);
		return;
	}
	if (strncmp(property, ":hashes.", 8) == 0) {
		const char *key = property + 8;
		size_t quote = key[0] == '\'';
		buf_addf(out, ",\"hashes\":{\"%.*s\":", (int)(strlen(key) - 2 * quote), key + quote);
		buf_json_string(out, p->value, p->len);
		buf_addc(out, '}');
		return;
	}
	buf_addf(out, ",\"%s\":", property + 1);
	if (p->row->kind == VALUE_ASN)
		(void)read_asn(p, &digits, &len);
	if (p->row->kind == VALUE_NUMBER || p->row->kind == VALUE_ASN)
		buf_add(out, digits, len);
	else
		buf_json_string(out, p->value, p->len);
}

/* Gives the object its deterministic identifier; it was written with another of the same length. */
static int name_object(struct importer *imp, size_t start, const char *type, struct buf *refs)
{
	struct stix_object o;
	struct uuid id;
	struct fault fault;
	char text[UUID_TEXT_SIZE];
	if (buf_err(imp->out) != HN_OK)
		return buf_err(imp->out);
	stix_object_init(&o);
	size_t len = imp->out->len - start;
	int err = stix_object_read(&o, cur_of((const uint8_t *)imp->out->data + start, len), STIX_2_1,
				   &STIX_DEFAULTS, &fault);
	if (err == HN_OK && stix_deterministic_id(&o, &id) != HN_OK)
		id = o.id.uuid;
	stix_object_clear(&o);
	if (err != HN_OK)
		return err;
	uuid_format(&id, text);
	char *at = strstr(imp->out->data + start, "--");
	if (at == NULL)
		return HN_EFORMAT;
	memcpy(at + 2, text, UUID_TEXT_SIZE - 1);
	buf_addf(refs, "%s\"%s--%s\"", refs->len > 0 ? "," : "", type, text);
	return buf_err(refs);
}

static int write_object(struct importer *imp, const struct part *parts, size_t count, struct buf *refs)
{
	char type[64];
	size_t start = imp->out->len;
	if (parts->row->kind == VALUE_IP)
		(void)snprintf(type, sizeof(type), "%s", ip_type(parts));
	else
		(void)snprintf(type, sizeof(type), "%.*s", (int)strcspn(parts->row->path, ":"),
			       parts->row->path);
	struct uuid id = importer_uuid(imp, type, parts->value, parts->len);
	importer_begin(imp, type, &id, -1, -1);
	if (strcmp(type, "email-message") == 0)
		buf_adds(imp->out, ",\"is_multipart\":false");
	if (strcmp(parts->row->type, "github-username") == 0)
		buf_adds(imp->out, ",\"account_type\":\"github\"");
	for (size_t i = 0; i < count; i++)
		add_property(imp->out, &parts[i]);
	buf_addc(imp->out, '}');
	int err = name_object(imp, start, type, refs);
	if (err != HN_OK) {
		imp->out->len = start;
		return err == HN_ENOMEM ? err : HN_EFORMAT;
	}
	buf_addc(imp->out, '\n');
	imp->report.objects++;
	return HN_OK;
}

int importer_observable(struct importer *imp, const char *type, const char *value, struct buf *refs)
{
	struct part parts[2];
	size_t count;
	int err = split(type, value, parts, &count);
	if (err != HN_OK)
		return err;
	for (size_t i = 0; i < count; i++)
		if (parts[i].row->kind == VALUE_RULE || !has_property(parts[i].row))
			return HN_ENOENT;
	if (count == 2 && same_object(&parts[0], &parts[1]))
		return write_object(imp, parts, 2, refs);
	for (size_t i = 0; i < count && err == HN_OK; i++)
		err = write_object(imp, &parts[i], 1, refs);
	return err;
}
