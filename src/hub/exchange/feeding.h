/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FEEDING_H
#define HINOMI_HUB_EXCHANGE_FEEDING_H

#include "hub/exchange/fetch_run.h"
#include "hub/exchange/importer.h"

/* A file of a source, of whatever form, on its way in: bytes become STIX, STIX is taken in. */
struct feeding {
	struct fetch_run *run;
	struct importer *importer;
	struct intake *intake;
	struct buf out;
	struct fault *fault;
	bool wrong; /* the last error is about the file, and stays with it */
};

/** @return as importer_new(), intake_new(). feeding_clear() it in any case */
HN_MUST_USE int feeding_init(struct feeding *f, struct fetch_run *run, struct fault *fault);
/** Takes a piece. @param context  the feeding */
HN_MUST_USE int feeding_take(void *context, const void *data, size_t len);
/** The file has ended; all of it is durable, and told to the run's report. */
HN_MUST_USE int feeding_end(struct feeding *f);
void feeding_clear(struct feeding *f);

#endif
