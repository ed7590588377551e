/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/blockpage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/utc.h"
#include "resolver/oneshot.h"

#define BACKLOG    128
#define ANSWER_MAX 20480 /* bytes */
#define MINUTE     (60 * NS_SECOND)

struct blockpage {
	struct blockpage_options options;
	struct oneshot *server;
};

/* Nothing that the request says is repeated to one who does not speak HTTP/1. */
static void write_refusal(int rc, struct buf *out)
{
	buf_addf(out, "HTTP/1.1 %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n",
		 rc == HN_EUNSUPPORTED ? "405 Method Not Allowed" : "400 Bad Request",
		 rc == HN_EUNSUPPORTED ? "Allow: GET, HEAD, POST\r\n" : "");
}

static enum oneshot_next request(void *context, const struct ip *peer, const char *data, size_t len,
				 bool last, struct buf *answer)
{
	const struct blockpage *page = context;
	const struct blockpage_options *o = &page->options;
	struct blockpage_request r;
	struct blockpage_finding finding = {0};

	int rc = blockpage_request_read(data, len, &r);
	if (rc == HN_ETRUNC && !last)
		return ONESHOT_MORE;
	if (rc != HN_OK) {
		if (len == 0)
			return ONESHOT_CLOSE;
		write_refusal(rc, answer);
		return ONESHOT_ANSWER;
	}
	int64_t now_ns = utc_now_ns();
	bool found = r.name[0] != '\0' && o->find(o->context, r.name, peer, &finding);
	blockpage_write(&r, o->config, found ? &finding : NULL, now_ns, answer);
	if (found && o->shown != NULL)
		o->shown(o->context, finding.listed, now_ns - now_ns % MINUTE);
	return ONESHOT_ANSWER;
}

static int listen_on(const struct ip *ip, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	static const int on = 1;
	bool four = ip->version == 4;

	memcpy(&v4.sin_addr, ip->bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, ip->bytes, sizeof(v6.sin6_addr));
	int fd = socket(four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	bool ok = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		  (four || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
		  bind(fd, four ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6,
		       four ? sizeof(v4) : sizeof(v6)) == 0 &&
		  listen(fd, BACKLOG) == 0;
	if (ok)
		return fd;
	int error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

int blockpage_listen(const struct resolver_blockpage *config, int fds_out[], struct fault *fault)
{
	for (size_t i = 0; i < config->addresses.count; i++) {
		const struct ip *ip = RESOLVER_ITEM(ip, &config->addresses, i);
		char text[IP_TEXT_SIZE];
		fds_out[i] = listen_on(ip, config->port);
		if (fds_out[i] >= 0)
			continue;
		int error = errno;
		while (i-- > 0)
			(void)close(fds_out[i]);
		ip_format(ip, text);
		errno = error;
		return fault_set(fault, HN_EIO, "blockpage.addresses",
				 tr("cannot listen on %s port %u: %s", "%s のポート%uで待ち受けられない: %s"),
				 text, config->port, hn_errno_text(error));
	}
	return HN_OK;
}

int blockpage_start(const struct blockpage_options *options, const int fds[], struct blockpage **out)
{
	struct blockpage *page = calloc(1, sizeof(*page));
	if (page == NULL)
		return HN_ENOMEM;
	page->options = *options;
	const struct oneshot_options server = {
		.listeners = fds,
		.listener_count = options->config->addresses.count,
		.connections = BLOCKPAGE_CONNECTIONS_MAX,
		.request_max = BLOCKPAGE_REQUEST_MAX,
		.answer_max = ANSWER_MAX,
		.timeout_ms = BLOCKPAGE_TIMEOUT_MS,
		.request = request,
		.context = page,
	};
	int rc = oneshot_start(&server, &page->server);
	if (rc != HN_OK) {
		free(page);
		return rc;
	}
	*out = page;
	return HN_OK;
}

void blockpage_stop(struct blockpage *page)
{
	if (page == NULL)
		return;
	oneshot_stop(page->server);
	free(page);
}
