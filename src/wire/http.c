/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/ip.h"
#include "wire/guess.h"
#include "wire/name.h"

#define EMPTY_LINES_MAX 4  /* bytes of CR and LF before a request line; RFC 9112, 2.2 asks for one line's */
#define SPACES_MAX      64 /* before the target; one is right, servers take more (RFC 9112, 3) */
#define METHOD_MAX      32 /* bytes of a method that is none of the known ones */
#define HOSTS_MAX       4  /* Host fields that are looked at; one is allowed */
#define HOST_TEXT_MAX   (NAME_MAX_TEXT + 1)
#define PORT_TEXT_MAX   12
#define PORT_HTTP       80
#define PORT_HTTPS      443

/* Text is pointer plus length: a piece of the head. */
struct text {
	const uint8_t *at;
	size_t len;
};

struct head {
	struct text method;
	struct text target;
	struct text hosts[HOSTS_MAX];
	size_t host_count;
	bool last; /* a body, an upgrade or something odd follows: the next request's start is not certain */
};

static const char *const openings[] = {
	"GET ",   "POST ",   "HEAD ",     "PUT ",       "DELETE ",      "OPTIONS ",      "CONNECT ",
	"PATCH ", "TRACE ",  "PROPFIND ", "PROPPATCH ", "MKCOL ",       "COPY ",         "MOVE ",
	"LOCK ",  "UNLOCK ", "REPORT ",   "SEARCH ",    "RPC_IN_DATA ", "RPC_OUT_DATA ", NULL,
};

static const char *const not_requests[] = {"HTTP/1.", "PRI * HTTP/2", NULL};

static size_t skip_empty_lines(const uint8_t *data, size_t len)
{
	size_t n = 0;
	while (n < len && n < EMPTY_LINES_MAX && (data[n] == '\r' || data[n] == '\n'))
		n++;
	return n;
}

/* The target's first byte tells HTTP from what borrowed its methods (SIP, RTSP). */
static enum decode_guess target_guess(const uint8_t *data, size_t len)
{
	static const char *const targets[] = {"/", "http://", "https://", "* HTTP/1.", NULL};
	if (len >= 8 && memcmp(data, "CONNECT ", 8) == 0)
		return GUESS_YES;
	const uint8_t *space = memchr(data, ' ', len); /* it is there: a method was found */
	size_t at = (size_t)(space - data) + 1;
	size_t last = at + SPACES_MAX;
	while (at < len && at < last && data[at] == ' ')
		at++;
	return guess_prefixes(data + at, len - at, targets, true);
}

/* RFC 9110, 5.6.2 */
static bool token_char(uint8_t c)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	uint8_t letter = c | 0x20;
	return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(marks, c) != NULL);
}

/*
 * Any other method or target, known by the version behind it. What follows the line may be a body, so this
 * must be known wherever a pattern may lie in it: it waits for as many bytes as patterns are looked for in.
 */
static enum decode_guess line_guess(const uint8_t *data, size_t len)
{
	size_t n = len < PATTERN_WINDOW ? len : PATTERN_WINDOW;
	size_t method = 0;
	while (method < n && method <= METHOD_MAX && token_char(data[method]))
		method++;
	if (method == n)
		return GUESS_MAYBE;
	if (method == 0 || method > METHOD_MAX || data[method] != ' ')
		return GUESS_NO;
	const uint8_t *feed = memchr(data + method, '\n', n - method);
	if (feed == NULL)
		return n < PATTERN_WINDOW ? GUESS_MAYBE : GUESS_NO;
	return guess_contains(data + method, (size_t)(feed - data) - method, " HTTP/1.") ? GUESS_YES
											 : GUESS_NO;
}

static enum decode_guess request_guess(const uint8_t *data, size_t len)
{
	enum decode_guess guess = guess_prefixes(data, len, openings, false);
	if (guess == GUESS_YES)
		guess = target_guess(data, len);
	return guess != GUESS_NO ? guess : line_guess(data, len);
}

enum decode_guess http_guess(const uint8_t *data, size_t len)
{
	size_t skip = skip_empty_lines(data, len);
	if (skip == len)
		return GUESS_MAYBE;
	enum decode_guess guess = request_guess(data + skip, len - skip);
	enum decode_guess other = guess_prefixes(data + skip, len - skip, not_requests, false);
	return guess > other ? guess : other;
}

static bool text_is(struct text t, const char *text)
{
	return t.len == strlen(text) && strncasecmp((const char *)t.at, text, t.len) == 0;
}

static bool text_same(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static struct text text_trim(struct text t)
{
	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t'))
		t = (struct text){t.at + 1, t.len - 1};
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	return t;
}

/* Takes the next line off *rest, without its end. @return false when no whole line is left */
static bool line_take(struct cur *rest, struct text *out)
{
	size_t left = cur_left(rest);
	const uint8_t *at = rest->at;
	const uint8_t *end = left == 0 ? NULL : memchr(at, '\n', left);
	if (end == NULL)
		return false;
	cur_skip(rest, (size_t)(end - at) + 1);
	if (end > at && end[-1] == '\r')
		end--;
	*out = (struct text){at, (size_t)(end - at)};
	return true;
}

/* method SP target SP "HTTP/1." digit */
static bool request_line_read(struct text line, struct head *out)
{
	static const char version[] = " HTTP/1.";
	const size_t version_len = sizeof(version) - 1;

	if (line.len < version_len + 1 ||
	    memcmp(line.at + line.len - version_len - 1, version, version_len) != 0)
		return false;
	const uint8_t *space = memchr(line.at, ' ', line.len);
	out->method = (struct text){line.at, (size_t)(space - line.at)};
	out->target = text_trim((struct text){space, line.len > out->method.len + version_len
							     ? line.len - out->method.len - version_len - 1
							     : 0});
	return out->target.len > 0;
}

static void field_read(struct text line, struct head *out)
{
	const uint8_t *colon = memchr(line.at, ':', line.len);
	if (colon == NULL || line.at[0] == ' ' || line.at[0] == '\t' || colon == line.at ||
	    colon[-1] == ' ' || colon[-1] == '\t') {
		out->last = true;
		return;
	}
	struct text name = {line.at, (size_t)(colon - line.at)};
	struct text value = text_trim((struct text){colon + 1, line.len - name.len - 1});
	if (text_is(name, "host")) {
		if (out->host_count < HOSTS_MAX)
			out->hosts[out->host_count++] = value;
	} else if (text_is(name, "transfer-encoding") || text_is(name, "upgrade")) {
		out->last = true;
	} else if (text_is(name, "content-length") && !text_is(value, "0")) {
		out->last = true;
	}
}

static bool head_read(struct cur bytes, struct head *out)
{
	struct text line;
	memset(out, 0, sizeof(*out));
	if (!line_take(&bytes, &line) || !request_line_read(line, out))
		return false;
	while (line_take(&bytes, &line) && line.len > 0)
		field_read(line, out);
	return true;
}

/* Splits "user@host:port". @return false when the port is none */
static bool authority_split(struct text authority, struct text *host_out, uint32_t *port_out)
{
	for (size_t i = authority.len; i > 0; i--) {
		if (authority.at[i - 1] == '@') {
			authority = (struct text){authority.at + i, authority.len - i};
			break;
		}
	}
	struct text host = authority;
	struct text port = {NULL, 0};
	size_t from = 0;
	if (authority.len > 0 && authority.at[0] == '[') {
		const uint8_t *end = memchr(authority.at, ']', authority.len);
		if (end == NULL)
			return false;
		from = (size_t)(end - authority.at);
	}
	const uint8_t *colon =
		authority.len == 0 ? NULL : memchr(authority.at + from, ':', authority.len - from);
	if (colon != NULL) {
		host.len = (size_t)(colon - authority.at);
		port = (struct text){colon + 1, authority.len - host.len - 1};
	}
	uint32_t number = 0;
	for (size_t i = 0; i < port.len; i++) {
		if (port.at[i] < '0' || port.at[i] > '9' || number > UINT16_MAX)
			return false;
		number = number * 10 + (port.at[i] - '0');
	}
	if (number > UINT16_MAX)
		return false;
	*host_out = host;
	*port_out = number;
	return true;
}

/* The host as it stands in a URL: lower case without trailing dot; an IPv6 address as RFC 5952 says. */
static size_t host_text(struct text host, char out[HOST_TEXT_MAX])
{
	uint8_t wire[NAME_MAX_WIRE];
	size_t wire_len;
	struct ip ip;

	if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']') {
		char text[IP_TEXT_SIZE];
		if (ip_parse((const char *)host.at + 1, host.len - 2, &ip) != HN_OK || ip.version != 6)
			return 0;
		ip_format(&ip, text);
		return (size_t)snprintf(out, HOST_TEXT_MAX, "[%s]", text);
	}
	if (name_from_text(host.at, host.len, wire, &wire_len) != HN_OK)
		return 0;
	name_lower((uint8_t *)out, host.at, wire_len - 1);
	return wire_len - 1;
}

/* Bytes that no browser sends as they are; indicators have them escaped, so escaped they are compared. */
static bool must_escape(uint8_t c)
{
	return c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>';
}

/* Whether any of eight bytes must be escaped or ends the path. Seven-bit sums cannot carry into the next
 * byte. */
static bool unusual8(uint64_t v)
{
	const uint64_t every = UINT64_C(0x0101010101010101);
	uint64_t low7 = v & 0x7f * every;
	uint64_t printable = low7 + (0x7f - ' ') * every;                   /* over ' ' */
	uint64_t last = low7 + every;                                       /* 0x7f */
	uint64_t angle = ((low7 | 2 * every) ^ '>' * every) + 0x7f * every; /* neither '<' nor '>' */
	uint64_t quote = ((low7 | every) ^ '#' * every) + 0x7f * every;     /* neither '"' nor '#' */
	return ((v | last | ~(printable & angle & quote)) & 0x80 * every) != 0;
}

static size_t path_text(struct text path, uint8_t *out, size_t room)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0, i = 0;
	if (path.len == 0 || path.at[0] != '/')
		out[n++] = '/';
	while (i < path.len && path.at[i] != '#') {
		uint64_t word;
		if (path.len - i >= sizeof(word) && room - n >= sizeof(word) + 2) {
			memcpy(&word, path.at + i, sizeof(word));
			if (!unusual8(word)) {
				memcpy(out + n, &word, sizeof(word));
				n += sizeof(word);
				i += sizeof(word);
				continue;
			}
		}
		if (room - n < 3)
			return 0;
		uint8_t c = path.at[i++];
		if (!must_escape(c)) {
			out[n++] = c;
			continue;
		}
		out[n++] = '%';
		out[n++] = (uint8_t)digits[c >> 4];
		out[n++] = (uint8_t)digits[c & 15];
	}
	return n;
}

static void url_add(struct text host, uint32_t port, uint32_t default_port, struct text path,
		    struct extract *x)
{
	char text[HOST_TEXT_MAX];
	char port_text[PORT_TEXT_MAX] = "";
	uint8_t own[HTTP_URL_MAX];
	uint8_t *url = own;

	if ((x->wanted & 1u << VALUE_URL) == 0)
		return;
	if (EXTRACT_SCRATCH - x->used >= HTTP_URL_MAX)
		url = x->scratch + x->used; /* in place: the common case */
	size_t host_len = host_text(host, text);
	if (host_len == 0)
		return;
	if (port != 0 && port != default_port)
		(void)snprintf(port_text, sizeof(port_text), ":%u", port);
	size_t n = host_len + strlen(port_text);
	memcpy(url, text, host_len);
	memcpy(url + host_len, port_text, n - host_len);
	size_t path_len = path_text(path, url + n, HTTP_URL_MAX - n);
	if (path_len == 0) {
		x->dropped++;
		return;
	}
	n += path_len;
	uint8_t *room = extract_alloc(x, n);
	if (room == NULL)
		return;
	if (url == own)
		memcpy(room, url, n);
	extract_add(x, FIELD_HTTP_URL, VALUE_URL, room, n);
}

/* "http://authority/path". @return false when the target is not in absolute form (RFC 9112, 3.2.2) */
static bool absolute_split(struct text target, struct text *authority_out, struct text *path_out,
			   uint32_t *port_out)
{
	size_t scheme;
	if (target.len > 7 && strncasecmp((const char *)target.at, "http://", 7) == 0)
		scheme = 7;
	else if (target.len > 8 && strncasecmp((const char *)target.at, "https://", 8) == 0)
		scheme = 8;
	else
		return false;
	size_t end = scheme;
	while (end < target.len && target.at[end] != '/' && target.at[end] != '?' && target.at[end] != '#')
		end++;
	*authority_out = (struct text){target.at + scheme, end - scheme};
	*path_out = (struct text){target.at + end, target.len - end};
	*port_out = scheme == 7 ? PORT_HTTP : PORT_HTTPS;
	return true;
}

static void hosts_add(const struct head *head, struct extract *x)
{
	for (size_t i = 0; i < head->host_count; i++) {
		struct text host;
		uint32_t port;
		if (authority_split(head->hosts[i], &host, &port))
			host_add(x, FIELD_HTTP_HOST, host.at, host.len);
	}
}

static void head_extract(const struct head *head, struct extract *x)
{
	struct text authority;
	struct text host;
	struct text path = head->target;
	uint32_t port;
	uint32_t default_port = PORT_HTTP;

	if (text_is(head->method, "CONNECT")) {
		if (authority_split(head->target, &host, &port))
			host_add(x, FIELD_HTTP_HOST, host.at, host.len);
		hosts_add(head, x);
		return;
	}
	hosts_add(head, x);
	bool absolute = absolute_split(head->target, &authority, &path, &default_port);
	if (!absolute) {
		if (head->host_count == 0 || head->target.at[0] != '/')
			return;
		authority = head->hosts[0];
	}
	if (!authority_split(authority, &host, &port))
		return;
	bool told = head->host_count > 0 && text_same(head->hosts[0], authority);
	if (absolute && !told)
		host_add(x, FIELD_HTTP_HOST, host.at, host.len);
	url_add(host, port, default_port, path, x);
}

/*
 * Where the head ends, behind its empty line; 0 when that is not there. state->scanned is the first line feed
 * that could still begin an end, so that no byte is searched twice.
 */
static size_t head_end(const uint8_t *data, size_t len, size_t start, struct decode_state *state)
{
	size_t at = state->scanned > start ? state->scanned : start;
	while (at < len) {
		const uint8_t *feed = memchr(data + at, '\n', len - at);
		if (feed == NULL)
			break;
		at = (size_t)(feed - data);
		size_t next = at + 1;
		if (next < len && data[next] == '\r')
			next++;
		if (next == len) {
			state->scanned = (uint32_t)at;
			return 0;
		}
		if (data[next] == '\n')
			return next + 1;
		at++;
	}
	state->scanned = (uint32_t)len;
	return 0;
}

/* state->own counts the requests that were read. */
enum decode_result http_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out)
{
	size_t len = cur_left(&data);
	const uint8_t *at = data.at;
	struct head head;

	state->consumed = 0;
	state->need = 0;
	enum decode_result none = state->own > 0 ? DECODE_DONE : DECODE_NO;
	enum decode_guess guess = http_guess(at, len);
	if (guess != GUESS_YES)
		return guess == GUESS_MAYBE && !ended ? DECODE_MORE : none;
	size_t start = skip_empty_lines(at, len);
	if (guess_prefixes(at + start, len - start, not_requests, false) == GUESS_YES)
		return DECODE_DONE;

	size_t end = head_end(at, len, start, state);
	if (end == 0 && !ended)
		return DECODE_MORE;
	cur_skip(&data, start);
	if (!head_read(cur_sub(&data, (end == 0 ? len : end) - start), &head))
		return none;
	head_extract(&head, out);
	if (end == 0 || head.last || text_is(head.method, "CONNECT"))
		return DECODE_DONE;
	state->consumed = (uint32_t)end;
	state->scanned = 0;
	state->own++;
	return DECODE_MORE;
}

bool http_window(const uint8_t *data, size_t len, struct position_window *out)
{
	size_t n = len < PATTERN_WINDOW ? len : PATTERN_WINDOW;
	size_t start = skip_empty_lines(data, n);

	if (guess_prefixes(data + start, n - start, openings, false) != GUESS_YES &&
	    line_guess(data + start, n - start) != GUESS_YES)
		return false;
	const uint8_t *feed = memchr(data + start, '\n', n - start);
	size_t end = feed == NULL ? n : (size_t)(feed - data);
	if (feed != NULL && end > start && data[end - 1] == '\r')
		end--;
	*out = (struct position_window){(uint32_t)start, (uint32_t)(end - start),
					feed != NULL || n == PATTERN_WINDOW};
	return true;
}
