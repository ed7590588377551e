/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* `hinomi COMMAND ...` runs hinomi-COMMAND, which lies beside this program. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/version.h"

#define NAME_LEN_MAX 32

/* What the help says of each command. One that is not installed is not listed. */
static const struct command {
	const char *name;
	const char *help_en;
	const char *help_ja;
} commands[] = {
	{"select", "automatic selection of captures under an authorisation",
	 "承認に基づき、記録された通信情報を自動選別する"},
	{"indicators", "compile, merge, verify, show and match indicator sets",
	 "指標集合の作成、統合、検証、表示、照合"},
	{"authority", "issue, sign, verify and revoke authorisations", "承認書の発行、署名、検証、取消し"},
	{"ledger", "verify, prove, cosign and export a tamper-evident log",
	 "改ざんを検知できる台帳の検証、証明、連署、書出し"},
	{"sensor", "selection on live traffic", "流れている通信の自動選別"},
	{"resolver", "protective DNS", "プロテクティブDNS"},
	{"hub", "the centre", "中央のサーバー"},
	{"edge", "joins a sensor or resolver to the hub", "センサーやリゾルバーをハブにつなぐ"},
	{"witness", "the commission's own examiner", "委員会による検査プログラム"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Where this program lies, with the slash behind it. @return whether the system told us. */
static bool own_directory(char *out, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", out, size - 1);
	if (len <= 0)
		return false;
	out[len] = '\0';
	char *slash = strrchr(out, '/');
	if (slash == NULL)
		return false;
	slash[1] = '\0';
	return true;
}

/* The path of a command's program. Names are words, so that none leaves the directory. */
static bool program_path(const char *dir, const char *name, char *out, size_t size)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (len == 0 || len > NAME_LEN_MAX || name[len] != '\0')
		return false;
	int n = snprintf(out, size, "%shinomi-%s", dir, name);
	return n > 0 && (size_t)n < size && access(out, X_OK) == 0;
}

static bool installed(const char *dir, const char *name)
{
	char path[PATH_MAX];
	return program_path(dir, name, path, sizeof(path));
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to insert, drop or change to make b of a (Levenshtein's distance). */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_LEN_MAX + 1];
	size_t b_len = strlen(b);

	for (size_t k = 0; k <= b_len; k++)
		row[k] = k;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t k = 1; k <= b_len; k++) {
			size_t changed = diagonal + (a[i] == b[k - 1] ? 0 : 1);
			diagonal = row[k];
			row[k] = least(changed, least(row[k], row[k - 1]) + 1);
		}
	}
	return row[b_len];
}

/* @return the installed command that the word was most likely meant to be, or NULL */
static const char *nearest(const char *dir, const char *word)
{
	const char *best = NULL;
	size_t best_distance = 3;

	if (strlen(word) > NAME_LEN_MAX)
		return NULL;
	for (size_t i = 0; i < COMMANDS; i++) {
		size_t d = distance(word, commands[i].name);
		bool begins = strlen(word) >= 3 && strncmp(word, commands[i].name, strlen(word)) == 0;
		if (begins)
			d = 1;
		if (d < best_distance && installed(dir, commands[i].name)) {
			best = commands[i].name;
			best_distance = d;
		}
	}
	return best;
}

static void print_help(const char *dir)
{
	printf("%s: hinomi %s\n\n", tr("Usage", "使い方"), tr("COMMAND [ARGUMENT]...", "コマンド [引数]..."));
	printf("%s\n\n", tr("Hinomi, the fire-watch tower: cyber defence under the law.",
			    "火の見: 法の下のサイバー防御。"));
	for (size_t i = 0; i < COMMANDS; i++)
		if (installed(dir, commands[i].name))
			printf("  %-12s %s\n", commands[i].name,
			       tr(commands[i].help_en, commands[i].help_ja));
	printf("\n%s\n", tr("hinomi help COMMAND, or hinomi COMMAND --help, explains one; hinomi --version.",
			    "hinomi help コマンド または hinomi コマンド --help で個々の説明。hinomi "
			    "--version で版。"));
}

/* Becomes the command's program. @return only if that failed: the exit code */
static int run(const char *dir, const char *name, char **argv)
{
	char path[PATH_MAX];

	if (!program_path(dir, name, path, sizeof(path))) {
		const char *meant = nearest(dir, name);
		if (meant != NULL)
			log_line(LOG_LEVEL_ERROR,
				 tr("no command '%s'; did you mean '%s'?",
				    "'%s' というコマンドはない。'%s' か"),
				 name, meant);
		else
			log_line(LOG_LEVEL_ERROR,
				 tr("no command '%s'; hinomi help lists them",
				    "'%s' というコマンドはない。hinomi help で一覧を示す"),
				 name);
		return HN_EXIT_USAGE;
	}
	argv[0] = path;
	(void)execv(path, argv);
	log_line(LOG_LEVEL_ERROR, tr("cannot run '%s': %s", "'%s' を実行できない: %s"), path,
		 hn_errno_text(errno));
	return HN_EXIT_UNFINISHED;
}

int main(int argc, char **argv)
{
	static char help_option[] = "--help";
	char dir[PATH_MAX];

	log_init("hinomi", false);
	if (!own_directory(dir, sizeof(dir))) {
		log_line(LOG_LEVEL_ERROR, tr("cannot tell where this program lies: is /proc mounted?",
					     "プログラムの場所が分からない。/proc はマウントされているか"));
		return HN_EXIT_UNFINISHED;
	}
	const char *word = argc < 2 ? "" : argv[1];
	bool help = strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
	if (help && argc > 2) {
		char *asked[] = {argv[0], help_option, NULL};
		return run(dir, argv[2], asked);
	}
	if (help || argc < 2) {
		print_help(dir);
		return help ? HN_EXIT_DONE : HN_EXIT_USAGE;
	}
	if (strcmp(word, "--version") == 0) {
		printf("hinomi %s (%s)\n", HINOMI_VERSION, version_build_id());
		return HN_EXIT_DONE;
	}
	return run(dir, word, argv + 1);
}
