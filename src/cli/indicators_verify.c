/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi indicators verify */
#include <stdio.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "cli/indicators.h"
#include "cli/indicators_common.h"
#include "cli/sandbox.h"

static const struct command_help help = {
	.usage = "hinomi indicators verify [OPTION]... SET.him...",
	.text_en = "Checks each file: its SHA-256, and every offset, order and count in it.\n"
		   "Exits with 1 when one does not hold, naming the place.",
	.text_ja = "各ファイルのSHA-256と、その中のすべての位置、順序、件数を検査する。\n"
		   "正しくない箇所があればそれを示し、終了コード1で終わる。",
	.example = "hinomi indicators verify SET.him",
};

static void tell_good(const char *path, const struct him_file *file, bool json)
{
	struct him h;
	char hex[SHA256_HEX_SIZE];
	if (him_open(file->data, file->size, &h, NULL) != HN_OK)
		return;
	hex_encode(h.digest, sizeof(h.digest), hex);
	if (json)
		indicators_print_json_line(json_pack("{s:s, s:b, s:s, s:s}", "file", path, "valid", 1, "set",
						     h.id, "version", hex));
	else
		printf(tr("%s: good; set %s, version %s\n", "%s: 正常。集合 %s、版 %s\n"), path, h.id, hex);
}

static void tell_bad(const char *path, const struct fault *fault, bool json)
{
	if (json)
		indicators_print_json_line(json_pack("{s:s, s:b, s:s, s:s}", "file", path, "valid", 0,
						     "place", fault->place, "message", fault->message));
	else if (fault->place[0] != '\0')
		log_line(LOG_LEVEL_ERROR, "%s: %s: %s", path, fault->place, fault->message);
	else
		log_line(LOG_LEVEL_ERROR, "%s: %s", path, fault->message);
}

static int verify_file(const char *path, bool json)
{
	struct him_file file;
	struct fault fault = {0};
	int rc = him_map(path, &file, &fault);
	if (rc == HN_EFORMAT) {
		fault.place[0] = '\0';
		tell_bad(path, &fault, json);
		return HN_EXIT_NO;
	}
	if (rc != HN_OK)
		return indicators_fail(rc, &fault);
	rc = him_verify(file.data, file.size, &fault);
	if (rc == HN_OK)
		tell_good(path, &file, json);
	else
		tell_bad(path, &fault, json);
	him_unmap(&file);
	return rc == HN_OK ? HN_EXIT_DONE : HN_EXIT_NO;
}

int indicators_verify(int argc, char **argv)
{
	bool json = false;
	const struct option_row rows[] = {{"json", 0, OPTION_FLAG, &json, NULL,
					   "one JSON object for each file", "ファイルごとに一つのJSONを出す",
					   0, 0},
					  {0}};
	char **files;
	size_t count;
	int worst = options_read(argc, argv, rows, &help, &files, &count);
	if (worst >= 0)
		return worst;
	if (count == 0) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("which file? see --help", "ファイルを指定すること。--help を参照"));
		return HN_EXIT_USAGE;
	}
	worst = SANDBOX(NULL);
	if (worst != -1)
		return worst;
	worst = HN_EXIT_DONE;
	for (size_t i = 0; i < count; i++) {
		int rc = verify_file(files[i], json);
		worst = rc > worst ? rc : worst;
	}
	return worst;
}
