/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/field.h"

#include <stddef.h>

static const char *const names[FIELD_COUNT] = {
	[FIELD_IP_SRC] = "ip.src",
	[FIELD_IP_DST] = "ip.dst",
	[FIELD_DNS_QUERY_NAME] = "dns.query.name",
	[FIELD_DNS_ANSWER_NAME] = "dns.answer.name",
	[FIELD_DNS_ANSWER_ADDRESS] = "dns.answer.address",
	[FIELD_TLS_SNI] = "tls.sni",
	[FIELD_TLS_JA4] = "tls.ja4",
	[FIELD_QUIC_SNI] = "quic.sni",
	[FIELD_QUIC_JA4] = "quic.ja4",
	[FIELD_HTTP_HOST] = "http.host",
	[FIELD_HTTP_URL] = "http.url",
	[FIELD_PATTERN] = "pattern",
};

const char *field_name(enum field field)
{
	return (unsigned)field < FIELD_COUNT ? names[field] : NULL;
}
