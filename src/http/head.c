/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/head.h"

#include <string.h>
#include <strings.h>

struct text {
	const char *at;
	size_t len;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9110, 5.6.2 */
static bool is_token_char(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_token_char(t.at[i]))
			return false;
	return t.len > 0;
}

static bool is_visible(char c)
{
	return c > ' ' && c < 0x7f;
}

/* Bytes over 0x7f are opaque in a value (RFC 9110, 5.5); controls but the tabulator never stand there. */
static bool is_value(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool equals(struct text t, const char *word)
{
	return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

static struct text trimmed(struct text t)
{
	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
		t.at++;
		t.len--;
	}
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	return t;
}

/* Up to the byte, which is taken too; @return false: it is not there, and nothing is taken. */
static bool until(struct text *rest, char c, struct text *out)
{
	const char *found = rest->len == 0 ? NULL : memchr(rest->at, c, rest->len);
	if (!found)
		return false;
	*out = (struct text){rest->at, (size_t)(found - rest->at)};
	rest->len -= out->len + 1;
	rest->at = found + 1;
	return true;
}

/* One line without its CRLF. A LF without CR before it was refused with the whole. */
static bool next_line(struct text *rest, struct text *out)
{
	if (!until(rest, '\n', out) || out->len == 0 || out->at[out->len - 1] != '\r')
		return false;
	out->len--;
	return true;
}

ssize_t head_end(const char *text, size_t len, size_t from)
{
	size_t at = from;
	while (at < len) {
		const char *lf = memchr(text + at, '\n', len - at);
		if (!lf)
			return 0;
		at = (size_t)(lf - text) + 1;
		if (at < 2 || lf[-1] != '\r')
			return -1;
		if (at >= 4 && lf[-2] == '\n' && lf[-3] == '\r')
			return (ssize_t)at;
	}
	return 0;
}

static int refuse(unsigned *status_out, unsigned status)
{
	*status_out = status;
	return status == 400 ? HN_EFORMAT : status == 414 || status == 431 ? HN_ELIMIT : HN_EUNSUPPORTED;
}

/* "http://host[:port]" before the path (RFC 9112, 3.2.2): a proxy's form. @return whether it was right */
static bool take_absolute(struct text *target, struct text *authority)
{
	size_t scheme = target->len > 7 && strncasecmp(target->at, "http://", 7) == 0    ? 7
			: target->len > 8 && strncasecmp(target->at, "https://", 8) == 0 ? 8
											 : 0;
	if (scheme == 0)
		return false;
	size_t end = scheme;
	while (end < target->len && target->at[end] != '/' && target->at[end] != '?')
		end++;
	*authority = (struct text){target->at + scheme, end - scheme};
	target->at += end;
	target->len -= end;
	return authority->len > 0 && target->len > 0 && target->at[0] == '/';
}

static int read_target(struct text target, struct head *out, struct text *authority, unsigned *status_out)
{
	if (target.len > HEAD_TARGET_MAX)
		return refuse(status_out, 414);
	for (size_t i = 0; i < target.len; i++)
		if (!is_visible(target.at[i]) || target.at[i] == '#')
			return refuse(status_out, 400);
	bool star = target.len == 1 && target.at[0] == '*';
	if (star && !equals((struct text){out->method, out->method_len}, "OPTIONS"))
		return refuse(status_out, 400);
	if (!star && (target.len == 0 || (target.at[0] != '/' && !take_absolute(&target, authority))))
		return refuse(status_out, 400);
	const char *mark = memchr(target.at, '?', target.len);
	out->path = target.at;
	out->path_len = mark ? (size_t)(mark - target.at) : target.len;
	if (mark) {
		out->query = mark + 1;
		out->query_len = target.len - out->path_len - 1;
	}
	return HN_OK;
}

static int read_request_line(struct text line, struct head *out, struct text *authority, unsigned *status_out)
{
	struct text method, target;
	if (!until(&line, ' ', &method) || !is_token(method) || method.len > 32)
		return refuse(status_out, 400);
	if (!until(&line, ' ', &target))
		return refuse(status_out, line.len > HEAD_TARGET_MAX ? 414 : 400);
	if (line.len != 8 || memcmp(line.at, "HTTP/", 5) != 0 || !is_digit(line.at[5]) || line.at[6] != '.' ||
	    !is_digit(line.at[7]))
		return refuse(status_out, 400);
	if (line.at[5] != '1')
		return refuse(status_out, 505);
	out->http_10 = line.at[7] == '0';
	out->method = method.at;
	out->method_len = method.len;
	return read_target(target, out, authority, status_out);
}

static int read_fields(struct text *rest, struct head *out, unsigned *status_out)
{
	for (;;) {
		struct text line, name;
		if (!next_line(rest, &line))
			return refuse(status_out, 400);
		if (line.len == 0)
			return rest->len == 0 ? HN_OK : refuse(status_out, 400);
		if (out->field_count == HEAD_FIELDS_MAX)
			return refuse(status_out, 431);
		/* A line that begins with white space has no token here: folding is refused with it. */
		if (!until(&line, ':', &name) || !is_token(name))
			return refuse(status_out, 400);
		struct text value = trimmed(line);
		if (!is_value(value))
			return refuse(status_out, 400);
		out->fields[out->field_count++] = (struct head_field){
			.name = name.at,
			.value = value.at,
			.name_len = (uint16_t)name.len,
			.value_len = (uint16_t)value.len,
		};
	}
}

static bool is_host(struct text host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!is_digit(host.at[i]) && (host.at[i] < 'A' || host.at[i] > 'Z') &&
		    (host.at[i] < 'a' || host.at[i] > 'z') && strchr(".-_:[]", host.at[i]) == NULL)
			return false;
	return host.len > 0 && host.len <= 261;
}

static bool read_length(struct text value, uint64_t *out)
{
	uint64_t n = 0;
	if (value.len == 0 || value.len > 18)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (!is_digit(value.at[i]))
			return false;
		n = n * 10 + (uint64_t)(value.at[i] - '0');
	}
	*out = n;
	return true;
}

/* "keep-alive, close": each word counts. @return false: not a list of tokens */
static bool read_connection(struct text value, struct head *out)
{
	bool more = true;
	while (more) {
		struct text word;
		more = until(&value, ',', &word);
		if (!more)
			word = value;
		word = trimmed(word);
		if (equals(word, "close"))
			out->keep = false;
		else if (equals(word, "keep-alive") && out->http_10)
			out->keep = true;
		else if (word.len > 0 && !is_token(word))
			return false;
	}
	return true;
}

/* What a head says about itself. */
struct seen {
	unsigned hosts, lengths, encodings, connections;
	bool close;
};

static int read_field(const struct head_field *f, struct head *out, struct seen *seen, unsigned *status_out)
{
	struct text name = {f->name, f->name_len}, value = {f->value, f->value_len};
	if (equals(name, "host")) {
		if (seen->hosts++ > 0 || !is_host(value))
			return refuse(status_out, 400);
		out->host = value.at;
		out->host_len = value.len;
	} else if (equals(name, "content-length")) {
		if (seen->lengths++ > 0 || !read_length(value, &out->length))
			return refuse(status_out, 400);
		out->body = out->length > 0 ? HEAD_LENGTH : HEAD_NO_BODY;
	} else if (equals(name, "transfer-encoding")) {
		if (seen->encodings++ > 0 || out->http_10)
			return refuse(status_out, 400);
		if (!equals(value, "chunked"))
			return refuse(status_out, 501);
	} else if (equals(name, "connection")) {
		if (!read_connection(value, out))
			return refuse(status_out, 400);
	} else if (equals(name, "expect")) {
		if (!equals(value, "100-continue"))
			return refuse(status_out, 417);
		out->expects_continue = !out->http_10;
	}
	return HN_OK;
}

static int read_meaning(struct head *out, struct text authority, unsigned *status_out)
{
	struct seen seen = {0};
	int rc = HN_OK;
	out->keep = !out->http_10;
	for (size_t i = 0; i < out->field_count && rc == HN_OK; i++)
		rc = read_field(&out->fields[i], out, &seen, status_out);
	if (rc != HN_OK)
		return rc;
	if (seen.lengths > 0 && seen.encodings > 0)
		return refuse(status_out, 400);
	if (seen.encodings > 0)
		out->body = HEAD_CHUNKED;
	if (seen.hosts == 0 && !out->http_10)
		return refuse(status_out, 400);
	/* Two names for one server: whoever routed by the other one meant another. */
	if (authority.len > 0 && out->host &&
	    (authority.len != out->host_len || strncasecmp(authority.at, out->host, out->host_len) != 0))
		return refuse(status_out, 400);
	return HN_OK;
}

int head_read(const char *text, size_t len, struct head *out, unsigned *status_out)
{
	struct text rest = {text, len}, line, authority = {NULL, 0};
	memset(out, 0, offsetof(struct head, fields));
	if (len > HEAD_SIZE_MAX)
		return refuse(status_out, 431);
	if (!next_line(&rest, &line))
		return refuse(status_out, 400);
	int rc = read_request_line(line, out, &authority, status_out);
	if (rc == HN_OK)
		rc = read_fields(&rest, out, status_out);
	return rc == HN_OK ? read_meaning(out, authority, status_out) : rc;
}

const struct head_field *head_find(const struct head *head, const char *name)
{
	const struct head_field *found = NULL;
	for (size_t i = 0; i < head->field_count; i++) {
		const struct head_field *f = &head->fields[i];
		if (!equals((struct text){f->name, f->name_len}, name))
			continue;
		if (found)
			return NULL;
		found = f;
	}
	return found;
}
