/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/him.h"

#include <string.h>

#include "base/cur.h"
#include "base/lang.h"
#include "match/layout.h"

_Static_assert(AT_ROW_COUNT + 8 <= AT_SECTIONS, "the header's parts overlap");
_Static_assert(AT_RESERVED <= HIM_HEADER_SIZE, "the header is too small");

enum him_shape him_table_shape(unsigned table)
{
	switch (table) {
	case ENTRY_IP4:
	case ENTRY_PREFIX4:
		return HIM_WORD;
	case ENTRY_IP6:
	case ENTRY_PREFIX6:
		return HIM_QUAD;
	default:
		return HIM_BYTES;
	}
}

const char *him_table_name(unsigned table)
{
	return table == HIM_TABLE_HOLDINGS ? "holdings" : entry_kind_name((enum entry_kind)table);
}

static int refuse(struct fault *fault, const char *place, const char *why)
{
	return fault_set(fault, HN_EFORMAT, place, "%s", why);
}

static int open_version(const uint8_t *data, size_t size, struct fault *fault)
{
	if (size < sizeof(HIM_MAGIC) - 1 || memcmp(data, HIM_MAGIC, sizeof(HIM_MAGIC) - 1) != 0)
		return refuse(fault, "", tr("not an indicator set (.him)", "指標集合 (.him) ではない"));
	if (size < HIM_HEADER_SIZE)
		return fault_set(fault, HN_ETRUNC, "",
				 tr("the file ends inside its header; fetch it again",
				    "ヘッダの途中で終わっている。取得し直すこと"));
	uint32_t version = load_le32(data + AT_VERSION);
	if (version != HIM_VERSION && version != HIM_VERSION_2)
		return fault_set(fault, HN_EUNSUPPORTED, "",
				 tr("format version %u; this program reads versions %u and %u",
				    "形式の版が%u。このプログラムが読めるのは版%uと版%u"),
				 version, HIM_VERSION, HIM_VERSION_2);
	uint64_t stated = load_le64(data + AT_SIZE);
	if (stated > size)
		return fault_set(fault, HN_ETRUNC, "",
				 tr("the file has %zu of %llu bytes; fetch it again",
				    "%zuバイトしかない (本来は%lluバイト)。取得し直すこと"),
				 size, (unsigned long long)stated);
	if (stated < size)
		return refuse(fault, "",
			      tr("bytes follow the end of the set", "集合の終わりの後に余分なバイトがある"));
	if (load_le32(data + AT_TABLE_COUNT) != HIM_TABLE_COUNT ||
	    load_le32(data + AT_SECTION_COUNT) != HIM_SECTION_COUNT ||
	    (load_le32(data + AT_FLAGS) & ~(HIM_OVERLAY | HIM_STRIPPED)) != 0)
		return refuse(fault, "", tr("the header is damaged", "ヘッダが壊れている"));
	return HN_OK;
}

struct section {
	const uint8_t *data;
	size_t size;
};

static int open_section(const uint8_t *data, size_t size, unsigned i, struct section *out,
			struct fault *fault)
{
	uint64_t offset = load_le64(data + AT_SECTIONS + 16 * i);
	uint64_t len = load_le64(data + AT_SECTIONS + 16 * i + 8);
	if (offset < HIM_HEADER_SIZE || offset > size || len > size - offset || offset % HIM_BUCKET_SIZE != 0)
		return fault_set(fault, HN_EFORMAT, "",
				 tr("section %u lies outside the file", "区画%uがファイルの外にある"), i);
	*out = (struct section){data + offset, (size_t)len};
	return HN_OK;
}

static int open_table(const uint8_t *data, unsigned i, const struct section *buckets,
		      const struct section *blob, struct him_table *out, struct fault *fault)
{
	const uint8_t *at = data + AT_TABLES + TABLE_SIZE * i;
	size_t total = buckets->size / HIM_BUCKET_SIZE;
	*out = (struct him_table){
		.shape = him_table_shape(i),
		.buckets = buckets->data,
		.blob = blob->data,
		.blob_size = blob->size,
		.blob_own = blob->size,
		.home = load_le32(at),
		.seed = load_le32(at + 4),
		.entries = load_le64(at + 8),
		.tombstones = load_le64(at + 16),
		.allows = load_le64(at + 24),
	};
	if (buckets->size % HIM_BUCKET_SIZE != 0 || total > UINT32_MAX / WORDS_PER_BUCKET ||
	    out->home > total || (out->home == 0) != (total == 0))
		return refuse(fault, him_table_name(i),
			      tr("the table's size is wrong", "表の大きさが正しくない"));
	out->total = (uint32_t)total;
	return HN_OK;
}

/* Offsets of names reach into the wildcards' blob, which lies behind theirs. */
static int join_blobs(const uint8_t *data, struct him *him, struct fault *fault)
{
	struct him_table *names = &him->tables[ENTRY_NAME];
	const struct him_table *wildcards = &him->tables[ENTRY_WILDCARD];
	if (load_le32(data + AT_VERSION) != HIM_VERSION_2)
		return HN_OK;
	if (wildcards->blob < names->blob + names->blob_own)
		return refuse(fault, him_table_name(ENTRY_NAME),
			      tr("its keys do not lie before those of the wildcards",
				 "キーがワイルドカードのキーの前にない"));
	names->blob_size = (size_t)(wildcards->blob - names->blob) + wildcards->blob_size;
	return HN_OK;
}

static void open_bits(const uint8_t *data, struct him *out)
{
	struct him_bits *const all[] = {&out->lengths4,      &out->lengths4_live, &out->lengths6,
					&out->lengths6_live, &out->depths_name,   &out->depths_wildcard,
					&out->held4,         &out->held6};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t k = 0; k < 3; k++)
			all[i]->words[k] = load_le64(data + AT_BITS + 24 * i + 8 * k);
}

/* A filter has a power of two of rows, or is absent. */
static int open_near(const struct section *s, size_t row, unsigned min, unsigned max,
		     const uint8_t **near_out, uint32_t *bits_out, struct fault *fault)
{
	*near_out = NULL;
	if (s->size == 0)
		return HN_OK;
	for (unsigned bits = min; bits <= max; bits++) {
		if (s->size == row << bits) {
			*near_out = s->data;
			*bits_out = bits;
			return HN_OK;
		}
	}
	return refuse(fault, "",
		      tr("a prefix filter's size is wrong", "プレフィックスのふるいの大きさが正しくない"));
}

static int open_texts(const struct section sections[], const uint8_t *data, struct him *out,
		      struct fault *fault)
{
	const struct section *rows = &sections[HIM_SECTION_ROWS];
	const struct section *strings = &sections[HIM_SECTION_STRINGS];
	const struct section *holders = &sections[HIM_SECTION_HOLDERS];
	uint64_t count = load_le64(data + AT_ROW_COUNT);

	if (count > HIM_ROW_MASK || rows->size != count * HIM_ROW_SIZE)
		return refuse(fault, "", tr("the metadata's size is wrong", "付加情報の大きさが正しくない"));
	if ((strings->size > 0 && strings->data[strings->size - 1] != '\0') ||
	    (holders->size > 0 && holders->data[holders->size - 1] != '\0'))
		return refuse(
			fault, "",
			tr("the text does not end inside the file", "文字列がファイルの中で終わっていない"));
	out->rows = rows->data;
	out->row_count = (uint32_t)count;
	out->strings = (const char *)strings->data;
	out->strings_size = strings->size;
	out->holders = (const char *)holders->data;
	out->holders_size = holders->size;
	return HN_OK;
}

int him_open(const void *data, size_t size, struct him *out, struct fault *fault)
{
	const uint8_t *bytes = data;
	struct section sections[HIM_SECTION_COUNT];
	struct him him = {.data = bytes, .size = size};

	int rc = open_version(bytes, size, fault);
	for (unsigned i = 0; rc == HN_OK && i < HIM_SECTION_COUNT; i++)
		rc = open_section(bytes, size, i, &sections[i], fault);
	for (unsigned i = 0; rc == HN_OK && i < HIM_TABLE_COUNT; i++)
		rc = open_table(bytes, i, &sections[HIM_SECTION_TABLES + i], &sections[HIM_SECTION_BLOBS + i],
				&him.tables[i], fault);
	if (rc == HN_OK)
		rc = join_blobs(bytes, &him, fault);
	if (rc == HN_OK)
		rc = open_near(&sections[HIM_SECTION_NEAR4], NEAR4_ROW, NEAR4_BITS_MIN, NEAR4_BITS_MAX,
			       &him.near4, &him.near4_bits, fault);
	if (rc == HN_OK)
		rc = open_near(&sections[HIM_SECTION_NEAR6], NEAR6_ROW, NEAR6_BITS_MIN, NEAR6_BITS_MAX,
			       &him.near6, &him.near6_bits, fault);
	if (rc == HN_OK)
		rc = open_texts(sections, bytes, &him, fault);
	if (rc != HN_OK)
		return rc;
	him.flags = load_le32(bytes + AT_FLAGS);
	memcpy(him.digest, bytes + AT_DIGEST, sizeof(him.digest));
	memcpy(him.base, bytes + AT_BASE, sizeof(him.base));
	memcpy(him.origin, bytes + AT_ORIGIN, sizeof(him.origin));
	memcpy(him.id, bytes + AT_SET_ID, HIM_SET_ID_MAX);
	open_bits(bytes, &him);
	*out = him;
	return HN_OK;
}
