/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/common.h"
#include "hub/api/sets.h"
#include "hub/request/rights.h"

#define SET      "/api/v1/sets/{set:uuid}"
#define APPROVAL SET "/approvals/{approval:uuid}"
#define DECIDERS (ROLE_ANALYST | ROLE_APPROVER)

static const struct query_spec page_query[] = {COMMON_PAGE, {0}};
static const struct query_spec head_query[] = {
	{.name = "version",
	 .kind = QUERY_NUMBER,
	 .max = INT64_MAX,
	 .help_en = "the version that the asker has: only a higher one is given, else 204",
	 .help_ja = "手元の版。これより新しい版だけを返し、なければ204"},
	{.name = "wait",
	 .kind = QUERY_NUMBER,
	 .max = 55,
	 .help_en = "with `version`: seconds to wait for a higher one",
	 .help_ja = "`version` とともに: 新しい版を待つ秒数"},
	{0},
};
static const struct query_spec zone_query[] = {
	{.name = "zone",
	 .kind = QUERY_TEXT,
	 .max = 253,
	 .help_en = "the zone's name; rpz.hinomi unless said",
	 .help_ja = "ゾーン名。既定は rpz.hinomi"},
	{0},
};
static const struct query_spec approvals_query[] = {
	COMMON_PAGE,
	{.name = "state",
	 .kind = QUERY_WORD,
	 .words = "draft|proposed|approved|refused|retired",
	 .help_en = "only in this state",
	 .help_ja = "この状態のもののみ"},
	{0},
};

#define READ(path, name, handler, query_, schema_, media_, en, ja)                                           \
	{                                                                                                    \
		.method = HTTP_GET, .pattern = path, .operation = name, .scopes = SCOPE_READ,                \
		.handle = handler, .query = query_, .answers = {{200, schema_, media_}, {304, NULL, NULL}},  \
		.tag = "sets", .summary_en = en, .summary_ja = ja,                                           \
	}
#define STEP(verb, name, handler, en, ja)                                                                    \
	{                                                                                                    \
		.method = HTTP_POST, .pattern = APPROVAL "/" verb, .operation = name,                        \
		.scopes = SCOPE_APPROVE, .roles = DECIDERS, .handle = handler, .takes = "application/json",  \
		.body_schema = "approval-step", .end = common_end,                                           \
		.answers = {{200, "approval-state", NULL}, {409, "problem", "application/problem+json"}},    \
		.tag = "sets", .summary_en = en, .summary_ja = ja,                                           \
	}

const struct route SET_ROUTES[] = {
	READ("/api/v1/sets", "listSets", sets_list_get, page_query, "set-page", NULL,
	     "Sets that the asker may have", "利用できる集合の一覧"),
	{.method = HTTP_POST,
	 .pattern = "/api/v1/sets",
	 .operation = "makeSet",
	 .scopes = SCOPE_APPROVE,
	 .roles = ROLE_APPROVER | ROLE_ADMINISTRATOR,
	 .handle = sets_post,
	 .takes = "application/json",
	 .body_schema = "set-new",
	 .end = common_end,
	 .answers = {{201, "made", NULL}},
	 .tag = "sets",
	 .summary_en = "Makes a set of one action for one audience",
	 .summary_ja = "一つの動作と提供先の集合を作る"},
	READ("/api/v1/set-key", "getSetKey", set_key_get, NULL, "set-key", NULL,
	     "The key that signs heads of sets", "集合の見出しに署名する鍵"),
	READ(SET, "getSet", set_get, NULL, "set", NULL, "One set", "集合の内容"),
	{.method = HTTP_PUT,
	 .pattern = SET,
	 .operation = "changeSet",
	 .scopes = SCOPE_APPROVE,
	 .roles = ROLE_APPROVER | ROLE_ADMINISTRATOR,
	 .handle = set_put,
	 .takes = "application/json",
	 .body_schema = "set-change",
	 .end = common_end,
	 .answers = {{204, NULL, NULL}, {412, "problem", "application/problem+json"}},
	 .tag = "sets",
	 .summary_en = "Changes names and how many persons it asks",
	 .summary_ja = "名称と求める人数を変更する"},
	{.method = HTTP_GET,
	 .pattern = SET "/head",
	 .operation = "getSetHead",
	 .scopes = SCOPE_READ,
	 .handle = set_head_get,
	 .query = head_query,
	 .gives = "application/jose+json|application/json",
	 .answers = {{200, "set-head", "application/jose+json"}, {204, NULL, NULL}, {304, NULL, NULL}},
	 .tag = "sets",
	 .summary_en = "The signed head in force; may wait for the next",
	 .summary_ja = "有効な署名付き見出し。次の版を待つこともできる"},
	{.method = HTTP_GET,
	 .pattern = SET "/blobs/{digest:name}",
	 .operation = "getSetBlob",
	 .scopes = SCOPE_READ,
	 .handle = set_blob_get,
	 .end = set_blob_end,
	 .gives = "application/vnd.hinomi.him|application/octet-stream",
	 .answers = {{200, NULL, "application/vnd.hinomi.him"}, {304, NULL, NULL}},
	 .tag = "sets",
	 .summary_en = "A file that a head names",
	 .summary_ja = "見出しが示すファイル"},
	{.method = HTTP_GET,
	 .pattern = SET "/rpz",
	 .operation = "getSetZone",
	 .scopes = SCOPE_READ,
	 .handle = set_rpz_get,
	 .end = set_rpz_end,
	 .query = zone_query,
	 .gives = "text/dns|text/plain",
	 .answers = {{200, NULL, "text/dns"}, {409, "problem", "application/problem+json"}},
	 .tag = "sets",
	 .summary_en = "The set in force as a response policy zone",
	 .summary_ja = "有効な集合をレスポンスポリシーゾーンとして返す"},
	{.method = HTTP_PUT,
	 .pattern = "/api/v1/asked",
	 .operation = "putAsked",
	 .scopes = SCOPE_EDGE,
	 .handle = asked_put,
	 .takes = "application/json",
	 .body_schema = "asked-levels",
	 .body_max = 2u << 20,
	 .end = common_end,
	 .answers = {{204, NULL, NULL}},
	 .tag = "sets",
	 .summary_en = "A resolver says how much names are asked, in orders of magnitude",
	 .summary_ja = "リゾルバーが、名前の問い合わせ量を桁で報告する"},
	{0},
};

const struct route APPROVAL_ROUTES[] = {
	READ(SET "/approvals", "listApprovals", approvals_list_get, approvals_query, "approval-page", NULL,
	     "What was drafted, proposed, decided", "起案、提案、決定の一覧"),
	{.method = HTTP_POST,
	 .pattern = SET "/approvals",
	 .operation = "draftApproval",
	 .scopes = SCOPE_APPROVE,
	 .roles = DECIDERS,
	 .handle = approvals_post,
	 .takes = "application/json",
	 .body_schema = "approval-new",
	 .end = common_end,
	 .answers = {{201, "approval-made", NULL},
		     {409, "problem", "application/problem+json"},
		     {422, "problem", "application/problem+json"}},
	 .tag = "sets",
	 .summary_en = "Drafts, or proposes, an indicator for a set",
	 .summary_ja = "指標を集合に起案または提案する"},
	READ(APPROVAL, "getApproval", approval_get, NULL, "approval", NULL, "One approval with its entries",
	     "承認の内容と項目"),
	READ(APPROVAL "/blast-radius", "getBlastRadius", blast_radius_get, NULL, "blast-radius", NULL,
	     "What it would hit; the holders of its values see the question",
	     "影響範囲。保留者には照会が見える"),
	STEP("propose", "proposeApproval", approval_propose_post, "Proposes a draft", "起案を提案する"),
	STEP("approve", "approveApproval", approval_approve_post, "Approves; published at once",
	     "承認する。直ちに公開される"),
	STEP("refuse", "refuseApproval", approval_refuse_post, "Refuses", "却下する"),
	STEP("retire", "retireApproval", approval_retire_post, "Takes it out of the set at once",
	     "直ちに集合から取り下げる"),
	{0},
};
