/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/receipt_check.h"

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
	memcpy(out->pending_before, s.pending_before, sizeof(s.pending_before));
	memcpy(out->pending_after, s.pending_after, sizeof(s.pending_after));
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

/* The form was checked: these are there and readable. */
static bool read_facts(const json_t *receipt, struct receipt_facts *out)
{
	const char *edge = json_string_value(json_object_get(receipt, "edge"));
	const char *epoch = json_string_value(json_object_get(receipt, "epoch"));
	const char *made = json_string_value(json_object_get(receipt, "made"));
	const char *former = json_string_value(json_object_get(receipt, "former"));
	const char *digest =
		json_string_value(json_object_get(json_object_get(receipt, "records"), "sha256"));

	out->has_former = former != NULL;
	return uuid_parse(edge, strlen(edge), &out->edge) == HN_OK &&
	       uuid_parse(epoch, strlen(epoch), &out->epoch) == HN_OK &&
	       utc_parse(made, strlen(made), &out->made_ns) == HN_OK &&
	       hex_decode(digest, strlen(digest), out->records_digest, SHA256_SIZE) == HN_OK &&
	       (former == NULL || hex_decode(former, strlen(former), out->former, SHA256_SIZE) == HN_OK);
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
		rc = HN_EFORMAT;
	json_decref(root);
	if (rc == HN_OK)
		*out = facts;
	return rc;
}
