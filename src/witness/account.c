/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/account.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "witness/record.h"

#define ATTEMPTS_MAX 10 /* that fail, in a minute, of all */
#define ATTEMPTS_NS  (60 * NS_SECOND)
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-_."

static struct {
	pthread_mutex_t lock; /* guards what follows; one passphrase is worked on at a time */
	int64_t window_ns;
	unsigned failed;
} attempts = {.lock = PTHREAD_MUTEX_INITIALIZER};

int account_put(struct state *s, const char *name, const char *passphrase, struct fault *fault)
{
	char hash[crypto_pwhash_STRBYTES];
	size_t len = strlen(name), given = strlen(passphrase);
	if (len == 0 || len > ACCOUNT_NAME_MAX || strspn(name, NAME_LETTERS) != len)
		return fault_set(
			fault, HN_EFORMAT, "name", "%s",
			tr("takes a-z, 0-9, '-', '_' and '.'", "a-z、0-9、'-'、'_'、'.' だけを使える"));
	if (given < ACCOUNT_PASSPHRASE_MIN || given > ACCOUNT_PASSPHRASE_MAX)
		return fault_set(fault, HN_EFORMAT, "passphrase", "%s",
				 tr("at least 12 bytes", "12バイト以上とすること"));
	if (crypto_pwhash_str(hash, passphrase, given, crypto_pwhash_OPSLIMIT_INTERACTIVE,
			      crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return HN_ENOMEM;
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	err = state_run(s, "INSERT OR REPLACE INTO accounts VALUES(?, ?)", "tt", name, hash);
	if (err == HN_OK)
		err = record_put(s, "witness.account", json_pack("{s:s}", "name", name));
	return state_end(s, err);
}

static int read_hash(struct state *s, const char *name, char out[crypto_pwhash_STRBYTES])
{
	sqlite3_stmt *row;
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	err = state_one(s, &row, "SELECT hash FROM accounts WHERE name = ?", "t", name);
	if (err == HN_OK)
		(void)snprintf(out, crypto_pwhash_STRBYTES, "%s", state_text(row, 0));
	state_done(row);
	return state_end(s, err);
}

/* The same work for somebody who is not there. */
static int work(struct state *s, const char *name, const char *passphrase)
{
	char hash[crypto_pwhash_STRBYTES] = "";
	int err = read_hash(s, name, hash);
	if (err == HN_OK)
		return crypto_pwhash_str_verify(hash, passphrase, strlen(passphrase)) == 0 ? HN_OK : HN_EAUTH;
	if (err != HN_ENOENT)
		return err;
	return crypto_pwhash_str(hash, passphrase, strlen(passphrase), crypto_pwhash_OPSLIMIT_INTERACTIVE,
				 crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0
		       ? HN_EAUTH
		       : HN_ENOMEM;
}

int account_verify(struct state *s, const char *name, const char *passphrase)
{
	int err = HN_ELIMIT;
	pthread_mutex_lock(&attempts.lock);
	int64_t now_ns = utc_now_ns();
	if (now_ns - attempts.window_ns > ATTEMPTS_NS || now_ns < attempts.window_ns) {
		attempts.window_ns = now_ns;
		attempts.failed = 0;
	}
	if (attempts.failed < ATTEMPTS_MAX && strlen(passphrase) <= ACCOUNT_PASSPHRASE_MAX) {
		err = work(s, name, passphrase);
		attempts.failed += err == HN_EAUTH;
	}
	pthread_mutex_unlock(&attempts.lock);
	return err;
}
