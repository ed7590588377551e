/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/lookup.h"
#include "sensor/payload.h"
#include "wire/packet.h"

#define PROTOCOL_TCP 6

struct engine {
	struct engine_options options;
	struct flow_table *flows;
	struct payload *payload;
	struct lookup lookup;
	struct selection *selections; /* grows by doubling; numbers are 1-based in flows */
	uint32_t selection_count;
	uint32_t selection_cap;
	uint32_t selection_free; /* list through hit.handle */
	struct sums sums;
	uint32_t generation;
	uint32_t oldest;   /* of the generations of selected flows */
	int64_t newest_ns; /* of the last batch that had packets for flows */
};

/* A match that finds no memory for its details would be lost silently, so the table is made for the worst
 * case. */
static int selections_new(struct engine *e)
{
	e->selection_cap = (uint32_t)e->options.flows_max;
	/* Zero pages until touched. */
	e->selections = calloc(e->selection_cap, sizeof(*e->selections));
	return e->selections == NULL ? HN_ENOMEM : HN_OK;
}

static uint32_t selection_put(struct engine *e, const struct selection *selection)
{
	uint32_t n = e->selection_free;
	if (n != 0)
		e->selection_free = e->selections[n - 1].hit.handle;
	else
		n = ++e->selection_count;
	assert(n <= e->selection_cap);
	e->selections[n - 1] = *selection;
	return n;
}

static void selection_drop(struct engine *e, uint32_t n)
{
	e->selections[n - 1].hit.handle = e->selection_free;
	e->selection_free = n;
}

static enum erased_reason reason_of(enum flow_end why)
{
	switch (why) {
	case FLOW_END_CLOSED:
		return ERASED_FLOW_CLOSED;
	case FLOW_END_IDLE:
		return ERASED_FLOW_IDLE;
	case FLOW_END_EVICTED:
		return ERASED_FLOW_EVICTED;
	case FLOW_END_INPUT:
		return ERASED_FLOW_END;
	case FLOW_END_AUTHORITY:
		return ERASED_NOT_AUTHORISED;
	}
	return ERASED_FLOW_END;
}

static void select_flow(struct engine *e, struct flow *flow, const struct selection *selection)
{
	flow->state = FLOW_SELECTED;
	flow->selection = selection_put(e, selection);
	e->sums.flows_selected++;
	for (unsigned d = 0; d < 2; d++)
		tally_add(&e->sums.selected[flow_direction_class(&flow->key, d)], flow->packets[d],
			  flow->bytes[d]);
	payload_forget(e->payload, flow);
	struct selection *kept = &e->selections[flow->selection - 1];
	kept->generation = e->generation;
	if (e->options.opened != NULL)
		e->options.opened(e->options.context, flow, kept);
}

static void flow_ended(void *context, struct flow *flow, enum flow_end why)
{
	struct engine *e = context;
	struct selection selection = {0};

	/* What was buffered may be decidable now that nothing follows. */
	if (flow->state == FLOW_PENDING && why != FLOW_END_AUTHORITY &&
	    payload_end(e->payload, flow, &selection))
		select_flow(e, flow, &selection);
	payload_forget(e->payload, flow);
	if (flow->state == FLOW_SELECTED) {
		e->options.ended(e->options.context, flow, &e->selections[flow->selection - 1]);
		selection_drop(e, flow->selection);
		return;
	}
	enum erased_reason reason = reason_of(why);
	for (unsigned d = 0; d < 2; d++)
		tally_add(&e->sums.erased[flow_direction_class(&flow->key, d)][reason], flow->packets[d],
			  flow->bytes[d]);
	e->sums.flows_erased[reason]++;
}

int engine_new(const struct engine_options *options, struct engine **out, bool *locked_out)
{
	struct engine *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return HN_ENOMEM;
	e->options = *options;
	lookup_init(&e->lookup, options->sets, options->set_count);
	int rc = selections_new(e);
	if (rc == HN_OK)
		rc = flow_table_new(options->flows_max, flow_ended, e, &e->flows);
	if (rc == HN_OK) {
		struct payload_options payload = {
			.lookup = &e->lookup,
			.patterns = options->patterns,
			.streams_max = options->streams_max,
			.sums = &e->sums,
		};
		rc = payload_new(&payload, &e->payload, locked_out);
	}
	if (rc != HN_OK) {
		engine_free(e);
		return rc;
	}
	*out = e;
	return HN_OK;
}

void engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	payload_free(e->payload);
	flow_table_free(e->flows);
	free(e->selections);
	free(e);
}

/* Asks for the addresses of a flow, from the packet's source first. */
static bool match_addresses(struct engine *e, struct flow *flow, const struct unit *u,
			    struct selection *selection)
{
	bool early = false;
	for (unsigned side = 0; side < 2; side++) {
		const uint8_t *addr = (u->direction == 0) == (side == 0) ? u->key.low : u->key.high;
		enum lookup_answer answer =
			lookup_address(&e->lookup, u->key.ip_version, addr, u->time_ns, selection);
		if (answer == LOOKUP_FOUND) {
			selection->field = side == 0 ? FIELD_IP_SRC : FIELD_IP_DST;
			selection->direction = u->direction;
			return true;
		}
		early = early || answer == LOOKUP_NOT_YET;
	}
	if (early)
		flow->flags |= FLOW_RECHECK;
	else
		flow->flags &= (uint8_t)~FLOW_RECHECK;
	return false;
}

static void follow_tcp_end(struct engine *e, struct flow *flow, const struct unit *u)
{
	if ((u->tcp_flags & TCP_FIN) != 0)
		flow->flags |= u->direction == 0 ? FLOW_FIN_LOW : FLOW_FIN_HIGH;
	/* A direction that is not authorised is never seen here, so its FIN cannot be waited for. */
	bool low = (flow->flags & FLOW_FIN_LOW) != 0 ||
		   (e->options.classes >> flow_direction_class(&flow->key, 0) & 1) == 0;
	bool high = (flow->flags & FLOW_FIN_HIGH) != 0 ||
		    (e->options.classes >> flow_direction_class(&flow->key, 1) & 1) == 0;
	if ((u->tcp_flags & TCP_RST) != 0 || (low && high))
		flow_close(e->flows, flow);
}

static struct flow *flow_of(struct engine *e, const struct unit *u, bool *new_out)
{
	struct flow *flow = flow_find(e->flows, &u->key, u->hash, u->time_ns);
	/* A SYN on a closed flow begins another one with the same ports. */
	if (flow != NULL && (flow->flags & FLOW_CLOSED) != 0 &&
	    (u->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		flow_end(e->flows, flow, FLOW_END_CLOSED);
		flow = NULL;
	}
	*new_out = flow == NULL;
	if (flow != NULL)
		return flow;
	flow = flow_add(e->flows, &u->key, u->hash, u->time_ns);
	if (u->direction != 0)
		flow->flags |= FLOW_FIRST_HIGH;
	e->sums.flows_seen++;
	return flow;
}

static void take_unit(struct engine *e, const struct unit *u)
{
	struct sums *sums = &e->sums;
	struct selection selection;
	bool is_new;

	if (!u->counted)
		tally_add(&sums->seen[u->class], u->packets, u->bytes);
	if (u->erased != ERASED_NOTHING) {
		tally_add(&sums->erased[u->class][u->erased], u->packets, u->bytes);
		return;
	}
	struct flow *flow = flow_of(e, u, &is_new);
	if (u->time_ns > flow->last_ns)
		flow->last_ns = u->time_ns;
	flow->packets[u->direction] += u->packets;
	flow->bytes[u->direction] += u->bytes;
	if (flow->state == FLOW_SELECTED) {
		tally_add(&sums->selected[u->class], u->packets, u->bytes);
	} else {
		if (u->key.protocol == PROTOCOL_TCP && (u->tcp_flags & TCP_SYN) != 0)
			payload_begin(flow, u);
		memset(&selection, 0, sizeof(selection));
		if ((is_new || (flow->flags & FLOW_RECHECK) != 0) && match_addresses(e, flow, u, &selection))
			select_flow(e, flow, &selection);
		else if (u->payload_len > 0 && flow->decoder[u->direction] != FLOW_DECODER_DONE &&
			 payload_look(e->payload, flow, u, &selection))
			select_flow(e, flow, &selection);
	}
	if (u->key.protocol == PROTOCOL_TCP && (u->tcp_flags & (TCP_FIN | TCP_RST)) != 0)
		follow_tcp_end(e, flow, u);
}

/* Time goes on once a batch, to its oldest packet that counts: a later one would end flows that go on within
 * the batch. A flow that is asked for knows by itself whether it is idle. */
static void note_times(struct engine *e, const struct unit_batch *batch)
{
	int64_t oldest = INT64_MAX, newest = INT64_MIN;
	for (size_t i = 0; i < batch->count; i++) {
		const struct unit *u = &batch->units[i];
		uint64_t at = u->time_ns < 0 ? 0 : (uint64_t)u->time_ns;
		if (e->sums.first_ns == 0 || at < e->sums.first_ns)
			e->sums.first_ns = at;
		if (at > e->sums.last_ns)
			e->sums.last_ns = at;
		if (u->erased != ERASED_NOTHING)
			continue;
		oldest = u->time_ns < oldest ? u->time_ns : oldest;
		newest = u->time_ns > newest ? u->time_ns : newest;
	}
	if (oldest == INT64_MAX)
		return;
	flow_table_advance(e->flows, oldest);
	e->newest_ns = newest;
}

/*
 * Three passes over a batch, so that the memory each packet needs is on its way while others are worked on:
 * the index was asked for when the unit was made, the flow (or the sets, for a flow that seems new) is asked
 * for here.
 */
void engine_take(struct engine *e, const struct unit_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->units[i].erased == ERASED_NOTHING)
			flow_prefetch_index(e->flows, batch->units[i].hash);
	for (size_t i = 0; i < batch->count; i++) {
		const struct unit *u = &batch->units[i];
		if (u->erased == ERASED_NOTHING && !flow_prefetch(e->flows, u->hash))
			lookup_prefetch(&e->lookup, u->key.ip_version, u->key.low, u->key.high);
	}
	note_times(e, batch);
	for (size_t i = 0; i < batch->count; i++)
		if (batch->units[i].packets != 0)
			take_unit(e, &batch->units[i]);
}

void engine_end(struct engine *e)
{
	/* The last batch's time goes on too, so that what is idle does not depend on how packets fell into
	 * batches. */
	if (e->newest_ns != 0)
		flow_table_advance(e->flows, e->newest_ns);
	flow_table_drain(e->flows, FLOW_END_INPUT);
}

static void ask_again(void *context, struct flow *flow)
{
	(void)context;
	if (flow->state == FLOW_PENDING)
		flow->flags |= FLOW_RECHECK;
}

void engine_adopt(struct engine *e, const struct set *const *sets, size_t set_count,
		  const struct patterns *patterns, struct patterns_scratch *scratch, uint8_t classes,
		  uint32_t generation)
{
	e->options.sets = sets;
	e->options.set_count = set_count;
	e->options.patterns = patterns;
	e->options.classes = classes;
	e->generation = generation;
	lookup_init(&e->lookup, sets, set_count);
	payload_adopt(e->payload, patterns, scratch);
	flow_each(e->flows, ask_again, e);
}

void engine_advance(struct engine *e, int64_t time_ns)
{
	if (flow_count(e->flows) > 0)
		flow_table_advance(e->flows, time_ns);
}

void engine_stop(struct engine *e)
{
	flow_table_drain(e->flows, FLOW_END_AUTHORITY);
}

uint32_t engine_oldest(const struct engine *e)
{
	return e->oldest;
}

static void count_pending(void *context, struct flow *flow)
{
	struct engine *e = context;
	if (flow->state == FLOW_SELECTED && e->selections[flow->selection - 1].generation < e->oldest)
		e->oldest = e->selections[flow->selection - 1].generation;
	if (flow->state != FLOW_PENDING)
		return;
	for (unsigned d = 0; d < 2; d++)
		tally_add(&e->sums.pending_after[flow_direction_class(&flow->key, d)], flow->packets[d],
			  flow->bytes[d]);
	e->sums.flows_pending++;
}

void engine_sums(struct engine *e, struct sums *out)
{
	memset(e->sums.pending_after, 0, sizeof(e->sums.pending_after));
	e->sums.flows_pending = 0;
	e->oldest = e->generation;
	flow_each(e->flows, count_pending, e);
	*out = e->sums;
	sums_next(&e->sums);
}
