/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DNS_NUMBER_H
#define HINOMI_WIRE_DNS_NUMBER_H

/* Numbers of the DNS as the IANA registers keep them, and where the parts of a message stand (RFC 1035, 4.1).
 */

#define DNS_HEADER_LEN  12
#define DNS_RECORD_LEN  10 /* bytes between a record's owner name and its data */
#define DNS_OPT_LEN     11 /* bytes of an OPT record without options */
#define DNS_MESSAGE_MAX 65535
#define DNS_UDP_PLAIN   512 /* what fits a client without EDNS; RFC 1035, 4.2.1 */

/* The second 16 bits of the header. */
enum dns_flag {
	DNS_QR = 0x8000,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_AD = 0x0020, /* RFC 4035, 3.2.3 */
	DNS_CD = 0x0010, /* RFC 4035, 3.2.2 */
	DNS_RCODE = 0x000f,
	DNS_OPCODE = 0x7800,
};

enum dns_opcode {
	DNS_OPCODE_QUERY = 0,
	DNS_OPCODE_NOTIFY = 4,
};

enum dns_rcode {
	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_FORMERR = 1,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
	DNS_RCODE_NOTIMP = 4,
	DNS_RCODE_REFUSED = 5,
	DNS_RCODE_YXDOMAIN = 6,   /* RFC 6672, 2.2: a name grew too long */
	DNS_RCODE_BADVERS = 16,   /* needs an OPT; RFC 6891, 9 */
	DNS_RCODE_BADCOOKIE = 23, /* needs an OPT; RFC 7873, 8 */
};

enum dns_class {
	DNS_CLASS_IN = 1,
	DNS_CLASS_CH = 3,
	DNS_CLASS_ANY = 255,
};

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_MD = 3,
	DNS_TYPE_MF = 4,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_MB = 7,
	DNS_TYPE_MG = 8,
	DNS_TYPE_MR = 9,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MINFO = 14,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_RP = 17,
	DNS_TYPE_AFSDB = 18,
	DNS_TYPE_RT = 21,
	DNS_TYPE_SIG = 24,
	DNS_TYPE_KEY = 25,
	DNS_TYPE_PX = 26,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_NXT = 30,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_NAPTR = 35,
	DNS_TYPE_KX = 36,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_DS = 43,
	DNS_TYPE_RRSIG = 46,
	DNS_TYPE_NSEC = 47,
	DNS_TYPE_DNSKEY = 48,
	DNS_TYPE_NSEC3 = 50,
	DNS_TYPE_NSEC3PARAM = 51,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_HTTPS = 65,
	DNS_TYPE_TKEY = 249,
	DNS_TYPE_TSIG = 250,
	DNS_TYPE_IXFR = 251,
	DNS_TYPE_AXFR = 252,
	DNS_TYPE_MAILB = 253,
	DNS_TYPE_MAILA = 254,
	DNS_TYPE_ANY = 255,
};

/* Options of an OPT record. */
enum dns_option {
	DNS_OPTION_CLIENT_SUBNET = 8, /* RFC 7871 */
	DNS_OPTION_COOKIE = 10,       /* RFC 7873 */
	DNS_OPTION_KEEPALIVE = 11,    /* RFC 7828 */
	DNS_OPTION_PADDING = 12,      /* RFC 7830 */
	DNS_OPTION_EDE = 15,          /* RFC 8914 */
};

/* INFO-CODEs of RFC 8914 that a resolver gives. */
enum dns_ede {
	DNS_EDE_OTHER = 0,
	DNS_EDE_STALE = 3,
	DNS_EDE_FORGED = 4,
	DNS_EDE_BOGUS = 6,
	DNS_EDE_BLOCKED = 15,
	DNS_EDE_CENSORED = 16,
	DNS_EDE_FILTERED = 17,
	DNS_EDE_PROHIBITED = 18,
	DNS_EDE_STALE_NXDOMAIN = 19,
	DNS_EDE_NO_AUTHORITY = 22,
	DNS_EDE_NETWORK_ERROR = 23,
};

#endif
