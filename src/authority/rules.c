/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/rules.h"

#include <stdio.h>

#include "base/lang.h"

static int check_classes(const struct authorization *a, const struct limits *l, struct fault *fault)
{
	if (a->classes == 0)
		return fault_set(fault, HN_EFORMAT, "/classes", tr("is empty", "が空である"));
	for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++) {
		if (!authorization_has_class(a, (enum flow_class)c))
			continue;
		if (c == DOMESTIC_DOMESTIC)
			return fault_set(fault, HN_EAUTH, "/classes",
					 tr("domestic to domestic is never authorised",
					    "内内通信は決して承認されない"));
		if ((l->basis[a->basis].classes & FLOW_CLASS_BIT(c)) == 0)
			return fault_set(fault, HN_EAUTH, "/classes",
					 tr("basis '%s' does not allow class '%s'",
					    "根拠「%s」では「%s」は認められない"),
					 basis_title(a->basis), flow_class_title((enum flow_class)c));
	}
	return HN_OK;
}

static int check_times(const struct authorization *a, const struct limits *l, struct fault *fault)
{
	if (a->until_ns <= a->from_ns)
		return fault_set(fault, HN_EFORMAT, "/until",
				 tr("must lie after 'from'", "は 'from' より後でなければならない"));
	if (a->until_ns - a->from_ns > l->basis[a->basis].validity_ns)
		return fault_set(fault, HN_EAUTH, "/until",
				 tr("longer than the %lld days that basis '%s' allows",
				    "が、%2$sで認められる%1$lld日を超えている"),
				 (long long)(l->basis[a->basis].validity_ns / (86400 * INT64_C(1000000000))),
				 basis_title(a->basis));
	if (a->retention_ns > l->retention_ns)
		return fault_set(fault, HN_EAUTH, "/retention",
				 tr("longer than the %lld days that may be authorised",
				    "が、認められる%lld日を超えている"),
				 (long long)(l->retention_ns / (86400 * INT64_C(1000000000))));
	return HN_OK;
}

static int check_party(const struct authorization *a, struct fault *fault)
{
	bool agreement = a->basis == BASIS_AGREEMENT;
	if (agreement && (a->party == NULL || a->link_count == 0))
		return fault_set(fault, HN_EFORMAT, a->party == NULL ? "/party" : "/links", "%s",
				 tr("an agreement names its party and the links it covers",
				    "協定には当事者と対象回線が必要である"));
	if (!agreement && (a->party != NULL || a->link_count > 0))
		return fault_set(fault, HN_EFORMAT, "/party", "%s",
				 tr("only an agreement names a party and links",
				    "当事者と回線を示すのは協定だけである"));
	return HN_OK;
}

static int facility_fault(struct fault *fault, int rc, size_t i, const char *message)
{
	char place[48];
	(void)snprintf(place, sizeof(place), "/facilities/%zu", i);
	return fault_set(fault, rc, place, "%s", message);
}

static int check_facilities(const struct authorization *a, const struct limits *l, struct fault *fault)
{
	uint8_t covered = 0;
	for (size_t i = 0; i < a->facility_count; i++) {
		const struct facility *f = &a->facilities[i];
		if (a->basis != BASIS_SPECIFIED)
			return facility_fault(fault, HN_EFORMAT, i,
					      tr("only basis 'specified' names foreign facilities",
						 "国外設備を示すのは根拠 'specified' だけである"));
		if (f->classes == 0 || (f->classes & ~a->classes) != 0)
			return facility_fault(fault, HN_EFORMAT, i,
					      tr("must be for authorised classes",
						 "は承認する区分に対するものでなければならない"));
		if (f->prefix.len < (f->prefix.addr.version == 4 ? l->prefix4 : l->prefix6))
			return facility_fault(fault, HN_EAUTH, i,
					      tr("wider than the widest prefix that may be authorised",
						 "が、承認できる最大の幅を超えている"));
		if (!ip_is_global(&f->prefix.addr))
			return facility_fault(fault, HN_EFORMAT, i,
					      tr("is not a global address", "がグローバルアドレスではない"));
		covered |= f->classes;
	}
	if (a->basis == BASIS_SPECIFIED && covered != a->classes)
		return fault_set(fault, HN_EFORMAT, "/facilities", "%s",
				 tr("each class needs the foreign facility it is about",
				    "には、各区分の対象となる国外設備が必要である"));
	return HN_OK;
}

static int check_sets(const struct authorization *a, const struct limits *l, struct fault *fault)
{
	char place[48];
	if (a->set_count + a->pattern_count == 0)
		return fault_set(fault, HN_EFORMAT, "/sets",
				 tr("names no set and no pattern", "にセットもパターンもない"));
	for (size_t i = 0; i < a->set_count; i++) {
		const struct bounds *b = &a->sets[i];
		(void)snprintf(place, sizeof(place), "/sets/%zu", i);
		if (b->prefix4 < l->prefix4 || b->prefix6 < l->prefix6)
			return fault_set(fault, HN_EAUTH, place,
					 tr("allows prefixes wider than /%u and /%u",
					    "が /%u、/%u より広いプレフィックスを認めている"),
					 l->prefix4, l->prefix6);
		if (b->entries_max > l->entries)
			return fault_set(
				fault, HN_EAUTH, place,
				tr("allows more than %llu entries", "が%llu件を超える項目を認めている"),
				(unsigned long long)l->entries);
	}
	return HN_OK;
}

int rules_check(const struct authorization *a, const struct limits *l, struct fault *fault)
{
	int rc;
	if ((rc = check_classes(a, l, fault)) != HN_OK || (rc = check_times(a, l, fault)) != HN_OK ||
	    (rc = check_party(a, fault)) != HN_OK || (rc = check_facilities(a, l, fault)) != HN_OK)
		return rc;
	return check_sets(a, l, fault);
}
