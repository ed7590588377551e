/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/version.h"

#define ROWS_MAX 64

/* Values that getopt_long() gives for the options every command has; rows count from 256. */
enum { VALUE_HELP = 1, VALUE_VERSION, VALUE_LOG, VALUE_ROWS = 256 };

/* Columns a UTF-8 text takes on a terminal: wide characters, which are all of ours beyond ASCII, take two. */
static int columns(const char *text)
{
	int n = 0;
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
		n += *c < 0x80 ? 1 : (*c & 0xC0) == 0x80 ? 0 : 2;
	return n;
}

static void print_row(char letter, const char *name, const char *value, const char *text)
{
	char left[128];
	char shorter[8] = "    ";
	if (letter != 0)
		(void)snprintf(shorter, sizeof(shorter), "-%c, ", letter);
	(void)snprintf(left, sizeof(left), "%s--%s%s%s", shorter, name, value == NULL ? "" : "=",
		       value == NULL ? "" : value);
	int pad = 30 - columns(left);
	printf("  %s%*s%s\n", left, pad > 1 ? pad : 2, "", text);
}

/* The usage in the language's own words. */
static void print_usage(const char *usage)
{
	static const char word[] = "[OPTION]";
	const char *at = strstr(usage, word);
	if (at == NULL)
		printf("%s: %s\n", tr("Usage", "使い方"), usage);
	else
		printf("%s: %.*s%s%s\n", tr("Usage", "使い方"), (int)(at - usage), usage,
		       tr(word, "[オプション]"), at + sizeof(word) - 1);
}

static void print_help(const struct option_row rows[], const struct command_help *help)
{
	bool ja = lang_get() == LANG_JA;
	print_usage(help->usage);
	printf("%s\n\n", ja ? help->text_ja : help->text_en);
	for (const struct option_row *row = rows; row->name != NULL; row++)
		print_row(row->letter, row->name, row->value, ja ? row->help_ja : row->help_en);
	print_row(0, "log", "json", tr("log lines as JSON", "ログをJSONで出す"));
	print_row(0, "help", NULL,
		  tr("this text; --version tells the version", "この説明。--version は版を示す"));
	if (help->example != NULL)
		printf("\n%s:\n  %s\n", tr("Example", "例"), help->example);
}

static int set_count(const struct option_row *row, const char *text)
{
	char *end;
	if (text[0] < '0' || text[0] > '9')
		goto bad;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < row->min || value > row->max)
		goto bad;
	*(uint64_t *)row->target = value;
	return -1;
bad:
	log_line(LOG_LEVEL_ERROR,
		 tr("--%s takes a whole number from %llu to %llu, not '%s'",
		    "--%s は%lluから%lluまでの整数。'%s' は不可"),
		 row->name, row->min, row->max, text);
	return HN_EXIT_USAGE;
}

static int set_row(const struct option_row *row, const char *value)
{
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)row->target = true;
		return -1;
	case OPTION_STRING:
		*(const char **)row->target = value;
		return -1;
	case OPTION_COUNT:
		return set_count(row, value);
	case OPTION_LIST: {
		struct option_list *list = row->target;
		if (list->count == OPTION_LIST_MAX) {
			log_line(LOG_LEVEL_ERROR, tr("more than %d times --%s", "%d回を超えている: --%s"),
				 OPTION_LIST_MAX, row->name);
			return HN_EXIT_USAGE;
		}
		list->items[list->count++] = value;
		return -1;
	}
	}
	return HN_EXIT_USAGE;
}

static int set_log(const char *value)
{
	if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0) {
		log_line(LOG_LEVEL_ERROR,
			 tr("--log takes json or text, not '%s'", "--log は json か text。'%s' は不可"),
			 value);
		return HN_EXIT_USAGE;
	}
	log_set_json(strcmp(value, "json") == 0);
	return -1;
}

static int usage_error(const char *word, int value)
{
	if (value == ':')
		log_line(LOG_LEVEL_ERROR,
			 tr("'%s' needs a value; see --help", "'%s' には値が要る。--help を参照"), word);
	else
		log_line(LOG_LEVEL_ERROR,
			 tr("unknown option '%s'; see --help", "不明なオプション '%s'。--help を参照"), word);
	return HN_EXIT_USAGE;
}

int options_read(int argc, char **argv, const struct option_row rows[], const struct command_help *help,
		 char ***args_out, size_t *count_out)
{
	struct option long_options[ROWS_MAX + 4] = {{"help", no_argument, NULL, VALUE_HELP},
						    {"version", no_argument, NULL, VALUE_VERSION},
						    {"log", required_argument, NULL, VALUE_LOG}};
	char letters[2 * ROWS_MAX + 2] = ":";
	size_t used = 1;

	for (size_t i = 0; i < ROWS_MAX && rows[i].name != NULL; i++) {
		bool takes = rows[i].kind != OPTION_FLAG;
		long_options[3 + i] = (struct option){rows[i].name, takes ? required_argument : no_argument,
						      NULL, VALUE_ROWS + (int)i};
		if (rows[i].letter == 0)
			continue;
		letters[used++] = rows[i].letter;
		if (takes)
			letters[used++] = ':';
	}
	letters[used] = '\0';
	optind = 0; /* glibc: begin anew, also when a test calls twice */
	opterr = 0;
	for (;;) {
		int at = optind == 0 ? 1 : optind;
		int value = getopt_long(argc, argv, letters, long_options, NULL);
		int rc = -1;
		if (value == -1)
			break;
		if (value == VALUE_HELP) {
			print_help(rows, help);
			return HN_EXIT_DONE;
		}
		if (value == VALUE_VERSION) {
			printf("hinomi %s (%s)\n", HINOMI_VERSION, version_build_id());
			return HN_EXIT_DONE;
		}
		if (value == '?' || value == ':')
			return usage_error(argv[optind > at ? optind - 1 : at], value);
		if (value == VALUE_LOG)
			rc = set_log(optarg);
		else if (value >= VALUE_ROWS)
			rc = set_row(&rows[value - VALUE_ROWS], optarg);
		else
			for (size_t i = 0; rows[i].name != NULL; i++)
				if (rows[i].letter == value)
					rc = set_row(&rows[i], optarg);
		if (rc != -1)
			return rc;
	}
	*args_out = argv + optind;
	*count_out = (size_t)(argc - optind);
	return -1;
}
