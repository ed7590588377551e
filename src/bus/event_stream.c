/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/event_stream.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

void event_stream_init(struct event_stream *e, size_t size_max, event_fn *take, void *context)
{
	*e = (struct event_stream){.take = take, .context = context};
	buf_init(&e->line, size_max);
	buf_init(&e->data, size_max);
}

void event_stream_clear(struct event_stream *e)
{
	buf_clear(&e->line);
	buf_clear(&e->data);
}

void event_stream_reset(struct event_stream *e)
{
	buf_reset(&e->line);
	buf_reset(&e->data);
	e->name[0] = '\0';
	e->began = e->after_cr = e->has_data = false;
}

/* An empty line ends an event; one without data is none. */
static int dispatch(struct event_stream *e)
{
	int err = HN_OK;
	if (e->has_data)
		err = e->take(e->context, e->name[0] == '\0' ? "message" : e->name,
			      e->data.data == NULL ? "" : e->data.data, e->data.len);
	buf_reset(&e->data);
	e->name[0] = '\0';
	e->has_data = false;
	return err;
}

static int take_field(struct event_stream *e, const char *name, size_t name_len, const char *value,
		      size_t len)
{
	if (name_len == 5 && memcmp(name, "event", 5) == 0) {
		if (len > EVENT_NAME_MAX || memchr(value, '\0', len) != NULL)
			return HN_EFORMAT;
		memcpy(e->name, value, len);
		e->name[len] = '\0';
	} else if (name_len == 4 && memcmp(name, "data", 4) == 0) {
		if (e->has_data)
			buf_addc(&e->data, '\n');
		buf_add(&e->data, value, len);
		e->has_data = true;
	}
	return buf_err(&e->data);
}

static int take_line(struct event_stream *e)
{
	const char *line = e->line.data == NULL ? "" : e->line.data;
	size_t len = e->line.len;
	if (!e->began && len >= 3 && memcmp(line, BOM, 3) == 0) {
		line += 3;
		len -= 3;
	}
	e->began = true;
	if (len == 0)
		return dispatch(e);
	const char *colon = memchr(line, ':', len);
	if (colon == line)
		return HN_OK; /* a comment */
	if (colon == NULL)
		return take_field(e, line, len, "", 0);
	const char *value = colon + 1;
	if (value < line + len && *value == ' ')
		value++;
	return take_field(e, line, (size_t)(colon - line), value, (size_t)(line + len - value));
}

static int end_line(struct event_stream *e)
{
	int err = take_line(e);
	buf_reset(&e->line);
	return err;
}

int event_stream_add(struct event_stream *e, const char *data, size_t len)
{
	int err = HN_OK;
	while (err == HN_OK && len > 0) {
		if (e->after_cr && *data == '\n') {
			e->after_cr = false;
			data++;
			len--;
			continue;
		}
		e->after_cr = false;
		size_t n = 0;
		while (n < len && data[n] != '\n' && data[n] != '\r')
			n++;
		buf_add(&e->line, data, n);
		err = buf_err(&e->line);
		if (err == HN_OK && n < len) {
			e->after_cr = data[n] == '\r';
			err = end_line(e);
			n++;
		}
		data += n;
		len -= n;
	}
	return err;
}
