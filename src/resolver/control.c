/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/utf8.h"
#include "resolver/oneshot.h"

#define BACKLOG      8
#define CONNECTIONS  8
#define TIMEOUT_MS   5000
#define ASK_SECONDS  60 /* a reload of large files takes its time */
#define ANSWER_FRAME 64 /* bytes around an answer */

struct control {
	const struct control_command *commands;
	void *context;
	struct oneshot *server;
};

static void refuse(struct buf *out, const char *message)
{
	buf_reset(out);
	buf_adds(out, "{\"ok\":false,\"error\":");
	buf_json_string(out, message, strlen(message));
	buf_adds(out, "}\n");
}

static void refuse_fault(struct buf *out, int rc, const struct fault *fault)
{
	char message[sizeof(fault->place) + sizeof(fault->message) + 2];
	(void)snprintf(message, sizeof(message), "%s%s%s", fault->place, fault->place[0] == '\0' ? "" : ": ",
		       fault->message[0] == '\0' ? hn_strerror(rc) : fault->message);
	refuse(out, message);
}

/* Parts a line at single spaces. @return how many words; 0: none, too many, an empty one, or no text */
static size_t split(char *line, size_t len, char *words[CONTROL_WORDS_MAX])
{
	size_t count = 0;
	if (!utf8_valid(line, len))
		return 0;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return 0;
	for (char *at = line;;) {
		char *space = memchr(at, ' ', len - (size_t)(at - line));
		char *end = space == NULL ? line + len : space;
		if (end == at || count == CONTROL_WORDS_MAX)
			return 0;
		words[count++] = at;
		*end = '\0';
		if (space == NULL)
			return count;
		at = space + 1;
	}
}

static void run(const struct control_command *c, void *context, char *const words[], size_t count,
		struct buf *out)
{
	const char *args[CONTROL_WORDS_MAX];
	struct fault fault = {0};
	struct buf value;

	if (count - 1 < c->args_min || count - 1 > c->args_max) {
		refuse(out, tr("wrong number of arguments", "引数の数が違う"));
		return;
	}
	for (size_t i = 1; i < count; i++)
		args[i - 1] = words[i];
	buf_init(&value, CONTROL_ANSWER_MAX);
	int rc = c->run(context, args, count - 1, &value, &fault);
	if (rc == HN_OK)
		rc = buf_err(&value);
	if (rc != HN_OK) {
		refuse_fault(out, rc, &fault);
	} else {
		buf_adds(out, "{\"ok\":true,\"answer\":");
		buf_add(out, value.len == 0 ? "null" : value.data, value.len == 0 ? 4 : value.len);
		buf_adds(out, "}\n");
	}
	buf_clear(&value);
}

int control_respond(const struct control_command commands[], void *context, const char *data, size_t len,
		    bool last, struct buf *out)
{
	char line[CONTROL_LINE_MAX + 1];
	char *words[CONTROL_WORDS_MAX];
	size_t scanned = len < CONTROL_LINE_MAX ? len : CONTROL_LINE_MAX;
	const char *end = scanned == 0 ? NULL : memchr(data, '\n', scanned);

	if (end == NULL) {
		if (!last && len < CONTROL_LINE_MAX)
			return HN_ETRUNC;
		refuse(out, tr("a request is one line", "要求は一行で送ること"));
		return HN_OK;
	}
	size_t line_len = (size_t)(end - data);
	memcpy(line, data, line_len);
	size_t count = split(line, line_len, words);
	if (count == 0) {
		refuse(out, tr("a request is words of text parted by single spaces",
			       "要求は語を空白一つで区切った文字列で送ること"));
		return HN_OK;
	}
	for (const struct control_command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, words[0]) == 0) {
			run(c, context, words, count, out);
			return HN_OK;
		}
	refuse(out, tr("no such command", "そのようなコマンドはない"));
	return HN_OK;
}

static enum oneshot_next request(void *context, const struct ip *peer, const char *data, size_t len,
				 bool last, struct buf *answer)
{
	(void)peer;
	const struct control *c = context;
	int rc = control_respond(c->commands, c->context, data, len, last, answer);
	return rc == HN_OK ? ONESHOT_ANSWER : ONESHOT_MORE;
}

/* Root, or who we are ourselves. The file's mode says the same; this holds also where a directory is shared.
 */
static bool admit(void *context, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	(void)context;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof(peer) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static bool address_of(const char *path, struct sockaddr_un *out)
{
	size_t len = strlen(path);
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len == 0 || len >= sizeof(out->sun_path))
		return false;
	memcpy(out->sun_path, path, len + 1);
	return true;
}

/* Takes away a socket that its owner left behind. @return HN_EEXIST when somebody listens or it is another
 * file */
static int clear_stale(const char *path, const struct sockaddr_un *address)
{
	struct stat st;
	if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return HN_EEXIST;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return HN_EIO;
	int connected = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	int error = errno;
	(void)close(fd);
	if (connected == 0 || error != ECONNREFUSED)
		return HN_EEXIST;
	return unlink(path) == 0 ? HN_OK : HN_EIO;
}

static int bind_fresh(int fd, const char *path, const struct sockaddr_un *address)
{
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return HN_OK;
	if (errno != EADDRINUSE)
		return hn_err_of_errno(errno);
	int rc = clear_stale(path, address);
	if (rc != HN_OK)
		return rc;
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? HN_OK
										 : hn_err_of_errno(errno);
}

int control_listen(const char *path, uid_t owner, int *fd_out, struct fault *fault)
{
	struct sockaddr_un address;
	if (!address_of(path, &address))
		return fault_set(fault, HN_ELIMIT, path, "%s",
				 tr("too long for a socket's path", "ソケットのパスとして長すぎる"));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = fd < 0 ? HN_EIO : bind_fresh(fd, path, &address);
	/* Nobody can connect before listen(), so the mode is right from the first connection on. */
	if (rc == HN_OK &&
	    (chmod(path, 0600) != 0 || (owner != (uid_t)-1 && lchown(path, owner, (gid_t)-1) != 0) ||
	     listen(fd, BACKLOG) != 0))
		rc = HN_EIO;
	if (rc == HN_OK) {
		*fd_out = fd;
		return HN_OK;
	}
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return fault_set(fault, rc, path,
			 tr("cannot be the control socket: %s", "制御用ソケットにできない: %s"),
			 rc == HN_EEXIST ? tr("another process listens there, or it is no socket",
					      "他のプロセスが使っているか、ソケットではない")
			 : rc == HN_EIO  ? hn_errno_text(error)
					 : hn_strerror(rc));
}

int control_start(int fd, const struct control_command commands[], void *context, struct control **out)
{
	struct control *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	*c = (struct control){.commands = commands, .context = context};
	const struct oneshot_options options = {
		.listeners = &fd,
		.listener_count = 1,
		.connections = CONNECTIONS,
		.request_max = CONTROL_LINE_MAX,
		.answer_max = CONTROL_ANSWER_MAX + ANSWER_FRAME,
		.timeout_ms = TIMEOUT_MS,
		.admit = admit,
		.request = request,
		.context = c,
	};
	int rc = oneshot_start(&options, &c->server);
	if (rc != HN_OK) {
		free(c);
		return rc;
	}
	*out = c;
	return HN_OK;
}

void control_stop(struct control *control)
{
	if (control == NULL)
		return;
	oneshot_stop(control->server);
	free(control);
}

static int write_request(const char *const words[], size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(words[i]);
		bool good = len > 0 && utf8_valid(words[i], len);
		for (size_t k = 0; k < len; k++)
			good = good && (unsigned char)words[i][k] > 0x20 && words[i][k] != 0x7f;
		if (!good)
			return HN_EFORMAT;
		if (i > 0)
			buf_addc(out, ' ');
		buf_add(out, words[i], len);
	}
	buf_addc(out, '\n');
	return buf_err(out);
}

static int send_all(int fd, const struct buf *request)
{
	for (size_t sent = 0; sent < request->len;) {
		ssize_t n = send(fd, request->data + sent, request->len - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HN_EIO;
		sent += (size_t)n;
	}
	return HN_OK;
}

/* Up to the line's end; a connection that ends before gave no answer. */
static int receive_line(int fd, struct buf *answer)
{
	char data[4096];
	for (;;) {
		ssize_t n = recv(fd, data, sizeof(data), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HN_EIO;
		if (n == 0)
			return HN_ETRUNC;
		buf_add(answer, data, (size_t)n);
		if (buf_err(answer) != HN_OK)
			return buf_err(answer);
		if (data[n - 1] == '\n')
			return HN_OK;
	}
}

static int converse(int fd, const struct sockaddr_un *address, const struct buf *request, struct buf *answer)
{
	const struct timeval patience = {.tv_sec = ASK_SECONDS};
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
		return HN_EIO;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return HN_ENOENT;
		return errno == EACCES || errno == EPERM ? HN_EAUTH : HN_EIO;
	}
	int rc = send_all(fd, request);
	return rc == HN_OK ? receive_line(fd, answer) : rc;
}

int control_ask(const char *path, const char *const words[], size_t count, struct buf *answer)
{
	struct sockaddr_un address;
	struct buf request;

	if (!address_of(path, &address))
		return HN_ELIMIT;
	buf_init(&request, CONTROL_LINE_MAX);
	int rc = write_request(words, count, &request);
	int fd = -1;
	if (rc == HN_OK) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		rc = fd < 0 ? HN_EIO : converse(fd, &address, &request, answer);
	}
	if (fd >= 0) {
		int error = errno;
		(void)close(fd);
		errno = error;
	}
	buf_clear(&request);
	return rc;
}
