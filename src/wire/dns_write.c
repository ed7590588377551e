/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_write.h"

#include <assert.h>
#include <string.h>

#include "base/cur.h"

#define POINTER     0xc000
#define POINTER_MAX 0x3fff /* the last offset that a pointer can hold */
#define LABELS_MAX  127
#define PROBES      8
#define HASH_PARENT 0x9e3779b97f4a7c15u
#define HASH_HEAD   0xd6e8feb86659fd93u
#define HASH_TAIL   0xc2b2ae3d27d4eb4fu

_Static_assert((DNS_WRITE_SLOTS & (DNS_WRITE_SLOTS - 1)) == 0, "a power of two");
#define QUESTION_FIXED 4 /* bytes behind the name: type, class */

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A name, taken apart. */
struct parts {
	size_t count;
	uint8_t at[LABELS_MAX];           /* of each label's length byte */
	uint8_t lower[NAME_MAX_WIRE + 8]; /* the name in lower case */
};

/*
 * Names that stand in the message form a tree: a label knows the offset of the suffix behind it. So a suffix
 * is found from its right end, a label a step, and no name is ever compared as a whole.
 */
static size_t slot_first(const uint8_t *label, size_t parent)
{
	size_t len = 1u + label[0];
	uint64_t head;
	uint64_t tail = 0;

	/* The first eight bytes and the last tell labels apart well enough; who makes them collide makes his
	 * own answer longer. */
	memcpy(&head, label, sizeof(head)); /* lower has room behind its last label */
	if (len < sizeof(head))
		head &= ((uint64_t)1 << 8 * len) - 1;
	else
		memcpy(&tail, label + len - sizeof(tail), sizeof(tail));
	uint64_t hash = (head ^ parent * HASH_PARENT) * HASH_HEAD + tail * HASH_TAIL;
	return (hash ^ hash >> 32) >> 25 & (DNS_WRITE_SLOTS - 1);
}

static bool label_equal(const uint8_t *written, const uint8_t *lower)
{
	uint8_t label[1 + NAME_MAX_LABEL];
	if (written[0] != lower[0])
		return false;
	name_lower(label, written, 1u + lower[0]);
	return memcmp(label, lower, 1u + lower[0]) == 0;
}

/* Offset of the label before the suffix at parent; 0: it is not there. */
static size_t suffix_find(const struct dns_writer *w, const uint8_t *label, size_t parent)
{
	size_t first = slot_first(label, parent);
	for (size_t i = 0; i < PROBES; i++) {
		size_t slot = (first + i) & (DNS_WRITE_SLOTS - 1);
		size_t at = w->slots[slot].at;
		if (at == 0)
			return 0;
		if (w->slots[slot].parent == parent && label_equal(w->msg + at, label))
			return at;
	}
	return 0;
}

/* Remembers a label; a full table only compresses less. */
static bool suffix_add(struct dns_writer *w, const uint8_t *label, size_t parent, size_t at)
{
	size_t first = slot_first(label, parent);
	if (at > POINTER_MAX)
		return false;
	for (size_t i = 0; i < PROBES; i++) {
		size_t slot = (first + i) & (DNS_WRITE_SLOTS - 1);
		if (w->slots[slot].at != 0)
			continue;
		w->slots[slot].at = (uint16_t)at;
		w->slots[slot].parent = (uint16_t)parent;
		return true;
	}
	return false;
}

static bool name_split(struct parts *p, const uint8_t *name, size_t len)
{
	if (len > NAME_MAX_WIRE)
		return false;
	p->count = 0;
	for (size_t at = 0; at < len; at += 1u + name[at]) {
		if (name[at] == 0 || name[at] > NAME_MAX_LABEL || name[at] >= len - at)
			return false;
		p->at[p->count++] = (uint8_t)at;
	}
	name_lower(p->lower, name, len);
	memset(p->lower + len, 0, 8);
	return true;
}

/* Bytes that a record may still take from an offset on. */
static size_t left_at(const struct dns_writer *w, size_t at)
{
	return at < w->limit ? w->limit - at : 0;
}

/* Writes a name at *at_io, its right part as a pointer where that stands already. */
static int name_put(struct dns_writer *w, size_t *at_io, const uint8_t *name, size_t len)
{
	struct parts p;
	size_t known = 0; /* offset of the longest suffix that stands already */
	size_t left;      /* labels before it */

	if (!name_split(&p, name, len))
		return HN_EFORMAT;
	for (left = p.count; left > 0; left--) {
		size_t found = suffix_find(w, p.lower + p.at[left - 1], known);
		if (found == 0)
			break;
		known = found;
	}
	size_t plain = left < p.count ? p.at[left] : len;
	size_t tail = known != 0 ? 2 : 1;
	if (plain + tail > left_at(w, *at_io))
		return HN_ELIMIT;

	uint8_t *to = w->msg + *at_io;
	if (plain > 0)
		memcpy(to, name, plain);
	if (known != 0)
		put16(to + plain, POINTER | known);
	else
		to[plain] = 0;
	for (; left > 0; left--) {
		size_t at = *at_io + p.at[left - 1];
		if (!suffix_add(w, p.lower + p.at[left - 1], known, at))
			break;
		known = at;
	}
	*at_io += plain + tail;
	return HN_OK;
}

static int bytes_put(struct dns_writer *w, size_t *at_io, const uint8_t *data, size_t len)
{
	if (len > left_at(w, *at_io))
		return HN_ELIMIT;
	if (len > 0)
		memcpy(w->msg + *at_io, data, len);
	*at_io += len;
	return HN_OK;
}

/* Length of the name at the start of data, without the root's byte. */
static bool name_measure(struct cur data, size_t *len_out)
{
	const uint8_t *start = data.at;
	const uint8_t *head;
	while ((head = cur_take(&data, 1)) != NULL && *head != 0) {
		if (*head > NAME_MAX_LABEL)
			return false;
		cur_skip(&data, *head);
	}
	if (head == NULL)
		return false;
	*len_out = (size_t)(head - start);
	return true;
}

/* Data of a type of RFC 1035, whose names are compressed. */
static int names_put(struct dns_writer *w, size_t *at_io, const struct dns_layout *layout, struct cur data)
{
	size_t len;

	const uint8_t *before = cur_take(&data, layout->before);
	if (before == NULL)
		return HN_EFORMAT;
	int rc = bytes_put(w, at_io, before, layout->before);
	for (unsigned i = 0; i < layout->names && rc == HN_OK; i++) {
		if (!name_measure(data, &len))
			return HN_EFORMAT;
		rc = name_put(w, at_io, data.at, len);
		cur_skip(&data, len + 1);
	}
	if (rc != HN_OK)
		return rc;
	if (cur_left(&data) != layout->after)
		return HN_EFORMAT;
	return bytes_put(w, at_io, data.at, layout->after);
}

static int rdata_put(struct dns_writer *w, size_t *at_io, uint16_t type, const uint8_t *rdata, size_t len)
{
	const struct dns_layout *layout = dns_layout(type);
	if (layout == NULL || !layout->may_write)
		return bytes_put(w, at_io, rdata, len);
	return names_put(w, at_io, layout, cur_of(rdata, len));
}

/* Forgets the suffixes that stand from an offset on: these were added last, so nothing is found behind them.
 */
static void suffixes_forget(struct dns_writer *w, size_t from)
{
	for (size_t i = 0; i < DNS_WRITE_SLOTS; i++)
		if (w->slots[i].at >= from)
			w->slots[i].at = 0;
}

void dns_write_init(struct dns_writer *w, uint8_t *out, size_t limit, const struct dns_opt *opt)
{
	assert(limit >= DNS_HEADER_LEN && limit <= DNS_MESSAGE_MAX);
	memset(w, 0, sizeof(*w));
	w->msg = out;
	w->len = DNS_HEADER_LEN;
	w->room = limit;
	w->limit = limit;
	w->opt = opt;
	if (opt != NULL) {
		size_t kept = dns_opt_size(opt);
		w->limit = kept < limit ? limit - kept : 0;
	}
}

int dns_write_question(struct dns_writer *w, const uint8_t *question, size_t len)
{
	size_t at = w->len;
	size_t name_len;

	assert(w->len == DNS_HEADER_LEN && w->counts[0] == 0);
	if (!name_measure(cur_of(question, len), &name_len) || len != name_len + 1 + QUESTION_FIXED)
		return HN_EFORMAT;
	/* It stands before what the OPT would like to tell, not before the OPT. */
	if (at + len + (w->opt == NULL ? 0 : DNS_OPT_LEN) > w->room)
		return HN_ELIMIT;
	size_t limit = w->limit;
	w->limit = w->room;
	int rc = name_put(w, &at, question, name_len);
	w->limit = limit;
	if (rc != HN_OK)
		return rc;
	memcpy(w->msg + at, question + name_len + 1, QUESTION_FIXED);
	w->len = at + QUESTION_FIXED;
	w->counts[0] = 1;
	return HN_OK;
}

/* One record to write. */
struct record {
	const uint8_t *owner;
	size_t owner_len;
	const uint8_t *rdata;
	size_t rdata_len;
	uint32_t ttl;
	uint16_t type;
	uint16_t class;
};

/* @param fixed_at_out  where what stands behind the owner begins */
static int record_put(struct dns_writer *w, size_t *at_io, const struct record *r, size_t *fixed_at_out)
{
	uint8_t fixed[DNS_RECORD_LEN];
	int rc = name_put(w, at_io, r->owner, r->owner_len);
	if (rc != HN_OK)
		return rc;
	size_t fixed_at = *at_io;
	put16(fixed, r->type);
	put16(fixed + 2, r->class);
	put16(fixed + 4, r->ttl >> 16);
	put16(fixed + 6, r->ttl & 0xffff);
	rc = bytes_put(w, at_io, fixed, sizeof(fixed));
	if (rc == HN_OK)
		rc = rdata_put(w, at_io, r->type, r->rdata, r->rdata_len);
	if (rc != HN_OK)
		return rc;
	put16(w->msg + fixed_at + 8, *at_io - fixed_at - DNS_RECORD_LEN);
	*fixed_at_out = fixed_at;
	return HN_OK;
}

int dns_write_record(struct dns_writer *w, enum dns_section section, const uint8_t *owner, size_t owner_len,
		     uint16_t type, uint16_t class, uint32_t ttl, const uint8_t *rdata, size_t rdata_len,
		     uint16_t *ttl_at_out)
{
	const struct record r = {owner, owner_len, rdata, rdata_len, ttl, type, class};
	size_t at = w->len;
	size_t fixed_at;

	for (unsigned later = section + 1; later <= DNS_ADDITIONAL; later++)
		assert(w->counts[later] == 0);
	if (w->full)
		return HN_ELIMIT;
	int rc = record_put(w, &at, &r, &fixed_at);
	if (rc != HN_OK) {
		suffixes_forget(w, w->len);
		w->full = rc == HN_ELIMIT;
		w->truncated = w->full && section != DNS_ADDITIONAL;
		return rc;
	}
	w->len = at;
	w->counts[section]++;
	if (ttl_at_out != NULL)
		*ttl_at_out = (uint16_t)(fixed_at + 4);
	return HN_OK;
}

static void header_put(uint8_t *msg, uint16_t id, uint16_t flags)
{
	put16(msg, id);
	put16(msg + 2, flags);
}

size_t dns_write_end(struct dns_writer *w, uint16_t id, uint16_t flags)
{
	if (w->truncated)
		flags |= DNS_TC;
	header_put(w->msg, id, flags);
	for (size_t i = 0; i < 4; i++)
		put16(w->msg + 4 + 2 * i, w->counts[i]);
	if (w->opt != NULL)
		w->len = dns_opt_append(w->opt, w->msg, w->len, w->room);
	return w->len;
}

size_t dns_reply_begin(uint8_t *out, const struct dns_query *q, const uint8_t *query, unsigned rcode)
{
	unsigned echoed = q->flags & (DNS_OPCODE | DNS_RD | DNS_CD);

	header_put(out, q->id, (uint16_t)(echoed | DNS_QR | DNS_RA | (rcode & DNS_RCODE)));
	memset(out + 4, 0, DNS_HEADER_LEN - 4);
	out[5] = q->question_len != 0;
	memcpy(out + DNS_HEADER_LEN, query + DNS_HEADER_LEN, q->question_len);
	return DNS_HEADER_LEN + (size_t)q->question_len;
}
