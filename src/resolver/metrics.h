/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_METRICS_H
#define HINOMI_RESOLVER_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * The resolver's numbers, written once and told in two ways: in Prometheus' text format (version 0.0.4), and
 * as JSON for `ctl stats`. A family has one label at most.
 */
enum metrics_form { METRICS_PROMETHEUS, METRICS_JSON };

struct metrics {
	enum metrics_form form;
	struct buf *out;
	const char *name, *label; /* of the family */
	size_t families, samples; /* so far; samples of this family */
};

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE };

void metrics_begin(struct metrics *m, enum metrics_form form, struct buf *out);
/** @return what buf_err() says */
HN_MUST_USE int metrics_end(struct metrics *m);

/**
 * Begins a family.
 *
 * @param name   without "hinomi_resolver_"; text lives until the next family
 * @param label  NULL: none, and one sample
 */
void metrics_family(struct metrics *m, const char *name, enum metrics_type type, const char *label,
		    const char *help);
/** @param value  of the label; NULL where there is none */
void metrics_add(struct metrics *m, const char *value, uint64_t number);
/** A family of one sample. */
void metrics_one(struct metrics *m, const char *name, enum metrics_type type, const char *help,
		 uint64_t number);
/** A histogram; slot i counts what took under 2^i microseconds, the last everything above. */
void metrics_histogram(struct metrics *m, const char *name, const char *help, const uint64_t slots[],
		       size_t count, uint64_t sum_us);

#endif
