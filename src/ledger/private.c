/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/digest.h"
#include "ledger/ledger.h"

#define CHECK_SIZE 8
#define BODY_SIZE  (PRIVATE_SLOT_SIZE - CHECK_SIZE)
#define ERASE_RUN  1024 /* slots marked with one fsync */

struct private
{
	int index_fd;
	int records_fd;
};

static void le64(uint8_t *at, uint64_t v)
{
	memcpy(at, &v, sizeof(v));
}

static void check(uint64_t index, const uint8_t body[BODY_SIZE], uint8_t out[CHECK_SIZE])
{
	uint8_t number[8];
	uint8_t digest[SHA256_SIZE];
	le64(number, index);
	sha256_parts(number, sizeof(number), body, BODY_SIZE, NULL, 0, digest);
	memcpy(out, digest, CHECK_SIZE);
}

void private_slot_encode(uint64_t index, const struct private_slot *slot, uint8_t out[PRIVATE_SLOT_SIZE])
{
	uint32_t state = (uint32_t)slot->state;
	le64(out, slot->offset);
	le64(out + 8, (uint64_t)slot->time_ns);
	memcpy(out + 16, &slot->len, sizeof(slot->len));
	memcpy(out + 20, &state, sizeof(state));
	check(index, out, out + BODY_SIZE);
}

int private_slot_decode(uint64_t index, const uint8_t in[PRIVATE_SLOT_SIZE], struct private_slot *out)
{
	uint8_t want[CHECK_SIZE];
	uint32_t state = load_le32(in + 20);

	check(index, in, want);
	if (memcmp(want, in + BODY_SIZE, CHECK_SIZE) != 0 || load_le32(in + 16) > LEDGER_RECORD_MAX ||
	    (state != PRIVATE_PRESENT && state != PRIVATE_ERASED) || load_le64(in) > INT64_MAX / 2)
		return HN_EFORMAT;
	out->offset = load_le64(in);
	out->time_ns = (int64_t)load_le64(in + 8);
	out->len = load_le32(in + 16);
	out->state = state == PRIVATE_PRESENT ? PRIVATE_PRESENT : PRIVATE_ERASED;
	return HN_OK;
}

void private_free(struct private *p)
{
	if (p == NULL)
		return;
	if (p->index_fd >= 0)
		(void)close(p->index_fd);
	if (p->records_fd >= 0)
		(void)close(p->records_fd);
	free(p);
}

int private_open(int dir_fd, bool erase, struct private **out)
{
	const int flags = (erase ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	struct private *p = malloc(sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	p->index_fd = openat(dir_fd, "private/index", flags);
	p->records_fd = p->index_fd < 0 ? -1 : openat(dir_fd, "private/records", flags);
	if (p->records_fd >= 0) {
		*out = p;
		return HN_OK;
	}
	int rc = hn_err_of_errno(errno);
	int saved = errno;
	private_free(p);
	errno = saved;
	return rc;
}

static uint64_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

uint64_t private_count(const struct private *p)
{
	return size_of(p->index_fd) / PRIVATE_SLOT_SIZE;
}

uint64_t private_bytes(const struct private *p)
{
	return size_of(p->records_fd);
}

/* @return HN_ETRUNC when the file ends before */
static int read_at(int fd, void *data, size_t len, uint64_t offset)
{
	char *at = data;
	while (len > 0) {
		ssize_t n = pread(fd, at, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HN_EIO;
		if (n == 0)
			return HN_ETRUNC;
		at += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return HN_OK;
}

int private_slot(struct private *p, uint64_t index, struct private_slot *out)
{
	uint8_t bytes[PRIVATE_SLOT_SIZE];
	if (index >= INT64_MAX / PRIVATE_SLOT_SIZE)
		return HN_ENOENT;
	int rc = read_at(p->index_fd, bytes, sizeof(bytes), index * PRIVATE_SLOT_SIZE);
	if (rc == HN_ETRUNC)
		return HN_ENOENT;
	return rc == HN_OK ? private_slot_decode(index, bytes, out) : rc;
}

int private_record(struct private *p, const struct private_slot *slot, uint8_t salt_out[LOG_ENTRY_SALT_SIZE],
		   struct buf *record_out)
{
	uint8_t salt[LOG_ENTRY_SALT_SIZE];

	if (slot->state == PRIVATE_ERASED)
		return HN_ESTATE;
	buf_reset(record_out);
	int rc = buf_reserve(record_out, (size_t)slot->len + 1);
	if (rc == HN_OK)
		rc = read_at(p->records_fd, salt, sizeof(salt), slot->offset);
	if (rc == HN_OK)
		rc = read_at(p->records_fd, record_out->data, slot->len, slot->offset + LOG_ENTRY_SALT_SIZE);
	if (rc != HN_OK)
		return rc;
	record_out->len = slot->len;
	record_out->data[slot->len] = '\0';
	memcpy(salt_out, salt, sizeof(salt));
	sodium_memzero(salt, sizeof(salt));
	return HN_OK;
}

/* Whether a slot is to be erased. */
static bool due(const struct private_slot *slot, int64_t before_ns)
{
	return before_ns == INT64_MAX || slot->time_ns < before_ns;
}

static int mark(struct private *p, uint64_t first, uint64_t end, int64_t before_ns,
		const struct ledger_io *io, uint64_t *count)
{
	uint8_t bytes[PRIVATE_SLOT_SIZE];
	struct private_slot slot;

	for (uint64_t i = first; i < end; i++) {
		int rc = private_slot(p, i, &slot);
		if (rc != HN_OK)
			return rc;
		if (slot.state == PRIVATE_ERASED || !due(&slot, before_ns))
			continue;
		slot.state = PRIVATE_ERASED;
		private_slot_encode(i, &slot, bytes);
		rc = ledger_io_write(io, p->index_fd, bytes, sizeof(bytes), i * PRIVATE_SLOT_SIZE);
		if (rc != HN_OK)
			return rc;
		++*count;
	}
	return io->sync(io->ctx, p->index_fd) == 0 ? HN_OK : hn_err_of_errno(errno);
}

static int zero_out(struct private *p, const struct private_slot *slot, const struct ledger_io *io)
{
	static const uint8_t zeros[16384];
	uint64_t left = (uint64_t)LOG_ENTRY_SALT_SIZE + slot->len;
	uint64_t at = slot->offset;
	while (left > 0) {
		size_t n = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);
		int rc = ledger_io_write(io, p->records_fd, zeros, n, at);
		if (rc != HN_OK)
			return rc;
		at += n;
		left -= n;
	}
	return HN_OK;
}

/* Overwrites what is marked, also by a run that was cut off. Never makes the file longer. */
static int wipe(struct private *p, uint64_t first, uint64_t end, int64_t before_ns,
		const struct ledger_io *io)
{
	struct private_slot slot;
	uint64_t bytes = private_bytes(p);

	for (uint64_t i = first; i < end; i++) {
		int rc = private_slot(p, i, &slot);
		if (rc != HN_OK)
			return rc;
		if (slot.state != PRIVATE_ERASED || !due(&slot, before_ns))
			continue;
		if (slot.offset > bytes || bytes - slot.offset < (uint64_t)LOG_ENTRY_SALT_SIZE + slot.len)
			return HN_ETRUNC;
		rc = zero_out(p, &slot, io);
		if (rc != HN_OK)
			return rc;
	}
	return io->sync(io->ctx, p->records_fd) == 0 ? HN_OK : hn_err_of_errno(errno);
}

int ledger_private_erase(struct private *p, uint64_t size, uint64_t first, uint64_t end, int64_t before_ns,
			 const struct ledger_io *io, uint64_t *count_out)
{
	uint64_t count = 0;

	if (io == NULL)
		io = &ledger_io_system;
	if (end > size)
		end = size;
	for (uint64_t at = first; at < end; at += ERASE_RUN) {
		uint64_t stop = end - at < ERASE_RUN ? end : at + ERASE_RUN;
		int rc = mark(p, at, stop, before_ns, io, &count);
		if (rc == HN_OK)
			rc = wipe(p, at, stop, before_ns, io);
		if (rc != HN_OK)
			return rc;
	}
	*count_out = count;
	return HN_OK;
}
