/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "cli/ledger_common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authority/key.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"

#define KEY_FILE_MAX 65536

int ledger_cmd_fail(const char *path, int rc, const struct fault *fault)
{
	const char *slash = fault->place[0] == '\0' ? "" : ", ";
	const char *message = fault->message[0] == '\0' ? hn_strerror(rc) : fault->message;
	log_line(LOG_LEVEL_ERROR, "'%s'%s%s: %s", path, slash, fault->place, message);
	switch (rc) {
	case HN_EAUTH:
		return HN_EXIT_NO;
	case HN_ENOSPC:
	case HN_ENOMEM:
		return HN_EXIT_UNFINISHED;
	default:
		return HN_EXIT_INPUT;
	}
}

static int read_vkey(const char *path, struct note_key *out, struct fault *fault)
{
	struct buf text;

	buf_init(&text, KEY_FILE_MAX);
	int rc = file_read(path, &text);
	if (rc == HN_OK) {
		size_t len = text.len;
		while (len > 0 && (text.data[len - 1] == '\n' || text.data[len - 1] == '\r'))
			len--;
		rc = note_vkey_parse(text.data == NULL ? "" : text.data, len, out);
	}
	if (rc != HN_OK)
		(void)fault_set(fault, rc, "", "%s", rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	buf_clear(&text);
	return rc;
}

int ledger_cmd_key(const char *path, struct note_key *room, const struct note_key **out)
{
	struct key_public key;
	struct fault fault = {{0}, {0}};
	struct fault ignored;

	*out = NULL;
	if (path == NULL)
		return -1;
	int rc = HN_OK;
	if (read_vkey(path, room, &ignored) != HN_OK) {
		rc = key_public_read(path, &key, &fault);
		if (rc == HN_OK)
			note_key_nameless(room, NOTE_ED25519, key.ed25519);
	}
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot read the public key '%s': %s", "公開鍵 '%s' を読めない: %s"), path,
			 fault.message[0] == '\0' ? hn_strerror(rc) : fault.message);
		return HN_EXIT_INPUT;
	}
	*out = room;
	return -1;
}

int ledger_cmd_open_dir(const char *dir, int *fd_out)
{
	struct fault fault = {{0}, {0}};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)fault_set(&fault, HN_EIO, "", "%s", hn_errno_text(errno));
		return ledger_cmd_fail(dir, HN_EIO, &fault);
	}
	*fd_out = fd;
	return -1;
}

int ledger_cmd_open(const char *dir, const struct note_key *key, struct tlog **out)
{
	struct fault fault = {{0}, {0}};
	int fd;
	int code = ledger_cmd_open_dir(dir, &fd);
	if (code != -1)
		return code;
	int rc = tlog_open(fd, key, out, &fault);
	(void)close(fd);
	return rc == HN_OK ? -1 : ledger_cmd_fail(dir, rc, &fault);
}

int ledger_cmd_options(int argc, char **argv, const struct option_row rows[], const struct command_help *help,
		       size_t want, char ***args_out)
{
	size_t count;
	int code = options_read(argc, argv, rows, help, args_out, &count);
	if (code != -1 || count == want)
		return code;
	log_line(LOG_LEVEL_ERROR,
		 tr("takes %zu arguments, not %zu; see --help", "引数は%zu個必要 (%zu個ある)。--help を参照"),
		 want, count);
	return HN_EXIT_USAGE;
}

int ledger_cmd_put(const char *path, const struct buf *data)
{
	struct fault fault = {{0}, {0}};
	int rc = HN_OK;

	if (path == NULL) {
		if (fwrite(data->data, 1, data->len, stdout) != data->len || fflush(stdout) != 0)
			rc = HN_EIO;
	} else {
		rc = file_write_whole(path, data->data, data->len, 0600, true);
	}
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	(void)fault_set(&fault, rc, "", "%s", rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	(void)ledger_cmd_fail(path == NULL ? "-" : path, rc, &fault);
	return HN_EXIT_UNFINISHED;
}
