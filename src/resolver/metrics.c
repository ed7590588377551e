/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/metrics.h"

#include <string.h>

#define PREFIX "hinomi_resolver_"

static const char *const types[] = {"counter", "gauge"};

void metrics_begin(struct metrics *m, enum metrics_form form, struct buf *out)
{
	*m = (struct metrics){.form = form, .out = out};
	if (form == METRICS_JSON)
		buf_addc(out, '{');
}

static void end_family(struct metrics *m)
{
	if (m->form == METRICS_JSON && m->label)
		buf_addc(m->out, '}');
}

int metrics_end(struct metrics *m)
{
	end_family(m);
	if (m->form == METRICS_JSON)
		buf_addc(m->out, '}');
	return buf_err(m->out);
}

static void head(struct metrics *m, const char *name, const char *type, const char *help)
{
	end_family(m);
	m->name = name;
	m->samples = 0;
	if (m->form == METRICS_PROMETHEUS)
		buf_addf(m->out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
	else
		buf_addf(m->out, "%s\"%s\":", m->families > 0 ? "," : "", name);
	m->families++;
}

void metrics_family(struct metrics *m, const char *name, enum metrics_type type, const char *label,
		    const char *help)
{
	head(m, name, types[type], help);
	m->label = label;
	if (m->form == METRICS_JSON && label)
		buf_addc(m->out, '{');
}

/* A label's value: backslash, quote and line feed are escaped. */
static void add_label(struct buf *out, const char *value)
{
	for (const char *c = value; *c; c++) {
		if (*c == '\n') {
			buf_adds(out, "\\n");
			continue;
		}
		if (*c == '\\' || *c == '"')
			buf_addc(out, '\\');
		buf_addc(out, *c);
	}
}

void metrics_add(struct metrics *m, const char *value, uint64_t number)
{
	struct buf *out = m->out;
	if (m->form == METRICS_JSON) {
		if (m->label) {
			buf_adds(out, m->samples > 0 ? "," : "");
			buf_json_string(out, value, strlen(value));
			buf_addc(out, ':');
		}
		buf_addf(out, "%llu", (unsigned long long)number);
	} else {
		buf_addf(out, PREFIX "%s", m->name);
		if (m->label) {
			buf_addf(out, "{%s=\"", m->label);
			add_label(out, value);
			buf_adds(out, "\"}");
		}
		buf_addf(out, " %llu\n", (unsigned long long)number);
	}
	m->samples++;
}

void metrics_one(struct metrics *m, const char *name, enum metrics_type type, const char *help,
		 uint64_t number)
{
	metrics_family(m, name, type, NULL, help);
	metrics_add(m, NULL, number);
}

/* The upper end of the slot in which the given part of all lies. */
static uint64_t quantile_us(const uint64_t slots[], size_t count, uint64_t all, double part)
{
	uint64_t seen = 0;
	for (size_t i = 0; i < count; i++) {
		seen += slots[i];
		if (seen > 0 && (double)seen >= part * (double)all)
			return UINT64_C(1) << i;
	}
	return 0;
}

static void histogram_json(struct metrics *m, const uint64_t slots[], size_t count, uint64_t all,
			   uint64_t sum_us)
{
	buf_addf(m->out, "{\"count\":%llu,\"sum_us\":%llu,\"p50_us\":%llu,\"p99_us\":%llu}",
		 (unsigned long long)all, (unsigned long long)sum_us,
		 (unsigned long long)quantile_us(slots, count, all, 0.5),
		 (unsigned long long)quantile_us(slots, count, all, 0.99));
}

void metrics_histogram(struct metrics *m, const char *name, const char *help, const uint64_t slots[],
		       size_t count, uint64_t sum_us)
{
	uint64_t all = 0, seen = 0;
	for (size_t i = 0; i < count; i++)
		all += slots[i];
	head(m, name, "histogram", help);
	m->label = NULL;
	if (m->form == METRICS_JSON) {
		histogram_json(m, slots, count, all, sum_us);
		return;
	}
	for (size_t i = 0; i + 1 < count; i++) {
		seen += slots[i];
		buf_addf(m->out, PREFIX "%s_bucket{le=\"%.6f\"} %llu\n", name,
			 (double)(UINT64_C(1) << i) / 1e6, (unsigned long long)seen);
	}
	buf_addf(m->out,
		 PREFIX "%s_bucket{le=\"+Inf\"} %llu\n" PREFIX "%s_sum %llu.%06llu\n" PREFIX
			"%s_count %llu\n",
		 name, (unsigned long long)all, name, (unsigned long long)(sum_us / 1000000),
		 (unsigned long long)(sum_us % 1000000), name, (unsigned long long)all);
}
