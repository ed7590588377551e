/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- adding ---- */

static void add_failures(struct report *report, const struct intake_result *intake)
{
	size_t room = INTAKE_FAILURES_MAX - report->failure_count;
	size_t count = intake->failure_count < room ? intake->failure_count : room;
	if (count == 0)
		return;
	struct intake_failure *more =
		realloc(report->failures, (report->failure_count + count) * sizeof(*more));
	if (more == NULL)
		return;
	memcpy(more + report->failure_count, intake->failures, count * sizeof(*more));
	report->failures = more;
	report->failure_count += count;
}

static void add_reason(struct importer_report *to, const char *reason, uint64_t count)
{
	size_t i = 0;
	while (i < to->reason_count && strcmp(to->reasons[i].reason, reason) != 0)
		i++;
	if (i == IMPORTER_REASONS)
		return;
	if (i == to->reason_count) {
		to->reasons[i].reason = reason;
		to->reasons[i].count = 0;
		to->reason_count++;
	}
	to->reasons[i].count += count;
}

static void add_left(struct report *report, const struct importer_report *from)
{
	struct importer_report *to = &report->left;
	to->left_out += from->left_out;
	for (size_t i = 0; i < from->reason_count; i++)
		add_reason(to, from->reasons[i].reason, from->reasons[i].count);
	size_t room = IMPORTER_TOLD_MAX - to->left_count;
	size_t count = from->left_count < room ? from->left_count : room;
	struct importer_left *more =
		count > 0 ? realloc(report->items, (to->left_count + count) * sizeof(*more)) : NULL;
	if (more == NULL)
		return;
	memcpy(more + to->left_count, from->left, count * sizeof(*more));
	report->items = more;
	to->left = more;
	to->left_count += count;
}

void report_add(struct report *report, const struct intake_result *intake,
		const struct importer_report *importer)
{
	report->parts++;
	report->objects += intake->objects;
	report->failed += intake->failed;
	for (size_t i = 0; i < OBJECT_OUTCOMES; i++)
		report->outcomes[i] += intake->outcomes[i];
	add_failures(report, intake);
	if (importer != NULL)
		add_left(report, importer);
}

void report_clear(struct report *report)
{
	free(report->failures);
	free(report->items);
	*report = (struct report){.parts = 0};
}

/* ---- writing ---- */

void report_failures_write(struct buf *b, const struct intake_failure *failures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct intake_failure *f = &failures[i];
		buf_addf(b, "%s{\"index\":%" PRIu64 ",\"id\":", i == 0 ? "" : ",", f->index);
		buf_json_string(b, f->id, strlen(f->id));
		buf_adds(b, ",\"pointer\":");
		buf_json_string(b, f->fault.place, strlen(f->fault.place));
		buf_adds(b, ",\"detail\":");
		buf_json_string(b, f->fault.message, strlen(f->fault.message));
		buf_addc(b, '}');
	}
}

static void write_item(struct buf *b, const struct importer_left *left)
{
	buf_addf(b, "{\"reason\":\"%s\",\"place\":", left->reason);
	buf_json_string(b, left->place, strlen(left->place));
	buf_adds(b, ",\"value\":");
	buf_json_string(b, left->value, strlen(left->value));
	buf_adds(b, ",\"detail\":");
	buf_json_string(b, left->detail, strlen(left->detail));
	buf_addc(b, '}');
}

void report_left_write(struct buf *b, const struct importer_report *left)
{
	buf_addf(b, "{\"total\":%" PRIu64 ",\"reasons\":{", left->left_out);
	for (size_t i = 0; i < left->reason_count; i++)
		buf_addf(b, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", left->reasons[i].reason,
			 left->reasons[i].count);
	buf_adds(b, "},\"items\":[");
	for (size_t i = 0; i < left->left_count; i++) {
		if (i > 0)
			buf_addc(b, ',');
		write_item(b, &left->left[i]);
	}
	buf_adds(b, "]}");
}

void report_write(struct buf *b, const struct report *report)
{
	const uint64_t *n = report->outcomes;
	uint64_t conflicts = n[OBJECT_CONFLICT];
	buf_addf(b,
		 "\"parts\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"objects\":%" PRIu64 ",\"new\":%" PRIu64
		 ",\"newer\":%" PRIu64 ",\"older\":%" PRIu64 ",\"same\":%" PRIu64 ",\"conflict\":%" PRIu64
		 ",\"refused\":%" PRIu64 ",\"failures\":[",
		 report->parts, report->bytes, report->objects, n[OBJECT_NEW], n[OBJECT_NEWER],
		 n[OBJECT_OLDER], n[OBJECT_SAME], conflicts, report->failed - conflicts);
	report_failures_write(b, report->failures, report->failure_count);
	buf_adds(b, "],\"left_out\":");
	report_left_write(b, &report->left);
}
