/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/receipt.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"

/* What the signature covers: the protected header and the receipt, both in base64url (RFC 7515, 5.1). */
static void signing_input(struct buf *b, const char *header, size_t header_len, const char *receipt,
			  size_t len)
{
	buf_add(b, header, header_len);
	buf_addc(b, '.');
	base64url_add(b, receipt, len);
}

int receipt_seal(const char *receipt, size_t len, const struct key *identity, struct buf *out)
{
	struct buf header, header_text, input;
	uint8_t signature[KEY_SIGNATURE_SIZE];

	buf_init(&header, 512);
	buf_init(&header_text, 1024);
	buf_init(&input, 2 * RECEIPT_MAX);
	buf_addf(&header, "{\"alg\":\"Ed25519\",\"kid\":\"%s\"}", key_public(identity)->id);
	base64url_add(&header_text, header.data, header.len);
	int rc = buf_err(&header);
	if (rc == HN_OK)
		rc = buf_err(&header_text);
	if (rc == HN_OK) {
		signing_input(&input, header_text.data, header_text.len, receipt, len);
		rc = buf_err(&input);
	}
	if (rc == HN_OK) {
		key_sign(identity, input.data, input.len, signature);
		buf_adds(out, "{\"receipt\":");
		buf_add(out, receipt, len);
		buf_addf(out, ",\"protected\":\"%s\",\"signature\":\"", header_text.data);
		base64url_add(out, signature, sizeof(signature));
		buf_adds(out, "\"}\n");
		rc = buf_err(out);
	}
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
	int64_t selected = 0, ended = -1, packets = 0, bytes = 0;

	int rc = json_get_object(receipt, "flows", true, &flows, fault);
	if (rc == HN_OK)
		rc = json_get_int(flows, "selected", true, 0, INT64_MAX, &selected, fault);
	if (rc == HN_OK)
		rc = json_get_int(flows, "ended", false, 0, INT64_MAX, &ended, fault);
	if (rc == HN_OK)
		rc = json_get_object(receipt, "sums", true, &sums, fault);
	if (rc == HN_OK)
		rc = json_get_object(sums, "pending_after", true, &after, fault);
	if (rc == HN_OK)
		rc = json_get_int(after, "packets", true, 0, INT64_MAX, &packets, fault);
	if (rc == HN_OK)
		rc = json_get_int(after, "bytes", true, 0, INT64_MAX, &bytes, fault);
	out->flows_selected = (uint64_t)selected;
	if (ended >= 0)
		out->flows_ended = (uint64_t)ended;
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
	left.flows_ended = (uint64_t)count; /* of files: each record is that of a flow that ended */
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
					     .flows_ended = left.flows_ended,
					     .pending_packets = left.pending_packets,
					     .pending_bytes = left.pending_bytes};
	return rc;
}
