/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_IMPORTER_LINES_H
#define HINOMI_HUB_EXCHANGE_IMPORTER_LINES_H

#include "hub/exchange/importer_inside.h"

/* What lists and CSV share: an indicator of a value and what else is said of it. */
struct importer_row {
	const char *type, *value; /* type "": by content */
	const char *name, *description, *tlp, *labels;
	int confidence;                        /* -1: not said */
	int64_t created_ns, from_ns, until_ns; /* 0: not said */
	uint64_t line;
};

/** Writes it, or leaves it out with its reason. */
void importer_row(struct importer *imp, const struct importer_row *row);

#endif
