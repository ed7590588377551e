/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/fetch.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/ip.h"
#include "base/lang.h"

#define CONNECT_S  20L
#define SLOW_BYTES 64L /* a second, over SLOW_S */
#define SLOW_S     30L
#define WHOLE_S    3600L

struct fetching {
	const struct fetch_request *request;
	struct fetch_answer answer;
	int err; /* of take, of a limit, of an address */
};

int fetch_begin(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? HN_OK : HN_EIO;
}

void fetch_end(void)
{
	curl_global_cleanup();
}

static void copy_value(char *out, size_t size, const char *value, size_t len)
{
	while (len > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\n", value[len - 1]) != NULL)
		len--;
	/* One that does not fit says nothing: half a tag is another tag. */
	(void)snprintf(out, size, "%.*s", len < size ? (int)len : 0, value);
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
	struct fetching *f = context;
	const char *value;
	char number[24];
	size_t value_len, len = size * count;
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		memset(&f->answer, 0, sizeof(f->answer)); /* of an answer before the last (100 Continue) */
	if (named(line, len, "etag:", &value, &value_len))
		copy_value(f->answer.etag, sizeof(f->answer.etag), value, value_len);
	else if (named(line, len, "last-modified:", &value, &value_len))
		copy_value(f->answer.modified, sizeof(f->answer.modified), value, value_len);
	else if (named(line, len, "x-taxii-date-added-last:", &value, &value_len))
		copy_value(f->answer.added_last, sizeof(f->answer.added_last), value, value_len);
	else if (named(line, len, "retry-after:", &value, &value_len)) {
		copy_value(number, sizeof(number), value, value_len);
		long seconds = strtol(number, NULL, 10);
		f->answer.retry_after_s = seconds < 0 ? 0 : seconds > 86400 ? 86400 : seconds;
	}
	return len;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct fetching *f = context;
	size_t len = size * count;
	f->answer.bytes += len;
	if (f->answer.bytes > f->request->bytes_max) {
		f->err = HN_ELIMIT;
		return 0;
	}
	if (f->answer.status == 200)
		f->err = f->request->take(f->request->context, data, len);
	return f->err == HN_OK ? len : 0;
}

/* The status is known only by the handle; it is asked at the first piece. */
struct handle {
	struct fetching fetching;
	CURL *curl;
};

static size_t note_status(char *data, size_t size, size_t count, void *context)
{
	struct handle *h = context;
	if (h->fetching.answer.status == 0)
		(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &h->fetching.answer.status);
	return take_body(data, size, count, &h->fetching);
}

static int go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct handle *h = context;
	(void)a, (void)b, (void)c, (void)d;
	return h->fetching.request->stop != NULL && atomic_load(h->fetching.request->stop) ? 1 : 0;
}

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
	struct handle *h = context;
	(void)purpose;
	if (!h->fetching.request->inside && !is_global(&address->addr)) {
		h->fetching.err = HN_EAUTH;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	char line[1400];
	if (value == NULL || value[0] == '\0')
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
	struct curl_blob blob = {.len = strlen(pem), .flags = CURL_BLOB_COPY};
	blob.data = (void *)(uintptr_t)pem;
	return curl_easy_setopt(curl, option, &blob) == CURLE_OK;
}

static bool set_credentials(CURL *curl, const struct fetch_request *r)
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

static bool set_limits(CURL *curl, struct handle *h)
{
	const char *protocols = strncmp(h->fetching.request->url, "https:", 6) == 0 ? "https" : "http";
	return curl_easy_setopt(curl, CURLOPT_URL, h->fetching.request->url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, WHOLE_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SLOW_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "hinomi-hub") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, note_status) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, h) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, &h->fetching) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, h) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, h) == CURLE_OK;
}

static int judge(const struct handle *h, CURLcode code, struct fault *fault)
{
	const struct fetching *f = &h->fetching;
	if (f->err == HN_ELIMIT && f->answer.bytes > f->request->bytes_max)
		return fault_set(fault, HN_ELIMIT, "",
				 tr("the answer has more than %llu bytes", "応答が%lluバイトを超えている"),
				 (unsigned long long)f->request->bytes_max);
	if (f->err == HN_EAUTH)
		return fault_set(
			fault, HN_EAUTH, "", "%s",
			tr("the address lies inside (loopback, private); `fetch_inside` allows it",
			   "内部のアドレス(ループバック、プライベート)である。`fetch_inside` で許可できる"));
	if (f->err != HN_OK)
		return f->err;
	return code == CURLE_OK ? HN_OK : fault_set(fault, HN_EIO, "", "%s", curl_easy_strerror(code));
}

int fetch_get(const struct fetch_request *request, struct fetch_answer *out, struct fault *fault)
{
	struct handle h = {.fetching = {.request = request}, .curl = curl_easy_init()};
	struct curl_slist *headers = NULL;
	int err = HN_ENOMEM;
	if (h.curl != NULL && add_header(&headers, "Accept", request->accept) &&
	    add_header(&headers, "If-None-Match", request->etag) &&
	    add_header(&headers, "If-Modified-Since", request->modified) && set_limits(h.curl, &h) &&
	    set_credentials(h.curl, request) &&
	    curl_easy_setopt(h.curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK) {
		CURLcode code = curl_easy_perform(h.curl);
		(void)curl_easy_getinfo(h.curl, CURLINFO_RESPONSE_CODE, &h.fetching.answer.status);
		err = judge(&h, code, fault);
		*out = h.fetching.answer;
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(h.curl);
	return err;
}
