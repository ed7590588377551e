/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns.h"

#include <stdbool.h>
#include <string.h>

#include "wire/name.h"

#define FLAG_RESPONSE   0x8000
#define FLAG_RESERVED   0x0040
#define OPCODE(flags)   ((flags) >> 11 & 15)
#define OPCODE_LAST     6 /* DNS stateful operations; RFC 8490 */
#define RCODE(flags)    ((flags)&15)
#define CLASS_IN        1
#define CLASS_ANY       255
#define CLASS_MASK      0x7fff /* without the cache-flush bit of RFC 6762 */
#define TYPE_A          1
#define TYPE_AAAA       28
#define TYPE_OPT        41
#define QUESTION_MIN    5  /* bytes; a record has more */
#define RECORD_FIXED    10 /* bytes between the owner name and the data */
#define POINTER         0xc0
#define HOPS_MAX        2048 /* compression pointers followed in one message */
#define DROPPED_MAX     8    /* values of one message that are left out before the rest is */
#define SEEN_SLOTS      64
#define TCP_LENGTH_SIZE 2

/* Bytes before the name in a record's data, plus one; 0: its data holds no name that we give. */
static const uint8_t target_at[] = {
	[2] = 1,  /* NS */
	[5] = 1,  /* CNAME */
	[12] = 1, /* PTR */
	[15] = 3, /* MX: preference */
	[33] = 7, /* SRV: priority, weight, port; RFC 2782 */
	[39] = 1, /* DNAME; RFC 6672 */
	[64] = 3, /* SVCB: priority; RFC 9460 */
	[65] = 3, /* HTTPS */
};
#define TYPE_SVCB 64 /* and above in the table: parameters follow the name */

struct header {
	uint16_t flags;
	uint16_t questions;
	uint16_t answers;
	uint16_t authorities;
	uint16_t additionals;
};

struct message {
	const uint8_t *start;
	const uint8_t *end;
	uint32_t hops;             /* pointers followed so far */
	uint16_t seen[SEEN_SLOTS]; /* offsets whose names were given; 0: none */
};

static void header_read(const uint8_t *h, struct header *out)
{
	out->flags = load_be16(h + 2);
	out->questions = load_be16(h + 4);
	out->answers = load_be16(h + 6);
	out->authorities = load_be16(h + 8);
	out->additionals = load_be16(h + 10);
}

/*
 * Passes the labels at c up to the root or a pointer (RFC 1035, 4.1.4).
 *
 * @param labels_len_out  bytes of labels
 * @param target_out      where the pointer goes; 0: the name ended
 */
static inline int labels_pass(struct cur *c, uint32_t *labels_len_out, uint32_t *target_out)
{
	const uint8_t *start = c->at;
	for (;;) {
		const uint8_t *at = cur_take(c, 1);
		if (at == NULL)
			return HN_ETRUNC;
		if (*at == 0 || *at >= POINTER) {
			*labels_len_out = (uint32_t)(at - start);
			*target_out = 0;
			if (*at == 0)
				return HN_OK;
			const uint8_t *low = cur_take(c, 1);
			if (low == NULL)
				return HN_ETRUNC;
			*target_out = (uint32_t)(*at & ~POINTER) << 8 | *low;
			return HN_OK;
		}
		if (*at > NAME_MAX_LABEL)
			return HN_EFORMAT;
		cur_skip(c, *at);
	}
}

/*
 * Appends the labels that pointers lead to. Every run lies wholly before the one that pointed at it, so it
 * ends.
 *
 * @param below  offset that the first target must stay under
 */
static int labels_follow(struct message *m, uint32_t target, uint32_t below, uint8_t name[NAME_MAX_WIRE],
			 uint32_t *len)
{
	while (target != 0) {
		if (target < DNS_HEADER_SIZE || target >= below || ++m->hops > HOPS_MAX)
			return HN_EFORMAT;
		const uint8_t *run = m->start + target;
		struct cur c = cur_of(run, (size_t)(m->end - run));
		uint32_t run_len;
		uint32_t next;
		int rc = labels_pass(&c, &run_len, &next);
		if (rc != HN_OK)
			return rc;
		if (run_len > NAME_MAX_WIRE - *len)
			return HN_ELIMIT;
		name_lower(name + *len, run, run_len);
		*len += run_len;
		below = target;
		target = next;
	}
	return HN_OK;
}

/* Whether the name at this offset was given already; remembers it. */
static bool seen_before(struct message *m, uint32_t offset)
{
	uint16_t *slot = &m->seen[offset % SEEN_SLOTS];
	if (*slot == offset)
		return true;
	*slot = (uint16_t)offset; /* an offset over 65,535 does not exist */
	return false;
}

/* Reads the name at c, and gives it as field unless x is NULL, it is the root, or it was given already. */
static inline int name_read(struct message *m, struct cur *c, enum field field, struct extract *x)
{
	const uint8_t *run = c->at;
	uint32_t offset = (uint32_t)(run - m->start);
	uint32_t len;
	uint32_t target;

	int rc = labels_pass(c, &len, &target);
	if (rc != HN_OK)
		return rc;
	if (len == 0 && target == 0)
		return HN_OK;
	if (x != NULL && seen_before(m, len == 0 ? target : offset))
		return HN_OK;

	uint8_t name[NAME_MAX_WIRE];
	uint8_t *to = name;
	if (x != NULL && EXTRACT_SCRATCH - x->used >= NAME_MAX_WIRE)
		to = x->scratch + x->used; /* in place: the common case */
	if (len <= NAME_MAX_WIRE) {
		name_lower(to, run, len);
		rc = labels_follow(m, target, offset, to, &len);
	} else {
		rc = HN_ELIMIT;
	}
	if (rc == HN_ELIMIT) { /* the message goes on behind such a name */
		if (x != NULL)
			x->dropped++;
		return x == NULL ? HN_EFORMAT : HN_OK;
	}
	if (rc != HN_OK || x == NULL || len == 0)
		return rc;
	uint8_t *room = extract_alloc(x, len);
	if (room == NULL)
		return HN_OK;
	if (to == name)
		memcpy(room, name, len);
	extract_add(x, field, VALUE_NAME, room, len);
	return HN_OK;
}

static inline int question_read(struct message *m, struct cur *c, bool first, struct extract *x)
{
	int rc = name_read(m, c, FIELD_DNS_QUERY_NAME, x);
	if (rc != HN_OK)
		return rc;
	const uint8_t *fixed = cur_take(c, 4);
	if (fixed == NULL)
		return HN_ETRUNC;
	if (first && x != NULL)
		x->dns_type = load_be16(fixed);
	return HN_OK;
}

/* The name in a record's data must fill it, or be followed by parameters where the type has such. */
static inline int target_read(struct message *m, uint16_t type, struct cur data, struct extract *x)
{
	cur_skip(&data, target_at[type] - 1u);
	if (!cur_ok(&data))
		return HN_EFORMAT;
	int rc = name_read(m, &data, FIELD_DNS_ANSWER_NAME, x);
	if (rc == HN_OK && type < TYPE_SVCB && cur_left(&data) != 0)
		return HN_EFORMAT;
	return rc;
}

static inline int address_read(uint16_t type, struct cur data, bool give, struct extract *x)
{
	size_t size = type == TYPE_A ? 4 : 16;
	if (cur_left(&data) != size)
		return HN_EFORMAT;
	if (give && x != NULL)
		extract_add(x, FIELD_DNS_ANSWER_ADDRESS, type == TYPE_A ? VALUE_IP4 : VALUE_IP6, data.at,
			    size);
	return HN_OK;
}

static inline int record_read(struct message *m, struct cur *c, bool answer, struct extract *x)
{
	int rc = name_read(m, c, FIELD_DNS_ANSWER_NAME, x);
	if (rc != HN_OK)
		return rc;
	const uint8_t *fixed = cur_take(c, RECORD_FIXED);
	if (fixed == NULL)
		return HN_ETRUNC;
	uint16_t type = load_be16(fixed);
	uint16_t class = load_be16(fixed + 2);
	struct cur data = cur_sub(c, load_be16(fixed + 8));
	if (!cur_ok(&data))
		return HN_ETRUNC;
	/* RFC 6891, 6.1.3: the upper bits of the response code; one over 255 is assigned to nothing. */
	if (type == TYPE_OPT && x != NULL)
		x->dns_rcode = (uint8_t)(x->dns_rcode | fixed[4] << 4);
	/* An update (RFC 2136) deletes by records of other classes without data. */
	if ((class & CLASS_MASK) != CLASS_IN || cur_left(&data) == 0)
		return HN_OK;
	if (type == TYPE_A || type == TYPE_AAAA)
		return address_read(type, data, answer, x);
	if (type < sizeof(target_at) && target_at[type] != 0)
		return target_read(m, type, data, x);
	return HN_OK;
}

/* Walks the whole message; x may be NULL, then it is only checked. *c is behind the header. */
static inline __attribute__((always_inline)) int message_walk(struct message *m, struct cur *c,
							      const struct header *h, struct extract *x)
{
	int rc = HN_OK;
	/* Ends by the message's length, a question takes five bytes, a record eleven; and soon when values
	 * find no place or names are too long, which is no honest message. */
	uint32_t records = (uint32_t)h->questions + h->answers + h->authorities + h->additionals;
	uint32_t answers_end = (uint32_t)h->questions + h->answers;
	for (uint32_t i = 0; i < records && rc == HN_OK; i++) {
		if (x != NULL && x->dropped > DROPPED_MAX) {
			/* Not more than there can be, whatever the header claims. */
			uint32_t room = (uint32_t)(cur_left(c) / QUESTION_MIN) + 1;
			x->dropped += records - i < room ? records - i : room;
			return HN_OK;
		}
		if (i < h->questions)
			rc = question_read(m, c, i == 0, x);
		else
			rc = record_read(m, c, i < answers_end, x);
	}
	return rc;
}

int dns_extract(struct cur message, struct extract *out)
{
	struct message m = {.start = message.at, .end = message.end};
	struct header h;

	const uint8_t *fixed = cur_take(&message, DNS_HEADER_SIZE);
	if (fixed == NULL)
		return HN_ETRUNC;
	header_read(fixed, &h);
	out->dns_response = (h.flags & FLAG_RESPONSE) != 0;
	out->dns_rcode = RCODE(h.flags);
	return message_walk(&m, &message, &h, out);
}

/* What a name server looks at before it looks further. */
static bool header_plausible(const struct header *h)
{
	return OPCODE(h->flags) <= OPCODE_LAST &&
	       (h->questions | h->answers | h->authorities | h->additionals) != 0;
}

/* An ordinary query or response: one question; a query carries nothing but EDNS, a signature, a cookie. */
static bool header_strict(const struct header *h)
{
	if (OPCODE(h->flags) != 0 || (h->flags & FLAG_RESERVED) != 0 || h->questions != 1)
		return false;
	if ((h->flags & FLAG_RESPONSE) != 0)
		return true;
	return h->answers == 0 && h->authorities == 0 && h->additionals <= 2 && RCODE(h->flags) == 0;
}

static bool question_strict(const uint8_t fixed[4])
{
	uint16_t class = load_be16(fixed + 2) & CLASS_MASK;
	return load_be16(fixed) != 0 && (class == CLASS_IN || class == 3 || class == 4 || class == CLASS_ANY);
}

enum decode_guess dns_guess(const uint8_t *data, size_t len)
{
	struct header h;
	if (len < DNS_HEADER_SIZE)
		return GUESS_NO;
	header_read(data, &h);
	return header_plausible(&h) ? GUESS_YES : GUESS_NO;
}

/* The first question, and what follows it: *c is left behind the question. */
static int first_question(struct message *m, struct cur *c, const uint8_t **fixed_out)
{
	int rc = name_read(m, c, FIELD_DNS_QUERY_NAME, NULL);
	if (rc != HN_OK)
		return rc;
	*fixed_out = cur_peek(c, 4);
	return *fixed_out == NULL ? HN_ETRUNC : HN_OK;
}

enum decode_guess dns_guess_strict(const uint8_t *data, size_t len)
{
	struct message m = {.start = data, .end = data + len};
	struct header h;
	const uint8_t *fixed;

	if (len < DNS_HEADER_SIZE + 5)
		return GUESS_NO;
	header_read(data, &h);
	if (!header_strict(&h))
		return GUESS_NO;
	struct cur c = cur_of(data + DNS_HEADER_SIZE, len - DNS_HEADER_SIZE);
	struct cur ahead = c;
	if (first_question(&m, &ahead, &fixed) != HN_OK || !question_strict(fixed))
		return GUESS_NO;
	if (message_walk(&m, &c, &h, NULL) != HN_OK || cur_left(&c) != 0)
		return GUESS_NO;
	return GUESS_YES;
}

/* A flow may carry some broken messages; one that carries nothing else is not looked at for ever. */
static enum decode_result after_broken(struct decode_state *state, enum decode_result go_on)
{
	return ++state->own >= DNS_BROKEN_MAX ? DECODE_NO : go_on;
}

enum decode_result dns_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out)
{
	(void)ended;
	state->consumed = 0;
	if (dns_extract(data, out) != HN_OK)
		return after_broken(state, DECODE_DONE);
	return DECODE_DONE;
}

enum decode_guess dns_tcp_guess(const uint8_t *data, size_t len)
{
	struct header h;
	if (len >= TCP_LENGTH_SIZE && load_be16(data) < DNS_HEADER_SIZE)
		return GUESS_NO;
	if (len < TCP_LENGTH_SIZE + DNS_HEADER_SIZE)
		return GUESS_MAYBE;
	header_read(data + TCP_LENGTH_SIZE, &h);
	return header_plausible(&h) ? GUESS_YES : GUESS_NO;
}

enum decode_guess dns_tcp_guess_strict(const uint8_t *data, size_t len)
{
	struct header h;
	const uint8_t *fixed;

	if (len >= TCP_LENGTH_SIZE && load_be16(data) < DNS_HEADER_SIZE + 5)
		return GUESS_NO;
	if (len < TCP_LENGTH_SIZE + DNS_HEADER_SIZE)
		return GUESS_MAYBE;
	struct cur c = cur_of(data, len);
	size_t message_len = cur_be16(&c);
	struct message m = {.start = c.at, .end = c.end};
	header_read(c.at, &h);
	if (!header_strict(&h))
		return GUESS_NO;
	cur_skip(&c, DNS_HEADER_SIZE);
	int rc = first_question(&m, &c, &fixed);
	if (rc == HN_ETRUNC)
		return GUESS_MAYBE;
	size_t used = (size_t)(c.at - m.start) + 4;
	return rc == HN_OK && used <= message_len && question_strict(fixed) ? GUESS_YES : GUESS_NO;
}

/* Where the next message will be whole, as far as its length is there. */
static uint32_t next_need(struct cur data)
{
	const uint8_t *p = cur_peek(&data, TCP_LENGTH_SIZE);
	if (p == NULL)
		return TCP_LENGTH_SIZE;
	return (uint32_t)TCP_LENGTH_SIZE + load_be16(p);
}

enum decode_result dns_tcp_decode(struct cur data, bool ended, struct decode_state *state,
				  struct extract *out)
{
	size_t have = cur_left(&data);
	state->consumed = 0;
	state->need = next_need(data);
	bool whole = have >= TCP_LENGTH_SIZE && have >= state->need;
	if (!whole && !ended)
		return DECODE_MORE;

	uint32_t message_len = cur_be16(&data);
	if (whole && message_len < DNS_HEADER_SIZE)
		return DECODE_NO;
	struct cur message = cur_sub(&data, whole ? message_len : cur_left(&data));
	int rc = dns_extract(message, out);
	if (!whole)
		return DECODE_DONE;
	state->consumed = state->need;
	state->need = next_need(data);
	return rc == HN_OK ? DECODE_MORE : after_broken(state, DECODE_MORE);
}
