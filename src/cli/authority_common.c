/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "cli/authority_common.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"

int report_fault(int err, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "%s%s%s", fault->place, fault->place[0] == '\0' ? "" : ": ",
		 fault->message[0] == '\0' ? hn_strerror(err) : fault->message);
	switch (err) {
	case HN_EEXIST:
	case HN_EAUTH:
		return HN_EXIT_USAGE;
	case HN_ENOSPC:
	case HN_ENOMEM:
		return HN_EXIT_UNFINISHED;
	default:
		return HN_EXIT_INPUT;
	}
}

int report_refusal(const char *path, enum refusal r, const struct refusal_detail *detail)
{
	log_line(LOG_LEVEL_ERROR, "'%s': %s%s%s", path, refusal_text(r), detail->text[0] == '\0' ? "" : ": ",
		 detail->text);
	return HN_EXIT_NO;
}

int report_missing(const char *option)
{
	log_line(LOG_LEVEL_ERROR, tr("%s is needed; see --help", "%s が要る。--help を参照"), option);
	return HN_EXIT_USAGE;
}

int report_value(const char *option, const char *value, const char *expected)
{
	log_line(LOG_LEVEL_ERROR, tr("--%s: '%s' is not %s", "--%s: '%s' は%sではない"), option, value,
		 expected);
	return HN_EXIT_USAGE;
}

int load_trust(const char *path, struct trust *out)
{
	struct fault fault = {{0}, {0}};
	if (path == NULL)
		return report_missing("--trust");
	int rc = trust_read(path, out, &fault);
	return rc == HN_OK ? HN_EXIT_DONE : report_fault(rc, &fault);
}

static int read_line(const char *path, char *out)
{
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return HN_EIO;
	int rc = fd_read_full(fd, out, KEY_PASSPHRASE_MAX, &len);
	(void)close(fd);
	if (rc != HN_OK)
		return rc;
	out[len] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return out[0] == '\0' ? HN_EFORMAT : HN_OK;
}

int load_passphrase(const char *path, char **out)
{
	*out = NULL;
	if (path == NULL)
		return HN_EXIT_DONE;
	char *line = sodium_malloc(KEY_PASSPHRASE_MAX + 1);
	int rc = line == NULL ? HN_ENOMEM : read_line(path, line);
	if (rc == HN_OK) {
		*out = line;
		return HN_EXIT_DONE;
	}
	sodium_free(line);
	log_line(LOG_LEVEL_ERROR,
		 tr("cannot read a passphrase from '%s': %s", "'%s' からパスフレーズを読めない: %s"), path,
		 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return HN_EXIT_INPUT;
}

int load_key(const char *path, const char *passphrase_file, struct key **out)
{
	struct fault fault = {{0}, {0}};
	char *passphrase;

	if (path == NULL)
		return report_missing("--key");
	int code = load_passphrase(passphrase_file, &passphrase);
	if (code != HN_EXIT_DONE)
		return code;
	int rc = key_read(path, passphrase, out, &fault);
	sodium_free(passphrase);
	return rc == HN_OK ? HN_EXIT_DONE : report_fault(rc, &fault);
}

int load_text(const char *path, struct buf *out)
{
	buf_init(out, JWS_SIZE_MAX);
	int rc = file_read(path, out);
	if (rc == HN_OK && out->len > 0)
		return HN_EXIT_DONE;
	log_line(LOG_LEVEL_ERROR, tr("cannot read '%s': %s", "'%s' を読めない: %s"), path,
		 rc == HN_EIO  ? hn_errno_text(errno)
		 : rc == HN_OK ? tr("it is empty", "空である")
			       : hn_strerror(rc));
	return HN_EXIT_INPUT;
}

int load_jws(const char *path, struct jws *out)
{
	struct fault fault = {{0}, {0}};
	struct buf text;

	int code = load_text(path, &text);
	if (code == HN_EXIT_DONE) {
		int rc = jws_parse(text.data, text.len, out, &fault);
		if (rc != HN_OK) {
			log_line(LOG_LEVEL_ERROR, "'%s': %s %s", path, fault.place, fault.message);
			code = HN_EXIT_INPUT;
		}
	}
	buf_clear(&text);
	return code;
}

static int save(const char *path, const struct jws *j, bool replace)
{
	struct buf text;

	buf_init(&text, JWS_SIZE_MAX);
	jws_add(j, &text);
	int rc = buf_err(&text);
	if (rc == HN_OK)
		rc = file_write_whole(path, text.data, text.len, 0644, replace);
	buf_clear(&text);
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	log_line(LOG_LEVEL_ERROR, tr("cannot write '%s': %s", "'%s' に書けない: %s"), path,
		 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return rc == HN_EEXIST ? HN_EXIT_USAGE : HN_EXIT_UNFINISHED;
}

int save_new(const char *path, const struct jws *j)
{
	return save(path, j, false);
}

int save_over(const char *path, const struct jws *j)
{
	return save(path, j, true);
}

static void print_draft(const char *path, const struct jws *j, bool json, const char *id)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	struct buf line;

	jws_digest(j, digest);
	hex_encode(digest, sizeof(digest), hex);
	if (!json) {
		printf(tr("%s: digest %s\n", "%s: ダイジェスト %s\n"), path, hex);
		return;
	}
	buf_init(&line, 65536);
	buf_adds(&line, "{\"file\":");
	buf_json_string(&line, path, strlen(path));
	if (id != NULL) {
		buf_adds(&line, ",\"id\":");
		buf_json_string(&line, id, strlen(id));
	}
	buf_addf(&line, ",\"digest\":\"%s\"}", hex);
	if (buf_err(&line) == HN_OK)
		puts(line.data);
	buf_clear(&line);
}

int save_draft(const char *path, const struct buf *payload, bool json, const char *id)
{
	struct jws j;

	int rc = jws_draft(payload->data, payload->len, &j);
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR, "'%s': %s", path, hn_strerror(rc));
		return HN_EXIT_UNFINISHED;
	}
	int code = save_new(path, &j);
	if (code == HN_EXIT_DONE)
		print_draft(path, &j, json, id);
	jws_clear(&j);
	return code;
}

int read_time(const char *option, const char *text, int64_t base_ns, int64_t *out)
{
	int64_t duration;
	size_t len = strlen(text);

	if (strcmp(text, "now") == 0) {
		*out = utc_now_ns() / 1000 * 1000;
		return HN_EXIT_DONE;
	}
	if (utc_parse(text, len, out) == HN_OK)
		return HN_EXIT_DONE;
	if (base_ns >= 0 && utc_duration_parse(text, len, &duration) == HN_OK &&
	    !__builtin_add_overflow(base_ns, duration, out))
		return HN_EXIT_DONE;
	return report_value(
		option, text,
		base_ns >= 0
			? tr("a time such as 2026-11-21T00:00:00Z or a duration such as P30D",
			     "2026-11-21T00:00:00Z のような時刻や P30D のような期間")
			: tr("a time such as 2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z のような時刻"));
}
