/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_WARNINGS_ROWS_H
#define HINOMI_STORE_WARNINGS_ROWS_H

#include "store/db.h"
#include "store/warnings.h"

/* Between the rows of warning lists and their image. */

struct warning_rule {
	int64_t consumer; /* 0: all */
	char way[8];      /* "": all */
	enum warning_action action;
};

struct warning_policy {
	char name[128];
	enum warning_action action;
	struct warning_rule rules[WARNING_RULES_MAX];
	size_t rule_count;
};

/** Reads what is said of a list. @param text_out  canonical JSON, or NULL */
HN_MUST_USE int warning_policy_read(struct db *db, const char *text, size_t len, const struct uuid *id,
				    struct warning_policy *out, struct buf *text_out, struct fault *fault);

#endif
