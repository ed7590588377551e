/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* A receipt: kept as it came, with what was found of it here. Whoever does not trust us asks the witness. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/receipt_check.h"
#include "base/digest.h"
#include "base/lang.h"
#include "hub/edge/report.h"
#include "hub/request/request_store.h"
#include "store/authorizations.h"
#include "store/edge_documents.h"
#include "store/edge_receipts.h"

#define FINDING_SIZE 1024
/* That no interval reaches, and that sums over all receipts of an edge stay far from. */
#define PACKETS_MAX UINT64_C(1000000000000)
#define RECORDS_MAX UINT64_C(1000000000)

/* The receipt before. */
struct former {
	bool any;
	struct receipt_facts facts;
	bool readable;
	uint8_t digest[SHA256_SIZE];
	int64_t number, records_through;
};

static int take_former(void *context, const struct edge_receipt *row)
{
	struct former *f = context;
	struct fault fault;
	f->any = true;
	f->readable = receipt_check(row->line, row->line_len, NULL, &f->facts, &fault) == HN_OK;
	memcpy(f->digest, row->digest, sizeof(f->digest));
	f->number = row->number;
	f->records_through = row->records_through;
	return HN_OK;
}

static void find(char finding[FINDING_SIZE], const char *place, const char *message)
{
	(void)snprintf(finding, FINDING_SIZE, "%s%s%s", place, place[0] != '\0' ? ": " : "", message);
}

static void check_chain(const struct former *f, const struct receipt_facts *facts, char finding[FINDING_SIZE])
{
	struct fault fault = {0};
	if (f->any && !f->readable)
		return;
	if (receipt_follows(f->any ? &f->facts : NULL, f->digest, facts, &fault) != HN_OK)
		find(finding, fault.place, fault.message);
}

static bool is_possible(const struct receipt_facts *facts)
{
	uint64_t packets = facts->sums.not_seen_packets;
	for (size_t c = 0; c < SUMS_CLASSES; c++)
		packets += facts->sums.pending_before[c].packets + facts->sums.seen[c].packets;
	return packets <= PACKETS_MAX && facts->tail.records <= RECORDS_MAX;
}

static void add_sums(struct edge_receipt *row, const struct sums *s)
{
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		row->seen += (int64_t)s->seen[c].packets;
		row->selected += (int64_t)s->selected[c].packets;
		row->pending += (int64_t)s->pending_after[c].packets;
		for (size_t why = 0; why < ERASED_REASONS; why++)
			row->erased += (int64_t)s->erased[c][why].packets;
	}
	row->not_seen = (int64_t)s->not_seen_packets;
}

int report_finding(struct report *r, int64_t receipt, const char *finding)
{
	struct buf record;
	char edge[UUID_TEXT_SIZE];
	uuid_format(&r->peer->id, edge);
	buf_init(&record, 4096);
	buf_addf(&record, "{\"edge\":\"%s\",\"finding\":", edge);
	buf_json_string(&record, finding, strlen(finding));
	buf_addf(&record, ",\"receipt\":%lld}", (long long)receipt);
	int err = buf_err(&record);
	if (err == HN_OK)
		err = request_note(r->w, r->request, "hub.receipt.finding", record.data, record.len);
	buf_clear(&record);
	return err;
}

/* A receipt comes again when its answer was lost; another one of its number never does. */
static int check_same(struct report *r, const struct edge_receipt *row)
{
	static const char other[] = "/number: another receipt of this number came";
	bool same = true;
	int err = edge_receipts_same(r->w, row, &same);
	if (err != HN_OK || same)
		return err;
	err = edge_receipts_find(r->w, row->edge, row->number, other);
	return err == HN_OK ? report_finding(r, row->number, other) : err;
}

static int keep(struct report *r, const struct receipt_facts *facts, const struct former *former,
		const char *line, size_t len, char finding[FINDING_SIZE])
{
	struct uuid authorizations[RECEIPT_AUTHORIZATIONS_MAX];
	struct edge_receipt row = {
		.edge = r->peer->number,
		.number = (int64_t)facts->tail.number,
		.made_us = facts->made_ns / 1000,
		.begins_us = facts->from_ns / 1000,
		.ends_us = facts->until_ns / 1000,
		.records = (int64_t)facts->tail.records,
		.records_through = former->records_through + (int64_t)facts->tail.records,
		.erase_by_us = facts->tail.erase_by_ns / 1000,
		.line = line,
		.line_len = len,
		.authorizations = authorizations,
		.authorization_count = facts->authorization_count,
	};
	bool is_new = false;
	for (size_t i = 0; i < facts->authorization_count; i++)
		authorizations[i] = facts->authorizations[i].id;
	memcpy(row.records_digest, facts->records_digest, sizeof(row.records_digest));
	sha256(line, len, row.digest);
	add_sums(&row, &facts->sums);
	row.holds = finding[0] == '\0';
	row.finding = finding;
	int err = edge_receipts_add(r->w, &row, &is_new);
	if (err == HN_OK && is_new && !row.holds)
		err = report_finding(r, row.number, finding);
	else if (err == HN_OK && !is_new)
		err = check_same(r, &row);
	r->taken += is_new;
	r->known += !is_new;
	return err;
}

int report_receipt(struct report *r, const char *line, size_t len)
{
	char finding[FINDING_SIZE] = "";
	struct fault fault = {0};
	struct receipt_facts *facts = malloc(sizeof(*facts));
	struct former *former = calloc(1, sizeof(*former));
	int err = facts == NULL || former == NULL ? HN_ENOMEM : HN_OK;
	if (err == HN_OK && receipt_check(line, len, &r->peer->key, facts, &fault) != HN_OK)
		err = report_refuse(r, fault.message);
	else if (err == HN_OK && uuid_compare(&facts->edge, &r->peer->id) != 0)
		err = report_refuse(r, "a receipt of another edge");
	else if (err == HN_OK && !is_possible(facts))
		err = report_refuse(r, "more packets or records than any interval has");
	else if (err == HN_OK) {
		err = edge_receipts_last(r->w, r->peer->number, take_former, former);
		if (err == HN_OK || err == HN_ENOENT) {
			check_chain(former, facts, finding);
			err = keep(r, facts, former, line, len, finding);
		}
	}
	free(former);
	free(facts);
	return err;
}
