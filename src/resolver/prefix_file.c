/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/prefix_file.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/ip.h"
#include "base/lang.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line without comment and space around it. @return false at the end */
static bool next_line(const char **at, const char *end, const char **line_out, size_t *len_out)
{
	if (*at == end)
		return false;
	const char *line = *at;
	const char *feed = memchr(line, '\n', (size_t)(end - line));
	const char *stop = feed == NULL ? end : feed;
	*at = feed == NULL ? end : feed + 1;
	const char *comment = stop == line ? NULL : memchr(line, '#', (size_t)(stop - line));
	if (comment != NULL)
		stop = comment;
	while (line < stop && is_space(*line))
		line++;
	while (stop > line && is_space(stop[-1]))
		stop--;
	*line_out = line;
	*len_out = (size_t)(stop - line);
	return true;
}

/* Lines that say something: room for no more prefixes is needed. */
static size_t count_lines(const char *text, size_t len)
{
	const char *at = text, *line;
	size_t line_len, count = 0;
	while (next_line(&at, text + len, &line, &line_len))
		count += line_len > 0;
	return count;
}

int prefix_file_parse(const char *name, const char *text, size_t len, struct config_memory *memory,
		      struct config_list *list, struct fault *fault)
{
	const char *at = text, *line;
	size_t line_len, count = list->count;
	unsigned number = 0;

	if (len == 0)
		return HN_OK;
	struct ip_prefix *all =
		config_memory_take(memory, (count + count_lines(text, len) + 1) * sizeof(struct ip_prefix));
	if (all == NULL)
		return config_fault(fault, HN_ENOMEM, name, 0, "", "%s", hn_strerror(HN_ENOMEM));
	if (count > 0)
		memcpy(all, list->items, count * sizeof(*all));
	while (next_line(&at, text + len, &line, &line_len)) {
		number++;
		if (line_len == 0)
			continue;
		if (ip_prefix_parse(line, line_len, &all[count]) != HN_OK)
			return config_fault(
				fault, HN_EFORMAT, name, number, "", "%s",
				tr("takes one prefix a line, like 192.0.2.0/24, whose host bits are zero",
				   "192.0.2.0/24 のようなプレフィックス(ホスト部は0)を一行に一つ書くこと"));
		count++;
	}
	*list = (struct config_list){all, count};
	return HN_OK;
}

int prefix_file_read(const char *path, struct config_memory *memory, struct config_list *list,
		     struct fault *fault)
{
	struct buf text;

	buf_init(&text, PREFIX_FILE_SIZE_MAX);
	int rc = file_read(path, &text);
	if (rc == HN_OK)
		rc = prefix_file_parse(path, text.data, text.len, memory, list, fault);
	else
		(void)config_fault(fault, rc, path, 0, "", tr("cannot be read: %s", "読めない: %s"),
				   rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	buf_clear(&text);
	return rc;
}
