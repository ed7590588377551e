/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/code.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "base/cur.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/ip.h"
#include "base/lang.h"

#define CHECK_SIZE 4
#define BYTES_MAX  (2 + CODE_SECRET_SIZE + 32 + 1 + CODE_HOST_MAX + CHECK_SIZE)

_Static_assert(sizeof(CODE_PREFIX) + (BYTES_MAX * 4 + 2) / 3 <= CODE_TEXT_MAX, "the longest code fits");

struct code *code_new(void)
{
	struct code *c = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*c));
	if (c != NULL)
		memset(c, 0, sizeof(*c));
	return c;
}

void code_free(struct code *c)
{
	sodium_free(c);
}

/* Labels of 1..63 letters, digits and inner hyphens (RFC 1123, 2.1). */
static bool label_ok(const char *label, size_t len)
{
	if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-", label[i]) == NULL)
			return false;
	return true;
}

bool code_host_ok(const char *host)
{
	struct ip ip;
	size_t len = strlen(host);
	if (len == 0 || len > CODE_HOST_MAX)
		return false;
	if (ip_parse(host, len, &ip) == HN_OK)
		return true;
	for (const char *label = host; label != NULL;) {
		const char *dot = strchr(label, '.');
		if (!label_ok(label, dot == NULL ? strlen(label) : (size_t)(dot - label)))
			return false;
		label = dot == NULL ? NULL : dot + 1;
	}
	return true;
}

int code_make(const char *host, uint16_t port, const uint8_t root[32], struct code **out)
{
	size_t len = strlen(host);
	if (len > CODE_HOST_MAX || port == 0)
		return HN_EFORMAT;
	struct code *c = code_new();
	if (c == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < len; i++)
		c->host[i] = (char)tolower((unsigned char)host[i]);
	if (!code_host_ok(c->host)) {
		code_free(c);
		return HN_EFORMAT;
	}
	c->port = port;
	memcpy(c->root, root, sizeof(c->root));
	randombytes_buf(c->secret, sizeof(c->secret));
	*out = c;
	return HN_OK;
}

static void check_of(const uint8_t *bytes, size_t len, uint8_t out[CHECK_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	sha256_parts(CODE_PREFIX, sizeof(CODE_PREFIX) - 1, bytes, len, NULL, 0, digest);
	memcpy(out, digest, CHECK_SIZE);
}

int code_format(const struct code *c, struct buf *out)
{
	uint8_t bytes[BYTES_MAX];
	size_t len = 0, host_len = strlen(c->host);
	if (!code_host_ok(c->host) || c->port == 0)
		return HN_EFORMAT;
	store_be16(bytes, c->port);
	len += 2;
	memcpy(bytes + len, c->secret, CODE_SECRET_SIZE);
	len += CODE_SECRET_SIZE;
	memcpy(bytes + len, c->root, 32);
	len += 32;
	bytes[len++] = (uint8_t)host_len;
	memcpy(bytes + len, c->host, host_len);
	len += host_len;
	check_of(bytes, len, bytes + len);
	buf_adds(out, CODE_PREFIX);
	base64url_add(out, bytes, len + CHECK_SIZE);
	sodium_memzero(bytes, sizeof(bytes));
	return buf_err(out);
}

static int decode(const uint8_t *bytes, size_t len, struct code *out)
{
	uint8_t check[CHECK_SIZE];
	struct cur c = cur_of(bytes, len);
	uint16_t port = cur_be16(&c);
	const uint8_t *secret = cur_take(&c, CODE_SECRET_SIZE);
	const uint8_t *root = cur_take(&c, 32);
	size_t host_len = cur_u8(&c);
	const uint8_t *host = cur_take(&c, host_len);
	const uint8_t *said = cur_take(&c, CHECK_SIZE);
	if (!cur_ok(&c) || cur_left(&c) > 0 || port == 0 || host_len == 0 || host_len > CODE_HOST_MAX ||
	    memchr(host, '\0', host_len) != NULL)
		return HN_EFORMAT;
	check_of(bytes, len - CHECK_SIZE, check);
	if (memcmp(check, said, CHECK_SIZE) != 0)
		return HN_EFORMAT;
	char name[CODE_HOST_MAX + 1] = {0};
	memcpy(name, host, host_len);
	if (!code_host_ok(name))
		return HN_EFORMAT;
	memcpy(out->host, name, sizeof(name));
	memcpy(out->secret, secret, CODE_SECRET_SIZE);
	memcpy(out->root, root, 32);
	out->port = port;
	return HN_OK;
}

/* Into memory that is wiped: a buffer of its own would leave the secret on the heap. */
static int decode_text(const char *text, size_t len, struct code *out)
{
	struct locked {
		uint8_t bytes[CODE_TEXT_MAX];
	} *l = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*l));
	size_t got;
	if (l == NULL)
		return HN_ENOMEM;
	int err = HN_EFORMAT;
	if (sodium_base642bin(l->bytes, sizeof(l->bytes), text, len, NULL, &got, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0)
		err = decode(l->bytes, got, out);
	sodium_free(l);
	return err;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int code_parse(const char *text, size_t len, struct code *out, struct fault *fault)
{
	static const char word[] = "hinomi";
	size_t prefix = sizeof(CODE_PREFIX) - 1;
	while (len > 0 && is_space(text[0])) {
		text++;
		len--;
	}
	while (len > 0 && is_space(text[len - 1]))
		len--;
	if (len > prefix && len < CODE_TEXT_MAX && memcmp(text, CODE_PREFIX, prefix) == 0) {
		int err = decode_text(text + prefix, len - prefix, out);
		if (err == HN_EFORMAT)
			return fault_set(fault, err, "", "%s",
					 tr("the code was not copied whole; copy it once more",
					    "コードが正しく写されていない。もう一度コピーすること"));
		return err == HN_OK ? HN_OK : fault_set(fault, err, "", "%s", hn_strerror(err));
	}
	if (len > prefix && memcmp(text, word, sizeof(word) - 1) == 0 && text[sizeof(word) - 1] >= '2' &&
	    text[sizeof(word) - 1] <= '9' && text[sizeof(word)] == '-')
		return fault_set(fault, HN_EUNSUPPORTED, "", "%s",
				 tr("the code has a newer form than this program knows; update it",
				    "このプログラムより新しい形式のコードである。プログラムを更新すること"));
	return fault_set(fault, HN_EFORMAT, "", "%s",
			 tr("is not an enrolment code; one begins with 'hinomi1-'",
			    "登録コードではない。登録コードは「hinomi1-」で始まる"));
}

void code_secret_digest(const uint8_t secret[CODE_SECRET_SIZE], uint8_t out[32])
{
	static const char purpose[] = "hinomi enrolment secret";
	sha256_parts(purpose, sizeof(purpose), secret, CODE_SECRET_SIZE, NULL, 0, out);
}
