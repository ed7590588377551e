/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/config_private.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "base/uuid.h"

#define QUOTED_MAX 80 /* bytes of a value that a fault shows */

struct unit {
	const char *text;
	uint64_t factor;
};

static const struct unit sizes[] = {{"", 1},
				    {"B", 1},
				    {"KiB", UINT64_C(1) << 10},
				    {"MiB", UINT64_C(1) << 20},
				    {"GiB", UINT64_C(1) << 30},
				    {"TiB", UINT64_C(1) << 40},
				    {NULL, 0}};
static const struct unit durations[] = {{"ms", (uint64_t)NS_SECOND / 1000},
					{"s", (uint64_t)NS_SECOND},
					{"m", 60 * (uint64_t)NS_SECOND},
					{"h", 3600 * (uint64_t)NS_SECOND},
					{"d", 86400 * (uint64_t)NS_SECOND},
					{"w", 604800 * (uint64_t)NS_SECOND},
					{NULL, 0}};

void config_place(const char *name, unsigned line, const char *key, char out[CONFIG_PLACE_SIZE])
{
	/* Of a long path the end is kept: a fault without its line would help nobody. */
	size_t len = strlen(name);
	const char *shown = len > 150 ? name + len - 150 : name;
	if (line == 0)
		(void)snprintf(out, CONFIG_PLACE_SIZE, "%s%s%s", shown, key[0] == '\0' ? "" : ": ", key);
	else
		(void)snprintf(out, CONFIG_PLACE_SIZE, "%s:%u%s%s", shown, line, key[0] == '\0' ? "" : ": ",
			       key);
}

int config_fault(struct fault *fault, int err, const char *name, unsigned line, const char *key,
		 const char *format, ...)
{
	char place[CONFIG_PLACE_SIZE];
	char message[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	config_place(name, line, key, place);
	return fault_set(fault, err, place, "%s", message);
}

uint64_t config_max(const struct config_key *row)
{
	uint64_t widest = row->size == sizeof(uint16_t)   ? UINT16_MAX
			  : row->size == sizeof(uint32_t) ? UINT32_MAX
			  : row->kind == CONFIG_DURATION  ? INT64_MAX
							  : UINT64_MAX;
	return row->max == 0 || row->max > widest ? widest : row->max;
}

/* What the key takes instead of what stands there; the value is shown unless it is a secret. */
static int refuse(const struct config_value *v, const char *takes)
{
	char shown[QUOTED_MAX + 1] = "";
	if ((v->row->flags & CONFIG_SECRET) != 0)
		return fault_set(v->fault, HN_EFORMAT, v->place, tr("takes %s", "%sを指定すること"), takes);
	(void)snprintf(shown, sizeof(shown), "%s", v->text);
	shown[utf8_uncut_len(shown, strlen(shown))] = '\0';
	return fault_set(v->fault, HN_EFORMAT, v->place,
			 tr("takes %s, not '%s'", "%sを指定すること('%s' は不可)"), takes, shown);
}

/* Decimal digits without sign, point or leading zero. @return how many, 0 for none or too many */
static size_t digits(const char *text, uint64_t *out)
{
	uint64_t value = 0;
	size_t n = 0;
	for (; text[n] >= '0' && text[n] <= '9'; n++)
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[n] - '0'), &value))
			return 0;
	if (n > 1 && text[0] == '0')
		return 0;
	*out = value;
	return n;
}

/* "64 MiB": a number, at most one space, one of the units. */
static bool quantity(const char *text, const struct unit units[], uint64_t *out)
{
	uint64_t value;
	size_t n = digits(text, &value);
	if (n == 0)
		return false;
	const char *rest = text + n;
	if (value == 0 && rest[0] == '\0') {
		*out = 0;
		return true;
	}
	if (rest[0] == ' ' && rest[1] != '\0')
		rest++;
	for (const struct unit *u = units; u->text != NULL; u++)
		if (strcmp(rest, u->text) == 0)
			return !__builtin_mul_overflow(value, u->factor, out);
	return false;
}

static void write_quantity(uint64_t value, const struct unit units[], char *out, size_t size)
{
	const struct unit *best = &units[0];
	for (const struct unit *u = units; u->text != NULL; u++)
		if (value != 0 && value % u->factor == 0)
			best = u;
	(void)snprintf(out, size, "%llu%s%s", (unsigned long long)(value / best->factor),
		       best->factor > 1 && units == sizes ? " " : "", best->text);
}

static int refuse_range(const struct config_value *v, const struct unit units[], const char *example)
{
	char takes[192], low[32], high[32];
	uint64_t max = config_max(v->row);

	write_quantity(v->row->min, units, low, sizeof(low));
	write_quantity(max, units, high, sizeof(high));
	if (v->row->max == 0)
		(void)snprintf(takes, sizeof(takes), "%s", example);
	else
		(void)snprintf(takes, sizeof(takes), tr("%s, from %s to %s", "%s(%sから%sまで)"), example,
			       low, high);
	return refuse(v, takes);
}

static int read_integer(const struct config_value *v, void *at)
{
	static const struct unit none[] = {{"", 1}, {NULL, 0}};
	const struct config_key *row = v->row;
	uint64_t value;
	size_t n = digits(v->text, &value);
	if (n == 0 || n != v->len || value < row->min || value > config_max(row))
		return refuse_range(v, none, tr("a whole number", "整数"));
	if (row->size == sizeof(uint16_t))
		*(uint16_t *)at = (uint16_t)value;
	else if (row->size == sizeof(uint32_t))
		*(uint32_t *)at = (uint32_t)value;
	else
		*(uint64_t *)at = value;
	return HN_OK;
}

static int read_size(const struct config_value *v, void *at)
{
	uint64_t value;
	if (!quantity(v->text, sizes, &value) || value < v->row->min || value > config_max(v->row))
		return refuse_range(v, sizes, tr("a size like '64 MiB'", "'64 MiB' のような大きさ"));
	*(uint64_t *)at = value;
	return HN_OK;
}

static int read_duration(const struct config_value *v, void *at)
{
	uint64_t value;
	if (!quantity(v->text, durations, &value) || value < v->row->min || value > config_max(v->row))
		return refuse_range(v, durations,
				    tr("a duration like '30s', '5m', '1h' or '3d'",
				       "'30s'、'5m'、'1h'、'3d' のような時間"));
	*(int64_t *)at = (int64_t)value;
	return HN_OK;
}

/* A copy that ends with NUL, behind a part that may be empty. */
static int keep(const struct config_value *v, const char *front, size_t front_len, const char **out)
{
	char *copy = config_memory_take(v->memory, front_len + v->len + 1);
	if (copy == NULL)
		return fault_set(v->fault, HN_ENOMEM, v->place, "%s", hn_strerror(HN_ENOMEM));
	if (front_len > 0)
		memcpy(copy, front, front_len);
	memcpy(copy + front_len, v->text, v->len);
	*out = copy;
	return HN_OK;
}

static int read_text(const struct config_value *v, void *at)
{
	char takes[128];
	uint64_t max = v->row->max == 0 ? CONFIG_TEXT_MAX : v->row->max;

	if (v->len >= v->row->min && v->len <= max)
		return keep(v, NULL, 0, at);
	(void)snprintf(takes, sizeof(takes), tr("a text of %llu to %llu bytes", "%lluから%lluバイトの文字列"),
		       (unsigned long long)v->row->min, (unsigned long long)max);
	return refuse(v, takes);
}

static int read_path(const struct config_value *v, void *at)
{
	if (v->len == 0)
		return refuse(v, tr("a path", "パス"));
	const char *slash = strrchr(v->name, '/');
	size_t front_len = v->text[0] == '/' || slash == NULL ? 0 : (size_t)(slash - v->name) + 1;
	return keep(v, v->name, front_len, at);
}

static int read_bool(const struct config_value *v, void *at)
{
	bool yes = strcmp(v->text, "true") == 0;
	if (!yes && strcmp(v->text, "false") != 0)
		return refuse(v, tr("true or false", "true か false"));
	*(bool *)at = yes;
	return HN_OK;
}

int config_word_read(const struct config_value *v, int *out)
{
	struct buf takes;
	const struct config_word *w = v->row->words;

	for (; w->word != NULL; w++)
		if (strcmp(v->text, w->word) == 0) {
			*out = w->value;
			return HN_OK;
		}
	buf_init(&takes, 300);
	for (w = v->row->words; w->word != NULL; w++)
		buf_addf(&takes, "%s%s", w == v->row->words ? tr("one of ", "") : ", ", w->word);
	buf_adds(&takes, tr("", " のいずれか"));
	int rc = refuse(v, takes.data == NULL ? "" : takes.data);
	buf_clear(&takes);
	return rc;
}

static int read_word(const struct config_value *v, void *at)
{
	return config_word_read(v, at);
}

static int read_address(const struct config_value *v, void *at)
{
	if (ip_parse(v->text, v->len, at) != HN_OK)
		return refuse(v, tr("an IPv4 or IPv6 address", "IPv4またはIPv6のアドレス"));
	return HN_OK;
}

/* The port behind the last colon. */
static bool port(const char *text, uint16_t *out)
{
	uint64_t value;
	size_t n = digits(text, &value);
	if (n == 0 || text[n] != '\0' || value == 0 || value > UINT16_MAX)
		return false;
	*out = (uint16_t)value;
	return true;
}

static int read_endpoint(const struct config_value *v, void *at)
{
	struct endpoint e = {.port = v->row->port};
	const char *from = v->text, *end = v->text + v->len, *rest = end;
	const char *colon = strchr(v->text, ':');

	if (v->text[0] == '[') {
		from++;
		end = strchr(v->text, ']');
		rest = end == NULL ? NULL : end + 1;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		end = rest = colon;
	}
	bool ok = end != NULL && ip_parse(from, (size_t)(end - from), &e.ip) == HN_OK &&
		  (rest[0] == '\0' || (rest[0] == ':' && port(rest + 1, &e.port)));
	if (!ok || (v->text[0] == '[' && e.ip.version != 6))
		return refuse(v,
			      tr("an address with or without a port, like 192.0.2.1:53 or [2001:db8::1]:53",
				 "アドレス(ポート番号は任意。例 192.0.2.1:53、[2001:db8::1]:53)"));
	*(struct endpoint *)at = e;
	return HN_OK;
}

static int read_prefix(const struct config_value *v, void *at)
{
	if (ip_prefix_parse(v->text, v->len, at) != HN_OK)
		return refuse(v, tr("a prefix like 192.0.2.0/24, whose host bits are zero",
				    "192.0.2.0/24 のようなプレフィックス(ホスト部は0)"));
	return HN_OK;
}

static int read_uuid(const struct config_value *v, void *at)
{
	if (uuid_parse(v->text, v->len, at) != HN_OK)
		return refuse(v, tr("a UUID of 36 characters", "36文字のUUID"));
	return HN_OK;
}

/* Hex with a colon between bytes, as certificate tools print it. @return its length without them, 0: not that
 */
static size_t without_colons(const char *text, size_t len, char out[2 * SHA256_SIZE])
{
	if (len != 3 * SHA256_SIZE - 1)
		return 0;
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		if (i % 3 != 2)
			out[n++] = text[i];
		else if (text[i] != ':')
			return 0;
	return n;
}

static int read_digest(const struct config_value *v, void *at)
{
	struct config_digest d = {.present = true};
	char hex[2 * SHA256_SIZE];
	struct buf bytes;

	size_t n = without_colons(v->text, v->len, hex);
	int rc = hex_decode(n > 0 ? hex : v->text, n > 0 ? n : v->len, d.bytes, SHA256_SIZE);
	if (rc != HN_OK) {
		buf_init(&bytes, SHA256_SIZE);
		rc = base64_decode(v->text, v->len, &bytes);
		if (rc == HN_OK && bytes.len == SHA256_SIZE)
			memcpy(d.bytes, bytes.data, SHA256_SIZE);
		else
			rc = HN_EFORMAT;
		buf_clear(&bytes);
	}
	if (rc != HN_OK)
		return refuse(v, tr("a SHA-256 as 64 hex digits or in base64",
				    "SHA-256(64桁の16進数またはbase64)"));
	*(struct config_digest *)at = d;
	return HN_OK;
}

int config_value_read(const struct config_value *v, void *at)
{
	static int (*const readers[])(const struct config_value *, void *) = {
		[CONFIG_TEXT] = read_text,         [CONFIG_PATH] = read_path,
		[CONFIG_INTEGER] = read_integer,   [CONFIG_SIZE] = read_size,
		[CONFIG_DURATION] = read_duration, [CONFIG_BOOL] = read_bool,
		[CONFIG_WORD] = read_word,         [CONFIG_ADDRESS] = read_address,
		[CONFIG_ENDPOINT] = read_endpoint, [CONFIG_PREFIX] = read_prefix,
		[CONFIG_UUID] = read_uuid,         [CONFIG_DIGEST] = read_digest,
	};
	assert((size_t)v->row->kind < sizeof(readers) / sizeof(readers[0]) && readers[v->row->kind] != NULL);
	return readers[v->row->kind](v, at);
}
