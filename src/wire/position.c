/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/position.h"

#include <string.h>

static const char *const names[POSITION_COUNT] = {
	[POSITION_TCP_OPENING] = "tcp.opening",
	[POSITION_UDP_OPENING] = "udp.opening",
	[POSITION_HTTP_REQUEST_LINE] = "http.request_line",
	[POSITION_SSH_BANNER] = "ssh.banner",
	[POSITION_TLS_CLIENT_HELLO] = "tls.client_hello",
};

const char *position_name(enum position position)
{
	return (unsigned)position < POSITION_COUNT ? names[position] : NULL;
}

int position_parse(const char *name, size_t len, enum position *out)
{
	for (unsigned i = 0; i < POSITION_COUNT; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
			*out = (enum position)i;
			return HN_OK;
		}
	}
	return HN_ENOENT;
}

/* Bodies are behind what these families open with: nothing of them is an opening. */
bool position_openings_barred(const struct decoder *decoder)
{
	return decoder != NULL && (decoder->family == FAMILY_WEB || decoder->family == FAMILY_MAIL ||
				   decoder->family == FAMILY_MESSAGES);
}

bool position_find(enum position position, uint8_t protocol, const struct decoder *decoder,
		   const uint8_t *data, size_t len, struct position_window *out)
{
	uint8_t wanted = position == POSITION_UDP_OPENING ? 17 : 6;
	if (protocol != wanted || len == 0)
		return false;
	if (position == POSITION_TCP_OPENING || position == POSITION_UDP_OPENING) {
		if (position_openings_barred(decoder))
			return false;
		uint32_t n = len < PATTERN_WINDOW ? (uint32_t)len : PATTERN_WINDOW;
		*out = (struct position_window){0, n, protocol == 17 || n == PATTERN_WINDOW};
		return true;
	}
	if (decoder == NULL || decoder->window == NULL || decoder->position != (uint8_t)position)
		return false;
	return decoder->window(data, len, out);
}
