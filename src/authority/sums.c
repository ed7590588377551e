/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/sums.h"

#include <stddef.h>
#include <string.h>

const char *erased_reason_name(enum erased_reason reason)
{
	static const char *const names[ERASED_REASONS] = {
		"nothing",     "link_unknown", "not_ip",       "truncated",    "malformed",
		"too_deep",    "class",        "facility",     "outside_time", "fragment",
		"flow_closed", "flow_idle",    "flow_evicted", "flow_end",     "not_authorised",
	};
	return (size_t)reason < ERASED_REASONS ? names[reason] : "unknown";
}

static void merge(struct tally *a, const struct tally *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tally_add(&a[i], b[i].packets, b[i].bytes);
}

void sums_merge(struct sums *a, const struct sums *b)
{
	merge(a->pending_before, b->pending_before, SUMS_CLASSES);
	merge(a->seen, b->seen, SUMS_CLASSES);
	merge(a->selected, b->selected, SUMS_CLASSES);
	merge(a->erased[0], b->erased[0], (size_t)SUMS_CLASSES * ERASED_REASONS);
	merge(a->pending_after, b->pending_after, SUMS_CLASSES);
	a->flows_seen += b->flows_seen;
	a->flows_selected += b->flows_selected;
	for (size_t i = 0; i < ERASED_REASONS; i++)
		a->flows_erased[i] += b->flows_erased[i];
	a->flows_pending += b->flows_pending;
	a->values_dropped += b->values_dropped;
	a->streams_dropped += b->streams_dropped;
	a->not_seen_packets += b->not_seen_packets;
	if (b->first_ns != 0 && (a->first_ns == 0 || b->first_ns < a->first_ns))
		a->first_ns = b->first_ns;
	if (b->last_ns > a->last_ns)
		a->last_ns = b->last_ns;
}

bool sums_hold(const struct sums *s)
{
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		struct tally in = s->pending_before[c];
		struct tally out = s->selected[c];
		tally_add(&in, s->seen[c].packets, s->seen[c].bytes);
		tally_add(&out, s->pending_after[c].packets, s->pending_after[c].bytes);
		for (size_t r = 0; r < ERASED_REASONS; r++)
			tally_add(&out, s->erased[c][r].packets, s->erased[c][r].bytes);
		if (in.packets != out.packets || in.bytes != out.bytes)
			return false;
	}
	return true;
}

void sums_next(struct sums *s)
{
	struct sums next = {.flows_pending = s->flows_pending};
	memcpy(next.pending_before, s->pending_after, sizeof(next.pending_before));
	*s = next;
}
