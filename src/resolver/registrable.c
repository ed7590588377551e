/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/registrable.h"

#include <libpsl.h>
#include <string.h>

#define LABELS_MAX    127
#define IN_ADDR_KEPT  4
#define IP6_KEPT      10
#define REVERSE_ZONES 2

/* Where each label begins. Stops at what is no name. */
static size_t find_labels(const uint8_t *name, size_t len, uint8_t starts[LABELS_MAX])
{
	size_t count = 0;
	for (size_t at = 0; at < len && count < LABELS_MAX; at += 1 + (size_t)name[at])
		starts[count++] = (uint8_t)at;
	return count;
}

/* Text in which only dots are label's ends; what no listed suffix has becomes '_'. At most 254 bytes. */
static void plain_text(const uint8_t *name, size_t len, char out[256])
{
	size_t to = 0;
	for (size_t at = 0; at < len;) {
		size_t end = at + 1 + name[at];
		if (to > 0)
			out[to++] = '.';
		for (at++; at < end && at < len; at++) {
			uint8_t c = name[at];
			int known = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
			out[to++] = known ? (char)c : '_';
		}
	}
	out[to] = 0;
}

/* How many of the last labels of a reverse name count; 0: it is none. */
static size_t reverse_labels(const uint8_t *name, size_t len)
{
	static const struct {
		const char *suffix;
		size_t len, labels;
	} zones[REVERSE_ZONES] = {
		{"\x07in-addr\x04\x61rpa", 13, IN_ADDR_KEPT},
		{"\x03ip6\x04\x61rpa", 9, IP6_KEPT},
	};
	for (size_t i = 0; i < REVERSE_ZONES; i++)
		if (len >= zones[i].len &&
		    memcmp(name + len - zones[i].len, zones[i].suffix, zones[i].len) == 0)
			return zones[i].labels;
	return 0;
}

/* How many of the labels belong to it, which may be more than there are. */
static size_t labels_kept(const uint8_t *name, size_t len)
{
	size_t kept = reverse_labels(name, len);
	if (kept != 0)
		return kept;
	char text[256];
	plain_text(name, len, text);
	const char *domain = psl_registrable_domain(psl_builtin(), text);
	if (domain == NULL)
		return LABELS_MAX;
	kept = 1;
	for (; *domain != 0; domain++)
		if (*domain == '.')
			kept++;
	return kept;
}

size_t registrable_len(const uint8_t *name, size_t len)
{
	uint8_t starts[LABELS_MAX];
	size_t count = find_labels(name, len, starts);
	size_t kept = labels_kept(name, len);
	return kept >= count ? len : len - starts[count - kept];
}

unsigned registrable_labels(const uint8_t *name, size_t len)
{
	uint8_t starts[LABELS_MAX];
	size_t count = find_labels(name, len, starts);
	size_t kept = labels_kept(name, len);
	return (unsigned)(kept >= count ? count : kept);
}
