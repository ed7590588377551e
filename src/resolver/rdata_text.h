/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RDATA_TEXT_H
#define HINOMI_RESOLVER_RDATA_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "resolver/zone_text.h"

/*
 * RDATA between the text of zone files and wire form with names uncompressed. In text: A, AAAA, CNAME, DNAME,
 * NS, PTR, MX, TXT, SPF, SRV, CAA, SOA; any type as "\# length hex" (RFC 3597, 5).
 */

#define RDATA_MAX 65535

/** A type's mnemonic, or "TYPE123". @return HN_ENOENT for an unknown one */
HN_MUST_USE int rrtype_parse(const char *text, size_t len, uint16_t *out);
/** Appends the mnemonic, or "TYPE123". */
void rrtype_format(uint16_t type, struct buf *out);

/**
 * The words of an entry from `first` on as RDATA.
 *
 * @param out  is appended to; on an error what was appended means nothing
 * @return HN_EFORMAT, HN_ELIMIT; HN_EUNSUPPORTED for a type that has no text here
 */
HN_MUST_USE int rdata_parse(uint16_t type, const struct zone_text *entry, size_t first,
			    const struct zone_name *origin, struct buf *out);

/** Appends RDATA as text, as rdata_parse() takes it. */
void rdata_format(uint16_t type, const uint8_t *data, size_t len, struct buf *out);

/** Appends a name in wire form (with or without the root's byte) as text with its last dot. */
void wire_name_format(const uint8_t *name, size_t len, struct buf *out);

#endif
