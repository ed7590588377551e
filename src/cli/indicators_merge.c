/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi indicators merge */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "cli/indicators.h"
#include "cli/indicators_common.h"
#include "cli/sandbox.h"
#include "match/merge.h"

static const struct command_help help = {
	.usage = "hinomi indicators merge [OPTION]... -o SET.him BASE.him [OVERLAY.him]...",
	.text_en =
		"Makes one new base of a base and its overlays, oldest first. The file has the same bytes\n"
		"as one compiled afresh from the entries that are in force.",
	.text_ja = "基本集合と差分集合 (古い順) から新しい基本集合を一つ作る。\n"
		   "有効な項目から新たに作った場合と同じバイト列になる。",
	.example = "hinomi indicators merge -o NEW.him BASE.him MONDAY.him TUESDAY.him",
};

struct options {
	const char *output;
	bool strip, json;
};

/* An overlay may not be trusted for being there: whatever goes into a new base is checked whole. */
static int verify_all(const char *const paths[], size_t count, struct fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		struct him_file file;
		struct fault inner = {0};
		int rc = him_map(paths[i], &file, fault);
		if (rc != HN_OK)
			return rc;
		rc = him_verify(file.data, file.size, &inner);
		him_unmap(&file);
		if (rc == HN_OK)
			continue;
		if (inner.place[0] == '\0')
			return fault_set(fault, rc, paths[i], "%s", inner.message);
		return fault_set(fault, rc, paths[i], "%s: %s", inner.place, inner.message);
	}
	return HN_OK;
}

static void tell(const struct options *o, const struct him_build *b, const uint8_t digest[32])
{
	struct him_build_counts counts;
	char hex[SHA256_HEX_SIZE];
	him_build_counts(b, &counts);
	hex_encode(digest, 32, hex);
	if (o->json) {
		indicators_print_json_line(json_pack("{s:s, s:s, s:I, s:o}", "file", o->output, "version",
						     hex, "entries", (json_int_t)counts.entries, "by_kind",
						     indicators_json_counts(counts.by_kind)));
		return;
	}
	printf(tr("%s: version %s\n", "%s: 版 %s\n"), o->output, hex);
	indicators_print_counts(counts.entries, counts.by_kind);
}

static int build(const struct options *o, const struct set *s, struct fault *fault)
{
	struct him_build *b;
	const uint8_t *data;
	size_t size;
	uint8_t digest[32];
	int rc = merge_set(s, NULL, &b);
	if (rc == HN_EUNSUPPORTED)
		return fault_set(fault, rc, "", "%s",
				 tr("the metadata of a file was left out; merge the full files",
				    "付加情報を除いたファイルが含まれる。完全なファイルを統合すること"));
	if (rc != HN_OK)
		return rc;
	if (o->strip)
		him_build_strip(b);
	rc = him_build_finish(b, &data, &size, digest);
	if (rc == HN_OK) {
		rc = him_build_write(b, o->output);
		if (rc != HN_OK)
			rc = fault_set(fault, HN_ENOSPC, o->output, "%s", hn_errno_text(errno));
	}
	if (rc == HN_OK)
		tell(o, b, digest);
	him_build_free(b);
	return rc;
}

int indicators_merge(int argc, char **argv)
{
	struct options o = {0};
	const struct option_row rows[] = {{"output", 'o', OPTION_STRING, &o.output, "FILE",
					   "the file to write", "書き出すファイル", 0, 0},
					  {"without-metadata", 0, OPTION_FLAG, &o.strip, NULL,
					   "leave the metadata out, for another body",
					   "付加情報を除く (他機関への提供用)", 0, 0},
					  {"json", 0, OPTION_FLAG, &o.json, NULL, "the summary as JSON",
					   "結果の要約をJSONで出す", 0, 0},
					  {0}};
	char **files;
	size_t count;
	struct set *s;
	struct fault fault = {0};
	int rc = options_read(argc, argv, rows, &help, &files, &count);
	if (rc >= 0)
		return rc;
	if (o.output == NULL || count == 0) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("merge needs -o FILE and a base; see --help",
			    "-o ファイル と基本集合が要る。--help を参照"));
		return HN_EXIT_USAGE;
	}
	rc = SANDBOX(o.output);
	if (rc != -1)
		return rc;
	const char *const *paths = (const char *const *)files;
	rc = verify_all(paths, count <= SET_OVERLAYS_MAX + 1 ? count : 0, &fault);
	if (rc == HN_OK)
		rc = set_open(paths, count, &s, &fault);
	if (rc != HN_OK)
		return indicators_fail(rc, &fault);
	rc = build(&o, s, &fault);
	set_close(s);
	return rc == HN_OK ? HN_EXIT_DONE : indicators_fail(rc, &fault);
}
