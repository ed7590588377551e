/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/label.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/lang.h"

void label_init(struct label *label, int64_t owner)
{
	memset(label, 0, sizeof(*label));
	label->owner = owner;
	label->tlp = TLP_AMBER_STRICT;
	label->pap = PAP_GREEN;
	label->content = CONTENT_TECHNICAL;
}

/* ---- canonical JSON: the names in their order, what says nothing left out ---- */

static const char *kind_bit_name(unsigned bit)
{
	return org_kind_name((enum org_kind)__builtin_ctz(bit));
}

static void add_words(struct buf *out, const char *name, unsigned bits, const char *(*word)(unsigned bit))
{
	char before = '[';
	buf_addf(out, ",\"%s\":", name);
	for (; bits != 0; bits &= bits - 1) {
		buf_addf(out, "%c\"%s\"", before, word(bits & -bits));
		before = ',';
	}
	buf_addc(out, ']');
}

static void add_numbers(struct buf *out, const char *name, const int64_t *numbers, size_t count)
{
	char before = '[';
	buf_addf(out, ",\"%s\":", name);
	for (size_t i = 0; i < count; i++) {
		buf_addf(out, "%c%" PRId64, before, numbers[i]);
		before = ',';
	}
	buf_addc(out, ']');
}

/* What only some labels have, in the order of the names around them. */
static void add_audience(struct buf *out, const struct label *label)
{
	if (label->group_count > 0)
		add_numbers(out, "groups", label->groups, label->group_count);
	if (label->originator_control)
		buf_adds(out, ",\"originator_control\":true");
	buf_addf(out, ",\"owner\":%" PRId64 ",\"pap\":\"%s\"", label->owner, pap_name(label->pap));
	if (label->purposes != 0)
		add_words(out, "purposes", label->purposes, purpose_name);
	if (label->recipient_count > 0)
		add_numbers(out, "recipients", label->recipients, label->recipient_count);
}

void label_write(const struct label *label, struct buf *out)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(&label->authorization, text);

	/* Clearance stands first and always, so that a comma may stand before every other name. */
	buf_addf(out, "{\"clearance\":%u", label->clearance);
	if (label->consent != 0)
		add_words(out, "consent", label->consent, kind_bit_name);
	add_words(out, "content", label->content, content_name);
	add_audience(out, label);
	if (label->selected)
		buf_addf(out, ",\"selected\":\"%s\"", text);
	buf_addf(out, ",\"tlp\":\"%s\"", tlp_name(label->tlp));
	if (label->unknown_marking)
		buf_adds(out, ",\"unknown_marking\":true");
	buf_addc(out, '}');
}

static int word_read(const json_t *object, const char *name, int (*value)(const char *, size_t), int *out)
{
	const char *text = NULL;
	int err = json_get_string(object, name, true, &text, NULL);
	if (err != HN_OK)
		return err;
	*out = value(text, strlen(text));
	return *out < 0 ? HN_EFORMAT : HN_OK;
}

static int words_read(const json_t *object, const char *name, int (*bit)(const char *, size_t), unsigned *out)
{
	const json_t *list = NULL;
	int err = json_get_array(object, name, false, &list, NULL);
	if (err != HN_OK)
		return err;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *word = json_array_get(list, i);
		if (!json_is_string(word))
			return HN_EFORMAT;
		int value = bit(json_string_value(word), json_string_length(word));
		if (value < 0)
			return HN_EFORMAT;
		*out |= (unsigned)value;
	}
	return HN_OK;
}

static int kind_bit(const char *name, size_t len)
{
	int kind = org_kind_value(name, len);
	return kind < 0 ? -1 : 1 << kind;
}

static int numbers_read(const json_t *object, const char *name, int64_t *out, size_t max, size_t *count_out)
{
	const json_t *list = NULL;
	int err = json_get_array(object, name, false, &list, NULL);
	if (err != HN_OK)
		return err;
	size_t count = json_array_size(list);
	if (count > max)
		return HN_EFORMAT;
	int64_t before = 0;
	for (size_t i = 0; i < count; i++) {
		const json_t *number = json_array_get(list, i);
		if (!json_is_integer(number) || json_integer_value(number) <= before)
			return HN_EFORMAT;
		out[i] = before = json_integer_value(number);
	}
	*count_out = count;
	return HN_OK;
}

static int scalars_read(const json_t *object, struct label *out)
{
	int64_t clearance = 0;
	int tlp = 0;
	int pap = 0;
	const char *selected = NULL;
	if (json_get_int(object, "clearance", true, 0, CLEARANCE_MAX, &clearance, NULL) != HN_OK ||
	    json_get_int(object, "owner", true, 0, INT64_MAX, &out->owner, NULL) != HN_OK ||
	    word_read(object, "tlp", tlp_value, &tlp) != HN_OK ||
	    word_read(object, "pap", pap_value, &pap) != HN_OK ||
	    json_get_bool(object, "originator_control", false, &out->originator_control, NULL) != HN_OK ||
	    json_get_bool(object, "unknown_marking", false, &out->unknown_marking, NULL) != HN_OK ||
	    json_get_string(object, "selected", false, &selected, NULL) != HN_OK)
		return HN_EFORMAT;
	out->clearance = (unsigned)clearance;
	out->tlp = (enum tlp)tlp;
	out->pap = (enum pap)pap;
	if (selected == NULL)
		return HN_OK;
	out->selected = true;
	return uuid_parse(selected, strlen(selected), &out->authorization);
}

static int lists_read(const json_t *object, struct label *out)
{
	if (words_read(object, "consent", kind_bit, &out->consent) != HN_OK ||
	    words_read(object, "content", content_value, &out->content) != HN_OK ||
	    words_read(object, "purposes", purpose_value, &out->purposes) != HN_OK ||
	    numbers_read(object, "groups", out->groups, LABEL_GROUPS_MAX, &out->group_count) != HN_OK ||
	    numbers_read(object, "recipients", out->recipients, LABEL_RECIPIENTS_MAX,
			 &out->recipient_count) != HN_OK)
		return HN_EFORMAT;
	return out->content == 0 ? HN_EFORMAT : HN_OK;
}

int label_read(struct cur text, struct label *out)
{
	size_t len = cur_left(&text);
	const uint8_t *bytes = cur_take(&text, len);
	if (bytes == NULL || len > LABEL_TEXT_MAX)
		return HN_EFORMAT;
	json_t *object = NULL;
	if (json_object_read((const char *)bytes, len, &object, NULL) != HN_OK)
		return HN_EFORMAT;

	struct label label;
	memset(&label, 0, sizeof(label));
	struct buf again;
	buf_init(&again, LABEL_TEXT_MAX);
	int err = scalars_read(object, &label);
	if (err == HN_OK)
		err = lists_read(object, &label);
	if (err == HN_OK)
		label_write(&label, &again);
	/* What reads back but is not written so (an order, a blank, an unknown name) is not ours. */
	if (err != HN_OK || buf_err(&again) != HN_OK || again.len != len ||
	    memcmp(again.data, bytes, len) != 0)
		err = HN_EFORMAT;
	else
		*out = label;
	buf_clear(&again);
	json_decref(object);
	return err;
}

/* ---- both at once ---- */

static bool within(const int64_t *a, size_t a_count, const int64_t *b, size_t b_count)
{
	size_t j = 0;
	for (size_t i = 0; i < a_count; i++) {
		while (j < b_count && b[j] < a[i])
			j++;
		if (j == b_count || b[j] != a[i])
			return false;
	}
	return true;
}

/* Keeps of a what b has too. */
static void keep_common(int64_t *a, size_t *a_count, const int64_t *b, size_t b_count)
{
	size_t kept = 0;
	for (size_t i = 0; i < *a_count; i++)
		if (within(&a[i], 1, b, b_count))
			a[kept++] = a[i];
	*a_count = kept;
}

/* Only the recipients that are named, nobody where none is. */
static bool closed(const struct label *label)
{
	return label->tlp == TLP_RED || label->originator_control;
}

static bool open_to_all(const struct label *label)
{
	return !closed(label) && label->group_count == 0 && label->recipient_count == 0;
}

static void take_audience(struct label *to, const struct label *from)
{
	memcpy(to->groups, from->groups, sizeof(to->groups));
	memcpy(to->recipients, from->recipients, sizeof(to->recipients));
	to->group_count = from->group_count;
	to->recipient_count = from->recipient_count;
}

static bool recipients_within(const struct label *a, const struct label *b)
{
	return within(a->recipients, a->recipient_count, b->recipients, b->recipient_count);
}

static bool groups_within(const struct label *a, const struct label *b)
{
	return within(a->groups, a->group_count, b->groups, b->group_count);
}

/* At least one is closed: the recipients of the closed one whom the other lets have it. */
static int join_closed(struct label *out, const struct label *a, const struct label *b)
{
	const struct label *one = closed(a) ? a : b;
	const struct label *other = one == a ? b : a;
	take_audience(out, one);
	if (open_to_all(other) || recipients_within(one, other))
		return HN_OK;
	if (!closed(other) && other->group_count > 0)
		return HN_ESTATE; /* some recipients may be members, some not: that changes */
	keep_common(out->recipients, &out->recipient_count, other->recipients, other->recipient_count);
	return HN_OK;
}

static int join_audience(struct label *out, const struct label *a, const struct label *b)
{
	if (closed(a) || closed(b))
		return join_closed(out, a, b);
	if (open_to_all(b) || (!open_to_all(a) && groups_within(a, b) && recipients_within(a, b))) {
		take_audience(out, a);
		return HN_OK;
	}
	if (open_to_all(a) || (groups_within(b, a) && recipients_within(b, a))) {
		take_audience(out, b);
		return HN_OK;
	}
	if (a->group_count > 0 || b->group_count > 0)
		return HN_ESTATE;
	take_audience(out, a);
	keep_common(out->recipients, &out->recipient_count, b->recipients, b->recipient_count);
	return out->recipient_count == 0 ? HN_ESTATE : HN_OK; /* none named would be all */
}

/* Sets of bits in which 0 says "no limit". */
static int join_bits(unsigned *out, unsigned a, unsigned b)
{
	if (a != 0 && b != 0 && (a & b) == 0)
		return HN_ESTATE;
	if (a == 0)
		*out = b;
	else if (b == 0)
		*out = a;
	else
		*out = a & b;
	return HN_OK;
}

/* Who consents to the public consents to all. */
static unsigned consent_limit(uint32_t consent)
{
	return (consent & 1U << ORG_PUBLIC) != 0 ? 0 : consent;
}

static int join_origin(struct label *out, const struct label *a, const struct label *b)
{
	if (a->owner != b->owner)
		return HN_ESTATE;
	if (a->selected && b->selected && uuid_compare(&a->authorization, &b->authorization) != 0)
		return HN_ESTATE;
	out->selected = a->selected || b->selected;
	out->authorization = a->selected ? a->authorization : b->authorization;
	return HN_OK;
}

int label_join(struct label *a, const struct label *b)
{
	struct label out = *a;
	unsigned consent = 0;
	if (join_origin(&out, a, b) != HN_OK || join_audience(&out, a, b) != HN_OK ||
	    join_bits(&out.purposes, a->purposes, b->purposes) != HN_OK ||
	    join_bits(&consent, consent_limit(a->consent), consent_limit(b->consent)) != HN_OK)
		return HN_ESTATE;
	out.consent = consent;
	out.tlp = a->tlp > b->tlp ? a->tlp : b->tlp;
	out.pap = a->pap > b->pap ? a->pap : b->pap;
	out.clearance = a->clearance > b->clearance ? a->clearance : b->clearance;
	out.content = a->content | b->content;
	out.originator_control = a->originator_control || b->originator_control;
	out.unknown_marking = a->unknown_marking || b->unknown_marking;
	*a = out;
	return HN_OK;
}
