/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority/key_secret.h"
#include "base/cur.h"
#include "base/file.h"
#include "base/lang.h"

/*
 * The secret file is four lines, not JSON, so that it can be read and written without the secret
 * passing through memory that is neither locked nor wiped:
 *
 *   hinomi-key 1
 *   name NAME
 *   kdf none | kdf argon2id13 OPERATIONS BYTES SALT
 *   secret BASE64URL        64 bytes; under a passphrase nonce, ciphertext and tag over them
 */
#define FILE_MAX       4096
#define SALT_SIZE      crypto_pwhash_SALTBYTES
#define NONCE_SIZE     crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE       crypto_aead_xchacha20poly1305_ietf_ABYTES
#define CLOSED_SIZE    (NONCE_SIZE + KEY_SECRET_SIZE + TAG_SIZE)
#define OPERATIONS_MAX 16
#define MEMORY_MAX     ((size_t)1 << 30)
#define BASE64_VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

struct kdf {
	bool used;
	unsigned long long operations;
	size_t memory;
	uint8_t salt[SALT_SIZE];
};

/* What the file's lines say, in locked memory. */
struct parsed {
	char text[FILE_MAX];
	size_t len;
	char name[KEY_NAME_MAX + 1];
	struct kdf kdf;
	uint8_t bytes[CLOSED_SIZE];
	uint8_t secret[KEY_SECRET_SIZE];
};

static int derive(const char *passphrase, const struct kdf *kdf, uint8_t out[32])
{
	return crypto_pwhash(out, 32, passphrase, strlen(passphrase), kdf->salt, kdf->operations, kdf->memory,
			     crypto_pwhash_ALG_ARGON2ID13) == 0
		       ? HN_OK
		       : HN_ENOMEM;
}

/* Encrypts p->secret into p->bytes. */
static int close_secret(struct parsed *p, const char *passphrase)
{
	uint8_t *key = sodium_malloc(32);
	if (key == NULL)
		return HN_ENOMEM;
	randombytes_buf(p->kdf.salt, SALT_SIZE);
	p->kdf.operations = crypto_pwhash_OPSLIMIT_MODERATE;
	p->kdf.memory = crypto_pwhash_MEMLIMIT_MODERATE;
	p->kdf.used = true;
	int rc = derive(passphrase, &p->kdf, key);
	if (rc == HN_OK) {
		randombytes_buf(p->bytes, NONCE_SIZE);
		(void)crypto_aead_xchacha20poly1305_ietf_encrypt(p->bytes + NONCE_SIZE, NULL, p->secret,
								 KEY_SECRET_SIZE, NULL, 0, NULL, p->bytes,
								 key);
	}
	sodium_free(key);
	return rc;
}

static int open_secret(struct parsed *p, const char *passphrase)
{
	uint8_t *key = sodium_malloc(32);
	if (key == NULL)
		return HN_ENOMEM;
	int rc = derive(passphrase, &p->kdf, key);
	if (rc == HN_OK && crypto_aead_xchacha20poly1305_ietf_decrypt(
				   p->secret, NULL, NULL, p->bytes + NONCE_SIZE, KEY_SECRET_SIZE + TAG_SIZE,
				   NULL, 0, p->bytes, key) != 0)
		rc = HN_EAUTH;
	sodium_free(key);
	return rc;
}

static void format(struct parsed *p)
{
	char salt[32];
	char kdf[128] = "none";
	const uint8_t *bytes = p->secret;
	size_t len = KEY_SECRET_SIZE;

	if (p->kdf.used) {
		(void)sodium_bin2base64(salt, sizeof(salt), p->kdf.salt, SALT_SIZE, BASE64_VARIANT);
		(void)snprintf(kdf, sizeof(kdf), "argon2id13 %llu %zu %s", p->kdf.operations, p->kdf.memory,
			       salt);
		bytes = p->bytes;
		len = CLOSED_SIZE;
	}
	int n = snprintf(p->text, sizeof(p->text), "hinomi-key 1\nname %s\nkdf %s\nsecret ", p->name, kdf);
	p->len = (size_t)n;
	(void)sodium_bin2base64(p->text + p->len, sizeof(p->text) - p->len, bytes, len, BASE64_VARIANT);
	p->len += strlen(p->text + p->len);
	p->text[p->len++] = '\n';
}

static int write_fault(struct fault *fault, int rc, const char *path)
{
	return fault_set(fault, rc, path, "%s",
			 rc == HN_EEXIST
				 ? tr("exists already; a key is never replaced", "既にある。鍵は上書きしない")
			 : rc == HN_EIO ? hn_errno_text(errno)
					: hn_strerror(rc));
}

static int write_both(const struct parsed *p, const struct buf *public, const char *path, struct fault *fault)
{
	char public_path[PATH_MAX];

	int n = snprintf(public_path, sizeof(public_path), "%s.pub", path);
	if (n < 0 || (size_t)n >= sizeof(public_path))
		return write_fault(fault, HN_ELIMIT, path);
	if (access(path, F_OK) == 0)
		return write_fault(fault, HN_EEXIST, path);
	/* The public file first: a secret key without it would be of no use, and neither is replaced. */
	int rc = file_write_whole(public_path, public->data, public->len, 0644, false);
	if (rc != HN_OK)
		return write_fault(fault, rc, public_path);
	rc = file_write_whole(path, p->text, p->len, 0600, false);
	if (rc == HN_OK)
		return HN_OK;
	rc = write_fault(fault, rc, path);
	(void)unlink(public_path);
	return rc;
}

int key_write(const struct key *k, const char *path, const char *passphrase, struct fault *fault)
{
	struct parsed *p = sodium_malloc(sizeof(*p));
	if (p == NULL)
		return fault_set(fault, HN_ENOMEM, path, "%s", hn_strerror(HN_ENOMEM));
	memset(p, 0, sizeof(*p));
	memcpy(p->name, k->public.name, sizeof(p->name));
	memcpy(p->secret, k->secret, sizeof(p->secret));
	struct buf public;
	buf_init(&public, FILE_MAX);
	int rc = key_public_write(&k->public, &public);
	if (rc == HN_OK && passphrase != NULL)
		rc = close_secret(p, passphrase);
	if (rc != HN_OK) {
		rc = write_fault(fault, rc, path);
	} else {
		format(p);
		rc = write_both(p, &public, path, fault);
	}
	buf_clear(&public);
	sodium_free(p);
	return rc;
}

/* One line without its line feed; its first word must be `word`. What follows is a window of its own. */
static struct cur line_of(struct cur *c, const char *word)
{
	size_t left = cur_left(c), len = strlen(word);
	const uint8_t *end = left == 0 ? NULL : memchr(c->at, '\n', left);
	if (end == NULL) {
		c->bad = true;
		return *c;
	}
	struct cur line = cur_sub(c, (size_t)(end - c->at));
	cur_skip(c, 1);
	const uint8_t *at = cur_take(&line, len);
	if (at == NULL || memcmp(at, word, len) != 0)
		line.bad = c->bad = true;
	return line;
}

static int decode(struct cur text, uint8_t *out, size_t len)
{
	size_t got;
	const char *end, *at = (const char *)text.at;
	if (sodium_base642bin(out, len, at, cur_left(&text), NULL, &got, &end, BASE64_VARIANT) != 0 ||
	    got != len || end != (const char *)text.end)
		return HN_EFORMAT;
	return HN_OK;
}

/* A decimal number and the blank behind it. */
static unsigned long long number_of(struct cur *c, unsigned long long max)
{
	unsigned long long n = 0;
	for (unsigned i = 0; i < 12; i++) {
		uint8_t digit = cur_u8(c);
		if (digit == ' ' && i > 0 && n <= max)
			return n;
		if (digit < '0' || digit > '9')
			break;
		n = n * 10 + (unsigned)(digit - '0');
	}
	c->bad = true;
	return 0;
}

static int kdf_of(struct cur line, struct kdf *out)
{
	static const char argon[] = "argon2id13 ";
	size_t len = sizeof(argon) - 1;
	if (cur_left(&line) == 4 && memcmp(line.at, "none", 4) == 0)
		return HN_OK;
	const uint8_t *at = cur_take(&line, len);
	if (at == NULL || memcmp(at, argon, len) != 0)
		return HN_EUNSUPPORTED;
	out->used = true;
	out->operations = number_of(&line, OPERATIONS_MAX);
	out->memory = (size_t)number_of(&line, MEMORY_MAX);
	if (!cur_ok(&line) || out->operations < crypto_pwhash_OPSLIMIT_MIN ||
	    out->memory < crypto_pwhash_MEMLIMIT_MIN)
		return HN_EFORMAT;
	return decode(line, out->salt, SALT_SIZE);
}

static int parse(struct parsed *p)
{
	struct cur c = cur_of(p->text, p->len);
	static const char magic[] = "hinomi-key ";
	struct cur version = line_of(&c, magic);
	if (!cur_ok(&c))
		return HN_EFORMAT;
	if (cur_left(&version) != 1 || version.at[0] != '1')
		return HN_EUNSUPPORTED;
	struct cur name = line_of(&c, "name ");
	struct cur kdf = line_of(&c, "kdf ");
	struct cur secret = line_of(&c, "secret ");
	if (!cur_ok(&c) || cur_left(&c) > 0 || cur_left(&name) > KEY_NAME_MAX)
		return HN_EFORMAT;
	memcpy(p->name, name.at, cur_left(&name));
	int rc = kdf_of(kdf, &p->kdf);
	if (rc != HN_OK)
		return rc;
	return p->kdf.used ? decode(secret, p->bytes, CLOSED_SIZE)
			   : decode(secret, p->secret, KEY_SECRET_SIZE);
}

/* Straight into locked memory; base/file.h would use ordinary one. */
static int read_locked(const char *path, struct parsed *p)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int rc = fd_read_full(fd, p->text, sizeof(p->text), &p->len);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	if (rc == HN_OK && p->len == sizeof(p->text))
		rc = HN_EFORMAT;
	return rc;
}

static int read_fault(struct fault *fault, int rc, const char *path, bool locked, const char *passphrase)
{
	const char *text = hn_strerror(rc);
	if (rc == HN_EIO)
		text = hn_errno_text(errno);
	else if (rc == HN_EAUTH && locked && passphrase == NULL)
		text = tr("the key needs its passphrase (--passphrase-file)",
			  "鍵にはパスフレーズが要る（--passphrase-file）");
	else if (rc == HN_EAUTH)
		text = tr("wrong passphrase", "パスフレーズが違う");
	else if (rc == HN_EFORMAT)
		text = tr("not a secret key file", "秘密鍵のファイルではない");
	return fault_set(fault, rc, path, "%s", text);
}

int key_read(const char *path, const char *passphrase, struct key **out, struct fault *fault)
{
	if (sodium_init() < 0)
		return fault_set(fault, HN_ENOMEM, path, "%s", hn_strerror(HN_ENOMEM));
	struct parsed *p = sodium_malloc(sizeof(*p));
	if (p == NULL)
		return fault_set(fault, HN_ENOMEM, path, "%s", hn_strerror(HN_ENOMEM));
	memset(p, 0, sizeof(*p));
	int rc = read_locked(path, p);
	if (rc == HN_OK)
		rc = parse(p);
	if (rc == HN_OK && p->kdf.used)
		rc = passphrase == NULL ? HN_EAUTH : open_secret(p, passphrase);
	if (rc == HN_OK)
		rc = key_new(p->name, p->secret, out);
	if (rc != HN_OK)
		rc = read_fault(fault, rc, path, p->kdf.used, passphrase);
	sodium_free(p);
	return rc;
}

int identity_load_or_make(const char *path, const char *name, struct key **out, bool *made_out,
			  struct fault *fault)
{
	int rc = key_read(path, NULL, out, fault);
	bool made = rc == HN_ENOENT;
	if (made) {
		struct key *k;
		rc = key_make(name, &k);
		if (rc != HN_OK)
			return fault_set(fault, rc, path, "%s", hn_strerror(rc));
		rc = key_write(k, path, NULL, fault);
		if (rc != HN_OK)
			key_free(k);
		else
			*out = k;
	}
	if (rc == HN_OK && made_out != NULL)
		*made_out = made;
	return rc;
}
