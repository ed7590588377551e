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
#include "base/utf8.h"

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

/* The value of a character of two or three bytes, 0 of others. */
static unsigned code_point(const unsigned char *c, size_t n)
{
	if (n == 2)
		return (c[0] & 0x1Fu) << 6 | (c[1] & 0x3Fu);
	if (n == 3)
		return (c[0] & 0x0Fu) << 12 | (c[1] & 0x3Fu) << 6 | (c[2] & 0x3Fu);
	return 0;
}

/*
 * Nothing in a line may steer a terminal or the reader's eye: control characters, also those of
 * ISO 6429's upper half and the ones that turn the direction of text, become spaces, and bytes
 * that are no UTF-8 question marks.
 */
static void defuse(char *text)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len;) {
		unsigned char *c = (unsigned char *)text + i;
		size_t n = utf8_char_len(text + i, len - i);
		unsigned value = code_point(c, n);
		if (n == 0)
			*c = '?';
		else if (n == 1 && (*c < 0x20 || *c == 0x7f))
			*c = ' ';
		else if ((value >= 0x80 && value < 0xA0) || (value >= 0x200E && value <= 0x200F) ||
			 (value >= 0x2028 && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069))
			memset(c, ' ', n);
		i += n == 0 ? 1 : n;
	}
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
	defuse(text);
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
