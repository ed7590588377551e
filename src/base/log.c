/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/utc.h"

#define LINE_MAX_SIZE 4096

static const char *program_name = "hinomi";
static bool as_json;

void log_init(const char *program, bool json)
{
	program_name = program;
	as_json = json;
}

void log_set_json(bool json)
{
	as_json = json;
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char *const names[] = {"error", "warning", "info"};
	char text[LINE_MAX_SIZE];
	char now[UTC_SIZE];
	struct buf line;

	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	buf_init(&line, sizeof(text) * 4);
	if (as_json) {
		utc_format(utc_now_ns(), now);
		buf_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"message\":", now,
			 names[level], program_name);
		buf_json_string(&line, text, strlen(text));
		buf_adds(&line, "}\n");
	} else {
		buf_addf(&line, "%s: %s\n", program_name, text);
	}
	if (buf_err(&line) == HN_OK && line.len > 0)
		(void)!fd_write_all(STDERR_FILENO, line.data, line.len);
	buf_clear(&line);
}
