/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/message.h"

#include <string.h>

#include "authority/class.h"
#include "base/file.h"
#include "base/utf8.h"
#include "match/entry.h"
#include "wire/field.h"

static void put_u8(struct buf *b, unsigned v)
{
	buf_addc(b, (char)v);
}

static void put_text(struct buf *b, const char *text)
{
	size_t len = strlen(text);
	put_u8(b, (unsigned)len);
	buf_add(b, text, len);
}

static void put_endpoint(struct buf *b, const struct message_endpoint *e)
{
	buf_be16(b, e->port);
	put_u8(b, e->identified);
	if (e->identified) {
		put_u8(b, e->ip.version);
		buf_add(b, e->ip.bytes, sizeof(e->ip.bytes));
		return;
	}
	put_text(b, e->organisation);
	put_text(b, e->pseudonym);
	put_text(b, e->prefix_pseudonym);
	put_text(b, e->sealed);
}

static void put_record(struct buf *b, const struct message_record *r)
{
	buf_be64(b, r->seq);
	put_u8(b, r->phase);
	buf_be64(b, r->open_seq);
	buf_be32(b, r->generation);
	buf_be64(b, (uint64_t)r->first_ns);
	buf_be64(b, (uint64_t)r->last_ns);
	buf_be64(b, (uint64_t)r->match_ns);
	for (int i = 0; i < 2; i++) {
		buf_be64(b, r->packets[i]);
		buf_be64(b, r->bytes[i]);
	}
	put_endpoint(b, &r->src);
	put_endpoint(b, &r->dst);
	put_u8(b, r->protocol);
	put_u8(b, r->ip_version);
	put_u8(b, r->class);
	put_u8(b, r->field);
	buf_be32(b, r->set);
	buf_be32(b, r->layer);
	buf_be32(b, r->handle);
	buf_be32(b, r->slot);
	put_u8(b, r->kind);
	put_u8(b, r->prefix_len);
	put_u8(b, r->labels_left);
	put_u8(b, r->bytes_left);
	buf_be32(b, r->pattern);
	buf_be16(b, r->pattern_offset);
	buf_be16(b, r->dns_type);
	put_u8(b, r->dns_rcode);
	put_u8(b, r->dns_response);
}

static void put_tallies(struct buf *b, const struct tally *t, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_be64(b, t[i].packets);
		buf_be64(b, t[i].bytes);
	}
}

#define NUMBERS (ERASED_REASONS + 8)

/* The lone numbers of struct sums, in one order for both ways. */
static void numbers_of(struct sums *s, uint64_t *out[NUMBERS])
{
	size_t n = 0;
	out[n++] = &s->flows_seen;
	out[n++] = &s->flows_selected;
	for (size_t i = 0; i < ERASED_REASONS; i++)
		out[n++] = &s->flows_erased[i];
	out[n++] = &s->flows_pending;
	out[n++] = &s->values_dropped;
	out[n++] = &s->streams_dropped;
	out[n++] = &s->not_seen_packets;
	out[n++] = &s->first_ns;
	out[n++] = &s->last_ns;
}

static void put_sums(struct buf *b, const struct message_sums *m)
{
	struct sums sums = m->sums;
	uint64_t *numbers[NUMBERS];

	buf_be32(b, m->input);
	put_u8(b, m->last);
	put_u8(b, m->cut);
	put_u8(b, m->has_digest);
	buf_add(b, m->digest, sizeof(m->digest));
	buf_be32(b, m->oldest);
	buf_be64(b, m->flows_ended);
	buf_be64(b, m->records);
	buf_be64(b, m->input_bytes);
	put_tallies(b, sums.pending_before, SUMS_CLASSES);
	put_tallies(b, sums.seen, SUMS_CLASSES);
	put_tallies(b, sums.selected, SUMS_CLASSES);
	put_tallies(b, sums.erased[0], (size_t)SUMS_CLASSES * ERASED_REASONS);
	put_tallies(b, sums.pending_after, SUMS_CLASSES);
	numbers_of(&sums, numbers);
	for (size_t i = 0; i < NUMBERS; i++)
		buf_be64(b, *numbers[i]);
}

int message_encode(const struct message *m, struct buf *out)
{
	size_t at = out->len;
	buf_be32(out, 0);
	put_u8(out, m->type);
	switch (m->type) {
	case MESSAGE_RECORD:
		put_record(out, &m->record);
		break;
	case MESSAGE_SUMS:
		put_sums(out, &m->sums);
		break;
	case MESSAGE_FAULT:
		buf_be32(out, m->fault.input);
		buf_be32(out, (uint32_t)m->fault.error);
		break;
	case MESSAGE_READY:
		put_u8(out, m->ready.confinement.landlock_abi);
		put_u8(out, m->ready.confinement.system_calls);
		put_u8(out, m->ready.confinement.unprivileged);
		put_u8(out, m->ready.memory_locked);
		put_u8(out, m->ready.secret_drawn);
		break;
	case MESSAGE_ADOPTED:
		buf_be32(out, m->adopted.generation);
		buf_be64(out, (uint64_t)m->adopted.at_ns);
		break;
	}
	if (buf_err(out) != HN_OK)
		return buf_err(out);
	uint32_t len = __builtin_bswap32((uint32_t)(out->len - at - 4));
	memcpy(out->data + at, &len, sizeof(len));
	return HN_OK;
}

static bool get_bool(struct cur *c, bool *good)
{
	uint8_t v = cur_u8(c);
	*good = *good && v <= 1;
	return v == 1;
}

/* A text of at most size - 1 bytes: UTF-8 without control characters. */
static void get_text(struct cur *c, char *out, size_t size, bool *good)
{
	struct cur text = cur_sub(c, cur_u8(c));
	size_t len = cur_left(&text);
	const uint8_t *bytes = cur_take(&text, len);

	out[0] = '\0';
	if (!cur_ok(&text) || len >= size || !utf8_valid((const char *)bytes, len)) {
		*good = false;
		return;
	}
	for (size_t i = 0; i < len; i++)
		*good = *good && bytes[i] >= 0x20 && bytes[i] != 0x7f;
	memcpy(out, bytes, len);
	out[len] = '\0';
}

static void get_endpoint(struct cur *c, struct message_endpoint *e, bool *good)
{
	memset(e, 0, sizeof(*e));
	e->port = cur_be16(c);
	e->identified = get_bool(c, good);
	if (!e->identified) {
		get_text(c, e->organisation, sizeof(e->organisation), good);
		get_text(c, e->pseudonym, sizeof(e->pseudonym), good);
		get_text(c, e->prefix_pseudonym, sizeof(e->prefix_pseudonym), good);
		get_text(c, e->sealed, sizeof(e->sealed), good);
		return;
	}
	e->ip.version = cur_u8(c);
	const uint8_t *bytes = cur_take(c, sizeof(e->ip.bytes));
	if (bytes == NULL || (e->ip.version != 4 && e->ip.version != 6)) {
		*good = false;
		return;
	}
	memcpy(e->ip.bytes, bytes, sizeof(e->ip.bytes));
}

static int get_record(struct cur *c, struct message_record *r)
{
	bool good = true;

	r->seq = cur_be64(c);
	r->phase = cur_u8(c);
	r->open_seq = cur_be64(c);
	r->generation = cur_be32(c);
	r->first_ns = (int64_t)cur_be64(c);
	r->last_ns = (int64_t)cur_be64(c);
	r->match_ns = (int64_t)cur_be64(c);
	for (int i = 0; i < 2; i++) {
		r->packets[i] = cur_be64(c);
		r->bytes[i] = cur_be64(c);
	}
	get_endpoint(c, &r->src, &good);
	get_endpoint(c, &r->dst, &good);
	r->protocol = cur_u8(c);
	r->ip_version = cur_u8(c);
	r->class = cur_u8(c);
	r->field = cur_u8(c);
	r->set = cur_be32(c);
	r->layer = cur_be32(c);
	r->handle = cur_be32(c);
	r->slot = cur_be32(c);
	r->kind = cur_u8(c);
	r->prefix_len = cur_u8(c);
	r->labels_left = cur_u8(c);
	r->bytes_left = cur_u8(c);
	r->pattern = cur_be32(c);
	r->pattern_offset = cur_be16(c);
	r->dns_type = cur_be16(c);
	r->dns_rcode = cur_u8(c);
	r->dns_response = get_bool(c, &good);
	if (!cur_ok(c))
		return HN_ETRUNC;
	if (!good || r->class >= DOMESTIC_DOMESTIC || r->field >= FIELD_COUNT ||
	    r->kind >= ENTRY_KIND_COUNT || r->seq == 0 || r->phase >= RECORD_PHASES || r->open_seq == 0 ||
	    r->open_seq > r->seq || (r->phase != RECORD_CLOSE && r->open_seq != r->seq))
		return HN_EFORMAT;
	return HN_OK;
}

static void get_tallies(struct cur *c, struct tally *t, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		t[i].packets = cur_be64(c);
		t[i].bytes = cur_be64(c);
	}
}

static int get_sums(struct cur *c, struct message_sums *m)
{
	uint64_t *numbers[NUMBERS];
	bool good = true;

	m->input = cur_be32(c);
	m->last = get_bool(c, &good);
	m->cut = get_bool(c, &good);
	m->has_digest = get_bool(c, &good);
	const uint8_t *digest = cur_take(c, sizeof(m->digest));
	if (digest != NULL)
		memcpy(m->digest, digest, sizeof(m->digest));
	m->oldest = cur_be32(c);
	m->flows_ended = cur_be64(c);
	m->records = cur_be64(c);
	m->input_bytes = cur_be64(c);
	get_tallies(c, m->sums.pending_before, SUMS_CLASSES);
	get_tallies(c, m->sums.seen, SUMS_CLASSES);
	get_tallies(c, m->sums.selected, SUMS_CLASSES);
	get_tallies(c, m->sums.erased[0], (size_t)SUMS_CLASSES * ERASED_REASONS);
	get_tallies(c, m->sums.pending_after, SUMS_CLASSES);
	numbers_of(&m->sums, numbers);
	for (size_t i = 0; i < NUMBERS; i++)
		*numbers[i] = cur_be64(c);
	if (!cur_ok(c))
		return HN_ETRUNC;
	return good && sums_hold(&m->sums) ? HN_OK : HN_EFORMAT;
}

static int get_ready(struct cur *c, struct message_ready *r)
{
	bool good = true;
	r->confinement.landlock_abi = cur_u8(c);
	r->confinement.system_calls = get_bool(c, &good);
	r->confinement.unprivileged = get_bool(c, &good);
	r->memory_locked = get_bool(c, &good);
	r->secret_drawn = get_bool(c, &good);
	if (!cur_ok(c))
		return HN_ETRUNC;
	return good && r->confinement.landlock_abi <= CONFINE_ABI_MAX ? HN_OK : HN_EFORMAT;
}

int message_read(int fd, uint8_t *frame, size_t *len_out)
{
	uint8_t head[4];
	size_t got;
	int rc = fd_read_full(fd, head, sizeof(head), &got);
	if (rc != HN_OK)
		return rc;
	if (got == 0)
		return HN_ENOENT;
	uint32_t len = got == sizeof(head) ? load_be32(head) : 0;
	if (len == 0 || len > MESSAGE_MAX)
		return HN_EFORMAT;
	rc = fd_read_full(fd, frame, len, &got);
	*len_out = len;
	return rc == HN_OK && got < len ? HN_ETRUNC : rc;
}

int message_decode(struct cur in, struct message *out)
{
	struct message m;
	int rc = HN_EFORMAT;

	memset(&m, 0, sizeof(m));
	if (cur_left(&in) > MESSAGE_MAX)
		return HN_ELIMIT;
	uint8_t type = cur_u8(&in);
	switch (type) {
	case MESSAGE_RECORD:
		rc = get_record(&in, &m.record);
		break;
	case MESSAGE_SUMS:
		rc = get_sums(&in, &m.sums);
		break;
	case MESSAGE_FAULT:
		m.fault.input = cur_be32(&in);
		m.fault.error = (int32_t)cur_be32(&in);
		rc = !cur_ok(&in) ? HN_ETRUNC : m.fault.error < 0 ? HN_OK : HN_EFORMAT;
		break;
	case MESSAGE_READY:
		rc = get_ready(&in, &m.ready);
		break;
	case MESSAGE_ADOPTED:
		m.adopted.generation = cur_be32(&in);
		m.adopted.at_ns = (int64_t)cur_be64(&in);
		rc = cur_ok(&in) ? HN_OK : HN_ETRUNC;
		break;
	default:
		break;
	}
	if (rc == HN_OK && cur_left(&in) > 0)
		rc = HN_EFORMAT;
	if (rc != HN_OK)
		return rc;
	m.type = (enum message_type)type;
	*out = m;
	return HN_OK;
}
