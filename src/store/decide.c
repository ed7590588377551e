/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/decide.h"

#include <string.h>

static bool has(const int64_t *rising, size_t count, int64_t number)
{
	for (size_t i = 0; i < count && rising[i] <= number; i++)
		if (rising[i] == number)
			return true;
	return false;
}

static bool meet(const int64_t *a, size_t a_count, const int64_t *b, size_t b_count)
{
	for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
		if (a[i] == b[j])
			return true;
		if (a[i] < b[j])
			i++;
		else
			j++;
	}
	return false;
}

static bool is_owner(const struct asker *asker, const struct label *label)
{
	return asker->organisation != 0 && asker->organisation == label->owner;
}

static bool is_centre(const struct asker *asker)
{
	return asker->organisation != 0 && asker->kind == ORG_CENTRE;
}

/* To whom it was given first: its owner, the centre, and the hub that keeps it. */
static bool is_home(const struct asker *asker, const struct label *label)
{
	return asker->hub || is_owner(asker, label) || is_centre(asker);
}

static bool is_named(const struct asker *asker, const struct label *label)
{
	return asker->organisation != 0 &&
	       has(label->recipients, label->recipient_count, asker->organisation);
}

static bool is_member(const struct asker *asker, const struct label *label)
{
	return meet(label->groups, label->group_count, asker->groups, asker->group_count);
}

static bool is_client(const struct asker *asker, const struct label *label)
{
	return meet(label->recipients, label->recipient_count, asker->parents, asker->parent_count) ||
	       meet(label->groups, label->group_count, asker->parent_groups, asker->parent_group_count);
}

static enum rule_answer pass_if(bool yes)
{
	return yes ? RULE_PASS : RULE_DENY;
}

static enum rule_answer ask_selected(const struct asker *asker, const struct label *label)
{
	if (!label->selected)
		return RULE_PASS;
	for (size_t i = 0; i < asker->authorization_count; i++)
		if (uuid_compare(&asker->authorizations[i], &label->authorization) == 0)
			return RULE_PASS;
	return RULE_DENY;
}

static enum rule_answer ask_sets_only(const struct asker *asker, const struct label *label)
{
	(void)label;
	return pass_if(!asker->sets_only);
}

static enum rule_answer ask_clearance(const struct asker *asker, const struct label *label)
{
	return pass_if(asker->clearance >= label->clearance);
}

static enum rule_answer ask_onward(const struct asker *asker, const struct label *label)
{
	if (!asker->onward)
		return RULE_PASS;
	if (label->tlp > TLP_AMBER)
		return RULE_DENY;
	return pass_if(!label->originator_control || is_owner(asker, label) || is_named(asker, label));
}

static enum rule_answer ask_unknown_marking(const struct asker *asker, const struct label *label)
{
	return pass_if(!label->unknown_marking || is_home(asker, label));
}

static enum rule_answer ask_tlp(const struct asker *asker, const struct label *label)
{
	if (label->tlp == TLP_CLEAR || asker->hub || is_owner(asker, label))
		return RULE_PASS;
	if (label->tlp == TLP_RED)
		return pass_if(is_named(asker, label));
	return pass_if(asker->organisation != 0);
}

static enum rule_answer ask_audience(const struct asker *asker, const struct label *label)
{
	if (label->group_count == 0 && label->recipient_count == 0)
		return RULE_PASS;
	if (is_home(asker, label) || is_named(asker, label) || is_member(asker, label))
		return RULE_PASS;
	return pass_if(label->tlp <= TLP_AMBER && is_client(asker, label));
}

static enum rule_answer ask_agreement(const struct asker *asker, const struct label *label)
{
	return pass_if(label->tlp <= asker->tlp_max || is_home(asker, label));
}

static enum rule_answer ask_originator_control(const struct asker *asker, const struct label *label)
{
	return pass_if(!label->originator_control || is_home(asker, label) || is_named(asker, label));
}

static enum rule_answer ask_content(const struct asker *asker, const struct label *label)
{
	return pass_if(label->tlp == TLP_CLEAR || is_home(asker, label) ||
		       (label->content & ~asker->contents) == 0);
}

static enum rule_answer ask_purposes(const struct asker *asker, const struct label *label)
{
	return pass_if(label->purposes == 0 || is_home(asker, label) ||
		       (label->purposes & asker->purposes) != 0);
}

static enum rule_answer ask_consent(const struct asker *asker, const struct label *label)
{
	const uint32_t lets = 1U << asker->kind | 1U << ORG_PUBLIC;
	return pass_if(label->consent == 0 || is_home(asker, label) || (label->consent & lets) != 0);
}

const struct rule DECIDE_RULES[] = {
	{
		"selected",
		ask_selected,
		"it is not from selected communications information, or its authorisation names this handler",
		"選別後通信情報に由来しないか、その承認に取扱者として示されている",
		"it is from selected communications information, and its authorisation does not name this "
		"handler",
		"選別後通信情報に由来し、その承認に取扱者として示されていない",
	},
	{
		"sets_only",
		ask_sets_only,
		"objects may be asked for",
		"オブジェクトの照会が認められている",
		"this account may fetch compiled sets only",
		"このアカウントは指標セットの取得のみ認められている",
	},
	{
		"clearance",
		ask_clearance,
		"the clearance held suffices",
		"必要な適性評価の区分を満たしている",
		"a higher clearance is needed than is held now",
		"現在の適性評価の区分では閲覧できない",
	},
	{
		"onward",
		ask_onward,
		"it does not go on to others, or may",
		"他者に再提供されないか、再提供が認められている",
		"this use goes on to others: TLP:AMBER+STRICT, TLP:RED and what stands under originator "
		"control "
		"do not",
		"この利用は他者への再提供を伴うが、TLP:AMBER+STRICT、TLP:RED "
		"及び発信者管理の情報は再提供できない",
	},
	{
		"unknown_marking",
		ask_unknown_marking,
		"all its markings are understood, or it is one's own",
		"取扱表示をすべて解釈できるか、自組織の情報である",
		"it has a marking that this hub cannot read: only its owner and the centre see it",
		"解釈できない取扱表示があり、提供元とセンターのみ閲覧できる",
	},
	{
		"tlp",
		ask_tlp,
		"its TLP reaches this asker",
		"TLPの共有範囲に含まれる",
		"its TLP does not reach this asker: TLP:RED is for organisations named one by one, "
		"everything but "
		"TLP:CLEAR for those signed in",
		"TLPの共有範囲に含まれない（TLP:REDは個別に指定された組織のみ、TLP:"
		"CLEAR以外は登録組織のみ）",
	},
	{
		"audience",
		ask_audience,
		"no audience is named, or it holds this organisation",
		"提供先の指定がないか、提供先に含まれている",
		"the organisation is neither named nor in a group that is named",
		"提供先として指定されておらず、指定されたグループにも属していない",
	},
	{
		"agreement",
		ask_agreement,
		"the organisation's agreement reaches as high as its TLP",
		"組織の取決めがこのTLPまでの提供を認めている",
		"the organisation's agreement does not reach as high as its TLP",
		"組織の取決めがこのTLPまでの提供を認めていない",
	},
	{
		"originator_control",
		ask_originator_control,
		"its originator does not decide on each recipient, or named this one",
		"発信者管理の対象でないか、発信者が提供先として指定している",
		"its originator decides on each recipient and did not name this one",
		"発信者管理の対象であり、発信者が提供先として指定していない",
	},
	{
		"content",
		ask_content,
		"this class of content may be had",
		"この内容区分の閲覧が認められている",
		"neither agreement nor membership gives this class of content",
		"取決め又は参加条件により、この内容区分の閲覧が認められていない",
	},
	{
		"purposes",
		ask_purposes,
		"a permitted purpose is among those agreed to",
		"許可された利用目的が合意済みの目的に含まれる",
		"none of the permitted purposes was agreed to",
		"許可された利用目的のいずれにも合意していない",
	},
	{
		"consent",
		ask_consent,
		"its owner consented to this kind of organisation",
		"提供元がこの種別の組織への提供に同意している",
		"its owner did not consent to this kind of organisation",
		"提供元がこの種別の組織への提供に同意していない",
	},
	{0},
};

bool decide(const struct asker *asker, const struct label *label, const struct rule **denied_out)
{
	const struct rule *denied = NULL;
	for (const struct rule *rule = DECIDE_RULES; rule->name != NULL && denied == NULL; rule++)
		if (rule->ask(asker, label) != RULE_PASS)
			denied = rule;
	if (denied_out != NULL)
		*denied_out = denied;
	return denied == NULL;
}

enum standing decide_standing(const struct asker *asker, const struct label *label)
{
	if (asker->hub)
		return STANDING_HUB;
	if (asker->organisation == 0)
		return STANDING_PUBLIC;
	if (is_owner(asker, label))
		return STANDING_OWNER;
	if (is_centre(asker))
		return STANDING_CENTRE;
	if (is_named(asker, label))
		return STANDING_NAMED;
	if (is_member(asker, label))
		return STANDING_MEMBER;
	return is_client(asker, label) ? STANDING_CLIENT : STANDING_ORGANISATION;
}

const char *standing_name(enum standing standing)
{
	static const char *const names[] = {
		[STANDING_PUBLIC] = "public", [STANDING_ORGANISATION] = "organisation",
		[STANDING_CLIENT] = "client", [STANDING_MEMBER] = "member",
		[STANDING_NAMED] = "named",   [STANDING_CENTRE] = "centre",
		[STANDING_OWNER] = "owner",   [STANDING_HUB] = "hub",
	};
	return (unsigned)standing < sizeof(names) / sizeof(names[0]) ? names[standing] : "";
}

bool decide_use(const struct label *label, enum set_action action)
{
	if (label->selected || label->pap == PAP_RED)
		return false;
	return label->pap < PAP_AMBER || action == SET_WATCH;
}
