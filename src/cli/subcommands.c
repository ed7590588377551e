/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "cli/subcommands.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/version.h"

static int name_columns(const struct subcommands *self)
{
	size_t longest = 0;
	for (size_t i = 0; i < self->count; i++) {
		size_t len = strlen(self->rows[i].name);
		if (len > longest)
			longest = len;
	}
	return (int)longest + 2;
}

static void print_help(const struct subcommands *self, FILE *out)
{
	int columns = name_columns(self);
	fprintf(out, "%s: %s %s\n\n", tr("Usage", "使い方"), self->command,
		tr(self->arguments_en, self->arguments_ja));
	for (size_t i = 0; i < self->count; i++)
		fprintf(out, "  %-*s%s\n", columns, self->rows[i].name,
			tr(self->rows[i].help_en, self->rows[i].help_ja));
	fprintf(out, "\n%s", tr(self->note_en, self->note_ja));
	/* A literal in each branch: gcc with UBSan takes a call's result for a format that may be NULL. */
	if (lang_get() == LANG_JA)
		fprintf(out, "各コマンドの説明は '%s コマンド --help' で表示される。\n", self->command);
	else
		fprintf(out, "'%s COMMAND --help' explains each.\n", self->command);
	fprintf(out, "%s:\n  %s\n", tr("Example", "例"), self->example);
}

int subcommands_main(const struct subcommands *self, int argc, char **argv)
{
	(void)lang_get();
	log_init(self->command, false);
	if (argc < 2) {
		print_help(self, stderr);
		return HN_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_help(self, stdout);
		return HN_EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("hinomi %s (%s)\n", HINOMI_VERSION, version_build_id());
		return HN_EXIT_DONE;
	}
	if (sodium_init() < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", tr("no source of randomness", "乱数が得られない"));
		return HN_EXIT_UNFINISHED;
	}
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(argv[1], self->rows[i].name) == 0)
			return self->rows[i].run(argc - 1, argv + 1);
	log_line(LOG_LEVEL_ERROR,
		 tr("no command '%s'; see %s --help", "'%s' というコマンドはない。%s --help を参照"), argv[1],
		 self->command);
	return HN_EXIT_USAGE;
}
