/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_LOG_H
#define HINOMI_BASE_LOG_H

#include <stdbool.h>

/*
 * Log lines of programs, on stderr. Libraries never log. No secret and no content ever; what
 * comes from outside is quoted by the writer and cut of control characters here.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/** The name that stands before each line, and whether lines are JSON (--log=json). */
void log_init(const char *program, bool json);

/** Switches the form alone; --log does it. */
void log_set_json(bool json);

/** One line. The format comes from tr(). */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
