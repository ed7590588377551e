/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_opt.h"

#include <assert.h>
#include <string.h>

#include "base/cur.h"

#define OPTION_HEAD   4 /* bytes: code, length */
#define KEEPALIVE_LEN 2
#define EDE_CODE_LEN  2
#define ARCOUNT_AT    10

/* What of the wishes fits. */
struct plan {
	size_t cookie; /* bytes of each option with its head; 0: left out */
	size_t ede;
	size_t keepalive;
	size_t padding;
};

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint8_t *option_put(uint8_t *p, enum dns_option code, size_t len)
{
	put16(p, code);
	put16(p + 2, len);
	return p + OPTION_HEAD;
}

static void plan_max(const struct dns_opt *opt, struct plan *p)
{
	*p = (struct plan){0};
	if (opt->cookie_len > 0)
		p->cookie = OPTION_HEAD + (size_t)opt->cookie_len;
	if (opt->ede)
		p->ede = OPTION_HEAD + EDE_CODE_LEN + (size_t)opt->ede_text_len;
	if (opt->keepalive)
		p->keepalive = OPTION_HEAD + KEEPALIVE_LEN;
}

static size_t plan_size(const struct plan *p)
{
	return p->cookie + p->ede + p->keepalive;
}

/* Leaves out what does not fit into room, what is needed least first. */
static void plan_fit(struct plan *p, size_t room)
{
	if (plan_size(p) > room && p->ede > OPTION_HEAD + EDE_CODE_LEN)
		p->ede = OPTION_HEAD + EDE_CODE_LEN;
	if (plan_size(p) > room)
		p->keepalive = 0;
	if (plan_size(p) > room)
		p->ede = 0;
	if (plan_size(p) > room)
		p->cookie = 0;
}

/* The padding option that brings len bytes to a multiple of block, or as near as limit allows. */
static size_t padding_size(size_t len, size_t block, size_t limit)
{
	size_t least = len + OPTION_HEAD;
	if (block == 0 || least > limit)
		return 0;
	size_t padded = (least + block - 1) / block * block;
	return (padded < limit ? padded : limit) - len;
}

size_t dns_opt_size(const struct dns_opt *opt)
{
	struct plan p;
	plan_max(opt, &p);
	return DNS_OPT_LEN + plan_size(&p);
}

static uint8_t *options_put(uint8_t *p, const struct dns_opt *opt, const struct plan *plan)
{
	if (plan->cookie > 0) {
		p = option_put(p, DNS_OPTION_COOKIE, opt->cookie_len);
		memcpy(p, opt->cookie, opt->cookie_len);
		p += opt->cookie_len;
	}
	if (plan->keepalive > 0) {
		p = option_put(p, DNS_OPTION_KEEPALIVE, KEEPALIVE_LEN);
		put16(p, opt->keepalive_100ms);
		p += KEEPALIVE_LEN;
	}
	if (plan->ede > 0) {
		size_t text_len = plan->ede - OPTION_HEAD - EDE_CODE_LEN;
		p = option_put(p, DNS_OPTION_EDE, EDE_CODE_LEN + text_len);
		put16(p, opt->ede_code);
		p += EDE_CODE_LEN;
		if (text_len > 0)
			memcpy(p, opt->ede_text, text_len);
		p += text_len;
	}
	if (plan->padding > 0) {
		size_t pad = plan->padding - OPTION_HEAD;
		p = option_put(p, DNS_OPTION_PADDING, pad);
		memset(p, 0, pad); /* RFC 7830, 3 */
		p += pad;
	}
	return p;
}

size_t dns_opt_append(const struct dns_opt *opt, uint8_t *msg, size_t len, size_t limit)
{
	struct plan plan;

	assert(len >= DNS_HEADER_LEN && limit >= len + DNS_OPT_LEN && limit <= DNS_MESSAGE_MAX);
	plan_max(opt, &plan);
	plan_fit(&plan, limit - len - DNS_OPT_LEN);
	plan.padding = padding_size(len + DNS_OPT_LEN + plan_size(&plan), opt->padding_block, limit);

	uint8_t *p = msg + len;
	p[0] = 0; /* the root */
	put16(p + 1, DNS_TYPE_OPT);
	put16(p + 3, opt->udp_size);
	p[5] = (uint8_t)(opt->rcode >> 4);
	p[6] = 0; /* version */
	p[7] = opt->dnssec_ok ? 0x80 : 0;
	p[8] = 0;
	put16(p + 9, plan_size(&plan) + plan.padding);
	put16(msg + ARCOUNT_AT, load_be16(msg + ARCOUNT_AT) + 1u);
	return (size_t)(options_put(p + DNS_OPT_LEN, opt, &plan) - msg);
}
