/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "resolver/unbound_context.h"

/* RFC 8914, 4. */
enum {
	EDE_UNSUPPORTED_ALGORITHM = 1,
	EDE_BOGUS = 6,
	EDE_SIGNATURE_EXPIRED = 7,
	EDE_SIGNATURE_NOT_YET_VALID = 8,
	EDE_DNSKEY_MISSING = 9,
	EDE_RRSIGS_MISSING = 10,
	EDE_NO_ZONE_KEY_BIT = 11,
	EDE_NSEC_MISSING = 12,
};

/*
 * libunbound 1.17 knows the code but gives its callback only the words. The first row that is found decides:
 * a signature is out of date wherever in the chain that was.
 */
static const struct {
	const char *words;
	uint16_t code;
} reasons[] = {
	{"signature expired", EDE_SIGNATURE_EXPIRED},
	{"signature before inception", EDE_SIGNATURE_NOT_YET_VALID},
	{"signature inception after expiration", EDE_SIGNATURE_NOT_YET_VALID},
	{"without ZSK flag", EDE_NO_ZONE_KEY_BIT},
	{"unsupported algorithm", EDE_UNSUPPORTED_ALGORITHM},
	{"no known algorithms", EDE_UNSUPPORTED_ALGORITHM},
	{"algorithm refused", EDE_UNSUPPORTED_ALGORITHM},
	{"unknown algorithm", EDE_UNSUPPORTED_ALGORITHM},
	{"no DNSKEY rrset", EDE_DNSKEY_MISSING},
	{"No DNSKEY record", EDE_DNSKEY_MISSING},
	{"signatures from unknown keys", EDE_DNSKEY_MISSING},
	{"no keys have a DS", EDE_DNSKEY_MISSING},
	{"not secured by DNSKEY", EDE_DNSKEY_MISSING},
	{"DS hash mismatches key", EDE_DNSKEY_MISSING},
	{"no signatures over NSEC", EDE_RRSIGS_MISSING},
	{"no DNSSEC records", EDE_NSEC_MISSING},
	{"no NSEC3", EDE_NSEC_MISSING},
	{"no valid NSEC3s", EDE_NSEC_MISSING},
	{"does not prove absence of DS", EDE_NSEC_MISSING},
	{"no signatures", EDE_RRSIGS_MISSING},
	{"signature missing", EDE_RRSIGS_MISSING},
};

uint16_t unbound_ede(const char *why)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strstr(why, reasons[i].words) != NULL)
			return reasons[i].code;
	return EDE_BOGUS;
}
