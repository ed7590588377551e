/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/decoder.h"

#include <string.h>

#include "wire/dns.h"
#include "wire/http.h"
#include "wire/mail.h"
#include "wire/messages.h"
#include "wire/position.h"
#include "wire/quic.h"
#include "wire/ssh.h"
#include "wire/tls.h"

#define TCP 6
#define UDP 17

/* Kinds of first byte. */
#define FIRST_UPPER  0x01 /* A-Z */
#define FIRST_TEXT   0x02 /* other printable ASCII */
#define FIRST_RECORD 0x04 /* TLS handshake, alert */
#define FIRST_LONG   0x08 /* QUIC's long header */
#define FIRST_BREAK  0x10 /* CR, LF */
#define FIRST_OTHER  0x20
#define FIRST_LETTER (FIRST_UPPER | FIRST_TEXT)
#define FIRST_ANY    0xff

static uint8_t first_kind(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return FIRST_UPPER;
	if (c >= ' ' && c <= '~')
		return FIRST_TEXT;
	if (c >= 0xc0)
		return FIRST_LONG;
	if (c == '\r' || c == '\n')
		return FIRST_BREAK;
	return c == 21 || c == 22 ? FIRST_RECORD : FIRST_OTHER;
}

/* For protocols that are only recognised. */
static enum decode_result nothing_decode(struct cur data, bool ended, struct decode_state *state,
					 struct extract *out)
{
	(void)data;
	(void)ended;
	(void)out;
	state->consumed = 0;
	return DECODE_DONE;
}

#define ONLY_RECOGNISED(name_, protocol_, family_, first_, guess_)                                           \
	.name = name_, .protocol = protocol_, .family = family_, .first = first_, .guess = guess_,           \
	.decode = nothing_decode

const struct decoder decoders[] = {
	{.name = "dns",
	 .protocol = UDP,
	 .family = FAMILY_NAMES,
	 .every_datagram = true,
	 .ports = {53},
	 .ports_only = true,
	 .first = FIRST_ANY,
	 .guess = dns_guess,
	 .decode = dns_decode},
	{.name = "dns",
	 .protocol = TCP,
	 .family = FAMILY_NAMES,
	 .ports = {53},
	 .ports_only = true,
	 .first = FIRST_ANY,
	 .guess = dns_tcp_guess,
	 .decode = dns_tcp_decode},
	{.name = "tls",
	 .protocol = TCP,
	 .family = FAMILY_HANDSHAKE,
	 .ports = {443, 853, 993, 995, 465, 8443},
	 .first = FIRST_RECORD,
	 .guess = tls_guess,
	 .decode = tls_decode,
	 .position = POSITION_TLS_CLIENT_HELLO,
	 .window = tls_window},
	{.name = "http",
	 .protocol = TCP,
	 .family = FAMILY_WEB,
	 .ports = {80, 8080, 8000, 3128},
	 .first = FIRST_LETTER | FIRST_BREAK,
	 .guess = http_guess,
	 .decode = http_decode,
	 .position = POSITION_HTTP_REQUEST_LINE,
	 .window = http_window},
	{.name = "quic",
	 .protocol = UDP,
	 .family = FAMILY_HANDSHAKE,
	 .block = true,
	 .ports = {443, 853, 8443},
	 .first = FIRST_LONG,
	 .guess = quic_guess,
	 .decode = quic_decode},
	{.name = "ssh",
	 .protocol = TCP,
	 .family = FAMILY_HANDSHAKE,
	 .ports = {22},
	 .first = FIRST_UPPER,
	 .guess = ssh_guess,
	 .decode = ssh_decode,
	 .position = POSITION_SSH_BANNER,
	 .window = ssh_window},
	{ONLY_RECOGNISED("smtp", TCP, FAMILY_MAIL, FIRST_LETTER, smtp_guess), .ports = {25, 587, 465, 2525}},
	{ONLY_RECOGNISED("pop3", TCP, FAMILY_MAIL, FIRST_LETTER, pop3_guess), .ports = {110}},
	{ONLY_RECOGNISED("imap", TCP, FAMILY_MAIL, FIRST_LETTER, imap_guess), .ports = {143}},
	{ONLY_RECOGNISED("sip", TCP, FAMILY_MESSAGES, FIRST_UPPER, sip_guess), .ports = {5060}},
	{ONLY_RECOGNISED("sip", UDP, FAMILY_MESSAGES, FIRST_UPPER, sip_guess), .ports = {5060}},
	{ONLY_RECOGNISED("xmpp", TCP, FAMILY_MESSAGES, FIRST_TEXT, xmpp_guess), .ports = {5222, 5269}},
	{ONLY_RECOGNISED("irc", TCP, FAMILY_MESSAGES, FIRST_LETTER, irc_guess),
	 .ports = {6667, 6666, 6668, 6669}},
	{ONLY_RECOGNISED("mqtt", TCP, FAMILY_MESSAGES, FIRST_OTHER, mqtt_guess), .ports = {1883}},
	{ONLY_RECOGNISED("smpp", TCP, FAMILY_MESSAGES, FIRST_OTHER, smpp_guess), .ports = {2775}},
	/* Mail whose opening we do not know must not be looked at either: whatever else is on mail's ports.
	 */
	{ONLY_RECOGNISED("mail", TCP, FAMILY_MAIL, FIRST_ANY, mail_port_guess), .ports = {25, 587, 110, 143},
	 .ports_only = true},
	/* DNS elsewhere, last because its guess looks at the whole message. */
	{.name = "dns",
	 .protocol = UDP,
	 .family = FAMILY_NAMES,
	 .every_datagram = true,
	 .first = FIRST_ANY,
	 .guess = dns_guess_strict,
	 .decode = dns_decode},
	{.name = "dns",
	 .protocol = TCP,
	 .family = FAMILY_NAMES,
	 .first = FIRST_ANY,
	 .guess = dns_tcp_guess_strict,
	 .decode = dns_tcp_decode},
	{NULL},
};

static bool on_port(const struct decoder *d, uint16_t src_port, uint16_t dst_port)
{
	for (size_t i = 0; i < sizeof(d->ports) / sizeof(d->ports[0]) && d->ports[i] != 0; i++)
		if (d->ports[i] == src_port || d->ports[i] == dst_port)
			return true;
	return false;
}

enum decode_guess decoder_find(uint8_t protocol, uint16_t src_port, uint16_t dst_port, const uint8_t *data,
			       size_t len, const struct decoder **out)
{
	enum decode_guess best = GUESS_NO;
	uint8_t kind = len == 0 ? 0 : first_kind(data[0]);

	for (unsigned pass = 0; pass < 2; pass++) {
		bool hinted = pass == 0;
		for (const struct decoder *d = decoders; d->name != NULL; d++) {
			if (d->protocol != protocol || (d->first & kind) == 0)
				continue;
			if (on_port(d, src_port, dst_port) != hinted || (!hinted && d->ports_only))
				continue;
			enum decode_guess guess = d->guess(data, len);
			if (guess == GUESS_YES) {
				*out = d;
				return GUESS_YES;
			}
			if (guess == GUESS_MAYBE)
				best = GUESS_MAYBE;
		}
	}
	return best;
}

const struct decoder *decoder_by_name(const char *name)
{
	for (const struct decoder *d = decoders; d->name != NULL; d++)
		if (strcmp(d->name, name) == 0)
			return d;
	return NULL;
}
