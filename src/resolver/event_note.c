/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_note.h"

#include <string.h>

#include "wire/dns_number.h"

/* A marking that was cut could be taken for one that allows more. */
#define MARKING_STRICTEST "TLP:RED"

static void add_object(struct event *event, const char *object)
{
	size_t len = object ? strnlen(object, EVENT_OBJECT_MAX + 1) : 0;
	if (len > EVENT_OBJECT_MAX) {
		/* A long id is cut between two characters. */
		len = EVENT_OBJECT_MAX;
		while (len > 0 && ((unsigned char)object[len] & 0xc0) == 0x80)
			len--;
	}
	event->object_len = (uint8_t)len;
	if (len > 0)
		memcpy(event->bytes + event->key_len, object, len);
}

static void add_marking(struct event *event, const char *marking)
{
	size_t len = marking ? strnlen(marking, EVENT_MARKING_MAX + 1) : 0;
	if (len > EVENT_MARKING_MAX) {
		marking = MARKING_STRICTEST;
		len = strlen(MARKING_STRICTEST);
	}
	event->marking_len = (uint8_t)len;
	if (len > 0)
		memcpy(event->bytes + event->key_len + event->object_len, marking, len);
}

static void add_entry(struct event *event, const struct policy_told *told)
{
	event->kind = (uint8_t)told->key.kind;
	event->key_len = (uint8_t)told->key.len;
	memcpy(event->bytes, told->key.data, told->key.len);
	add_object(event, told->object);
	add_marking(event, told->marking);
	event->confidence = told->confidence;
}

static void note_match(struct event_ring *ring, const struct asked *a, const struct policy *policy,
		       const struct policy_match *match, uint8_t action, uint8_t rcode, int64_t utc_ns)
{
	uint8_t scratch[32];
	struct policy_told told;
	if (policy_tell_entry(policy, match, scratch, &told) != HN_OK || told.key.len > EVENT_KEY_MAX)
		return;
	struct event *event = event_ring_claim(ring);
	if (!event)
		return;
	event->time_ns = utc_ns;
	event->generation = policy_generation(policy);
	event->group = a->asker.group;
	event->client = a->asker.client;
	event->transport = (uint8_t)__builtin_ctz(a->asker.transport);
	event->qtype = a->query.type;
	event->set = policy_slot(policy, match->set);
	event->rcode = rcode;
	event->action = action;
	event->trigger = match->trigger;
	event->labels_left = match->hit.labels_left;
	event->bytes_left = match->hit.bytes_left;
	add_entry(event, &told);
	event_ring_commit(ring);
}

void event_note(struct event_ring *ring, const struct asked *a, const struct policy_verdict *v, bool blocks,
		const uint8_t *answer, size_t len, int64_t utc_ns)
{
	if (!ring)
		return;
	uint8_t rcode = EVENT_NO_RCODE;
	if (len >= DNS_HEADER_LEN)
		rcode = answer[3] & DNS_RCODE;
	if (blocks && v->has_decided)
		note_match(ring, a, v->policy, &v->decided, v->action, rcode, utc_ns);
	if (v->has_logged)
		note_match(ring, a, v->policy, &v->logged, POLICY_LOG, rcode, utc_ns);
}
