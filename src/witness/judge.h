/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_JUDGE_H
#define HINOMI_WITNESS_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "authority/receipt_check.h"
#include "base/err.h"
#include "base/fault.h"
#include "witness/state.h"

#define FINDING_SIZE 600

/** What does not hold; both empty where all does. */
struct finding {
	char en[FINDING_SIZE], ja[FINDING_SIZE];
};

/** Sets it where it is not set yet. */
void finding_set(struct finding *f, const char *en, const char *ja);
/** The same of what a check said in both languages. */
void finding_of(struct finding *f, const struct fault *en, const struct fault *ja);

/**
 * In a transaction: holds a receipt whose form, signature, sums and chain are known to hold against what the
 * commission knows: trust file, authorisations, their time, their sets and classes. What does not hold is
 * raised as alarms.
 *
 * @param line  the receipt as it came
 * @param f     the first thing that does not hold
 * @return HN_OK also where something does not hold; HN_EIO, HN_ENOSPC, HN_ENOMEM
 */
HN_MUST_USE int judge_receipt(struct state *s, const char *edge, const struct receipt_facts *facts,
			      const char *line, size_t len, struct finding *f);

#endif
