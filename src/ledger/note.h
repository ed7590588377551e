/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_NOTE_H
#define HINOMI_LEDGER_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Signed notes (C2SP signed-note): text, an empty line, signature lines. Only Ed25519.
 */
#define NOTE_SIZE_MAX       16384 /* bytes of a whole note */
#define NOTE_SIGNATURES_MAX 32
#define NOTE_NAME_MAX       128 /* bytes of a key name */
#define NOTE_PUBLIC_SIZE    32
#define NOTE_SECRET_SIZE    64 /* as libsodium keeps it: seed and public key */
#define NOTE_VKEY_MAX       256

/** Signature types (signed-note, "Signature types"). */
enum note_type {
	NOTE_ED25519 = 0x01,     /* over the text */
	NOTE_COSIGNATURE = 0x04, /* with a timestamp (C2SP tlog-cosignature, v1) */
};

/** A key that may verify: its name, what it signs, and the public key. */
struct note_key {
	char name[NOTE_NAME_MAX + 1];
	enum note_type type;
	uint32_t id; /* first four bytes of SHA-256(name || 0x0A || type || public key) */
	uint8_t public_key[NOTE_PUBLIC_SIZE];
};

/** A parsed note; everything points into the bytes that were parsed. */
struct note {
	const char *text; /* with its last line feed, without the empty line */
	size_t text_len;
	size_t count;
	struct note_signature {
		const char *name;
		size_t name_len;
		uint32_t id;
		size_t len;        /* bytes of the signature behind the id */
		uint8_t bytes[72]; /* the first of them; longer ones are of no type that we know */
	} signatures[NOTE_SIGNATURES_MAX];
};

/** Not empty, UTF-8, no space, no plus, no control character, at most NOTE_NAME_MAX bytes. */
bool note_name_ok(const char *name, size_t len);

/** Fills a key and its id. @return HN_OK, or HN_EFORMAT for a name that note_name_ok() refuses. */
HN_MUST_USE int note_key_init(struct note_key *key, const char *name, enum note_type type,
			      const uint8_t public_key[NOTE_PUBLIC_SIZE]);

/** A key for checkpoint_open() that has no name of its own and takes the origin's. */
void note_key_nameless(struct note_key *key, enum note_type type, const uint8_t public_key[NOTE_PUBLIC_SIZE]);

/** A key as one word, "name+id+base64(type || public key)" (signed-note, "Verifier keys"). */
void note_vkey_format(const struct note_key *key, char out[NOTE_VKEY_MAX]);

/** Reads such a word. @return HN_EFORMAT; HN_EAUTH when the id is not the key's; HN_EUNSUPPORTED for other
 * types. */
HN_MUST_USE int note_vkey_parse(const char *text, size_t len, struct note_key *out);

/** Parses a note. @return HN_EFORMAT; HN_ELIMIT over NOTE_SIZE_MAX or NOTE_SIGNATURES_MAX. */
HN_MUST_USE int note_parse(const char *data, size_t len, struct note *out);

/**
 * Verifies the signatures of a key on a note: all that carry its name and id must hold, and
 * there must be one.
 *
 * @param time_out  for a cosignature its time in seconds since 1970; may be NULL
 * @return HN_OK; HN_ENOENT when the key did not sign; HN_EAUTH when a signature does not hold
 */
HN_MUST_USE int note_verify(const struct note *note, const struct note_key *key, uint64_t *time_out);

/**
 * Appends a signature line. The text must end with a line feed.
 *
 * @param key         name and public half; its type says what is signed
 * @param secret      libsodium's Ed25519 secret key
 * @param time_s      for a cosignature: seconds since 1970; else ignored
 */
void note_sign(struct buf *out, const char *text, size_t text_len, const struct note_key *key,
	       const uint8_t secret[NOTE_SECRET_SIZE], uint64_t time_s);

#endif
