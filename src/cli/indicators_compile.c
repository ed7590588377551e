/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi indicators compile */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/input.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "cli/compile_report.h"
#include "cli/indicators.h"
#include "cli/sandbox.h"
#include "match/gather.h"
#include "match/holdings.h"

#define INPUT_MAX ((size_t)4 << 30)

struct options {
	const char *output, *set_id, *base, *remove, *holdings, *list_file;
	struct option_list acts, warnings, allow_entries;
	bool strict, json;
	uint64_t unusable_max;
};

/* Everything that lives as long as one run. */
struct run {
	struct options options;
	struct import_limits limits;
	struct gather gather;
	struct report report;
	struct warning_lists *warnings;
	struct set *base;
	struct him_build *build;
	const char *set_id;
	char base_hex[SHA256_HEX_SIZE];
};

static int exit_code(int err)
{
	switch (err) {
	case HN_OK:
		return HN_EXIT_DONE;
	case HN_ESTATE:
		return HN_EXIT_USAGE;
	case HN_ENOMEM:
	case HN_ENOSPC:
		return HN_EXIT_UNFINISHED;
	default:
		return HN_EXIT_INPUT;
	}
}

/* One line that names what, where and why. @return the exit code */
static int tell(const char *path, int err, const struct fault *fault)
{
	const char *message = fault->message[0] == '\0' ? hn_strerror(err) : fault->message;
	if (fault->place[0] == '\0' || strcmp(fault->place, path) == 0)
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot use '%s': %s; nothing is written", "'%s' を使えない: %s。何も書かない"),
			 path, message);
	else
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot use '%s': %s: %s; nothing is written",
			    "'%s' を使えない: %s: %s。何も書かない"),
			 path, fault->place, message);
	return exit_code(err);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (strcmp(path, "-") == 0)
		return "stdin";
	return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

/* Opens, reads and closes one file. @return the exit code */
static int read_input(struct run *run, const char *path)
{
	struct input in;
	struct fault fault = {0};
	struct import_summary summary;
	struct import_sink sink = gather_sink(&run->gather);
	uint64_t before = gather_left_out(&run->gather);

	int rc = input_open(path, INPUT_MAX, &in, &fault);
	if (rc != HN_OK)
		return tell(path, rc, &fault);
	rc = import_read(base_name(path), cur_of(in.data, in.len), &sink, &run->limits, &summary, &fault);
	input_close(&in);
	if (rc != HN_OK)
		return tell(path, rc, &fault);
	/* What the sink refused counts as left out, too. */
	uint64_t refused = gather_left_out(&run->gather) - before - summary.left_out;
	summary.left_out += refused;
	summary.values -= refused;
	report_input(&run->report, path, &summary);
	return HN_EXIT_DONE;
}

/* A MISP feed is a folder of events; its manifest and hashes are no events. */
static int is_event_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strcmp(entry->d_name, "manifest.json") != 0 &&
	       strcmp(entry->d_name, "hashes.csv") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct run *run, const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, is_event_file, by_bytes);
	int code = HN_EXIT_DONE;
	if (count < 0) {
		struct fault fault = {0};
		(void)fault_set(&fault, HN_EIO, path, "%s", hn_errno_text(errno));
		return tell(path, HN_EIO, &fault);
	}
	for (int i = 0; i < count; i++) {
		char file[4096];
		struct stat st;
		int n = snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (code == HN_EXIT_DONE && n > 0 && (size_t)n < sizeof(file) && stat(file, &st) == 0 &&
		    S_ISREG(st.st_mode))
			code = read_input(run, file);
		free(names[i]);
	}
	free(names);
	return code;
}

static int read_path(struct run *run, const char *path)
{
	struct stat st;
	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(run, path);
	return read_input(run, path);
}

static int read_warning_list(struct run *run, const char *path)
{
	struct input in;
	struct fault fault = {0};
	struct warning_summary summary;

	int rc = input_open(path, INPUT_MAX, &in, &fault);
	if (rc != HN_OK)
		return tell(path, rc, &fault);
	rc = warning_lists_add(run->warnings, base_name(path), cur_of(in.data, in.len), &summary, &fault);
	input_close(&in);
	if (rc != HN_OK)
		return tell(path, rc, &fault);
	report_warning(&run->report, &summary);
	return HN_EXIT_DONE;
}

static int read_warnings(struct run *run)
{
	if (run->options.warnings.count == 0)
		return HN_EXIT_DONE;
	struct fault none = {0};
	int rc = warning_lists_new(NULL, &run->warnings);
	if (rc != HN_OK)
		return tell(run->options.warnings.items[0], rc, &none);
	for (size_t i = 0; i < run->options.warnings.count; i++) {
		int code = read_warning_list(run, run->options.warnings.items[i]);
		if (code != HN_EXIT_DONE)
			return code;
	}
	warning_lists_finish(run->warnings);
	run->gather.warnings = run->warnings;
	return HN_EXIT_DONE;
}

static int open_base(struct run *run)
{
	struct fault fault = {0};
	const char *path = run->options.base;
	if (path == NULL)
		return HN_EXIT_DONE;
	int rc = set_open(&path, 1, &run->base, &fault);
	if (rc != HN_OK)
		return tell(path, rc, &fault);
	const char *id = set_info(run->base)->id;
	if (run->set_id != NULL && strcmp(run->set_id, id) != 0) {
		log_line(LOG_LEVEL_ERROR,
			 tr("the base '%s' is of the set '%s', not '%s'",
			    "基本集合 '%s' は集合 '%s' のもので、'%s' ではない"),
			 path, id, run->set_id);
		return HN_EXIT_USAGE;
	}
	run->set_id = id;
	run->gather.base = run->base;
	hex_encode(set_layer_digest(run->base, 0), SHA256_SIZE, run->base_hex);
	return HN_EXIT_DONE;
}

static int begin_build(struct run *run)
{
	int rc = him_build_new(run->set_id, NULL, &run->build);
	if (rc == HN_EFORMAT) {
		log_line(LOG_LEVEL_ERROR,
			 tr("--set takes 1 to 127 bytes of text, not '%s'",
			    "--set は1から127バイトの文字列。'%s' は不可"),
			 run->set_id);
		return HN_EXIT_USAGE;
	}
	if (rc != HN_OK) {
		struct fault none = {0};
		return tell(run->options.output, rc, &none);
	}
	run->gather.build = run->build;
	if (run->base != NULL)
		him_build_base(run->build, set_layer_digest(run->base, 0));
	return HN_EXIT_DONE;
}

static int read_removals(struct run *run)
{
	if (run->options.remove == NULL)
		return HN_EXIT_DONE;
	run->gather.remove = true;
	int code = read_path(run, run->options.remove);
	run->gather.remove = false;
	return code;
}

static int read_holdings(struct run *run)
{
	struct input in;
	struct fault fault = {0};
	const char *path = run->options.holdings;
	if (path == NULL)
		return HN_EXIT_DONE;
	int rc = input_open(path, INPUT_MAX, &in, &fault);
	if (rc != HN_OK)
		return tell(path, rc, &fault);
	rc = holdings_read(base_name(path), cur_of(in.data, in.len), run->build, &fault);
	input_close(&in);
	return rc == HN_OK ? HN_EXIT_DONE : tell(path, rc, &fault);
}

static int read_all(struct run *run, char **inputs, size_t count)
{
	int code = HN_EXIT_DONE;
	for (size_t i = 0; code == HN_EXIT_DONE && i < count; i++)
		code = read_path(run, inputs[i]);
	run->gather.allow = true;
	for (size_t i = 0; code == HN_EXIT_DONE && i < run->options.allow_entries.count; i++)
		code = read_path(run, run->options.allow_entries.items[i]);
	run->gather.allow = false;
	if (code == HN_EXIT_DONE)
		code = read_removals(run);
	if (code == HN_EXIT_DONE)
		code = read_holdings(run);
	return code;
}

static int print(const struct run *run, const struct report_result *result)
{
	struct buf out;
	buf_init(&out, SIZE_MAX / 2);
	report_write(&run->report, result, &out);
	int rc = buf_err(&out);
	if (rc == HN_OK)
		rc = fd_write_all(STDOUT_FILENO, out.data, out.len);
	buf_clear(&out);
	return rc == HN_OK ? HN_EXIT_DONE : HN_EXIT_UNFINISHED;
}

static int write_list_file(const struct run *run)
{
	const char *path = run->options.list_file;
	if (path == NULL)
		return HN_EXIT_DONE;
	const struct buf *lines = &run->report.lines;
	int rc = file_write_whole(path, lines->len == 0 ? "" : lines->data, lines->len, 0644, true);
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	log_line(LOG_LEVEL_ERROR, tr("cannot write '%s': %s", "'%s' に書けない: %s"), path,
		 hn_errno_text(errno));
	return HN_EXIT_UNFINISHED;
}

/* Makes the file, unless --strict forbids it. */
static int finish(struct run *run, struct report_result *result, char digest_hex[SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	const uint8_t *data;
	struct fault none = {0};

	if (run->options.strict && gather_refused(&run->gather) > 0) {
		log_line(LOG_LEVEL_ERROR,
			 tr("%llu values cannot be taken and --strict is given; '%s' is not written",
			    "取り込めない値が%lluあり、--strict が指定されている。'%s' は書かない"),
			 (unsigned long long)gather_refused(&run->gather), run->options.output);
		return HN_EXIT_NO;
	}
	int rc = him_build_finish(run->build, &data, &result->size, digest);
	if (rc != HN_OK)
		return tell(run->options.output, rc, &none);
	him_build_counts(run->build, &result->counts);
	rc = him_build_write(run->build, run->options.output);
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR, tr("cannot write '%s': %s", "'%s' に書けない: %s"),
			 run->options.output, rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
		return HN_EXIT_UNFINISHED;
	}
	hex_encode(digest, sizeof(digest), digest_hex);
	result->digest = digest_hex;
	return HN_EXIT_DONE;
}

static int compile(struct run *run, char **inputs, size_t count)
{
	char digest_hex[SHA256_HEX_SIZE];
	struct report_result result = {.path = run->options.output, .gather = &run->gather};

	int code = open_base(run);
	if (code == HN_EXIT_DONE)
		code = read_warnings(run);
	if (code == HN_EXIT_DONE)
		code = begin_build(run);
	if (code == HN_EXIT_DONE)
		code = read_all(run, inputs, count);
	if (code != HN_EXIT_DONE)
		return code;
	result.set_id = run->set_id;
	result.base = run->base == NULL ? NULL : run->base_hex;
	code = finish(run, &result, digest_hex);
	if (code != HN_EXIT_DONE && code != HN_EXIT_NO)
		return code;
	int listed = write_list_file(run);
	int printed = print(run, &result);
	if (code == HN_EXIT_DONE)
		code = listed != HN_EXIT_DONE ? listed : printed;
	return code;
}

static int check_usage(const struct run *run, size_t inputs)
{
	const struct options *o = &run->options;
	const char *wrong = NULL;
	if (o->output == NULL)
		wrong = tr("-o FILE is needed", "-o FILE が要る");
	else if (o->set_id == NULL && o->base == NULL)
		wrong = tr("--set ID is needed", "--set ID が要る");
	else if (o->remove != NULL && o->base == NULL)
		wrong = tr("--remove needs --base: only an overlay can take entries out of a set",
			   "--remove には --base が要る。項目を取り除けるのは差分集合だけである");
	else if (inputs == 0 && o->allow_entries.count == 0 && o->remove == NULL)
		wrong = tr("no input is given ('-' is standard input)", "入力がない(標準入力は '-')");
	if (wrong == NULL)
		return -1;
	log_line(
		LOG_LEVEL_ERROR,
		tr("%s; see hinomi indicators compile --help", "%s。hinomi indicators compile --help を参照"),
		wrong);
	return HN_EXIT_USAGE;
}

static const struct command_help help = {
	.usage = "hinomi indicators compile [OPTION]... -o SET.him --set ID INPUT...",
	.text_en = "Makes an indicator set of lists, hosts files, RPZ zones, CSV, STIX 2 bundles and MISP "
		   "events, known by\n"
		   "their content; also packed with gzip or zstd. What would hit the innocent is left out "
		   "and told.",
	.text_ja = "リスト、hostsファイル、RPZゾーン、CSV、STIX "
		   "2バンドル、MISPイベントから指標集合を作る。形式は内容で\n"
		   "見分ける(gzip・zstd圧縮も可)。無関係の者に当たるものは除き、報告する。",
	.example = "hinomi indicators compile -o c2.him --set c2 --allow public_suffix_list.dat bad.txt "
		   "feed.json",
};

int indicators_compile(int argc, char **argv)
{
	static struct run run;
	struct options *o = &run.options;
	char **inputs;
	size_t count;

	o->unusable_max = IMPORT_DEFAULTS.unusable_max;
	const struct option_row rows[] = {
		{"output", 'o', OPTION_STRING, &o->output, "FILE", "the set; appears whole or not at all",
		 "作る集合。全体ができてから現れる"},
		{"set", 0, OPTION_STRING, &o->set_id, "ID", "the set's id, the same for base and overlays",
		 "集合のID。基本集合と差分集合で同じもの"},
		{"act", 0, OPTION_LIST, &o->acts, "ID", "target act of entries that name none; repeatable",
		 "記載のない項目の対象不正行為。複数可"},
		{"base", 0, OPTION_STRING, &o->base, "BASE.him", "make an overlay of this base",
		 "この基本集合への差分集合を作る"},
		{"remove", 0, OPTION_STRING, &o->remove, "FILE", "take these values out of the base",
		 "基本集合から取り除く値"},
		{"allow", 0, OPTION_LIST, &o->warnings, "LIST",
		 "warning list: leave out what hits it; repeatable", "警告リスト。当たるものを除く。複数可"},
		{"allow-entries", 0, OPTION_LIST, &o->allow_entries, "FILE",
		 "make allow entries of these values; repeatable", "これらの値を許可項目とする。複数可"},
		{"strict", 0, OPTION_FLAG, &o->strict, NULL,
		 "write nothing when something is left out (exit 1)",
		 "除くものがあれば何も書かない(終了コード1)"},
		{"holdings", 0, OPTION_STRING, &o->holdings, "FILE",
		 "who holds which addresses: lines PREFIX ORGANISATION",
		 "アドレス保有者の表。各行は プレフィックス 組織"},
		{"max-unusable", 0, OPTION_COUNT, &o->unusable_max, "N",
		 "values of an input that may be no indicators", "一つの入力で指標でない値を許す数", 0,
		 1000000000},
		{"list-left-out", 0, OPTION_STRING, &o->list_file, "FILE",
		 "write everything left out, one a line", "除いたものをすべてFILEに書く"},
		{"json", 0, OPTION_FLAG, &o->json, NULL, "the report as one JSON object", "報告をJSONで出す"},
		{NULL},
	};
	int code = options_read(argc, argv, rows, &help, &inputs, &count);
	if (code != -1)
		return code;
	code = check_usage(&run, count);
	if (code == -1)
		code = SANDBOX(o->output, o->list_file);
	if (code != -1)
		return code;
	run.set_id = o->set_id;
	run.limits = IMPORT_DEFAULTS;
	run.limits.unusable_max = o->unusable_max;
	report_init(&run.report, o->json, o->list_file != NULL);
	run.gather = (struct gather){.acts = o->acts.items,
				     .act_count = o->acts.count,
				     .left_out = report_left_out,
				     .context = &run.report};
	code = compile(&run, inputs, count);
	report_clear(&run.report);
	warning_lists_free(run.warnings);
	him_build_free(run.build);
	set_close(run.base);
	return code;
}
