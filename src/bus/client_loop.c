/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The loop, its clients and their requests: what knows libcurl. */
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/lang.h"
#include "bus/client_inside.h"

#define CONNECT_S   10L
#define SLOW_BYTES  64L /* a second, over SLOW_S */
#define SLOW_S      30L
#define CONNECTIONS 1024L

int64_t client_now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the loop ---- */

int client_loop_new(struct client_loop **out)
{
	struct client_loop *loop = calloc(1, sizeof(*loop));
	if (loop == NULL)
		return HN_ENOMEM;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(loop);
		return HN_EIO;
	}
	loop->multi = curl_multi_init();
	if (loop->multi == NULL ||
	    curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS) != CURLM_OK) {
		client_loop_free(loop);
		return HN_ENOMEM;
	}
	*out = loop;
	return HN_OK;
}

void client_loop_free(struct client_loop *loop)
{
	if (loop == NULL)
		return;
	(void)curl_multi_cleanup(loop->multi);
	curl_global_cleanup();
	free(loop);
}

void client_loop_wake(struct client_loop *loop)
{
	(void)curl_multi_wakeup(loop->multi);
}

int client_loop_watch(struct client_loop *loop, int fd, void (*ready)(void *context, int fd), void *context)
{
	size_t i = 0;
	while (i < loop->watch_count && loop->watches[i].fd != fd)
		i++;
	if (ready == NULL) {
		if (i < loop->watch_count)
			loop->watches[i] = loop->watches[--loop->watch_count];
		return HN_OK;
	}
	if (i == WATCHES_MAX)
		return HN_ELIMIT;
	if (i == loop->watch_count)
		loop->watch_count++;
	loop->watches[i] = (struct watch){fd, ready, context};
	return HN_OK;
}

int client_after(struct client *c, int ms, void (*fn)(void *context), void *context)
{
	struct timer *t = malloc(sizeof(*t)), **at = &c->timers;
	if (t == NULL)
		return HN_ENOMEM;
	*t = (struct timer){NULL, client_now_ms() + ms, fn, context};
	while (*at != NULL && (*at)->due_ms <= t->due_ms)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	return HN_OK;
}

void timers_forget(struct client *c, const void *context)
{
	for (struct timer **at = &c->timers; *at != NULL;) {
		struct timer *t = *at;
		if (t->context != context) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		free(t);
	}
}

void client_forget(struct client *c, const void *context)
{
	timers_forget(c, context);
	blobs_free(c, context);
	for (struct op *op = c->ops, *next; op != NULL; op = next) {
		next = op->next;
		if (op->context == context)
			op_free(op);
	}
	blobs_next(c);
}

static int wait_ms(const struct client_loop *loop, int timeout_ms)
{
	int64_t now = client_now_ms();
	for (const struct client *c = loop->clients; c != NULL; c = c->next)
		if (c->timers != NULL && c->timers->due_ms - now + 1 < timeout_ms)
			timeout_ms = c->timers->due_ms >= now ? (int)(c->timers->due_ms - now) + 1 : 0;
	return timeout_ms;
}

/* Those that were due when the turn began; what they set for now waits for the next one. */
static void run_timers(struct client *c, int64_t now)
{
	while (c->timers != NULL && c->timers->due_ms < now) {
		struct timer *first = c->timers, t = *first;
		c->timers = first->next;
		free(first);
		t.fn(t.context);
	}
}

static void call_watches(struct client_loop *loop, const struct curl_waitfd fds[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i].revents == 0)
			continue;
		for (size_t w = 0; w < loop->watch_count; w++)
			if (loop->watches[w].fd == fds[i].fd) {
				loop->watches[w].ready(loop->watches[w].context, fds[i].fd);
				break;
			}
	}
}

static void end_op(struct op *op, CURLcode code);

static void end_all(struct client_loop *loop)
{
	const CURLMsg *m;
	int left;
	while ((m = curl_multi_info_read(loop->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE) {
			struct op *op;
			CURLcode code = m->data.result;
			if (curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &op) == CURLE_OK)
				end_op(op, code);
		}
}

int client_loop_turn(struct client_loop *loop, int timeout_ms)
{
	struct curl_waitfd fds[WATCHES_MAX];
	size_t count = loop->watch_count;
	int running;
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct curl_waitfd){.fd = loop->watches[i].fd, .events = CURL_WAIT_POLLIN};
	if (curl_multi_poll(loop->multi, fds, (unsigned)count, wait_ms(loop, timeout_ms), NULL) != CURLM_OK)
		return HN_EIO;
	call_watches(loop, fds, count);
	if (curl_multi_perform(loop->multi, &running) != CURLM_OK)
		return HN_EIO;
	for (struct client *c = loop->clients; c != NULL; c = c->next)
		follow_drain(c);
	end_all(loop);
	int64_t now = client_now_ms();
	for (struct client *c = loop->clients; c != NULL; c = c->next)
		run_timers(c, now);
	return HN_OK;
}

int backoff_next_ms(struct backoff *b, int64_t retry_after_ms)
{
	int64_t wait = b->least_ms;
	for (unsigned i = 0; i < b->failures && wait < b->most_ms; i++)
		wait *= 2;
	if (wait > b->most_ms)
		wait = b->most_ms;
	b->failures++;
	wait = wait / 2 + randombytes_uniform((uint32_t)(wait / 2 + 1));
	return (int)(wait > retry_after_ms ? wait : retry_after_ms);
}

bool client_come_back(const struct client_result *r)
{
	return r->err == HN_EIO || r->err == HN_EEXIST;
}

/* ---- clients ---- */

int client_new(struct client_loop *loop, const struct client_options *o, struct client **out)
{
	if (!code_host_ok(o->host) || o->port == 0 || (o->certificate != NULL && o->key == NULL))
		return HN_EFORMAT;
	struct client *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	c->loop = loop;
	c->port = o->port;
	c->key = o->key;
	memcpy(c->root, o->root, sizeof(c->root));
	c->backoff.least_ms = o->backoff_least_ms > 0 ? o->backoff_least_ms : 500;
	c->backoff.most_ms = o->backoff_most_ms > 0 ? o->backoff_most_ms : 60000;
	c->silence_ms = o->silence_ms > 0 ? o->silence_ms : 45000;
	c->host = strdup(o->host);
	c->user_agent = strdup(o->user_agent == NULL ? "hinomi-edge" : o->user_agent);
	c->certificate = o->certificate == NULL ? NULL : strdup(o->certificate);
	c->next = loop->clients;
	loop->clients = c;
	if (sodium_init() < 0 || c->host == NULL || c->user_agent == NULL ||
	    (o->certificate != NULL && c->certificate == NULL)) {
		client_free(c);
		return HN_ENOMEM;
	}
	*out = c;
	return HN_OK;
}

void client_free(struct client *c)
{
	if (c == NULL)
		return;
	struct client **at = &c->loop->clients;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	follow_free(c);
	blobs_free(c, NULL);
	while (c->ops != NULL)
		op_free(c->ops);
	while (c->timers != NULL) {
		struct timer *t = c->timers;
		c->timers = t->next;
		free(t);
	}
	free(c->host);
	free(c->certificate);
	free(c->user_agent);
	free(c);
}

int client_certificate(struct client *c, const char *certificate, const char *key)
{
	char *copy = strdup(certificate);
	if (copy == NULL)
		return HN_ENOMEM;
	free(c->certificate);
	c->certificate = copy;
	if (key != NULL)
		c->key = key;
	return HN_OK;
}

/* ---- the handshake ---- */

/* The one root is the certificate of the server's chain that has the pinned digest; no other is asked. */
static int judge_server(X509_STORE_CTX *context, void *arg)
{
	struct client *c = arg;
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(context);
	STACK_OF(X509) *trusted = sk_X509_new_null();
	int ok = 0;
	c->wrong_root = true;
	for (int i = 0; trusted != NULL && i < sk_X509_num(chain); i++) {
		X509 *x = sk_X509_value(chain, i);
		uint8_t digest[SHA256_SIZE];
		unsigned len = sizeof(digest);
		if (X509_digest(x, EVP_sha256(), digest, &len) == 1 &&
		    sodium_memcmp(digest, c->root, sizeof(digest)) == 0 && sk_X509_push(trusted, x) > 0) {
			c->wrong_root = false;
			break;
		}
	}
	if (!c->wrong_root) {
		X509_STORE_CTX_set0_trusted_stack(context, trusted);
		ok = X509_verify_cert(context) == 1;
		X509_STORE_CTX_set0_trusted_stack(context, NULL);
	} else {
		X509_STORE_CTX_set_error(context, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
	}
	sk_X509_free(trusted);
	return ok;
}

static CURLcode set_handshake(CURL *easy, void *ssl_context, void *client)
{
	(void)easy;
	SSL_CTX_set_cert_verify_callback(ssl_context, judge_server, client);
	return CURLE_OK;
}

static bool set_blob(CURL *easy, CURLoption option, const char *text, unsigned flags)
{
	struct curl_blob blob = {.len = strlen(text), .flags = flags};
	blob.data = (void *)(uintptr_t)text;
	return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

/* The key is not copied: it stays in the memory that is wiped. */
static bool set_tls(const struct client *c, CURL *easy)
{
	bool ok = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) == CURLE_OK &&
		  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		  curl_easy_setopt(easy, CURLOPT_CAINFO, (char *)NULL) == CURLE_OK &&
		  curl_easy_setopt(easy, CURLOPT_CAPATH, (char *)NULL) == CURLE_OK &&
		  curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
		  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_handshake) == CURLE_OK &&
		  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, c) == CURLE_OK;
	if (!ok)
		return false;
	if (c->certificate != NULL)
		return set_blob(easy, CURLOPT_SSLCERT_BLOB, c->certificate, CURL_BLOB_COPY) &&
		       set_blob(easy, CURLOPT_SSLKEY_BLOB, c->key, CURL_BLOB_NOCOPY);
	/* Without a certificate connections of clients that pin different roots look alike. */
	return curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
}

/* ---- requests ---- */

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	struct op *op = context;
	(void)answer_retry_after(line, size * count, &op->retry_after_ms);
	return size * count;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct op *op = context;
	size_t len = size * count;
	if (op->take != NULL && op_status(op) < 300) {
		op->err = op->take(op, data, len);
	} else {
		buf_add(&op->answer, data, len);
		op->err = buf_err(&op->answer);
	}
	return op->err == HN_OK ? len : 0;
}

static bool set_common(struct op *op, const char *url)
{
	CURL *e = op->easy;
	return curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, SLOW_S) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_USERAGENT, op->client->user_agent) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_ERRORBUFFER, op->error) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERDATA, op) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEDATA, op) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PRIVATE, op) == CURLE_OK;
}

int op_new(struct client *c, const char *path, struct op **out)
{
	char url[CODE_HOST_MAX + 300];
	const char *open = strchr(c->host, ':') != NULL ? "[" : "", *close = open[0] == '\0' ? "" : "]";
	struct op *op = calloc(1, sizeof(*op));
	if (op == NULL)
		return HN_ENOMEM;
	(void)snprintf(url, sizeof(url), "https://%s%s%s:%u/edge/v1/%s", open, c->host, close, c->port, path);
	op->client = c;
	buf_init(&op->answer, ANSWER_MAX);
	buf_init(&op->sent, BATCH_BODY_MAX);
	op->easy = curl_easy_init();
	op->next = c->ops;
	c->ops = op;
	if (op->easy == NULL || !set_common(op, url) || !set_tls(c, op->easy) ||
	    op_header(op, "Accept: application/json, application/octet-stream;q=0.9") != HN_OK) {
		op_free(op);
		return HN_ENOMEM;
	}
	*out = op;
	return HN_OK;
}

int op_header(struct op *op, const char *line)
{
	struct curl_slist *more = curl_slist_append(op->headers, line);
	if (more == NULL)
		return HN_ENOMEM;
	op->headers = more;
	return HN_OK;
}

int op_post(struct op *op, const void *body, size_t len, bool copy, const char *type)
{
	char line[128];
	if (copy) {
		int err = buf_reserve(&op->sent, len);
		if (err != HN_OK)
			return err;
		buf_add(&op->sent, body, len);
		body = op->sent.data;
	}
	(void)snprintf(line, sizeof(line), "Content-Type: %s", type);
	if (op_header(op, line) != HN_OK || op_header(op, "Expect:") != HN_OK ||
	    curl_easy_setopt(op->easy, CURLOPT_POST, 1L) != CURLE_OK ||
	    curl_easy_setopt(op->easy, CURLOPT_POSTFIELDS, body) != CURLE_OK ||
	    curl_easy_setopt(op->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) != CURLE_OK)
		return HN_ENOMEM;
	return HN_OK;
}

int op_start(struct op *op)
{
	if (curl_easy_setopt(op->easy, CURLOPT_HTTPHEADER, op->headers) == CURLE_OK &&
	    curl_multi_add_handle(op->client->loop->multi, op->easy) == CURLM_OK)
		return HN_OK;
	op_free(op);
	return HN_ENOMEM;
}

void op_free(struct op *op)
{
	struct op **at = &op->client->ops;
	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
	if (op->easy != NULL) {
		(void)curl_multi_remove_handle(op->client->loop->multi, op->easy);
		curl_easy_cleanup(op->easy);
	}
	if (op->release != NULL)
		op->release(op);
	curl_slist_free_all(op->headers);
	if (op->secret && op->sent.data != NULL)
		sodium_memzero(op->sent.data, op->sent.cap);
	buf_clear(&op->sent);
	buf_clear(&op->answer);
	free(op);
}

long op_status(const struct op *op)
{
	long status = 0;
	(void)curl_easy_getinfo(op->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* ---- how they end ---- */

static void judge(const struct op *op, CURLcode code, struct client_result *r)
{
	r->status = op_status(op);
	r->retry_after_ms = op->retry_after_ms;
	if (op->err != HN_OK) {
		r->err = fault_set(&r->fault, op->err, "", "%s", hn_strerror(op->err));
	} else if (code == CURLE_PEER_FAILED_VERIFICATION && op->client->wrong_root) {
		r->err = fault_set(
			&r->fault, HN_EAUTH, "", "%s",
			tr("the server has another root certificate than the one of the enrolment code",
			   "サーバーのルート証明書が登録コードのものと異なる"));
	} else if (code == CURLE_PEER_FAILED_VERIFICATION) {
		r->err = fault_set(&r->fault, HN_EAUTH, "", "%s", op->error);
	} else if (code != CURLE_OK) {
		r->err = fault_set(&r->fault, HN_EIO, "", "%s",
				   op->error[0] == '\0' ? curl_easy_strerror(code) : op->error);
	} else {
		r->err = answer_err(r->status);
		if (r->err != HN_OK)
			answer_problem(op->answer.data, op->answer.len, r);
	}
}

static void end_op(struct op *op, CURLcode code)
{
	struct client_result r = {0};
	judge(op, code, &r);
	(void)curl_multi_remove_handle(op->client->loop->multi, op->easy);
	op->finish(op, &r);
	op_free(op);
}

bool op_ok(const struct client_result *r)
{
	return r->err == HN_OK;
}

int op_json(const struct op *op, struct client_result *r, json_t **out)
{
	int err = json_object_read(op->answer.data == NULL ? "" : op->answer.data, op->answer.len, out,
				   &r->fault);
	if (err != HN_OK)
		r->err = err;
	return err;
}
