/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/receipt.h"

#include <string.h>

#include "authority/class.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "base/version.h"

#define RECEIPT_MAX (256u << 10)

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

static json_t *flows_json(const struct sums *s, bool *bad)
{
	json_t *erased = json_object();
	for (size_t r = 0; r < ERASED_REASONS; r++)
		if (s->flows_erased[r] > 0)
			put(erased, erased_reason_name((enum erased_reason)r), number(s->flows_erased[r]),
			    bad);
	return json_pack("{s:o, s:o, s:o, s:o}", "begun", number(s->flows_seen), "selected",
			 number(s->flows_selected), "erased", erased, "pending", number(s->flows_pending));
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
	for (size_t c = 0; c < SUMS_CLASSES; c++)
		empty = empty && s->seen[c].packets == 0;
	return json_pack("{s:o, s:o}", "from", time_text(empty ? r->made_ns : (int64_t)s->first_ns), "until",
			 time_text(empty ? r->made_ns : (int64_t)s->last_ns));
}

/*
 * When the records' retention ends: counted from the run's beginning, before any was made; of what was
 * recorded elsewhere at most from the end of the validity, as `--recorded` itself is.
 */
static int64_t erase_by(const struct receipt_context *c)
{
	const struct authorization *a = c->authorization;
	int64_t from = c->begun_ns < a->until_ns ? c->begun_ns : a->until_ns;
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
	put(o, "authorizations",
	    json_pack("[{s:s, s:o}]", "id", c->authorization->id_text, "sha256",
		      digest_text(c->authorization->digest)),
	    &bad);
	put(o, "trust", digest_text(c->trust->digest), &bad);
	if (c->trust->mark != TRUST_MARK_NONE)
		put(o, "trust_mark", json_string(trust_mark_name(c->trust->mark)), &bad);
	put(o, "domestic", digest_text(domestic_digest(c->domestic)), &bad);
	put(o, "sets", sets_json(c, &bad), &bad);
	put(o, "program",
	    json_pack("{s:s, s:s, s:s}", "name", "hinomi-select", "version", HINOMI_VERSION, "build_id",
		      version_build_id()),
	    &bad);
	put(o, "sandbox",
	    json_pack("{s:o, s:o, s:b}", "parser", process_json(c->parser), "writer", process_json(c->writer),
		      "memory_locked", c->memory_locked),
	    &bad);
	put(o, "recorded", json_boolean(c->recorded), &bad);
	put(o, "identified", json_boolean(c->authorization->identified), &bad);
	put(o, "pseudonym_secret", json_string(c->secret_drawn ? "drawn" : "sealed"), &bad);
	put(o, "input", input_json(r, &bad), &bad);
	put(o, "sums", sums_json(s, &bad), &bad);
	put(o, "flows", flows_json(s, &bad), &bad);
	put(o, "not_seen", number(s->not_seen_packets), &bad);
	put(o, "values_dropped", number(s->values_dropped), &bad);
	put(o, "streams_dropped", number(s->streams_dropped), &bad);
	put(o, "records",
	    json_pack("{s:o, s:o, s:o, s:o, s:o}", "count", number(r->records_count), "offset",
		      number(r->records_offset), "bytes", number(r->records_bytes), "sha256",
		      digest_text(r->records_digest), "erase_by", time_text(erase_by(c))),
	    &bad);
	if (r->has_former)
		put(o, "former", digest_text(r->former), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* What the signature covers: the protected header and the receipt, both in base64url (RFC 7515, 5.1). */
static void signing_input(struct buf *b, const char *header, size_t header_len, const char *receipt,
			  size_t len)
{
	buf_add(b, header, header_len);
	buf_addc(b, '.');
	base64url_add(b, receipt, len);
}

int receipt_add(const struct receipt_context *c, const struct receipt *r, struct buf *out)
{
	struct buf text, header, header_text, input;
	uint8_t signature[KEY_SIGNATURE_SIZE];

	buf_init(&text, RECEIPT_MAX);
	buf_init(&header, 512);
	buf_init(&header_text, 1024);
	buf_init(&input, 2 * RECEIPT_MAX);
	json_t *o = receipt_json(c, r);
	if (o == NULL)
		text.err = HN_ENOMEM;
	else
		json_add(&text, o);
	json_decref(o);
	buf_addf(&header, "{\"alg\":\"Ed25519\",\"kid\":\"%s\"}", key_public(c->identity)->id);
	base64url_add(&header_text, header.data, header.len);
	int rc = buf_err(&text);
	if (rc == HN_OK)
		rc = buf_err(&header);
	if (rc == HN_OK)
		rc = buf_err(&header_text);
	if (rc == HN_OK) {
		signing_input(&input, header_text.data, header_text.len, text.data, text.len);
		rc = buf_err(&input);
	}
	if (rc == HN_OK) {
		key_sign(c->identity, input.data, input.len, signature);
		buf_adds(out, "{\"receipt\":");
		buf_add(out, text.data, text.len);
		buf_addf(out, ",\"protected\":\"%s\",\"signature\":\"", header_text.data);
		base64url_add(out, signature, sizeof(signature));
		buf_adds(out, "\"}\n");
		rc = buf_err(out);
	}
	buf_clear(&text);
	buf_clear(&header);
	buf_clear(&header_text);
	buf_clear(&input);
	return rc;
}

static int check_signature(const json_t *line, const json_t *receipt, const uint8_t ed25519[32],
			   struct fault *fault)
{
	const char *header = NULL, *signature_text = NULL;
	struct buf text, input, signature;

	int rc = json_get_string(line, "protected", true, &header, fault);
	if (rc == HN_OK)
		rc = json_get_string(line, "signature", true, &signature_text, fault);
	if (rc != HN_OK)
		return rc;
	buf_init(&text, RECEIPT_MAX);
	buf_init(&input, 2 * RECEIPT_MAX);
	buf_init(&signature, KEY_SIGNATURE_SIZE);
	json_add(&text, receipt);
	signing_input(&input, header, strlen(header), text.data == NULL ? "" : text.data, text.len);
	rc = base64url_decode(signature_text, strlen(signature_text), &signature);
	if (rc == HN_OK)
		rc = buf_err(&text);
	if (rc == HN_OK)
		rc = buf_err(&input);
	if (rc == HN_OK && signature.len != KEY_SIGNATURE_SIZE)
		rc = HN_EFORMAT;
	if (rc == HN_OK && !key_verify(ed25519, input.data, input.len, (const uint8_t *)signature.data))
		rc = fault_set(fault, HN_EAUTH, "/signature",
			       tr("does not hold for this edge's key", "はこのエッジの鍵で検証できない"));
	buf_clear(&text);
	buf_clear(&input);
	buf_clear(&signature);
	return rc;
}

/* What an interval left to the next: pending packets, and selected flows, whose records come at their end. */
static int read_left(const json_t *receipt, struct receipt_tail *out, struct fault *fault)
{
	const json_t *flows = NULL, *sums = NULL, *after = NULL;
	int64_t selected = 0, packets = 0, bytes = 0;

	int rc = json_get_object(receipt, "flows", true, &flows, fault);
	if (rc == HN_OK)
		rc = json_get_int(flows, "selected", true, 0, INT64_MAX, &selected, fault);
	if (rc == HN_OK)
		rc = json_get_object(receipt, "sums", true, &sums, fault);
	if (rc == HN_OK)
		rc = json_get_object(sums, "pending_after", true, &after, fault);
	if (rc == HN_OK)
		rc = json_get_int(after, "packets", true, 0, INT64_MAX, &packets, fault);
	if (rc == HN_OK)
		rc = json_get_int(after, "bytes", true, 0, INT64_MAX, &bytes, fault);
	out->flows_selected = (uint64_t)selected;
	out->pending_packets = (uint64_t)packets;
	out->pending_bytes = (uint64_t)bytes;
	return rc;
}

int receipt_read(const char *line, size_t len, const uint8_t ed25519[32], struct receipt_tail *out,
		 struct fault *fault)
{
	struct receipt_tail left = {0};
	json_t *root = NULL;
	const json_t *receipt = NULL, *records = NULL;
	const char *erase_by_text = NULL;
	int64_t n = 0, offset = 0, bytes = 0, count = 0, erase_by_ns = 0;

	int rc = json_object_read(line, len, &root, fault);
	if (rc != HN_OK)
		return rc;
	rc = json_get_object(root, "receipt", true, &receipt, fault);
	if (rc == HN_OK && ed25519 != NULL)
		rc = check_signature(root, receipt, ed25519, fault);
	if (rc == HN_OK)
		rc = json_get_int(receipt, "number", true, 1, INT64_MAX, &n, fault);
	if (rc == HN_OK)
		rc = json_get_object(receipt, "records", true, &records, fault);
	if (rc == HN_OK)
		rc = json_get_int(records, "offset", true, 0, INT64_MAX / 2, &offset, fault);
	if (rc == HN_OK)
		rc = json_get_int(records, "bytes", true, 0, INT64_MAX / 2, &bytes, fault);
	if (rc == HN_OK)
		rc = json_get_int(records, "count", true, 0, INT64_MAX, &count, fault);
	if (rc == HN_OK)
		rc = json_get_string(records, "erase_by", true, &erase_by_text, fault);
	if (rc == HN_OK && utc_parse(erase_by_text, strlen(erase_by_text), &erase_by_ns) != HN_OK)
		rc = fault_set(fault, HN_EFORMAT, "/receipt/records/erase_by",
			       tr("is no time", "は時刻ではない"));
	if (rc == HN_OK)
		rc = read_left(receipt, &left, fault);
	json_decref(root);
	if (rc == HN_OK)
		*out = (struct receipt_tail){.number = (uint64_t)n,
					     .records_begin = (uint64_t)offset,
					     .records_end = (uint64_t)offset + (uint64_t)bytes,
					     .records = (uint64_t)count,
					     .erase_by_ns = erase_by_ns,
					     .flows_selected = left.flows_selected,
					     .pending_packets = left.pending_packets,
					     .pending_bytes = left.pending_bytes};
	return rc;
}
