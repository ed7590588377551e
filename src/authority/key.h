/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_KEY_H
#define HINOMI_AUTHORITY_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * Keys of commissioners and identities of sensors: one file holds an Ed25519 key that signs and
 * an X25519 key to which others seal, so a commissioner's key can open what was sealed for
 * re-identification, and a sensor's identity the pseudonym secret that was sealed to it.
 */

#define KEY_ID_SIZE        44  /* base64url of a SHA-256, and NUL */
#define KEY_NAME_MAX       128 /* bytes */
#define KEY_SIGNATURE_SIZE 64
#define KEY_PASSPHRASE_MAX 1024

/** What everybody may know of a key. */
struct key_public {
	char id[KEY_ID_SIZE];        /* JWK thumbprint of the Ed25519 key (RFC 7638, RFC 8037) */
	char name[KEY_NAME_MAX + 1]; /* for people; UTF-8 */
	uint8_t ed25519[32];
	uint8_t x25519[32];
};

/** A key with its secrets, which lie in sodium_malloc() and are wiped when freed. */
struct key;

/** Makes a new key. name: 1..KEY_NAME_MAX bytes of UTF-8 without control characters. @return HN_EFORMAT,
 * HN_ENOMEM */
HN_MUST_USE int key_make(const char *name, struct key **out);
void key_free(struct key *k);

/** The public half; lives as long as the key. */
const struct key_public *key_public(const struct key *k);

/**
 * Writes the secret key to path (mode 0600) and the public one to path.pub (0644). Never replaces
 * either. A passphrase (NULL: none) encrypts the secrets (Argon2id, XChaCha20-Poly1305).
 *
 * @return HN_EEXIST, HN_ENOSPC, HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int key_write(const struct key *k, const char *path, const char *passphrase, struct fault *fault);

/**
 * Reads a secret key.
 *
 * @return HN_ENOENT, HN_EIO, HN_EFORMAT, HN_EUNSUPPORTED (a newer version), HN_ENOMEM; HN_EAUTH when the
 *         passphrase is wrong or one is needed and passphrase is NULL
 */
HN_MUST_USE int key_read(const char *path, const char *passphrase, struct key **out, struct fault *fault);

/** Reads KEY.pub and checks that its id is that of its key. @return HN_ENOENT, HN_EIO, HN_EFORMAT */
HN_MUST_USE int key_public_read(const char *path, struct key_public *out, struct fault *fault);

/** Reads the text of KEY.pub, as above. @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int key_public_parse(const char *text, size_t len, struct key_public *out, struct fault *fault);

/** Appends the text of KEY.pub. @return HN_ENOMEM, or what buf_err() says */
HN_MUST_USE int key_public_write(const struct key_public *k, struct buf *out);

/** The id of an Ed25519 public key. */
void key_id_of(const uint8_t ed25519[32], char out[KEY_ID_SIZE]);

/** The id of the sensor that has this identity, unless it was given another: a UUIDv5 of the key's id. */
void key_sensor_id(const struct key_public *k, struct uuid *out);

/**
 * The identity of a sensor: reads it, or makes it (with path.pub) when there is none.
 *
 * @param name      of the identity that is made
 * @param made_out  whether it was made now; may be NULL
 * @return as key_read() and key_write()
 */
HN_MUST_USE int identity_load_or_make(const char *path, const char *name, struct key **out, bool *made_out,
				      struct fault *fault);

/** Signs (Ed25519, RFC 8032). */
void key_sign(const struct key *k, const void *data, size_t len, uint8_t out[KEY_SIGNATURE_SIZE]);

/** Whether the signature is that of the public key over data. */
bool key_verify(const uint8_t ed25519[32], const void *data, size_t len,
		const uint8_t signature[KEY_SIGNATURE_SIZE]);

/**
 * Opens what crypto_box_seal() closed to the key's X25519 half.
 *
 * @param out  holds len - 48 bytes
 * @return HN_EAUTH when it was not sealed to this key or was changed; then out is untouched
 */
HN_MUST_USE int key_unseal(const struct key *k, const uint8_t *sealed, size_t len, uint8_t *out);

/**
 * Opens what crypto_box_easy() closed to the key's X25519 half.
 *
 * @param sender  the X25519 key of who closed it
 * @param nonce   24 bytes
 * @param out     holds len - 16 bytes
 * @return HN_EAUTH when it was not closed by the sender to this key with this nonce, or was changed; then out
 *         is untouched
 */
HN_MUST_USE int key_box_open(const struct key *k, const uint8_t sender[32], const uint8_t nonce[24],
			     const uint8_t *box, size_t len, uint8_t *out);

/**
 * The Ed25519 secret as libsodium keeps it (seed, public key; 64 bytes of locked memory), for a
 * signer of another form, e.g. the ledger's signed notes. Lives as long as the key; do not copy it.
 */
const uint8_t *key_secret(const struct key *k);

#endif
