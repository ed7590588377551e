/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The hub's side: it asks, and believes the process that fetches no more than the server behind it. */
#include "hub/exchange/fetch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/lang.h"
#include "hub/exchange/fetch_message.h"
#include "hub/exchange/fetch_process.h"

#define TICK_MS 250
#define WHOLE_S 3700 /* of one GET; the process itself ends it before */

struct fetch_session {
	int fd;
	bool broken; /* in the middle of something, or gone */
	struct fetch_terms terms;
	int64_t until_s; /* of the GET under way, monotonic */
	uint8_t payload[FETCH_PAYLOAD_MAX];
};

static int64_t now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* ---- the socket ---- */

static int ended(struct fault *fault)
{
	return fault_set(fault, HN_EIO, "", "%s",
			 tr("the process that fetches has ended", "取得プロセスが終了した"));
}

static int tick(const struct fetch_session *s, struct fault *fault)
{
	if (now_s() > s->until_s)
		return fault_set(fault, HN_EIO, "", "%s", fetch_failure_text(FETCH_TOO_SLOW));
	return s->terms.tick != NULL ? s->terms.tick(s->terms.context) : HN_OK;
}

static int wait_for(const struct fetch_session *s, short events, struct fault *fault)
{
	struct pollfd p = {.fd = s->fd, .events = events};
	if (poll(&p, 1, TICK_MS) < 0 && errno != EINTR)
		return ended(fault);
	return tick(s, fault);
}

static int send_all(const struct fetch_session *s, const void *data, size_t len, struct fault *fault)
{
	const uint8_t *at = data;
	while (len > 0) {
		ssize_t n = send(s->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		int err = HN_OK;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN || errno == EINTR) {
			err = wait_for(s, POLLOUT, fault);
		} else {
			err = ended(fault);
		}
		if (err != HN_OK)
			return err;
	}
	return HN_OK;
}

static int receive(const struct fetch_session *s, void *data, size_t len, struct fault *fault)
{
	uint8_t *at = data;
	while (len > 0) {
		ssize_t n = recv(s->fd, at, len, MSG_DONTWAIT);
		int err = HN_OK;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			err = wait_for(s, POLLIN, fault);
		} else {
			err = ended(fault);
		}
		if (err != HN_OK)
			return err;
	}
	return HN_OK;
}

static int send_frame(const struct fetch_session *s, enum fetch_frame kind, const void *data, size_t len,
		      struct fault *fault)
{
	uint8_t head[FETCH_HEAD_SIZE];
	fetch_head_write(head, kind, len);
	int err = send_all(s, head, sizeof(head), fault);
	return err == HN_OK ? send_all(s, data, len, fault) : err;
}

/* ---- a session ---- */

int fetch_open(struct fetch_keeper *keeper, const struct fetch_terms *terms, struct fetch_session **out,
	       struct fault *fault)
{
	int ends[2];
	if (terms->credential_len > FETCH_PAYLOAD_MAX)
		return HN_ELIMIT;
	struct fetch_session *s = malloc(sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		free(s);
		return fault_set(fault, HN_EIO, "socketpair", "%s", hn_errno_text(errno));
	}
	s->fd = ends[0];
	s->broken = false;
	s->terms = *terms;
	s->until_s = now_s() + WHOLE_S;
	int err = fetch_process_new(keeper, ends[1], fault);
	(void)close(ends[1]);
	if (err == HN_OK && terms->credential != NULL)
		err = send_frame(s, FETCH_CREDENTIAL, terms->credential, terms->credential_len, fault);
	s->terms.credential = NULL;
	if (err != HN_OK) {
		fetch_close(s);
		return err;
	}
	*out = s;
	return HN_OK;
}

void fetch_close(struct fetch_session *session)
{
	if (session == NULL)
		return;
	(void)close(session->fd);
	free(session);
}

/* ---- a job ---- */

static bool copy(char *out, size_t size, const char *text)
{
	return text == NULL || (size_t)snprintf(out, size, "%s", text) < size;
}

static int send_job(struct fetch_session *s, const struct fetch_request *r, struct fault *fault)
{
	struct fetch_job job;
	struct buf b;
	memset(&job, 0, sizeof(job));
	job.bytes_max = r->bytes_max;
	job.inside = s->terms.inside;
	if (!copy(job.url, sizeof(job.url), r->url) || !copy(job.accept, sizeof(job.accept), r->accept) ||
	    !copy(job.etag, sizeof(job.etag), r->etag) ||
	    !copy(job.modified, sizeof(job.modified), r->modified))
		return fault_set(fault, HN_ELIMIT, "", "%s", fetch_failure_text(FETCH_BAD_URL));
	buf_init(&b, FETCH_PAYLOAD_MAX);
	int err = fetch_job_write(&job, &b);
	if (err == HN_EFORMAT || err == HN_ELIMIT)
		(void)fault_set(fault, err, "", "%s", fetch_failure_text(FETCH_BAD_URL));
	if (err == HN_OK)
		err = send_frame(s, FETCH_JOB, b.data, b.len, fault);
	buf_clear(&b);
	return err;
}

static int judge(const struct fetch_request *r, const struct fetch_result *result, struct fault *fault)
{
	switch (result->failure) {
	case FETCH_GOOD:
		return HN_OK;
	case FETCH_TOO_LARGE:
		return fault_set(fault, HN_ELIMIT, "",
				 tr("the answer has more than %llu bytes", "応答が%lluバイトを超えている"),
				 (unsigned long long)r->bytes_max);
	case FETCH_ADDRESS_INSIDE:
		return fault_set(fault, HN_EAUTH, "", "%s", fetch_failure_text(result->failure));
	default:
		return fault_set(fault, HN_EIO, "", "%s", fetch_failure_text(result->failure));
	}
}

static int strange(struct fault *fault)
{
	return fault_set(
		fault, HN_EIO, "", "%s",
		tr("the process that fetches says what it may not", "取得プロセスの応答が規定に反している"));
}

/* Reads one; its payload stands in the session. */
static int read_frame(struct fetch_session *s, enum fetch_frame *kind, size_t *len, struct fault *fault)
{
	uint8_t head[FETCH_HEAD_SIZE];
	int err = receive(s, head, sizeof(head), fault);
	if (err != HN_OK)
		return err;
	if (fetch_head_read(head, kind, len) != HN_OK || (*kind != FETCH_BODY && *kind != FETCH_END))
		return strange(fault);
	return receive(s, s->payload, *len, fault);
}

static int read_answer(struct fetch_session *s, const struct fetch_request *r, struct fetch_result *out,
		       struct fault *fault)
{
	uint64_t bytes = 0;
	for (;;) {
		enum fetch_frame kind;
		size_t len;
		int err = read_frame(s, &kind, &len, fault);
		if (err != HN_OK)
			return err;
		if (kind == FETCH_END)
			return fetch_result_read(cur_of(s->payload, len), out) == HN_OK ? HN_OK
											: strange(fault);
		bytes += len;
		if (bytes > r->bytes_max)
			return strange(fault);
		err = r->take(r->context, s->payload, len);
		if (err == HN_OK)
			err = tick(s, fault);
		if (err != HN_OK)
			return err;
	}
}

int fetch_get(struct fetch_session *session, const struct fetch_request *request, struct fetch_answer *out,
	      struct fault *fault)
{
	struct fetch_result result;
	if (session->broken)
		return ended(fault);
	session->broken = true;
	session->until_s = now_s() + WHOLE_S;
	int err = send_job(session, request, fault);
	if (err == HN_OK)
		err = read_answer(session, request, &result, fault);
	if (err != HN_OK)
		return err;
	session->broken = false;
	*out = result.answer;
	return judge(request, &result, fault);
}
