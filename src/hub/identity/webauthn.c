/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/webauthn.h"

#include <cbor.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <sodium.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"

#define COUNTER_AT 33 /* in authenticator data: behind the host's digest and the flags */

/* ---- what the browser says ---- */

static bool origin_is(const char *origin, const char *host)
{
	static const char secure[] = "https://", plain[] = "http://";
	const char *at = NULL;
	if (strncmp(origin, secure, sizeof(secure) - 1) == 0)
		at = origin + sizeof(secure) - 1;
	else if (strcmp(host, "localhost") == 0 && strncmp(origin, plain, sizeof(plain) - 1) == 0)
		at = origin + sizeof(plain) - 1;
	size_t len = strlen(host);
	if (at == NULL || strncmp(at, host, len) != 0)
		return false;
	at += len;
	return *at == '\0' || (*at == ':' && at[1] != '\0' && strspn(at + 1, "0123456789") == strlen(at + 1));
}

static int check_client(const json_t *said, enum webauthn_ceremony ceremony, const char *challenge,
			const char *host)
{
	const char *type = NULL, *got = NULL, *origin = NULL;
	bool crossed = false;
	int err = json_get_string(said, "type", true, &type, NULL);
	if (err == HN_OK)
		err = json_get_string(said, "challenge", true, &got, NULL);
	if (err == HN_OK)
		err = json_get_string(said, "origin", true, &origin, NULL);
	if (err == HN_OK)
		err = json_get_bool(said, "crossOrigin", false, &crossed, NULL);
	if (err != HN_OK)
		return HN_EFORMAT;
	bool same = strlen(got) == strlen(challenge) && sodium_memcmp(got, challenge, strlen(got)) == 0;
	return same && !crossed && origin_is(origin, host) &&
			       strcmp(type,
				      ceremony == WEBAUTHN_CREATE ? "webauthn.create" : "webauthn.get") == 0
		       ? HN_OK
		       : HN_EAUTH;
}

int webauthn_client(const uint8_t *text, size_t len, enum webauthn_ceremony ceremony,
		    const uint8_t challenge[WEBAUTHN_CHALLENGE], const char *host)
{
	json_t *said = NULL;
	char expected[WEBAUTHN_CHALLENGE * 2];
	if (len > WEBAUTHN_TEXT_MAX || json_object_read((const char *)text, len, &said, NULL) != HN_OK)
		return HN_EFORMAT;
	(void)sodium_bin2base64(expected, sizeof(expected), challenge, WEBAUTHN_CHALLENGE,
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	int err = check_client(said, ceremony, expected, host);
	json_decref(said);
	return err;
}

/* ---- a new passkey ---- */

/* The attestation object (6.5.4): {"fmt": "none", "attStmt": {}, "authData": bytes}, in any order. */
struct object {
	unsigned events, seen; /* seen: a bit for each member */
	unsigned member;       /* whose value comes; 0: a name */
	bool bad;
	const uint8_t *data;
	size_t data_len;
};
enum { MEMBER_FORMAT = 1, MEMBER_STATEMENT = 2, MEMBER_DATA = 4, MEMBERS = 7 };

static bool text_is(cbor_data data, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(data, word, len) == 0;
}

static void on_string(void *context, cbor_data data, size_t len)
{
	struct object *o = context;
	o->events++;
	if (o->member != 0) {
		o->bad = o->bad || o->member != MEMBER_FORMAT || !text_is(data, len, "none");
		o->member = 0;
		return;
	}
	if (text_is(data, len, "fmt"))
		o->member = MEMBER_FORMAT;
	else if (text_is(data, len, "attStmt"))
		o->member = MEMBER_STATEMENT;
	else if (text_is(data, len, "authData"))
		o->member = MEMBER_DATA;
	o->bad = o->bad || o->member == 0 || (o->seen & o->member) != 0;
	o->seen |= o->member;
}

static void on_bytes(void *context, cbor_data data, size_t len)
{
	struct object *o = context;
	o->bad = o->bad || o->member != MEMBER_DATA;
	o->member = 0;
	o->events++;
	o->data = data;
	o->data_len = len;
}

static void on_map(void *context, size_t size)
{
	struct object *o = context;
	o->bad = o->bad || (o->events == 0 ? size != 3 : o->member != MEMBER_STATEMENT || size != 0);
	o->member = 0;
	o->events++;
}

/* What no callback of ours counts does not belong in it. */
static int read_object(const uint8_t *at, size_t len, struct object *o)
{
	struct cbor_callbacks callbacks = cbor_empty_callbacks;
	callbacks.string = on_string;
	callbacks.byte_string = on_bytes;
	callbacks.map_start = on_map;
	for (unsigned turn = 0; turn < 7; turn++) {
		struct cbor_decoder_result got = cbor_stream_decode(at, len, &callbacks, o);
		if (got.status != CBOR_DECODER_FINISHED || o->bad || o->events != turn + 1 || got.read == 0)
			return HN_EFORMAT;
		at += got.read;
		len -= got.read;
	}
	return len == 0 && o->seen == MEMBERS && o->member == 0 ? HN_OK : HN_EFORMAT;
}

static bool is_for(const uint8_t *data, size_t len, const char *host)
{
	uint8_t digest[SHA256_SIZE];
	sha256(host, strlen(host), digest);
	return len > COUNTER_AT && memcmp(data, digest, sizeof(digest)) == 0;
}

static int take_key(const fido_cred_t *c, int algorithm, struct passkey *out)
{
	size_t id_len = fido_cred_id_len(c), key_len = fido_cred_pubkey_len(c);
	if (id_len == 0 || id_len > PASSKEY_ID_MAX || key_len == 0 || key_len > PASSKEY_KEY_MAX)
		return HN_EFORMAT;
	memset(out, 0, sizeof(*out));
	memcpy(out->id, fido_cred_id_ptr(c), id_len);
	out->id_len = id_len;
	out->algorithm = algorithm;
	memcpy(out->key, fido_cred_pubkey_ptr(c), key_len);
	out->key_len = key_len;
	out->counter = fido_cred_sigcount(c);
	return HN_OK;
}

static int try_key(const struct object *o, int algorithm, struct passkey *out)
{
	const uint8_t need = CTAP_AUTHDATA_USER_PRESENT | CTAP_AUTHDATA_USER_VERIFIED;
	fido_cred_t *c = fido_cred_new();
	int err = c == NULL ? HN_ENOMEM : HN_EFORMAT;
	if (c != NULL && fido_cred_set_type(c, algorithm) == FIDO_OK &&
	    fido_cred_set_authdata_raw(c, o->data, o->data_len) == FIDO_OK)
		err = (fido_cred_flags(c) & need) == need ? take_key(c, algorithm, out) : HN_EAUTH;
	fido_cred_free(&c);
	return err;
}

static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};

int webauthn_create(const uint8_t *object, size_t len, const char *host, struct passkey *out)
{
	struct object o = {0};
	int err = len > WEBAUTHN_TEXT_MAX ? HN_EFORMAT : read_object(object, len, &o);
	if (err != HN_OK)
		return err;
	if (!is_for(o.data, o.data_len, host))
		return HN_EAUTH;
	err = HN_EFORMAT;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]) && err == HN_EFORMAT; i++)
		err = try_key(&o, algorithms[i], out);
	return err;
}

/* ---- a signature ---- */

static int verify(const fido_assert_t *a, const struct passkey *p)
{
	int rc = FIDO_ERR_INVALID_ARGUMENT;
	es256_pk_t *es256 = p->algorithm == COSE_ES256 ? es256_pk_new() : NULL;
	eddsa_pk_t *eddsa = p->algorithm == COSE_EDDSA ? eddsa_pk_new() : NULL;
	rs256_pk_t *rs256 = p->algorithm == COSE_RS256 ? rs256_pk_new() : NULL;
	if (es256 != NULL && es256_pk_from_ptr(es256, p->key, p->key_len) == FIDO_OK)
		rc = fido_assert_verify(a, 0, COSE_ES256, es256);
	if (eddsa != NULL && eddsa_pk_from_ptr(eddsa, p->key, p->key_len) == FIDO_OK)
		rc = fido_assert_verify(a, 0, COSE_EDDSA, eddsa);
	if (rs256 != NULL && rs256_pk_from_ptr(rs256, p->key, p->key_len) == FIDO_OK)
		rc = fido_assert_verify(a, 0, COSE_RS256, rs256);
	es256_pk_free(&es256);
	eddsa_pk_free(&eddsa);
	rs256_pk_free(&rs256);
	return rc;
}

int webauthn_get(const struct webauthn_assertion *a, const struct passkey *passkey, const char *host,
		 uint32_t *counter_out)
{
	uint8_t client[SHA256_SIZE];
	fido_assert_t *f = fido_assert_new();
	if (f == NULL)
		return HN_ENOMEM;
	sha256(a->client, a->client_len, client);
	bool good = fido_assert_set_count(f, 1) == FIDO_OK && fido_assert_set_rp(f, host) == FIDO_OK &&
		    fido_assert_set_clientdata_hash(f, client, sizeof(client)) == FIDO_OK &&
		    fido_assert_set_up(f, FIDO_OPT_TRUE) == FIDO_OK &&
		    fido_assert_set_uv(f, FIDO_OPT_TRUE) == FIDO_OK &&
		    fido_assert_set_authdata_raw(f, 0, a->data, a->data_len) == FIDO_OK &&
		    fido_assert_set_sig(f, 0, a->signature, a->signature_len) == FIDO_OK &&
		    verify(f, passkey) == FIDO_OK;
	if (good)
		*counter_out = fido_assert_sigcount(f, 0);
	fido_assert_free(&f);
	return good ? HN_OK : HN_EAUTH;
}
