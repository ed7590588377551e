/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/fetch_curl.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/ip.h"
#include "hub/exchange/credential.h"

#define CONNECT_S   20L
#define SLOW_BYTES  64L /* a second, over SLOW_S */
#define SLOW_S      30L
#define WHOLE_S     3600L
#define RETRY_MAX_S 86400
#define HEADERS_MAX (256u << 10) /* bytes of an answer's header lines */

struct fetch_curl {
	CURL *curl;
	/* Of the job under way. */
	const struct fetch_job *job;
	const struct fetch_sink *sink;
	struct fetch_answer answer;
	enum fetch_failure failure; /* of ours, before curl's */
	size_t header_bytes;
};

int fetch_curl_begin(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? HN_OK : HN_EIO;
}

int fetch_curl_new(struct fetch_curl **out)
{
	struct fetch_curl *c = calloc(1, sizeof(*c));
	if (c == NULL || (c->curl = curl_easy_init()) == NULL) {
		free(c);
		return HN_ENOMEM;
	}
	*out = c;
	return HN_OK;
}

void fetch_curl_free(struct fetch_curl *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

/* ---- what comes ---- */

/* One that does not fit, or that no header and no table takes, says nothing: half a tag is another tag. */
static void copy_value(char *out, size_t size, const char *value, size_t len)
{
	while (len > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\n", value[len - 1]) != NULL)
		len--;
	bool good = len < size && fetch_text_ok(value, len);
	(void)snprintf(out, size, "%.*s", good ? (int)len : 0, value);
}

static bool named(const char *line, size_t len, const char *name, const char **value, size_t *value_len)
{
	size_t n = strlen(name);
	if (len <= n || strncasecmp(line, name, n) != 0)
		return false;
	*value = line + n;
	*value_len = len - n;
	return true;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	struct fetch_curl *c = context;
	struct fetch_answer *a = &c->answer;
	const char *value;
	char number[24];
	size_t value_len, len = size * count;
	c->header_bytes += len;
	if (c->header_bytes > HEADERS_MAX) {
		c->failure = FETCH_TOO_LARGE;
		return 0;
	}
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		memset(a, 0, sizeof(*a)); /* of an answer before the last (100 Continue) */
	if (named(line, len, "etag:", &value, &value_len))
		copy_value(a->etag, sizeof(a->etag), value, value_len);
	else if (named(line, len, "last-modified:", &value, &value_len))
		copy_value(a->modified, sizeof(a->modified), value, value_len);
	else if (named(line, len, "x-taxii-date-added-last:", &value, &value_len))
		copy_value(a->added_last, sizeof(a->added_last), value, value_len);
	else if (named(line, len, "retry-after:", &value, &value_len)) {
		copy_value(number, sizeof(number), value, value_len);
		long seconds = strtol(number, NULL, 10);
		a->retry_after_s = seconds < 0 ? 0 : seconds > RETRY_MAX_S ? RETRY_MAX_S : seconds;
	}
	return len;
}

static unsigned status_of(const struct fetch_curl *c)
{
	long status = 0;
	(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 && status <= 999 ? (unsigned)status : 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct fetch_curl *c = context;
	size_t len = size * count;
	c->answer.bytes += len;
	if (c->answer.bytes > c->job->bytes_max) {
		c->failure = FETCH_TOO_LARGE;
		return 0;
	}
	if (c->answer.status == 0)
		c->answer.status = status_of(c);
	if (c->answer.status != 200)
		return len;
	return c->sink->take(c->sink->context, data, len) ? len : 0;
}

static int go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct fetch_curl *f = context;
	(void)a, (void)b, (void)c, (void)d;
	return f->sink->gone(f->sink->context) ? 1 : 0;
}

/* ---- where it goes ---- */

static bool is_global(const struct sockaddr *address)
{
	struct ip ip = {0};
	if (address->sa_family == AF_INET) {
		ip.version = 4;
		memcpy(ip.bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		ip.version = 6;
		memcpy(ip.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
	} else {
		return false;
	}
	return ip_is_global(&ip);
}

/* The last word about where a connection goes: names are resolved by then. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch_curl *c = context;
	(void)purpose;
	if (!c->job->inside && !is_global(&address->addr)) {
		c->failure = FETCH_ADDRESS_INSIDE;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- the job ---- */

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	char line[FETCH_TAG_SIZE + 64];
	if (value[0] == '\0')
		return true;
	if ((size_t)snprintf(line, sizeof(line), "%s: %s", name, value) >= sizeof(line))
		return false;
	struct curl_slist *more = curl_slist_append(*list, line);
	if (more != NULL)
		*list = more;
	return more != NULL;
}

static bool set_blob(CURL *curl, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.len = strlen(pem), .flags = CURL_BLOB_NOCOPY};
	blob.data = (void *)(uintptr_t)pem;
	return curl_easy_setopt(curl, option, &blob) == CURLE_OK;
}

static bool set_credential(CURL *curl, const struct source_credential *r)
{
	bool ok = true;
	if (r->user != NULL)
		ok = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
		     curl_easy_setopt(curl, CURLOPT_USERNAME, r->user) == CURLE_OK &&
		     curl_easy_setopt(curl, CURLOPT_PASSWORD, r->password) == CURLE_OK;
	if (ok && r->token != NULL)
		ok = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) == CURLE_OK &&
		     curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, r->token) == CURLE_OK;
	if (ok && r->certificate != NULL)
		ok = set_blob(curl, CURLOPT_SSLCERT_BLOB, r->certificate) &&
		     set_blob(curl, CURLOPT_SSLKEY_BLOB, r->key);
	return ok;
}

static bool set_limits(struct fetch_curl *c)
{
	CURL *curl = c->curl;
	const char *url = c->job->url;
	const char *protocols = strncmp(url, "https:", 6) == 0 ? "https" : "http";
	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, WHOLE_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SLOW_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "hinomi-hub") == CURLE_OK;
}

static bool set_callbacks(struct fetch_curl *c)
{
	CURL *curl = c->curl;
	return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, c) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, c) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, c) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, c) == CURLE_OK;
}

static enum fetch_failure failure_of(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return FETCH_GOOD;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return FETCH_BAD_URL;
	case CURLE_COULDNT_RESOLVE_HOST:
		return FETCH_NO_NAME;
	case CURLE_COULDNT_CONNECT:
		return FETCH_NO_CONNECTION;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return FETCH_BAD_CERTIFICATE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
		return FETCH_BAD_TLS;
	case CURLE_SSL_CERTPROBLEM:
		return FETCH_BAD_CREDENTIAL;
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_TOO_SLOW;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2_STREAM:
		return FETCH_CUT;
	default:
		return FETCH_OTHER;
	}
}

static void perform(struct fetch_curl *c)
{
	CURLcode code = curl_easy_perform(c->curl);
	if (c->failure == FETCH_GOOD)
		c->failure = failure_of(code);
	c->answer.status = status_of(c);
}

void fetch_curl_get(struct fetch_curl *c, const struct fetch_job *job,
		    const struct source_credential *credential, const struct fetch_sink *sink,
		    struct fetch_result *out)
{
	struct curl_slist *headers = NULL;
	c->job = job;
	c->sink = sink;
	c->failure = FETCH_GOOD;
	c->header_bytes = 0;
	memset(&c->answer, 0, sizeof(c->answer));
	curl_easy_reset(c->curl);
	if (add_header(&headers, "Accept", job->accept) && add_header(&headers, "If-None-Match", job->etag) &&
	    add_header(&headers, "If-Modified-Since", job->modified) && set_limits(c) && set_callbacks(c) &&
	    (credential == NULL || set_credential(c->curl, credential)) &&
	    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK)
		perform(c);
	else
		c->failure = FETCH_OTHER;
	out->failure = c->failure;
	out->answer = c->answer;
	curl_easy_reset(c->curl); /* forgets the headers and the credential's pointers */
	curl_slist_free_all(headers);
}
