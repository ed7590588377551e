/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The listener that Prometheus reads. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/lang.h"
#include "resolver/oneshot.h"
#include "resolver/serve_metrics.h"
#include "resolver/socket_address.h"

#define BACKLOG         16
#define CONNECTIONS_MAX 16
#define REQUEST_MAX     4096
#define ANSWER_MAX      (1u << 20)
#define TIMEOUT_MS      5000

struct metrics_server {
	struct running *running;
	struct oneshot *server;
};

int metrics_listen(const struct resolver_metrics *config, int *fd_out, struct fault *fault)
{
	union socket_address address;
	socklen_t len = socket_address_of(&config->address, config->port, &address);
	static const int on = 1;
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, &address.any, len) == 0 && listen(fd, BACKLOG) == 0) {
		*fd_out = fd;
		return HN_OK;
	}
	int error = errno;
	char text[IP_TEXT_SIZE];
	if (fd >= 0)
		(void)close(fd);
	ip_format(&config->address, text);
	errno = error;
	return fault_set(fault, HN_EIO, "metrics",
			 tr("cannot listen on %s port %u: %s", "%s のポート%uで待ち受けられない: %s"), text,
			 config->port, hn_errno_text(error));
}

static void answer_with(struct buf *out, const char *status, const char *type, const struct buf *body)
{
	buf_addf(out,
		 "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
		 "Connection: close\r\n\r\n",
		 status, type, body ? body->len : 0);
	if (body)
		buf_add(out, body->data, body->len);
}

/* "GET /metrics HTTP/1.1"; a query behind the path is let be. */
static bool asks_for_metrics(const char *data, size_t len)
{
	static const char wanted[] = "GET /metrics";
	size_t n = sizeof(wanted) - 1;
	return len > n && memcmp(data, wanted, n) == 0 && (data[n] == ' ' || data[n] == '?');
}

bool metrics_respond(struct running *r, const char *data, size_t len, bool last, struct buf *answer)
{
	static const char text[] = "text/plain; charset=utf-8";
	if (!memmem(data, len, "\r\n\r\n", 4)) {
		if (last)
			answer_with(answer, "400 Bad Request", text, NULL);
		return last;
	}
	if (len < 4 || memcmp(data, "GET ", 4) != 0) {
		answer_with(answer, "405 Method Not Allowed\r\nAllow: GET", text, NULL);
		return true;
	}
	if (!asks_for_metrics(data, len)) {
		answer_with(answer, "404 Not Found", text, NULL);
		return true;
	}
	struct buf body;
	buf_init(&body, ANSWER_MAX);
	if (serve_metrics_write(r, METRICS_PROMETHEUS, &body) == HN_OK)
		answer_with(answer, "200 OK", "text/plain; version=0.0.4; charset=utf-8", &body);
	else
		answer_with(answer, "500 Internal Server Error", text, NULL);
	buf_clear(&body);
	return true;
}

static enum oneshot_next request(void *context, const struct ip *peer, const char *data, size_t len,
				 bool last, struct buf *answer)
{
	(void)peer;
	const struct metrics_server *s = context;
	return metrics_respond(s->running, data, len, last, answer) ? ONESHOT_ANSWER : ONESHOT_MORE;
}

int metrics_start(int fd, struct running *r, struct metrics_server **out)
{
	struct metrics_server *s = calloc(1, sizeof(*s));
	if (!s)
		return HN_ENOMEM;
	s->running = r;
	const struct oneshot_options options = {
		.listeners = &fd,
		.listener_count = 1,
		.connections = CONNECTIONS_MAX,
		.request_max = REQUEST_MAX,
		.answer_max = ANSWER_MAX + REQUEST_MAX,
		.timeout_ms = TIMEOUT_MS,
		.request = request,
		.context = s,
	};
	int rc = oneshot_start(&options, &s->server);
	if (rc != HN_OK) {
		free(s);
		return rc;
	}
	*out = s;
	return HN_OK;
}

void metrics_stop(struct metrics_server *s)
{
	if (!s)
		return;
	oneshot_stop(s->server);
	free(s);
}
