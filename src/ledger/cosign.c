/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/cosign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/lang.h"

static int state_fault(struct fault *fault, int rc, const char *path)
{
	int saved = errno;
	return fault_set(fault, rc, path, "%s", rc == HN_EIO ? hn_errno_text(saved) : hn_strerror(rc));
}

/* Two cosigners with one state must not answer at once: each could sign another future. */
static int lock_state(const char *path, int *fd_out, struct fault *fault)
{
	char name[4096];
	int n = snprintf(name, sizeof(name), "%s.lock", path);
	if (n < 0 || (size_t)n >= sizeof(name))
		return fault_set(fault, HN_ELIMIT, "", "%s", hn_strerror(HN_ELIMIT));
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		int rc = state_fault(fault, HN_EIO, name);
		if (fd >= 0)
			(void)close(fd);
		return rc;
	}
	*fd_out = fd;
	return HN_OK;
}

/* What we cosigned last; size 0 when there is nothing yet. Only what carries both signatures counts. */
static int read_state(const struct cosigner *c, struct checkpoint *out, struct fault *fault)
{
	struct buf text;
	struct note note;

	memset(out, 0, sizeof(*out));
	merkle_empty(&out->root);
	buf_init(&text, NOTE_SIZE_MAX);
	int rc = file_read(c->state_path, &text);
	if (rc == HN_ENOENT) {
		buf_clear(&text);
		return HN_OK;
	}
	if (rc == HN_EIO || rc == HN_ENOMEM) {
		(void)state_fault(fault, rc, c->state_path);
	} else {
		if (rc == HN_OK)
			rc = checkpoint_open(text.data == NULL ? "" : text.data, text.len, c->log_key, out);
		if (rc == HN_OK)
			rc = note_parse(text.data, text.len, &note);
		if (rc == HN_OK)
			rc = note_verify(&note, c->key, NULL);
		if (rc != HN_OK)
			rc = fault_set(fault, HN_EFORMAT, c->state_path,
				       tr("is not what this cosigner wrote for this log; restore it, never "
					  "begin it anew",
					  "この連署者がこのログについて書いたものではない。新しく作らず、写し"
					  "から復元すること"));
	}
	buf_clear(&text);
	return rc;
}

static int refuse(struct fault *fault, const char *reason, const struct checkpoint *old,
		  const struct checkpoint *head)
{
	char old_root[2 * MERKLE_HASH_SIZE + 1];
	char root[2 * MERKLE_HASH_SIZE + 1];
	hex_encode(old->root.bytes, MERKLE_HASH_SIZE, old_root);
	hex_encode(head->root.bytes, MERKLE_HASH_SIZE, root);
	return fault_set(fault, HN_EAUTH, head->origin,
			 tr("%s: cosigned was size %llu with root %s, now it is size %llu with root %s",
			    "%s: 連署済みは件数%llu・根%s、提示されたのは件数%llu・根%s"),
			 reason, (unsigned long long)old->size, old_root, (unsigned long long)head->size,
			 root);
}

/* Whether the head continues what we saw, by a proof made from its tiles and checked against both roots. */
static int check_growth(struct tlog *t, const struct checkpoint *old, struct fault *fault)
{
	const struct checkpoint *head = tlog_head(t);
	struct merkle_hash path[MERKLE_PROOF_MAX];
	size_t len = 0;

	if (old->origin[0] != '\0' && strcmp(old->origin, head->origin) != 0)
		return refuse(fault, tr("another log", "別のログ"), old, head);
	if (head->size < old->size)
		return refuse(fault, tr("rollback", "巻き戻し"), old, head);
	int rc = HN_OK;
	if (head->size > old->size)
		rc = tlog_consistency(t, old->size, head->size, path, &len);
	if (rc == HN_EIO || rc == HN_ENOMEM)
		return fault_set(fault, rc, "tile", "%s",
				 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	if (rc != HN_OK ||
	    merkle_verify_consistency(old->size, &old->root, head->size, &head->root, path, len) != HN_OK)
		return refuse(fault, tr("fork or damaged tiles", "分岐またはタイルの破損"), old, head);
	return HN_OK;
}

/* The log's note with our line behind it. */
static int sign(const struct cosigner *c, struct tlog *t, uint64_t time_s, struct buf *out)
{
	struct note note;
	size_t len;
	const char *text = tlog_note(t, &len);

	int rc = note_parse(text, len, &note);
	if (rc == HN_OK && note.count == NOTE_SIGNATURES_MAX)
		rc = HN_ELIMIT;
	if (rc != HN_OK)
		return rc;
	buf_add(out, text, len);
	note_sign(out, note.text, note.text_len, c->key, c->secret, time_s);
	return buf_err(out);
}

int cosign_head(const struct cosigner *c, struct tlog *t, uint64_t time_s, struct buf *out,
		struct fault *fault)
{
	struct checkpoint old;
	struct buf note;
	int lock = -1;

	buf_init(&note, NOTE_SIZE_MAX);
	int rc = lock_state(c->state_path, &lock, fault);
	if (rc != HN_OK)
		return rc;
	rc = read_state(c, &old, fault);
	if (rc == HN_OK)
		rc = check_growth(t, &old, fault);
	if (rc != HN_OK)
		goto out;
	rc = sign(c, t, time_s, &note);
	if (rc == HN_OK)
		rc = buf_reserve(out, note.len);
	/* First remembered, then said: a crash between may lose a signature, never what was signed. */
	if (rc == HN_OK)
		rc = file_write_whole(c->state_path, note.data, note.len, 0644, true);
	if (rc == HN_OK)
		buf_add(out, note.data, note.len);
	else
		(void)state_fault(fault, rc, c->state_path);
out:
	(void)close(lock);
	buf_clear(&note);
	return rc;
}
