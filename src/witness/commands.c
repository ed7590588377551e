/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "authority/key.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "ledger/ledger.h"
#include "witness/config.h"
#include "witness/record.h"
#include "witness/sandbox.h"

int witness_report(int err, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "%s%s%s", fault->place, fault->place[0] == '\0' ? "" : ": ",
		 fault->message[0] == '\0' ? hn_strerror(err) : fault->message);
	switch (err) {
	case HN_EFORMAT:
	case HN_ELIMIT:
		return HN_EXIT_USAGE;
	case HN_ENOENT:
	case HN_EUNSUPPORTED:
		return HN_EXIT_INPUT;
	case HN_EAUTH:
	case HN_ESTATE:
	case HN_EEXIST:
		return HN_EXIT_NO;
	default:
		return HN_EXIT_UNFINISHED;
	}
}

static int open_all(const struct witness_arguments *a, struct witness *w)
{
	const struct witness_overrides overrides = {.data = a->data};
	struct witness_config *config;
	struct fault fault = {0};
	int err = witness_config_read(a->config, &overrides, &config, &fault);
	if (err != HN_OK)
		return witness_report(err, &fault);
	err = witness_open(config, w, &fault);
	return err == HN_OK ? -1 : witness_command_end(w, err, &fault);
}

int witness_command_begin(int argc, char **argv, const struct command_help *help, size_t count_min,
			  size_t count_max, struct witness_arguments *out, struct witness *w)
{
	char **args;
	size_t count;
	*out = (struct witness_arguments){.name = "commissioner"};
	const struct option_row rows[] = {
		{"config", 'c', OPTION_STRING, &out->config, "FILE", "witness.yaml (docs/witness.md)",
		 "witness.yaml(docs/witness.md)"},
		{"data", 'd', OPTION_STRING, &out->data, "DIR", "folder of all that it keeps",
		 "すべてを置くフォルダー"},
		{"name", 0, OPTION_STRING, &out->name, "NAME", "who does it, or whose account",
		 "操作する者、又はアカウントの名前"},
		{"reason", 0, OPTION_STRING, &out->reason, "TEXT", "why", "理由"},
		{"digest", 0, OPTION_STRING, &out->digest, "SHA256", "of the application as it was shown",
		 "表示された申請のダイジェスト"},
		{"signed", 0, OPTION_STRING, &out->signed_file, "FILE",
		 "signed on a machine without a network", "オフラインで署名したファイル"},
		{"id", 0, OPTION_STRING, &out->id, "UUID", "of an authorisation", "承認の番号"},
		{"passphrase-file", 0, OPTION_STRING, &out->passphrase_file, "FILE",
		 "instead of asking at the terminal", "端末で尋ねる代わり"},
		{0},
	};
	int code = options_read(argc, argv, rows, help, &args, &count);
	if (code != -1)
		return code;
	if (count < count_min || count > count_max) {
		log_line(LOG_LEVEL_ERROR, tr("see --help: %s", "--help を参照: %s"), help->usage);
		return HN_EXIT_USAGE;
	}
	for (size_t i = 0; i < count; i++)
		out->args[i] = args[i];
	out->count = count;
	return open_all(out, w);
}

/* Where a server runs it has the ledger and sees to it. */
static int keep_record(struct witness *w, struct fault *fault)
{
	struct ledger *ledger = NULL;
	int64_t waiting = 0;
	int err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, record_waiting(w->state, &waiting));
	if (err != HN_OK || waiting == 0)
		return err;
	err = record_open(w, &ledger, fault);
	if (err == HN_OK)
		err = record_flush(w->state, ledger);
	ledger_close(ledger);
	return err == HN_ESTATE ? HN_OK : err;
}

int witness_command_end(struct witness *w, int err, const struct fault *fault)
{
	struct fault own = {0};
	int code = HN_EXIT_DONE;
	if (err != HN_OK) {
		code = witness_report(err, fault);
	} else {
		err = keep_record(w, &own);
		if (err != HN_OK)
			code = witness_report(err, &own);
	}
	struct witness_config *config = (struct witness_config *)(uintptr_t)w->config;
	witness_close(w);
	sandbox_give(config);
	witness_config_free(config);
	return code;
}

void witness_put_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		(void)putchar((unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
}

/* ---- passphrases ---- */

static int read_line(int fd, char *out)
{
	size_t len = 0;
	while (len < KEY_PASSPHRASE_MAX) {
		ssize_t got = read(fd, out + len, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return HN_EIO;
		if (got == 0 || out[len] == '\n' || out[len] == '\r')
			break;
		len++;
	}
	out[len] = '\0';
	return HN_OK;
}

static int ask_line(const char *question, char *out)
{
	struct termios shown, hidden;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return HN_EIO;
	bool quiet = tcgetattr(fd, &shown) == 0;
	if (quiet) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(fd, TCSAFLUSH, &hidden);
	}
	int err = fd_write_all(fd, question, strlen(question));
	if (err == HN_OK)
		err = read_line(fd, out);
	if (quiet)
		(void)tcsetattr(fd, TCSAFLUSH, &shown);
	if (err == HN_OK)
		err = fd_write_all(fd, "\n", 1);
	(void)close(fd);
	return err;
}

int witness_passphrase(const char *file, const char *question, char **out, struct fault *fault)
{
	char *line = sodium_malloc(KEY_PASSPHRASE_MAX + 1);
	int err = line == NULL ? HN_ENOMEM : HN_OK;
	if (err == HN_OK && file != NULL) {
		int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		err = fd < 0 ? HN_EIO : read_line(fd, line);
		if (fd >= 0)
			(void)close(fd);
	} else if (err == HN_OK) {
		err = ask_line(question, line);
	}
	if (err == HN_OK) {
		*out = line;
		return HN_OK;
	}
	sodium_free(line);
	return fault_set(fault, err, file != NULL ? file : "/dev/tty", "%s",
			 tr("cannot read a passphrase; see --passphrase-file",
			    "パスフレーズを読めない。--passphrase-file を参照"));
}
