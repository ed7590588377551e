/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/receipt_write.h"

#include <string.h>

#include "authority/class.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "base/version.h"

static json_t *number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *digest_text(const uint8_t digest[SHA256_SIZE])
{
	char text[SHA256_HEX_SIZE];
	hex_encode(digest, SHA256_SIZE, text);
	return json_string(text);
}

static json_t *time_text(int64_t time_ns)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	return json_string(text);
}

static json_t *uuid_text(const struct uuid *u)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(u, text);
	return json_string(text);
}

static json_t *tally_json(const struct tally *t)
{
	return json_pack("{s:o, s:o}", "packets", number(t->packets), "bytes", number(t->bytes));
}

static const char *class_name(size_t c)
{
	return c == SUMS_UNDECODED ? "undecoded" : flow_class_name((enum flow_class)c);
}

/* Takes over value; remembers when it could not be made or put. */
static void put(json_t *o, const char *name, json_t *value, bool *bad)
{
	if (json_object_set_new(o, name, value) != 0)
		*bad = true;
}

static void append(json_t *array, json_t *value, bool *bad)
{
	if (json_array_append_new(array, value) != 0)
		*bad = true;
}

/* One side of the account: the sum, and the classes that are not zero. */
static json_t *side_json(const struct tally t[SUMS_CLASSES], bool *bad)
{
	struct tally total = {0};
	json_t *classes = json_object();
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		tally_add(&total, t[c].packets, t[c].bytes);
		if (t[c].packets > 0)
			put(classes, class_name(c), tally_json(&t[c]), bad);
	}
	json_t *side = tally_json(&total);
	put(side, "by_class", classes, bad);
	return side;
}

static json_t *erased_json(const struct sums *s, bool *bad)
{
	struct tally by_class[SUMS_CLASSES] = {0};
	json_t *reasons = json_object();
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		json_t *of_class = json_object();
		for (size_t r = 0; r < ERASED_REASONS; r++) {
			const struct tally *t = &s->erased[c][r];
			tally_add(&by_class[c], t->packets, t->bytes);
			if (t->packets > 0)
				put(of_class, erased_reason_name((enum erased_reason)r), tally_json(t), bad);
		}
		if (json_object_size(of_class) > 0)
			put(reasons, class_name(c), of_class, bad);
		else
			json_decref(of_class);
	}
	json_t *side = side_json(by_class, bad);
	put(side, "by_reason", reasons, bad);
	return side;
}

static json_t *sums_json(const struct sums *s, bool *bad)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "pending_before", side_json(s->pending_before, bad),
			 "seen", side_json(s->seen, bad), "selected", side_json(s->selected, bad), "erased",
			 erased_json(s, bad), "pending_after", side_json(s->pending_after, bad));
}

static json_t *flows_json(const struct receipt *receipt, bool *bad)
{
	const struct sums *s = &receipt->sums->sums;
	json_t *erased = json_object();
	for (size_t r = 0; r < ERASED_REASONS; r++)
		if (s->flows_erased[r] > 0)
			put(erased, erased_reason_name((enum erased_reason)r), number(s->flows_erased[r]),
			    bad);
	json_t *flows =
		json_pack("{s:o, s:o, s:o, s:o}", "begun", number(s->flows_seen), "selected",
			  number(s->flows_selected), "erased", erased, "pending", number(s->flows_pending));
	if (receipt->live)
		put(flows, "ended", number(receipt->sums->flows_ended), bad);
	return flows;
}

static json_t *sets_json(const struct receipt_context *c, bool *bad)
{
	json_t *sets = json_array();
	for (size_t i = 0; i < c->set_count; i++) {
		const struct set_info *info = set_info(c->sets[i]);
		json_t *layers = json_array();
		for (size_t layer = 0; layer < info->layers; layer++)
			append(layers, digest_text(set_layer_digest(c->sets[i], layer)), bad);
		append(sets,
		       json_pack("{s:s, s:s, s:o, s:o}", "id", info->id, "version", info->version, "layers",
				 layers, "entries", number(info->entries)),
		       bad);
	}
	return sets;
}

static json_t *process_json(const struct confinement *c)
{
	return json_pack("{s:i, s:b, s:b}", "landlock_abi", (int)c->landlock_abi, "seccomp", c->system_calls,
			 "unprivileged", c->unprivileged);
}

/* A name that is no UTF-8 is told with question marks, as log lines tell it. */
static json_t *name_json(const char *name)
{
	char text[4096];
	size_t len = strlen(name) < sizeof(text) ? strlen(name) : sizeof(text) - 1;
	memcpy(text, name, len);
	len = utf8_uncut_len(text, len);
	for (size_t i = 0, n; i < len; i += n == 0 ? 1 : n) {
		n = utf8_char_len(text + i, len - i);
		if (n == 0)
			text[i] = '?';
	}
	return json_stringn(text, len);
}

static json_t *input_json(const struct receipt *r, bool *bad)
{
	json_t *input = json_pack("{s:o, s:s, s:o, s:o, s:b}", "name", name_json(r->input), "state",
				  r->input_state, "packets", number(r->sums->records), "bytes",
				  number(r->sums->input_bytes), "cut", r->sums->cut);
	if (r->sums->has_digest)
		put(input, "sha256", digest_text(r->sums->digest), bad);
	if (r->sums->has_digest && r->digest_given)
		put(input, "sha256_given", json_true(), bad);
	return input;
}

/* Without a packet there is no time of one: then it is the moment at which the receipt was made. */
static json_t *interval_json(const struct receipt *r)
{
	const struct sums *s = &r->sums->sums;
	bool empty = true;
	if (r->live)
		return json_pack("{s:o, s:o}", "from", time_text(r->from_ns), "until",
				 time_text(r->until_ns));
	for (size_t c = 0; c < SUMS_CLASSES; c++)
		empty = empty && s->seen[c].packets == 0;
	return json_pack("{s:o, s:o}", "from", time_text(empty ? r->made_ns : (int64_t)s->first_ns), "until",
			 time_text(empty ? r->made_ns : (int64_t)s->last_ns));
}

/*
 * When the records' retention ends: counted from the run's beginning, before any was made; of what was
 * recorded elsewhere at most from the end of the validity, as `--recorded` itself is.
 */
static int64_t erase_by(const struct receipt_context *c, const struct receipt *r)
{
	const struct authorization *a = c->authorization;
	if (a == NULL)
		return r->made_ns;
	/* Live: from the interval's beginning, before any of its records was made. */
	int64_t begun_ns = r->live ? r->from_ns : c->begun_ns;
	int64_t from = begun_ns < a->until_ns ? begun_ns : a->until_ns;
	int64_t end;
	return __builtin_add_overflow(from, a->retention_ns, &end) || end > UTC_MAX_NS ? UTC_MAX_NS : end;
}

/* @return NULL when there was no memory for some member: a receipt is whole or none */
static json_t *receipt_json(const struct receipt_context *c, const struct receipt *r)
{
	const struct sums *s = &r->sums->sums;
	json_t *o = json_object();
	bool bad = o == NULL;
	put(o, "version", json_integer(1), &bad);
	put(o, "edge", uuid_text(&c->edge), &bad);
	put(o, "epoch", uuid_text(&c->epoch), &bad);
	put(o, "number", number(r->number), &bad);
	put(o, "made", time_text(r->made_ns), &bad);
	put(o, "interval", interval_json(r), &bad);
	const struct authorization *a = c->authorization;
	put(o, "authorizations",
	    a == NULL ? json_array()
		      : json_pack("[{s:s, s:o}]", "id", a->id_text, "sha256", digest_text(a->digest)),
	    &bad);
	if (a == NULL)
		put(o, "refused", json_string(refusal_name(c->refused)), &bad);
	put(o, "trust", digest_text(c->trust->digest), &bad);
	if (c->trust->mark != TRUST_MARK_NONE)
		put(o, "trust_mark", json_string(trust_mark_name(c->trust->mark)), &bad);
	put(o, "domestic", digest_text(domestic_digest(c->domestic)), &bad);
	put(o, "sets", sets_json(c, &bad), &bad);
	put(o, "program",
	    json_pack("{s:s, s:s, s:s}", "name", c->program == NULL ? "hinomi-select" : c->program, "version",
		      HINOMI_VERSION, "build_id", version_build_id()),
	    &bad);
	put(o, "sandbox",
	    json_pack("{s:o, s:o, s:b}", "parser", process_json(c->parser), "writer", process_json(c->writer),
		      "memory_locked", c->memory_locked),
	    &bad);
	put(o, "recorded", json_boolean(c->recorded), &bad);
	put(o, "identified", json_boolean(a != NULL && a->identified), &bad);
	put(o, "pseudonym_secret",
	    json_string(a == NULL         ? "none"
			: c->secret_drawn ? "drawn"
					  : "sealed"),
	    &bad);
	put(o, "input", input_json(r, &bad), &bad);
	put(o, "sums", sums_json(s, &bad), &bad);
	put(o, "flows", flows_json(r, &bad), &bad);
	put(o, "not_seen", number(s->not_seen_packets), &bad);
	put(o, "values_dropped", number(s->values_dropped), &bad);
	put(o, "streams_dropped", number(s->streams_dropped), &bad);
	put(o, "records",
	    json_pack("{s:o, s:o, s:o, s:o, s:o}", "count", number(r->records_count), "offset",
		      number(r->records_offset), "bytes", number(r->records_bytes), "sha256",
		      digest_text(r->records_digest), "erase_by", time_text(erase_by(c, r))),
	    &bad);
	if (r->has_former)
		put(o, "former", digest_text(r->former), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

int receipt_add(const struct receipt_context *c, const struct receipt *r, struct buf *out)
{
	struct buf text;

	buf_init(&text, RECEIPT_MAX);
	json_t *o = receipt_json(c, r);
	if (o == NULL)
		text.err = HN_ENOMEM;
	else
		json_add(&text, o);
	json_decref(o);
	int rc = buf_err(&text);
	if (rc == HN_OK)
		rc = receipt_seal(text.data, text.len, c->identity, out);
	buf_clear(&text);
	return rc;
}
