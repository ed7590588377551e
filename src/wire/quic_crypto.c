/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/quic_crypto.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/cur.h"
#include "base/digest.h"

#define SHA256_BLOCK 64
#define TAG_SIZE     16
#define SAMPLE_SIZE  16
#define SAMPLE_AFTER 4 /* bytes from the packet number's start; RFC 9001, 5.4.2 */
#define LABEL_MAX    32

/* What differs between the versions (RFC 9001, 5.2; RFC 9369, 3.3). */
static const struct quic_version {
	uint32_t version;
	uint8_t salt[20];
	const char *key;
	const char *iv;
	const char *hp;
} versions[] = {
	{QUIC_V1,
	 {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
	 "quic key",
	 "quic iv",
	 "quic hp"},
	{QUIC_V2,
	 {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
	 "quicv2 key",
	 "quicv2 iv",
	 "quicv2 hp"},
};

/* HMAC-SHA-256 (RFC 2104) with a key of at most a block, by the digest of one thread's context: no
 * allocation. */
static void hmac(const uint8_t *key, size_t key_len, const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	uint8_t pad[SHA256_BLOCK] = {0};
	uint8_t inner[SHA256_SIZE];

	memcpy(pad, key, key_len);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	sha256_parts(pad, sizeof(pad), data, len, NULL, 0, inner);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha256_parts(pad, sizeof(pad), inner, sizeof(inner), NULL, 0, out);
}

/* HKDF-Expand-Label (RFC 8446, 7.1) for at most one digest of output, with an empty context. */
static void expand_label(const uint8_t secret[SHA256_SIZE], const char *label, uint8_t *out, size_t len)
{
	uint8_t info[4 + LABEL_MAX + 1];
	uint8_t block[SHA256_SIZE];
	size_t label_len = strlen(label);
	size_t n = 0;

	info[n++] = 0;
	info[n++] = (uint8_t)len;
	info[n++] = (uint8_t)(6 + label_len);
	memcpy(info + n, "tls13 ", 6);
	memcpy(info + n + 6, label, label_len);
	n += 6 + label_len;
	info[n++] = 0;
	info[n++] = 1; /* the counter of HKDF-Expand (RFC 5869, 2.3) */
	hmac(secret, SHA256_SIZE, info, n, block);
	memcpy(out, block, len);
}

int quic_keys_derive(uint32_t version, const uint8_t *cid, size_t cid_len, struct quic_keys *out)
{
	uint8_t initial[SHA256_SIZE];
	uint8_t client[SHA256_SIZE];

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct quic_version *v = &versions[i];
		if (v->version != version)
			continue;
		hmac(v->salt, sizeof(v->salt), cid, cid_len, initial);
		expand_label(initial, "client in", client, sizeof(client));
		expand_label(client, v->key, out->key, sizeof(out->key));
		expand_label(client, v->iv, out->iv, sizeof(out->iv));
		expand_label(client, v->hp, out->hp, sizeof(out->hp));
		return HN_OK;
	}
	return HN_EUNSUPPORTED;
}

/* Both ciphers of one thread: fetched and allocated once, as long as the thread lives. */
struct ciphers {
	EVP_CIPHER_CTX *ecb;
	EVP_CIPHER_CTX *gcm;
};

static EVP_CIPHER_CTX *cipher_new(const char *name)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int ok = cipher != NULL && ctx != NULL && EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, 1, NULL);
	EVP_CIPHER_free(cipher); /* the context holds its own reference */
	if (ok)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static struct ciphers *thread_ciphers(void)
{
	static __thread struct ciphers ciphers;
	if (ciphers.ecb == NULL)
		ciphers.ecb = cipher_new("AES-128-ECB");
	if (ciphers.gcm == NULL)
		ciphers.gcm = cipher_new("AES-128-GCM");
	return ciphers.ecb == NULL || ciphers.gcm == NULL ? NULL : &ciphers;
}

/* The mask of header protection (RFC 9001, 5.4.3). */
static bool header_mask(EVP_CIPHER_CTX *ecb, const uint8_t key[16], const uint8_t sample[SAMPLE_SIZE],
			uint8_t mask[SAMPLE_SIZE])
{
	int n = 0;
	return EVP_EncryptInit_ex2(ecb, NULL, key, NULL, NULL) &&
	       EVP_EncryptUpdate(ecb, mask, &n, sample, SAMPLE_SIZE) && n == SAMPLE_SIZE;
}

int quic_open(const struct quic_keys *keys, const uint8_t *packet, size_t len, size_t pn_offset, uint8_t *out,
	      size_t *len_out)
{
	struct ciphers *ciphers = thread_ciphers();
	uint8_t mask[SAMPLE_SIZE];
	uint8_t number[4];
	uint8_t nonce[sizeof(keys->iv)];
	uint8_t tag[TAG_SIZE];
	int n = 0;

	if (len > UINT16_MAX || pn_offset == 0 || pn_offset > len ||
	    len - pn_offset < SAMPLE_AFTER + SAMPLE_SIZE)
		return HN_ETRUNC;
	if (ciphers == NULL || !header_mask(ciphers->ecb, keys->hp, packet + pn_offset + SAMPLE_AFTER, mask))
		return HN_ENOMEM;
	uint8_t first = (uint8_t)(packet[0] ^ (mask[0] & 0x0f));
	size_t number_len = (first & 3u) + 1;
	memcpy(nonce, keys->iv, sizeof(nonce));
	for (size_t i = 0; i < number_len; i++) {
		number[i] = packet[pn_offset + i] ^ mask[1 + i];
		nonce[sizeof(nonce) - number_len + i] ^= number[i];
	}
	const uint8_t *sealed = packet + pn_offset + number_len;
	size_t sealed_len = len - pn_offset - number_len - TAG_SIZE;
	memcpy(tag, sealed + sealed_len, sizeof(tag));

	EVP_CIPHER_CTX *gcm = ciphers->gcm;
	if (!EVP_DecryptInit_ex2(gcm, NULL, keys->key, nonce, NULL) ||
	    !EVP_DecryptUpdate(gcm, NULL, &n, &first, 1) ||
	    !EVP_DecryptUpdate(gcm, NULL, &n, packet + 1, (int)(pn_offset - 1)) ||
	    !EVP_DecryptUpdate(gcm, NULL, &n, number, (int)number_len) ||
	    !EVP_DecryptUpdate(gcm, out, &n, sealed, (int)sealed_len) ||
	    !EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag))
		return HN_ENOMEM;
	int rest = 0;
	if (EVP_DecryptFinal_ex(gcm, out + n, &rest) <= 0)
		return HN_EAUTH;
	*len_out = (size_t)n;
	return HN_OK;
}
