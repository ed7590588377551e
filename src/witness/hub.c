/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/hub.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "witness/hub_round.h"

#define ROOT_MAX  (1u << 20)
#define TOKEN_MAX 1024
#define CONNECT_S 10L
#define WHOLE_S   60L

struct hub_client {
	const struct witness_hub *config;
	struct buf root;
	CURL *curl;
	bool waits; /* a hand-over failed: again with the next round */
	struct buf *answer;
};

int hub_client_new(const struct witness_hub *config, struct hub_client **out, struct fault *fault)
{
	struct hub_client *c = calloc(1, sizeof(*c));
	if (c == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (c->curl = curl_easy_init()) == NULL) {
		free(c);
		return fault_set(fault, HN_ENOMEM, "hub", "%s", hn_strerror(HN_ENOMEM));
	}
	c->config = config;
	buf_init(&c->root, ROOT_MAX);
	int err = config->root != NULL ? file_read(config->root, &c->root) : HN_OK;
	if (err != HN_OK) {
		hub_client_free(c);
		return fault_set(fault, err, config->root, "%s", hn_strerror(err));
	}
	*out = c;
	return HN_OK;
}

void hub_client_free(struct hub_client *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	buf_clear(&c->root);
	free(c);
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct hub_client *c = context;
	buf_add(c->answer, data, size * count);
	return buf_err(c->answer) == HN_OK ? size * count : 0;
}

static bool set(struct hub_client *c, const char *url, const char *method, const char *token)
{
	CURL *h = c->curl;
	const char *protocol = strncmp(url, "https:", 6) == 0 ? "https" : "http";
	struct curl_blob root = {.data = c->root.data, .len = c->root.len, .flags = CURL_BLOB_NOCOPY};
	bool ok = curl_easy_setopt(h, CURLOPT_URL, url) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, protocol) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_TIMEOUT, WHOLE_S) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_USERAGENT, "hinomi-witness") == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
		  curl_easy_setopt(h, CURLOPT_WRITEDATA, c) == CURLE_OK;
	if (token != NULL)
		ok = ok && curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) == CURLE_OK &&
		     curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER, token) == CURLE_OK;
	return ok && (c->root.len == 0 || curl_easy_setopt(h, CURLOPT_CAINFO_BLOB, &root) == CURLE_OK);
}

static bool set_body(struct hub_client *c, const char *media, const void *body, size_t len,
		     struct curl_slist **headers)
{
	char type[96];
	(void)snprintf(type, sizeof(type), "Content-Type: %s", media);
	*headers = curl_slist_append(NULL, type);
	return *headers != NULL &&
	       curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
}

/* Read anew each time, so that a new token is taken up; in locked memory, wiped. */
static char *read_token(const struct hub_client *c)
{
	struct buf b;
	char *token = sodium_malloc(TOKEN_MAX + 1);
	buf_init(&b, TOKEN_MAX);
	if (token != NULL && file_read(c->config->token_file, &b) == HN_OK && b.len > 0) {
		memcpy(token, b.data, b.len + 1);
		token[strcspn(token, "\r\n")] = '\0';
	} else {
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot read the hub's token '%s'", "ハブのトークン '%s' を読めない"),
			 c->config->token_file);
		sodium_free(token);
		token = NULL;
	}
	if (b.data != NULL)
		sodium_memzero(b.data, b.cap);
	buf_clear(&b);
	return token;
}

static unsigned ask(struct hub_client *c, const char *method, const char *path, const char *token,
		    const char *media, const void *body, size_t len, struct buf *answer)
{
	char url[2048];
	long status = 0;
	struct curl_slist *headers = NULL;
	size_t base = strlen(c->config->url);
	while (base > 0 && c->config->url[base - 1] == '/')
		base--;
	buf_reset(answer);
	c->answer = answer;
	if (snprintf(url, sizeof(url), "%.*s%s", (int)base, c->config->url, path) >= (int)sizeof(url))
		return 0;
	if (set(c, url, method, token) && (media == NULL || set_body(c, media, body, len, &headers)) &&
	    curl_easy_perform(c->curl) == CURLE_OK)
		(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_reset(c->curl);
	curl_slist_free_all(headers);
	return status > 0 && status < 1000 ? (unsigned)status : 0;
}

unsigned hub_ask(struct hub_client *c, const char *method, const char *path, const char *media,
		 const void *body, size_t len, struct buf *answer)
{
	char *token = read_token(c);
	unsigned status = token == NULL ? 0 : ask(c, method, path, token, media, body, len, answer);
	sodium_free(token);
	return status;
}

unsigned hub_ask_openly(struct hub_client *c, const char *path, struct buf *answer)
{
	return ask(c, "GET", path, NULL, NULL, NULL, 0, answer);
}

void hub_round(struct hub_client *c, struct witness *w, bool due)
{
	if (due || !c->waits)
		c->waits = !hub_hand_over(c, w);
	if (due)
		hub_look(c, w);
}
