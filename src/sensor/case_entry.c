/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/case_entry.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/version.h"
#include "ledger/ledger.h"

static void add_counts(struct buf *b, const char *name, const uint64_t by_kind[ENTRY_KIND_COUNT])
{
	const char *comma = "";
	buf_addf(b, ",\"%s\":{", name);
	for (size_t kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
		if (by_kind[kind] == 0)
			continue;
		buf_addf(b, "%s\"%s\":%llu", comma, entry_kind_name((enum entry_kind)kind),
			 (unsigned long long)by_kind[kind]);
		comma = ",";
	}
	buf_addc(b, '}');
}

/* The layers of a set, newest first. An overlay is the list of changes itself, told by its digest and
 * counted; the last layer is the base. */
static void add_layers(struct buf *b, const struct set *s)
{
	char hex[SHA256_HEX_SIZE];
	struct set_changes changes;

	for (size_t layer = 0; layer < set_info(s)->layers; layer++) {
		hex_encode(set_layer_digest(s, layer), SHA256_SIZE, hex);
		set_layer_changes(s, layer, &changes);
		buf_addf(b, "%s{\"sha256\":\"%s\"", layer == 0 ? "" : ",", hex);
		add_counts(b, "added", changes.added);
		add_counts(b, "removed", changes.removed);
		buf_addc(b, '}');
	}
}

static void add_sets(struct buf *b, const struct case_entry *c)
{
	for (size_t i = 0; i < c->set_count; i++) {
		const struct set_info *info = set_info(c->sets[i]);
		buf_addf(b, "%s{\"id\":", i == 0 ? "" : ",");
		buf_json_string(b, info->id, strlen(info->id));
		buf_addf(b, ",\"entries\":%llu,\"layers\":[", (unsigned long long)info->entries);
		add_layers(b, c->sets[i]);
		buf_adds(b, "]}");
	}
}

int case_enter(struct output *o, const char *kind, const struct case_entry *c, int64_t time_ns)
{
	char epoch[UUID_TEXT_SIZE], hex[SHA256_HEX_SIZE];
	struct buf record;

	uuid_format(c->epoch, epoch);
	buf_init(&record, LEDGER_RECORD_MAX);
	buf_addf(&record, "{\"epoch\":\"%s\"", epoch);
	if (c->authorization != NULL) {
		hex_encode(c->authorization->digest, SHA256_SIZE, hex);
		buf_addf(&record, ",\"authorization\":\"%s\",\"authorization_sha256\":\"%s\"",
			 c->authorization->id_text, hex);
	} else {
		buf_addf(&record, ",\"refused\":\"%s\"", refusal_name(c->refused));
	}
	hex_encode(c->trust->digest, SHA256_SIZE, hex);
	buf_addf(&record, ",\"trust\":\"%s\"", hex);
	hex_encode(domestic_digest(c->domestic), SHA256_SIZE, hex);
	buf_addf(&record, ",\"domestic\":\"%s\",\"build_id\":\"%s\",\"sets\":[", hex, version_build_id());
	add_sets(&record, c);
	buf_adds(&record, "]}");
	int rc = buf_err(&record);
	if (rc == HN_OK)
		rc = output_entry(o, kind, record.data, record.len, time_ns);
	buf_clear(&record);
	return rc;
}

bool case_mended(const struct output_mended *m)
{
	return m->records_dropped != 0 || m->receipt_added || m->pending_packets != 0 || m->flows_lost != 0;
}

int case_enter_mended(struct output *o, const struct output_mended *m, int64_t time_ns)
{
	char record[256];
	if (!case_mended(m))
		return HN_OK;
	int n = snprintf(
		record, sizeof(record),
		"{\"records_dropped_bytes\":%llu,\"receipt_added\":%s,\"pending_erased\":{\"packets\":%llu,"
		"\"bytes\":%llu},\"flows_without_record\":%llu}",
		(unsigned long long)m->records_dropped, m->receipt_added ? "true" : "false",
		(unsigned long long)m->pending_packets, (unsigned long long)m->pending_bytes,
		(unsigned long long)m->flows_lost);
	return output_entry(o, "mended", record, (size_t)n, time_ns);
}

int case_enter_refused(struct output *o, enum refusal refusal, const struct uuid *sensor, const char *detail,
		       const char *what, const char *name, int64_t time_ns)
{
	char text[UUID_TEXT_SIZE];
	struct buf record;

	uuid_format(sensor, text);
	buf_init(&record, 8192);
	buf_addf(&record, "{\"refusal\":\"%s\",\"sensor\":\"%s\",\"detail\":", refusal_name(refusal), text);
	buf_json_string(&record, detail, strlen(detail));
	if (what != NULL && name != NULL) {
		buf_addf(&record, ",\"%s\":", what);
		buf_json_string(&record, name, strlen(name));
	}
	buf_addc(&record, '}');
	int rc = buf_err(&record);
	if (rc == HN_OK)
		rc = output_entry(o, "refused", record.data, record.len, time_ns);
	buf_clear(&record);
	return rc;
}
