/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_rr.h"

#include <string.h>

#define POINTER 0xc0

/* RFC 3597, 4: what may come compressed are the types of RFC 1035 and some that were made before it. */
static const struct dns_layout layouts[] = {
	[DNS_TYPE_NS] = {.names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_MD] = {.names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_MF] = {.names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_CNAME] = {.names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_SOA] = {.names = 2, .after = 20, .may_read = true, .may_write = true},
	[DNS_TYPE_MB] = {.names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_MG] = {.names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_MR] = {.names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_PTR] = {.names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_MINFO] = {.names = 2, .may_read = true, .may_write = true},
	[DNS_TYPE_MX] = {.before = 2, .names = 1, .may_read = true, .may_write = true},
	[DNS_TYPE_RP] = {.names = 2, .may_read = true},
	[DNS_TYPE_AFSDB] = {.before = 2, .names = 1, .may_read = true},
	[DNS_TYPE_RT] = {.before = 2, .names = 1, .may_read = true},
	[DNS_TYPE_SIG] = {.before = 18, .names = 1, .after = DNS_LAYOUT_REST, .may_read = true},
	[DNS_TYPE_PX] = {.before = 2, .names = 2, .may_read = true},
	[DNS_TYPE_NXT] = {.names = 1, .after = DNS_LAYOUT_REST, .may_read = true},
	[DNS_TYPE_SRV] = {.before = 6, .names = 1, .may_read = true},
	[DNS_TYPE_NAPTR] = {.before = 4, .strings = 3, .names = 1, .may_read = true},
	[DNS_TYPE_KX] = {.before = 2, .names = 1, .may_read = true},
	[DNS_TYPE_DNAME] = {.names = 1, .may_read = true},
	[DNS_TYPE_SVCB] = {.before = 2, .names = 1, .after = DNS_LAYOUT_REST},
	[DNS_TYPE_HTTPS] = {.before = 2, .names = 1, .after = DNS_LAYOUT_REST},
};

const struct dns_layout *dns_layout(uint16_t type)
{
	if (type >= sizeof(layouts) / sizeof(layouts[0]) || layouts[type].names == 0)
		return NULL;
	return &layouts[type];
}

/*
 * Passes the labels at c up to the root or a pointer (RFC 1035, 4.1.4).
 *
 * @param run_len_out  bytes of labels
 * @param target_out   where the pointer goes; 0: the name ended
 */
static int run_pass(struct cur *c, size_t *run_len_out, size_t *target_out)
{
	const uint8_t *start = c->at;
	const uint8_t *head;
	/* Ends by the message's length. */
	while ((head = cur_take(c, 1)) != NULL && *head != 0 && *head <= NAME_MAX_LABEL)
		cur_skip(c, *head);
	if (head == NULL)
		return HN_ETRUNC;
	*run_len_out = (size_t)(head - start);
	*target_out = 0;
	if (*head == 0)
		return HN_OK;
	if (*head < POINTER)
		return HN_EFORMAT;
	const uint8_t *low = cur_take(c, 1);
	if (low == NULL)
		return HN_ETRUNC;
	*target_out = (size_t)(*head & ~POINTER) << 8 | *low;
	return *target_out < DNS_HEADER_LEN ? HN_EFORMAT : HN_OK;
}

int dns_name_at(struct dns_walk *w, size_t at, enum dns_case letters, uint8_t out[NAME_MAX_WIRE],
		size_t *len_out, size_t *end_out)
{
	size_t len = 0;
	size_t end = 0;
	size_t run = at;
	unsigned hops = 0;

	if (at > w->len)
		return HN_ETRUNC;
	for (;;) { /* ends because each run begins before the former one */
		struct cur c = cur_of(w->msg + run, w->len - run);
		size_t run_len;
		size_t target;
		int rc = run_pass(&c, &run_len, &target);
		if (rc != HN_OK)
			return rc;
		if (run_len > NAME_MAX_WIRE - len)
			return HN_ELIMIT;
		if (letters == DNS_LOWER)
			name_lower(out + len, w->msg + run, run_len);
		else
			memcpy(out + len, w->msg + run, run_len);
		len += run_len;
		if (run == at)
			end = (size_t)(c.at - w->msg);
		if (target == 0)
			break;
		if (target >= run)
			return HN_EFORMAT;
		if (++hops > DNS_HOPS_NAME_MAX || ++w->hops > DNS_HOPS_MAX)
			return HN_ELIMIT;
		run = target;
	}
	*len_out = len;
	if (end_out != NULL)
		*end_out = end;
	return HN_OK;
}

/* The question, which nothing stands before that a pointer could lead to. */
static int question_pass(struct dns_walk *w)
{
	const uint8_t *start = w->at.at;
	size_t len;
	size_t target;
	int rc = run_pass(&w->at, &len, &target);
	if (rc != HN_OK)
		return rc;
	if (target != 0)
		return HN_EFORMAT;
	if (len > NAME_MAX_WIRE)
		return HN_ELIMIT;
	const uint8_t *fixed = cur_take(&w->at, 4);
	if (fixed == NULL)
		return HN_ETRUNC;
	w->qtype = load_be16(fixed);
	w->qclass = load_be16(fixed + 2);
	w->question_len = (uint16_t)(w->at.at - start);
	return HN_OK;
}

int dns_walk_init(struct dns_walk *w, const uint8_t *msg, size_t len)
{
	*w = (struct dns_walk){.msg = msg, .len = len, .at = cur_of(msg, len), .section = DNS_ANSWER};
	const uint8_t *h = cur_take(&w->at, DNS_HEADER_LEN);
	if (h == NULL)
		return HN_ETRUNC;
	w->flags = load_be16(h + 2);
	unsigned questions = load_be16(h + 4);
	for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++)
		w->left[section] = load_be16(h + 4 + 2 * section);
	if (questions > 1)
		return HN_EUNSUPPORTED;
	return questions == 0 ? HN_OK : question_pass(w);
}

int dns_walk_next(struct dns_walk *w, struct dns_rr *out)
{
	while (w->left[w->section] == 0) {
		if (w->section == DNS_ADDITIONAL)
			return HN_ENOENT;
		w->section++;
	}
	w->left[w->section]--;

	size_t owner_at = (size_t)(w->at.at - w->msg);
	size_t owner_len;
	size_t owner_end;
	int rc = dns_name_at(w, owner_at, DNS_LOWER, out->owner, &owner_len, &owner_end);
	if (rc != HN_OK)
		return rc;
	cur_skip(&w->at, owner_end - owner_at);
	const uint8_t *fixed = cur_take(&w->at, DNS_RECORD_LEN);
	if (fixed == NULL)
		return HN_ETRUNC;
	uint16_t rdata_len = load_be16(fixed + 8);
	if (cur_take(&w->at, rdata_len) == NULL)
		return HN_ETRUNC;
	out->section = w->section;
	out->owner_len = (uint8_t)owner_len;
	out->type = load_be16(fixed);
	out->class = load_be16(fixed + 2);
	out->ttl = load_be32(fixed + 4);
	out->rdata_len = rdata_len;
	out->owner_at = (uint32_t)owner_at;
	out->ttl_at = (uint32_t)(owner_end + 4);
	out->rdata_at = (uint32_t)(owner_end + DNS_RECORD_LEN);
	return HN_OK;
}

static struct cur rdata_of(const struct dns_walk *w, const struct dns_rr *rr)
{
	return cur_of(w->msg + rr->rdata_at, rr->rdata_len);
}

/* Passes what stands before the first name. */
static void before_pass(struct cur *data, const struct dns_layout *layout)
{
	cur_skip(data, layout->before);
	for (unsigned i = 0; i < layout->strings; i++)
		cur_skip(data, cur_u8(data));
}

/* Reads the name at data, which must end inside of it. */
static int inner_name(struct dns_walk *w, struct cur *data, const struct dns_layout *layout,
		      enum dns_case letters, uint8_t out[NAME_MAX_WIRE], size_t *len_out)
{
	size_t at = (size_t)(data->at - w->msg);
	size_t end;
	size_t len;
	int rc = dns_name_at(w, at, letters, out, &len, &end);
	if (rc != HN_OK)
		return rc;
	if (!layout->may_read && end - at != len + 1)
		return HN_EFORMAT;
	if (cur_take(data, end - at) == NULL)
		return HN_ETRUNC;
	*len_out = len;
	return HN_OK;
}

int dns_rr_target(struct dns_walk *w, const struct dns_rr *rr, uint8_t out[NAME_MAX_WIRE], size_t *len_out)
{
	const struct dns_layout *layout = dns_layout(rr->type);
	struct cur data = rdata_of(w, rr);

	if (layout == NULL)
		return HN_ENOENT;
	before_pass(&data, layout);
	if (!cur_ok(&data))
		return HN_ETRUNC;
	return inner_name(w, &data, layout, DNS_LOWER, out, len_out);
}

/* Data of a type with names into room, these in full. */
static int data_expand(struct dns_walk *w, const struct dns_rr *rr, const struct dns_layout *layout,
		       uint8_t room[DNS_RDATA_TEXT_MAX], size_t *len_out)
{
	struct cur data = rdata_of(w, rr);
	uint8_t name[NAME_MAX_WIRE];
	size_t name_len;

	before_pass(&data, layout);
	if (!cur_ok(&data))
		return HN_ETRUNC;
	size_t n = rr->rdata_len - cur_left(&data); /* at most 4 + 3 * 256 */
	memcpy(room, w->msg + rr->rdata_at, n);
	for (unsigned i = 0; i < layout->names; i++) {
		int rc = inner_name(w, &data, layout, DNS_AS_SENT, name, &name_len);
		if (rc != HN_OK)
			return rc;
		memcpy(room + n, name, name_len);
		n += name_len;
		room[n++] = 0;
	}
	size_t after = cur_left(&data);
	if (layout->after != DNS_LAYOUT_REST && after != layout->after)
		return HN_EFORMAT;
	if (after > DNS_RDATA_TEXT_MAX - n)
		return HN_ELIMIT;
	if (after > 0)
		memcpy(room + n, data.at, after);
	*len_out = n + after;
	return HN_OK;
}

int dns_rr_data(struct dns_walk *w, const struct dns_rr *rr, uint8_t room[DNS_RDATA_TEXT_MAX],
		const uint8_t **data_out, size_t *len_out)
{
	const struct dns_layout *layout = dns_layout(rr->type);
	if (layout == NULL || !layout->may_read) {
		*data_out = w->msg + rr->rdata_at;
		*len_out = rr->rdata_len;
		return HN_OK;
	}
	int rc = data_expand(w, rr, layout, room, len_out);
	if (rc == HN_OK)
		*data_out = room;
	return rc;
}
