/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/version.h"

#define FILE_NAME "state.json"
#define STATE_MAX (512u << 10)

void live_state_refused(struct live_state *s, int64_t at_ns, enum refusal r, const char *detail,
			const char *what, const char *name)
{
	struct live_refusal *to = &s->refusals[s->refusal_count++ % LIVE_REFUSALS_MAX];
	to->at_ns = at_ns;
	to->refusal = r;
	(void)snprintf(to->what, sizeof(to->what), "%s", what);
	(void)snprintf(to->name, sizeof(to->name), "%s", name);
	(void)snprintf(to->detail, sizeof(to->detail), "%s", detail);
}

static void add_text(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, "\"%s\":", name);
	buf_json_string(b, text, strlen(text));
}

static void add_time(struct buf *b, const char *name, int64_t time_ns)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	buf_addf(b, ",\"%s\":\"%s\"", name, text);
}

static void add_uuid(struct buf *b, const char *name, const struct uuid *u)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(u, text);
	buf_addf(b, "\"%s\":\"%s\"", name, text);
}

static void add_digest(struct buf *b, const char *name, const uint8_t digest[SHA256_SIZE])
{
	char hex[SHA256_HEX_SIZE];
	hex_encode(digest, SHA256_SIZE, hex);
	buf_addf(b, "\"%s\":\"%s\"", name, hex);
}

static void add_authority(struct buf *b, const struct live_state *s)
{
	const struct live_case *c = s->present;
	const struct live_world *w = s->world;

	buf_addf(b, ",\"trust\":{\"number\":%" PRIu64 ",", c->trust.number);
	add_digest(b, "sha256", c->trust.digest);
	buf_addf(b, ",\"mark\":\"%s\"},", trust_mark_name(c->trust.mark));
	add_digest(b, "domestic", domestic_digest(c->domestic->table));
	if (w->has_revocations) {
		buf_addf(b, ",\"revocations\":{\"number\":%" PRIu64, w->revocations.number);
		add_time(b, "next_update", w->revocations.next_update_ns);
		buf_addc(b, '}');
	}
	buf_addf(b, ",\"authorizations\":{\"read\":%zu}", w->document_count);
	if (c->authorization == NULL) {
		buf_addf(b, ",\"refused\":{\"reason\":\"%s\",", refusal_name(c->refused));
		add_text(b, "detail", c->detail.text);
		buf_addc(b, '}');
		return;
	}
	buf_addf(b, ",\"authorization\":{\"id\":\"%s\",", c->authorization->id_text);
	add_digest(b, "sha256", c->authorization->digest);
	add_time(b, "until", c->authorization->until_ns);
	add_time(b, "stops", c->stops_ns);
	buf_addf(b, ",\"pseudonym_secret\":\"%s\"}", c->secret_drawn ? "drawn" : "sealed");
}

static void add_sets(struct buf *b, const struct live_state *s)
{
	buf_adds(b, ",\"sets\":[");
	for (size_t i = 0; i < s->present->set_count; i++) {
		const struct live_set *set = s->present->sets[i];
		const struct set_info *info = set_info(set->set);
		buf_adds(b, i == 0 ? "{" : ",{");
		add_text(b, "name", set->name);
		buf_addc(b, ',');
		add_text(b, "id", info->id);
		buf_addf(b, ",\"version\":%lld,\"set_version\":\"%s\",\"layers\":%zu,\"entries\":%" PRIu64,
			 (long long)set->version, info->version, info->layers, info->entries);
		if (set->since_ns != 0) {
			add_time(b, "since", set->since_ns);
			buf_addf(b, ",\"took_us\":%lld", (long long)(set->took_ns / 1000));
		}
		buf_addc(b, '}');
	}
	buf_addf(b, "],\"sets_ignored\":%zu", s->world->ignored);
}

static struct tally total(const struct tally t[SUMS_CLASSES])
{
	struct tally sum = {0};
	for (size_t c = 0; c < SUMS_CLASSES; c++)
		tally_add(&sum, t[c].packets, t[c].bytes);
	return sum;
}

static void add_tally(struct buf *b, const char *name, struct tally t)
{
	buf_addf(b, ",\"%s\":{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", name, t.packets, t.bytes);
}

static void add_counters(struct buf *b, const struct live_state *s)
{
	struct tally erased = {0};
	for (size_t r = 0; r < ERASED_REASONS; r++)
		for (size_t c = 0; c < SUMS_CLASSES; c++)
			tally_add(&erased, s->sums.erased[c][r].packets, s->sums.erased[c][r].bytes);
	buf_addf(b,
		 ",\"counters\":{\"receipts\":%" PRIu64 ",\"records\":%" PRIu64 ",\"flows_begun\":%" PRIu64
		 ",\"flows_selected\":%" PRIu64 ",\"not_seen\":%" PRIu64 ",\"expired_records\":%" PRIu64,
		 s->receipts, s->records, s->sums.flows_seen, s->sums.flows_selected,
		 s->sums.not_seen_packets, s->erased_records);
	add_tally(b, "seen", total(s->sums.seen));
	add_tally(b, "selected", total(s->sums.selected));
	add_tally(b, "erased", erased);
	add_tally(b, "pending", total(s->sums.pending_after));
	buf_addc(b, '}');
}

static void add_process(struct buf *b, const char *name, const struct confinement *c)
{
	buf_addf(b, "\"%s\":{\"landlock_abi\":%u,\"seccomp\":%s,\"unprivileged\":%s},", name, c->landlock_abi,
		 c->system_calls ? "true" : "false", c->unprivileged ? "true" : "false");
}

static void add_refusals(struct buf *b, const struct live_state *s)
{
	size_t first = s->refusal_count > LIVE_REFUSALS_MAX ? s->refusal_count - LIVE_REFUSALS_MAX : 0;
	buf_addf(b, ",\"refusals\":{\"count\":%zu,\"last\":[", s->refusal_count);
	for (size_t i = first; i < s->refusal_count; i++) {
		const struct live_refusal *r = &s->refusals[i % LIVE_REFUSALS_MAX];
		buf_addf(b, "%s{\"refusal\":\"%s\",\"what\":\"%s\",", i == first ? "" : ",",
			 refusal_name(r->refusal), r->what);
		add_text(b, "name", r->name);
		buf_addc(b, ',');
		add_text(b, "detail", r->detail);
		add_time(b, "at", r->at_ns);
		buf_addc(b, '}');
	}
	buf_adds(b, "]}");
}

static const char *word_of(const struct live_state *s)
{
	if (s->stopped)
		return "stopped";
	if (s->present == NULL)
		return "starting";
	return s->present->authorization == NULL ? "not-authorised" : "selecting";
}

int live_state_write(const struct live_state *s, int dir_fd, int64_t now_ns)
{
	struct buf b;
	buf_init(&b, STATE_MAX);
	buf_addf(&b, "{\"state\":\"%s\",", word_of(s));
	add_uuid(&b, "sensor", &s->edge);
	buf_addc(&b, ',');
	add_uuid(&b, "epoch", &s->epoch);
	buf_addf(&b,
		 ",\"program\":{\"name\":\"hinomi-sensor\",\"version\":\"" HINOMI_VERSION
		 "\",\"build_id\":\"%s\"}",
		 version_build_id());
	add_time(&b, "begun", s->begun_ns);
	add_time(&b, "now", now_ns);
	add_time(&b, "newest_signed", s->world->newest_signed_ns);
	buf_addf(&b, ",\"input\":{\"state\":\"%s\",", s->replay ? "replay" : "interface");
	add_text(&b, "name", s->input);
	buf_addc(&b, '}');
	if (s->present != NULL) {
		add_time(&b, "since", s->since_ns);
		add_authority(&b, s);
		add_sets(&b, s);
	}
	if (s->receipt != 0) {
		buf_addf(&b, ",\"receipt\":{\"number\":%" PRIu64, s->receipt);
		add_time(&b, "made", s->receipt_ns);
		buf_addc(&b, '}');
	}
	add_counters(&b, s);
	buf_adds(&b, ",\"sandbox\":{");
	add_process(&b, "parser", s->parser);
	add_process(&b, "writer", s->writer);
	buf_addf(&b, "\"memory_locked\":%s}", s->memory_locked ? "true" : "false");
	add_refusals(&b, s);
	buf_adds(&b, "}\n");
	int rc = buf_err(&b);
	if (rc == HN_OK)
		rc = file_write_whole_at(dir_fd, FILE_NAME, b.data, b.len, 0640, true);
	buf_clear(&b);
	return rc;
}
