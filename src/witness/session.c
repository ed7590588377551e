/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/session.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/utc.h"

#define SESSIONS_MAX 64
#define REST_NS      (30 * 60 * NS_SECOND)
#define WHOLE_NS     (8 * 3600 * NS_SECOND)

struct kept {
	uint8_t digest[SHA256_SIZE]; /* of the token, so that memory that leaks signs nobody in */
	char name[ACCOUNT_NAME_MAX + 1];
	char csrf[SESSION_TOKEN_SIZE];
	int64_t began_ns, used_ns; /* 0: free */
};

static struct {
	pthread_mutex_t lock; /* guards what follows */
	struct kept kept[SESSIONS_MAX];
	char before[SESSION_TOKEN_SIZE]; /* of forms before the sign-in */
} sessions = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void draw(char out[SESSION_TOKEN_SIZE])
{
	uint8_t bytes[32];
	randombytes_buf(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), out);
}

static bool is_over(const struct kept *k, int64_t now_ns)
{
	return k->used_ns == 0 || now_ns - k->used_ns > REST_NS || now_ns - k->began_ns > WHOLE_NS;
}

void session_begin(const char *name, char token_out[SESSION_TOKEN_SIZE])
{
	int64_t now_ns = utc_now_ns();
	pthread_mutex_lock(&sessions.lock);
	struct kept *k = &sessions.kept[0];
	for (size_t i = 0; i < SESSIONS_MAX && !is_over(k, now_ns); i++)
		if (is_over(&sessions.kept[i], now_ns) || sessions.kept[i].used_ns < k->used_ns)
			k = &sessions.kept[i];
	draw(token_out);
	sha256(token_out, SESSION_TOKEN_SIZE - 1, k->digest);
	draw(k->csrf);
	(void)snprintf(k->name, sizeof(k->name), "%s", name);
	k->began_ns = k->used_ns = now_ns;
	pthread_mutex_unlock(&sessions.lock);
}

static struct kept *find(const char *token, size_t len)
{
	uint8_t digest[SHA256_SIZE];
	if (token == NULL || len != SESSION_TOKEN_SIZE - 1)
		return NULL;
	sha256(token, len, digest);
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (!is_over(&sessions.kept[i], utc_now_ns()) &&
		    sodium_memcmp(sessions.kept[i].digest, digest, sizeof(digest)) == 0)
			return &sessions.kept[i];
	return NULL;
}

void session_end(const char *token)
{
	pthread_mutex_lock(&sessions.lock);
	struct kept *k = find(token, strlen(token));
	if (k != NULL)
		memset(k, 0, sizeof(*k));
	pthread_mutex_unlock(&sessions.lock);
}

void session_find(const char *token, size_t len, struct session *out)
{
	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&sessions.lock);
	struct kept *k = find(token, len);
	if (sessions.before[0] == '\0')
		draw(sessions.before);
	memcpy(out->csrf, k != NULL ? k->csrf : sessions.before, sizeof(out->csrf));
	if (k != NULL) {
		k->used_ns = utc_now_ns();
		out->signed_in = true;
		memcpy(out->name, k->name, sizeof(out->name));
		memcpy(out->token, token, len);
	}
	pthread_mutex_unlock(&sessions.lock);
}

bool session_made(const struct session *s, const char *csrf)
{
	return strlen(csrf) == SESSION_TOKEN_SIZE - 1 &&
	       sodium_memcmp(s->csrf, csrf, SESSION_TOKEN_SIZE - 1) == 0;
}
