/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* seal_record TRUST.json UID ADDRESS: a record as a sensor writes it, its address sealed for
 * re-identification. */
#include <stdio.h>
#include <string.h>

#include "authority/seal.h"
#include "authority/trust.h"

int main(int argc, char **argv)
{
	static struct trust trust;
	char sealed[SEAL_TEXT_SIZE];
	struct uuid uid;
	struct ip ip;

	if (argc != 4 || trust_read(argv[1], &trust, NULL) != HN_OK ||
	    uuid_parse(argv[2], strlen(argv[2]), &uid) != HN_OK ||
	    ip_parse(argv[3], strlen(argv[3]), &ip) != HN_OK)
		return 1;
	seal_address(trust.reidentification, &uid, &ip, sealed);
	printf("{\"metadata\":{\"uid\":\"%s\"},\"unmapped\":{\"hinomi\":{\"sealed\":\"%s\"}}}\n", argv[2],
	       sealed);
	return 0;
}
