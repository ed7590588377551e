/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/fuzz/decoded.h"
#include "tests/fuzz/target.h"
#include "wire/dns.h"

/* Input: one byte, the size of pieces; then a message, which is also read as a TCP stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct decoder udp = {.name = "dns", .protocol = 17, .decode = dns_decode};
	static const struct decoder tcp = {.name = "dns", .protocol = 6, .decode = dns_tcp_decode};
	static struct transcript t;

	if (len == 0)
		return 0;
	size_t step = 1u + data[0];
	data++;
	len--;
	transcript_datagram(&t, &udp, data, len);
	/* What the strict guess takes is whole. */
	extract_reset(&t.x);
	int rc = dns_extract(cur_of(data, len), &t.x);
	if (dns_guess_strict(data, len) == GUESS_YES)
		MUST(rc == HN_OK && dns_guess(data, len) == GUESS_YES);
	if (dns_tcp_guess_strict(data, len) == GUESS_YES)
		MUST(dns_tcp_guess(data, len) == GUESS_YES);
	decoded_alike(&tcp, data, len, step);
	return 0;
}
