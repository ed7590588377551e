/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What others ask of an event_log. */
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "match/canonical.h"
#include "resolver/event_log_inside.h"
#include "resolver/registrable.h"

#define TOP_SHOWN 100
#define DAY_NS    (86400 * NS_SECOND)

static uint64_t now_of(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void event_log_counts(const struct event_log *log, struct event_log_counts *out)
{
	*out = (struct event_log_counts){
		.events = now_of(&log->count_events),
		.records = now_of(&log->count_records),
		.unwritten = now_of(&log->count_unwritten),
		.sites = now_of(&log->count_sites),
		.removed = now_of(&log->count_removed),
		.failing = atomic_load_explicit(&log->count_failing, memory_order_relaxed),
	};
	for (size_t i = 0; i < log->feed_count; i++) {
		out->lost += event_ring_lost(log->feeds[i].events);
		if (log->feeds[i].sites)
			out->sites_lost += now_of(&log->feeds[i].sites->lost);
	}
}

static void add_value(const struct event_top_item *item, struct buf *out)
{
	const struct entry_key key = {(enum entry_kind)item->kind, item->key_len, item->key};
	struct buf value;
	buf_init(&value, 4 * ENTRY_KEY_MAX);
	if (key.len == 0)
		buf_addc(&value, '*');
	else
		canonical_format(&key, &value);
	buf_adds(out, "{\"entry\":");
	buf_json_string(out, value.data ? value.data : "", value.len);
	buf_clear(&value);
}

static void add_item(struct event_log *log, const struct event_top_item *item, struct buf *out)
{
	add_value(item, out);
	buf_addf(out, ",\"kind\":\"%s\",\"trigger\":\"%s\",\"action\":\"%s\",\"policy\":",
		 entry_kind_name((enum entry_kind)item->kind),
		 policy_trigger_name((enum policy_trigger)item->trigger),
		 policy_action_name((enum policy_action)item->action));
	const struct resolver_group *group;
	const struct event_set *set =
		event_names_lock(log->names, event_names_newest(log->names), item->set, 0, &group);
	buf_json_string(out, set ? set->name : "", set ? strlen(set->name) : 0);
	event_names_unlock(log->names);
	buf_addf(out, ",\"count\":%llu,\"over\":%llu}", (unsigned long long)item->count,
		 (unsigned long long)item->over);
}

int event_log_top(struct event_log *log, struct buf *out)
{
	char since[UTC_SIZE];
	struct event_top_item *items = malloc(TOP_SHOWN * sizeof(*items));
	if (!items)
		return HN_ENOMEM;
	(void)pthread_mutex_lock(&log->top_lock);
	size_t n = event_top_list(log->top, items, TOP_SHOWN);
	(void)pthread_mutex_unlock(&log->top_lock);
	utc_format(log->since_ns, since);
	buf_addf(out, "{\"since\":\"%s\",\"entries\":[", since);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(out, ',');
		add_item(log, &items[i], out);
	}
	buf_adds(out, "]}");
	free(items);
	return buf_err(out);
}

int event_log_sketch(struct event_log *log, const uint8_t *name, size_t len, int64_t utc_ns, struct buf *out)
{
	size_t keep = registrable_len(name, len);
	if (!log->sketch)
		return HN_ENOENT;
	if (keep == 0)
		return HN_EFORMAT;
	const uint8_t *site = name + len - keep;
	const struct entry_key key = {ENTRY_NAME, (uint16_t)keep, site};
	uint64_t hash = sketch_site(sketch_key(log->sketch), site, keep);
	struct buf text;
	buf_init(&text, 4 * ENTRY_KEY_MAX);
	canonical_format(&key, &text);
	buf_adds(out, "{\"name\":");
	buf_json_string(out, text.data ? text.data : "", text.len);
	buf_clear(&text);
	buf_adds(out, ",\"days\":[");
	for (int64_t day = utc_ns / DAY_NS, i = 0; i < SKETCH_DAYS; i++, day--) {
		char date[UTC_SIZE];
		utc_format(day * DAY_NS, date);
		enum sketch_level level = sketch_level_of(sketch_count(log->sketch, day, hash));
		buf_addf(out, "%s{\"day\":\"%.10s\",\"asked\":\"%s\"}", i > 0 ? "," : "", date,
			 sketch_level_name(level));
	}
	buf_adds(out, "]}");
	return buf_err(out);
}

uint64_t event_log_site(const struct event_log *log, const uint8_t *name, size_t len)
{
	return log->sketch ? sketch_site_of(sketch_key(log->sketch), name, len) : 0;
}

int event_log_directory(const struct event_log *log)
{
	return log->dir_fd;
}

const int *event_log_system_calls(size_t *count_out)
{
	static const int calls[] = {
		SCMP_SYS(openat),    SCMP_SYS(close),      SCMP_SYS(read),     SCMP_SYS(pread64),
		SCMP_SYS(write),     SCMP_SYS(pwrite64),   SCMP_SYS(fstat),    SCMP_SYS(newfstatat),
		SCMP_SYS(ftruncate), SCMP_SYS(fsync),      SCMP_SYS(renameat), SCMP_SYS(unlinkat),
		SCMP_SYS(mkdirat),   SCMP_SYS(getdents64), SCMP_SYS(fcntl),    SCMP_SYS(lseek),
		SCMP_SYS(getrandom),
	};
	*count_out = sizeof(calls) / sizeof(calls[0]);
	return calls;
}
