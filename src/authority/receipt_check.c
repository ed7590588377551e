/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/receipt_check.h"

#include <stdio.h>
#include <string.h>

#include "authority/class.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"

#define HEADER_MAX 256

static struct tally tally_of(const json_t *o)
{
	return (struct tally){(uint64_t)json_integer_value(json_object_get(o, "packets")),
			      (uint64_t)json_integer_value(json_object_get(o, "bytes"))};
}

static const char *class_name(size_t c)
{
	return c == SUMS_UNDECODED ? "undecoded" : flow_class_name((enum flow_class)c);
}

/* A sum that does not fit 64 bits holds for no receipt. */
static bool add(struct tally *to, const struct tally *t)
{
	return !__builtin_add_overflow(to->packets, t->packets, &to->packets) &&
	       !__builtin_add_overflow(to->bytes, t->bytes, &to->bytes);
}

static bool same(const struct tally *a, const struct tally *b)
{
	return a->packets == b->packets && a->bytes == b->bytes;
}

/* One side, whose total must be the sum of its classes. */
static bool read_side(const json_t *sums, const char *name, struct tally out[SUMS_CLASSES])
{
	const json_t *side = json_object_get(sums, name);
	const json_t *by_class = json_object_get(side, "by_class");
	struct tally stated = tally_of(side), total = {0};
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		out[c] = tally_of(json_object_get(by_class, class_name(c)));
		if (!add(&total, &out[c]))
			return false;
	}
	return same(&stated, &total) && (strcmp(name, "erased") == 0 || !json_object_get(side, "by_reason"));
}

/* What was erased, by reason; of each class the sum of its reasons. */
static bool read_reasons(const json_t *sums, const struct tally by_class[SUMS_CLASSES], struct sums *out)
{
	const json_t *reasons = json_object_get(json_object_get(sums, "erased"), "by_reason");
	if (reasons == NULL)
		return false;
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		const json_t *of_class = json_object_get(reasons, class_name(c));
		struct tally total = {0};
		for (size_t r = ERASED_NOTHING + 1; r < ERASED_REASONS; r++) {
			out->erased[c][r] = tally_of(
				json_object_get(of_class, erased_reason_name((enum erased_reason)r)));
			if (!add(&total, &out->erased[c][r]))
				return false;
		}
		if (!same(&total, &by_class[c]))
			return false;
	}
	return true;
}

static uint64_t count_of(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

/* The counts beside the sums of packets. */
static void read_counts(const json_t *receipt, struct sums *s)
{
	const json_t *flows = json_object_get(receipt, "flows");
	const json_t *erased = json_object_get(flows, "erased");
	for (size_t r = ERASED_NOTHING + 1; r < ERASED_REASONS; r++)
		s->flows_erased[r] = count_of(erased, erased_reason_name((enum erased_reason)r));
	s->flows_seen = count_of(flows, "begun");
	s->flows_selected = count_of(flows, "selected");
	s->flows_pending = count_of(flows, "pending");
	s->not_seen_packets = count_of(receipt, "not_seen");
	s->values_dropped = count_of(receipt, "values_dropped");
	s->streams_dropped = count_of(receipt, "streams_dropped");
}

static int check_sums(const json_t *receipt, struct receipt_facts *out, struct fault *fault)
{
	const json_t *sums = json_object_get(receipt, "sums");
	struct sums s = {0};
	struct tally erased[SUMS_CLASSES];

	bool whole = read_side(sums, "pending_before", s.pending_before) && read_side(sums, "seen", s.seen) &&
		     read_side(sums, "selected", s.selected) && read_side(sums, "erased", erased) &&
		     read_side(sums, "pending_after", s.pending_after) && read_reasons(sums, erased, &s);
	if (!whole || !sums_hold(&s))
		return fault_set(fault, HN_EAUTH, "/receipt/sums", "%s",
				 tr("do not add up", "の収支が合わない"));
	read_counts(receipt, &s);
	out->sums = s;
	return HN_OK;
}

/* The header says Ed25519 and a key, and nothing else; with a key, that one. */
static int check_header(const char *header, const struct key_public *key, struct fault *fault)
{
	char kid[KEY_ID_SIZE] = "", wanted[HEADER_MAX];
	struct buf text;

	buf_init(&text, HEADER_MAX - 1);
	int rc = base64url_decode(header, strlen(header), &text);
	if (rc == HN_OK) {
		int n = text.data == NULL
				? 0
				: sscanf(text.data, "{\"alg\":\"Ed25519\",\"kid\":\"%43[A-Za-z0-9_-]", kid);
		(void)snprintf(wanted, sizeof(wanted), "{\"alg\":\"Ed25519\",\"kid\":\"%s\"}", kid);
		if (n != 1 || strlen(kid) != KEY_ID_SIZE - 1 || strlen(wanted) != text.len ||
		    memcmp(wanted, text.data, text.len) != 0)
			rc = HN_EFORMAT;
	}
	buf_clear(&text);
	if (rc == HN_ENOMEM)
		return rc;
	if (rc != HN_OK)
		return fault_set(fault, HN_EFORMAT, "/protected", "%s",
				 tr("is no header of a signature", "は署名のヘッダではない"));
	if (key != NULL && strcmp(key->id, kid) != 0)
		return fault_set(
			fault, HN_EAUTH, "/protected", "%s",
			tr("names another key than this edge's", "がこのエッジの鍵ではない鍵を示している"));
	return HN_OK;
}

/* There is one spelling of a line, so that what was verified is every byte of it. */
static int check_spelling(const char *line, size_t len, const json_t *root, struct fault *fault)
{
	struct buf text;
	buf_init(&text, RECEIPT_LINE_MAX);
	buf_adds(&text, "{\"receipt\":");
	json_add(&text, json_object_get(root, "receipt"));
	buf_addf(&text, ",\"protected\":\"%s\",\"signature\":\"%s\"}",
		 json_string_value(json_object_get(root, "protected")),
		 json_string_value(json_object_get(root, "signature")));
	int rc = buf_err(&text);
	if (rc == HN_OK && (text.len != len || memcmp(text.data, line, len) != 0))
		rc = fault_set(fault, HN_EFORMAT, "", "%s",
			       tr("is not spelt as a receipt is written", "が受領証の書式と異なる"));
	buf_clear(&text);
	return rc;
}

static int check_signature_form(const char *signature, struct fault *fault)
{
	struct buf bytes;
	buf_init(&bytes, KEY_SIGNATURE_SIZE);
	int rc = base64url_decode(signature, strlen(signature), &bytes);
	bool whole = rc == HN_OK && bytes.len == KEY_SIGNATURE_SIZE;
	buf_clear(&bytes);
	if (rc == HN_ENOMEM || whole)
		return rc;
	return fault_set(fault, HN_EFORMAT, "/signature", "%s", tr("is no signature", "は署名ではない"));
}

static int check_line(const char *line, size_t len, const json_t *root, const struct key_public *key,
		      struct fault *fault)
{
	static const char *const names[] = {"receipt", "protected", "signature", NULL};
	const json_t *receipt = NULL;
	const char *header = NULL, *signature = NULL;

	int rc = json_only(root, names, fault);
	if (rc == HN_OK)
		rc = json_get_object(root, "receipt", true, &receipt, fault);
	if (rc == HN_OK)
		rc = json_get_string(root, "protected", true, &header, fault);
	if (rc == HN_OK)
		rc = json_get_string(root, "signature", true, &signature, fault);
	if (rc == HN_OK)
		rc = receipt_form(receipt, fault);
	if (rc == HN_OK)
		rc = check_header(header, key, fault);
	if (rc == HN_OK)
		rc = check_signature_form(signature, fault);
	return rc == HN_OK ? check_spelling(line, len, root, fault) : rc;
}

static const char *text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static bool read_digest(const json_t *o, const char *name, uint8_t out[SHA256_SIZE])
{
	const char *text = text_of(o, name);
	return text != NULL && hex_decode(text, strlen(text), out, SHA256_SIZE) == HN_OK;
}

static bool read_uuid(const json_t *o, const char *name, struct uuid *out)
{
	const char *text = text_of(o, name);
	return text != NULL && uuid_parse(text, strlen(text), out) == HN_OK;
}

static bool read_time(const json_t *o, const char *name, int64_t *out)
{
	const char *text = text_of(o, name);
	return text != NULL && utc_parse(text, strlen(text), out) == HN_OK;
}

static bool read_authorizations(const json_t *list, struct receipt_facts *out)
{
	out->authorization_count = json_array_size(list);
	for (size_t i = 0; i < out->authorization_count; i++) {
		const json_t *item = json_array_get(list, i);
		if (!read_uuid(item, "id", &out->authorizations[i].id) ||
		    !read_digest(item, "sha256", out->authorizations[i].digest))
			return false;
	}
	return true;
}

/* What is told only of a live sensor, and what it may leave out. */
static bool read_live(const json_t *receipt, struct receipt_facts *out)
{
	const char *state = text_of(json_object_get(receipt, "input"), "state");
	const char *refused = text_of(receipt, "refused");
	const json_t *flows = json_object_get(receipt, "flows");
	bool secret = strcmp(text_of(receipt, "pseudonym_secret"), "none") != 0;

	out->live = strcmp(state, "interface") == 0 || strcmp(state, "replay") == 0;
	out->flows_ended = count_of(flows, "ended");
	for (unsigned r = 0; refused != NULL && r < REFUSAL_COUNT; r++)
		if (strcmp(refused, refusal_name((enum refusal)r)) == 0)
			out->refused = (enum refusal)r;
	bool none = out->authorization_count == 0;
	return out->live == (json_object_get(flows, "ended") != NULL) && none == (refused != NULL) &&
	       none != secret && (out->live || !none);
}

/* The form was checked: these are there and readable. */
static bool read_facts(const json_t *receipt, struct receipt_facts *out)
{
	const json_t *interval = json_object_get(receipt, "interval");
	const char *mark = text_of(receipt, "trust_mark");

	out->has_former = json_object_get(receipt, "former") != NULL;
	if (mark != NULL)
		out->mark = strcmp(mark, trust_mark_name(TRUST_MARK_DEMO)) == 0 ? TRUST_MARK_DEMO
										: TRUST_MARK_TEST;
	return read_uuid(receipt, "edge", &out->edge) && read_uuid(receipt, "epoch", &out->epoch) &&
	       read_time(receipt, "made", &out->made_ns) && read_time(interval, "from", &out->from_ns) &&
	       read_time(interval, "until", &out->until_ns) && read_digest(receipt, "trust", out->trust) &&
	       read_digest(receipt, "domestic", out->domestic) &&
	       read_digest(json_object_get(receipt, "records"), "sha256", out->records_digest) &&
	       (!out->has_former || read_digest(receipt, "former", out->former)) &&
	       read_authorizations(json_object_get(receipt, "authorizations"), out) &&
	       read_live(receipt, out);
}

int receipt_check(const char *line, size_t len, const struct key_public *key, struct receipt_facts *out,
		  struct fault *fault)
{
	struct receipt_facts facts = {0};
	json_t *root = NULL;

	int rc = json_object_read(line, len, &root, fault);
	if (rc == HN_OK)
		rc = check_line(line, len, root, key, fault);
	if (rc == HN_OK)
		rc = receipt_read(line, len, key == NULL ? NULL : key->ed25519, &facts.tail, fault);
	if (rc == HN_OK)
		rc = check_sums(json_object_get(root, "receipt"), &facts, fault);
	if (rc == HN_OK && !read_facts(json_object_get(root, "receipt"), &facts))
		rc = fault_set(fault, HN_EFORMAT, "/receipt", "%s",
			       tr("has members that do not go together", "の要素が互いに矛盾している"));
	json_decref(root);
	if (rc == HN_OK)
		*out = facts;
	return rc;
}

static int bad_sequel(struct fault *fault, const char *what)
{
	return fault_set(fault, HN_EAUTH, "", "%s", what);
}

int receipt_follows(const struct receipt_facts *former, const uint8_t former_digest[SHA256_SIZE],
		    const struct receipt_facts *next, struct fault *fault)
{
	static const struct tally none[SUMS_CLASSES];
	bool same_run = former != NULL && memcmp(&next->epoch, &former->epoch, sizeof(next->epoch)) == 0;

	if (former != NULL && memcmp(&next->edge, &former->edge, sizeof(next->edge)) != 0)
		return bad_sequel(fault, tr("is of another sensor", "は別のセンサーのもの"));
	if (next->tail.number != (former == NULL ? 1 : former->tail.number + 1))
		return bad_sequel(fault, tr("has not the number that follows", "の番号が続いていない"));
	if (next->has_former != (former != NULL) ||
	    (former != NULL && memcmp(next->former, former_digest, SHA256_SIZE) != 0))
		return bad_sequel(fault, tr("does not hold the digest of the former receipt",
					    "が前の受領証のダイジェストを持っていない"));
	if (memcmp(next->sums.pending_before, same_run ? former->sums.pending_after : none, sizeof(none)) !=
	    0)
		return bad_sequel(fault, tr("does not go on from what the former left pending",
					    "の保留が前の受領証から続いていない"));
	if (next->tail.records_begin != (former == NULL ? 0 : former->tail.records_end))
		return bad_sequel(fault, tr("has records that do not begin where the former receipt's end",
					    "の記録が、前の受領証の記録の終わりから始まっていない"));
	return HN_OK;
}
