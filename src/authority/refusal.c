/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utf8.h"

static const struct {
	const char *name;
	const char *text_en, *text_ja;
} rows[REFUSAL_COUNT] = {
	[REFUSAL_NONE] = {"none", "authorised", "承認されている"},
	[REFUSAL_NO_AUTHORIZATION] = {"no-authorization", "there is no authorisation", "承認書がない"},
	[REFUSAL_TRUST_UNKNOWN] = {"trust-unknown",
				   "the trust file is not one that this authorisation stands under",
				   "信頼ファイルが、この承認書の根拠となるものではない"},
	[REFUSAL_MALFORMED] = {"malformed", "the authorisation is malformed", "承認書の形式が正しくない"},
	[REFUSAL_KEY_UNKNOWN] = {"key-unknown", "signed by a key that the trust file does not name",
				 "信頼ファイルにない鍵で署名されている"},
	[REFUSAL_SIGNATURE_REPEATED] = {"signature-repeated", "the same key has signed twice",
					"同じ鍵で二度署名されている"},
	[REFUSAL_SIGNATURE_WRONG] = {"signature-wrong", "a signature does not hold", "署名が正しくない"},
	[REFUSAL_SIGNATURES_TOO_FEW] = {"signatures-too-few", "too few signatures", "署名の数が足りない"},
	[REFUSAL_LIMITS] = {"beyond-limits", "goes beyond what may be authorised at all",
			    "承認できる範囲を超えている"},
	[REFUSAL_CLOCK_BEHIND] = {"clock-behind", "the clock is behind a time that has been seen signed",
				  "時計が、署名で確認済みの時刻より遅れている"},
	[REFUSAL_REVOCATIONS_BAD] = {"revocations-bad", "no revocation list that verifies",
				     "検証できる失効リストがない"},
	[REFUSAL_REVOCATIONS_STALE] = {"revocations-stale", "the revocation list is out of date",
				       "失効リストの更新期限が過ぎている"},
	[REFUSAL_REVOKED] = {"revoked", "the authorisation has been revoked", "承認は取り消されている"},
	[REFUSAL_NOT_YET_VALID] = {"not-yet-valid", "the authorisation is not valid yet",
				   "承認の有効期間はまだ始まっていない"},
	[REFUSAL_NO_LONGER_VALID] = {"no-longer-valid", "the authorisation is no longer valid",
				     "承認の有効期間は終わっている"},
	[REFUSAL_OUTSIDE_RETENTION] = {"outside-retention", "the recording is past its retention",
				       "記録の保存期間が過ぎている"},
	[REFUSAL_SENSOR_OTHER] = {"sensor-other", "the authorisation is for other sensors",
				  "承認は別のセンサーに対するものである"},
	[REFUSAL_DOMESTIC_EMPTY] = {"domestic-empty", "the table of domestic addresses is empty",
				    "国内アドレス表が空である"},
	[REFUSAL_DOMESTIC_OTHER] =
		{"domestic-other", "the table of domestic addresses is not the one that the trust file names",
		 "国内アドレス表が、信頼ファイルの定めるものと異なる"},
	[REFUSAL_SET_NOT_COVERED] = {"set-not-covered", "the authorisation does not cover the indicator set",
				     "この指標集合は承認の対象ではない"},
	[REFUSAL_SET_OUT_OF_BOUNDS] = {"set-out-of-bounds", "the indicator set leaves its authorised bounds",
				       "指標集合が承認された範囲を外れている"},
};

const char *refusal_name(enum refusal r)
{
	return (unsigned)r < REFUSAL_COUNT ? rows[r].name : "unknown";
}

const char *refusal_text(enum refusal r)
{
	if ((unsigned)r >= REFUSAL_COUNT)
		return "";
	return lang_get() == LANG_JA ? rows[r].text_ja : rows[r].text_en;
}

enum refusal refusal_set(struct refusal_detail *detail, enum refusal r, const char *format, ...)
{
	if (detail == NULL)
		return r;
	va_list args;
	va_start(args, format);
	(void)vsnprintf(detail->text, sizeof(detail->text), format, args);
	va_end(args);
	/* Cut at the limit, but never within a character. */
	detail->text[utf8_uncut_len(detail->text, strlen(detail->text))] = '\0';
	return r;
}
