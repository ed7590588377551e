/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* seal_record TRUST.json UID END ADDRESS: a record as a sensor writes it, the address of its END (src, dst)
 * sealed for re-identification. */
#include <stdio.h>
#include <string.h>

#include "authority/seal.h"
#include "authority/trust.h"

int main(int argc, char **argv)
{
	static struct trust trust;
	char sealed[SEAL_TEXT_SIZE];
	struct sealer *sealer;
	struct uuid uid;
	struct ip ip;

	if (argc != 5 || trust_read(argv[1], &trust, NULL) != HN_OK ||
	    uuid_parse(argv[2], strlen(argv[2]), &uid) != HN_OK ||
	    ip_parse(argv[4], strlen(argv[4]), &ip) != HN_OK ||
	    sealer_new(trust.reidentification, &sealer) != HN_OK)
		return 1;
	seal_address(sealer, &uid, strcmp(argv[3], "dst") == 0 ? SEAL_DST : SEAL_SRC, &ip, sealed);
	sealer_free(sealer);
	printf("{\"metadata\":{\"uid\":\"%s\"},\"unmapped\":{\"hinomi\":{\"end\":\"%s\",\"sealed\":\"%s\"}}}"
	       "\n",
	       argv[2], argv[3], sealed);
	return 0;
}
