/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CONTROL_H
#define HINOMI_RESOLVER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * The control socket: `hinomi resolver ctl`. A Unix stream socket, mode 0600; only root and our own user are
 * served (SO_PEERCRED). A request is one line of words parted by single spaces, UTF-8 without control
 * characters, at most CONTROL_LINE_MAX bytes with its line feed. The answer is one line of JSON:
 * {"ok":true,"answer":...} or {"ok":false,"error":"..."}. Then the connection ends.
 */
#define CONTROL_LINE_MAX   2048
#define CONTROL_WORDS_MAX  8
#define CONTROL_ANSWER_MAX (1u << 20)

/** One command of the server. A table ends with a row without a name. */
struct control_command {
	const char *name;
	size_t args_min, args_max; /* words behind the name */
	/**
	 * Answers. Runs in the control thread; may block there.
	 *
	 * @param args    NUL-terminated, valid during the call
	 * @param answer  takes one JSON value
	 * @param fault   its place and message become the error
	 *
	 * @return HN_OK, or an error, when what stands in answer is dropped
	 */
	int (*run)(void *context, const char *const args[], size_t count, struct buf *answer,
		   struct fault *fault);
};

/**
 * Makes the socket and listens. Before privileges are dropped and files are closed off. A socket file that
 * nobody listens on is replaced; any other file is left alone. The file belongs to the user given.
 *
 * @param owner  user id that owns the file; (uid_t)-1: the process's own
 *
 * @return HN_EEXIST: another process listens there, or it is no socket; HN_ENOENT, HN_EIO (errno), HN_ELIMIT:
 * the path is too long
 */
HN_MUST_USE int control_listen(const char *path, uid_t owner, int *fd_out, struct fault *fault);

/**
 * Answers one request: the function behind the socket.
 *
 * @param last  no more bytes will come
 * @return HN_OK: the answer's line is in out, also for a request that is refused; HN_ETRUNC: the line is not
 *         whole yet (never when last)
 */
HN_MUST_USE int control_respond(const struct control_command commands[], void *context, const char *data,
				size_t len, bool last, struct buf *out);

struct control;

/**
 * Starts serving in a thread of its own: that of oneshot.h, which also asks getsockopt() and geteuid().
 *
 * @param fd        of control_listen(); the server's from now on, also closed by control_stop()
 * @param commands  live as long as the server, as does context
 *
 * @return HN_ENOMEM, HN_EIO (errno); the fd is the caller's then
 */
HN_MUST_USE int control_start(int fd, const struct control_command commands[], void *context,
			      struct control **out);

/** Ends the thread. NULL is allowed. The socket's file stays: the directory may be out of reach by now. */
void control_stop(struct control *control);

/**
 * The client's side: sends one request and reads the answer.
 *
 * @param words   joined by spaces; none may hold a space or control character
 * @param answer  the answer's line as it came
 *
 * @return HN_ENOENT: nobody listens there; HN_EAUTH: we may not connect; HN_EFORMAT: a word that cannot be
 * sent; HN_EIO (errno), HN_ETRUNC: the server ended without an answer; HN_ELIMIT, HN_ENOMEM
 */
HN_MUST_USE int control_ask(const char *path, const char *const words[], size_t count, struct buf *answer);

#endif
