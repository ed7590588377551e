/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/key.h"

#include <sodium.h>
#include <string.h>

#include "authority/field.h"
#include "authority/key_secret.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"

#define PUBLIC_FILE_MAX 4096
#define PUBLIC_TYPE     "hinomi-public-key"

_Static_assert(KEY_SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");
_Static_assert(crypto_box_PUBLICKEYBYTES == 32 && crypto_box_NONCEBYTES == 24, "X25519, XSalsa20");

static void base64url_32(const uint8_t bytes[32], char out[KEY_ID_SIZE])
{
	(void)sodium_bin2base64(out, KEY_ID_SIZE, bytes, 32, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void key_id_of(const uint8_t ed25519[32], char out[KEY_ID_SIZE])
{
	/* RFC 7638, 3: the required members in lexicographic order, no white space; RFC 8037, 2 names them.
	 */
	static const char before[] = "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"", after[] = "\"}";
	char x[KEY_ID_SIZE];
	uint8_t digest[SHA256_SIZE];

	base64url_32(ed25519, x);
	sha256_parts(before, sizeof(before) - 1, x, sizeof(x) - 1, after, sizeof(after) - 1, digest);
	base64url_32(digest, out);
}

void key_sensor_id(const struct key_public *k, struct uuid *out)
{
	/* A namespace of our own, drawn once. */
	static const struct uuid space = {{0x6b, 0x1f, 0x0c, 0x52, 0x2e, 0x8d, 0x4f, 0x37, 0x9a, 0x41, 0xd3,
					   0x60, 0x1c, 0x77, 0xe5, 0xb8}};
	*out = uuid_v5(&space, k->id, KEY_ID_SIZE - 1);
}

int key_new(const char *name, const uint8_t secret[KEY_SECRET_SIZE], struct key **out)
{
	if (!field_text_ok(name, KEY_NAME_MAX))
		return HN_EFORMAT;
	if (sodium_init() < 0)
		return HN_ENOMEM;
	struct key *k = sodium_malloc(sizeof(*k));
	if (k == NULL)
		return HN_ENOMEM;
	memset(k, 0, sizeof(*k));
	if (secret != NULL)
		memcpy(k->secret, secret, sizeof(k->secret));
	else
		randombytes_buf(k->secret, sizeof(k->secret));
	(void)crypto_sign_seed_keypair(k->public.ed25519, k->sign, k->secret);
	(void)crypto_scalarmult_base(k->public.x25519, k->secret + 32);
	key_id_of(k->public.ed25519, k->public.id);
	memcpy(k->public.name, name, strlen(name) + 1);
	*out = k;
	return HN_OK;
}

int key_make(const char *name, struct key **out)
{
	return key_new(name, NULL, out);
}

void key_free(struct key *k)
{
	sodium_free(k); /* wipes */
}

const struct key_public *key_public(const struct key *k)
{
	return &k->public;
}

const uint8_t *key_secret(const struct key *k)
{
	return k->sign;
}

void key_sign(const struct key *k, const void *data, size_t len, uint8_t out[KEY_SIGNATURE_SIZE])
{
	(void)crypto_sign_detached(out, NULL, data, len, k->sign);
}

bool key_verify(const uint8_t ed25519[32], const void *data, size_t len,
		const uint8_t signature[KEY_SIGNATURE_SIZE])
{
	return crypto_sign_verify_detached(signature, data, len, ed25519) == 0;
}

int key_unseal(const struct key *k, const uint8_t *sealed, size_t len, uint8_t *out)
{
	if (len < crypto_box_SEALBYTES)
		return HN_EAUTH;
	if (crypto_box_seal_open(out, sealed, len, k->public.x25519, k->secret + 32) != 0)
		return HN_EAUTH;
	return HN_OK;
}

int key_box_open(const struct key *k, const uint8_t sender[32], const uint8_t nonce[24], const uint8_t *box,
		 size_t len, uint8_t *out)
{
	if (len < crypto_box_MACBYTES)
		return HN_EAUTH;
	return crypto_box_open_easy(out, box, len, nonce, sender, k->secret + 32) == 0 ? HN_OK : HN_EAUTH;
}

int key_public_write(const struct key_public *k, struct buf *out)
{
	bool bad = false;
	json_t *o = json_object();
	field_put_string(o, "type", PUBLIC_TYPE, &bad);
	field_put(o, "version", json_integer(1), &bad);
	field_put_string(o, "kid", k->id, &bad);
	field_put_string(o, "name", k->name, &bad);
	field_put_base64url(o, "ed25519", k->ed25519, 32, &bad);
	field_put_base64url(o, "x25519", k->x25519, 32, &bad);
	if (!bad)
		json_add_pretty(out, o);
	json_decref(o);
	return bad ? HN_ENOMEM : buf_err(out);
}

static int public_from(const json_t *o, struct key_public *out, struct fault *fault)
{
	static const char *const members[] = {"type", "version", "kid", "name", "ed25519", "x25519", NULL};
	struct key_public k = {0};
	const char *id, *name;
	int rc;

	if ((rc = field_type(o, PUBLIC_TYPE, fault)) != HN_OK ||
	    (rc = json_only(o, members, fault)) != HN_OK ||
	    (rc = json_get_string(o, "kid", true, &id, fault)) != HN_OK ||
	    (rc = field_text(o, "name", true, KEY_NAME_MAX, &name, fault)) != HN_OK ||
	    (rc = field_base64url(o, "ed25519", true, k.ed25519, 32, fault)) != HN_OK ||
	    (rc = field_base64url(o, "x25519", true, k.x25519, 32, fault)) != HN_OK)
		return rc;
	key_id_of(k.ed25519, k.id);
	if (strcmp(k.id, id) != 0)
		return fault_set(fault, HN_EFORMAT, "/kid",
				 tr("is not the id of this key; the file was changed",
				    "がこの鍵のIDではない。ファイルが書き換えられている"));
	memcpy(k.name, name, strlen(name) + 1);
	*out = k;
	return HN_OK;
}

int key_public_read(const char *path, struct key_public *out, struct fault *fault)
{
	json_t *o;
	int rc = json_file_read(path, PUBLIC_FILE_MAX, &o, fault);
	if (rc != HN_OK)
		return rc;
	rc = public_from(o, out, fault);
	json_decref(o);
	return rc;
}

int key_public_parse(const char *text, size_t len, struct key_public *out, struct fault *fault)
{
	json_t *o;
	if (len > PUBLIC_FILE_MAX)
		return fault_set(fault, HN_ELIMIT, "", "%s", hn_strerror(HN_ELIMIT));
	int rc = json_object_read(text, len, &o, fault);
	if (rc != HN_OK)
		return rc;
	rc = public_from(o, out, fault);
	json_decref(o);
	return rc;
}
