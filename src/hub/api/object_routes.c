/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/common.h"
#include "hub/api/objects.h"
#include "hub/exchange/handin.h"
#include "hub/request/rights.h"

#define STIX_MEDIA "application/stix+json;version=2.1"
/* clang-format off */
#define OWNER_QUERY                                                                                          \
	{                                                                                                    \
		.name = "owner", .kind = QUERY_UUID,                                                         \
		.help_en = "only what this organisation gave: its own copy, also where another gave the same first", \
		.help_ja = "この組織が登録したもののみ。ほかの組織が先に登録した識別子でも、この組織のものを返す" \
	}
/* clang-format on */

static const struct query_spec list_query[] = {
	COMMON_PAGE,
	OWNER_QUERY,
	{.name = "type",
	 .kind = QUERY_TEXT,
	 .repeated = true,
	 .max = 250,
	 .help_en = "only of this STIX type; several are alternatives",
	 .help_ja = "このSTIX型のみ。複数指定はいずれか"},
	{.name = "versions",
	 .kind = QUERY_WORD,
	 .words = "last|first|all",
	 .help_en = "which versions of each object; last unless said",
	 .help_ja = "各オブジェクトのどの版か。既定は最新"},
	{0},
};

static const struct query_spec page_query[] = {COMMON_PAGE, {0}};

static const struct query_spec owner_query[] = {OWNER_QUERY, {0}};

static const struct query_spec version_query[] = {
	OWNER_QUERY,
	{.name = "version",
	 .kind = QUERY_TEXT,
	 .max = 40,
	 .help_en = "the version with this `modified`",
	 .help_ja = "modified がこの値である版"},
	{0},
};

static const struct query_spec count_query[] = {
	OWNER_QUERY,
	{.name = "type",
	 .kind = QUERY_TEXT,
	 .max = 250,
	 .help_en = "only of this STIX type",
	 .help_ja = "このSTIX型のみ"},
	{0},
};

static const struct query_spec search_query[] = {
	COMMON_PAGE,
	{.name = "value",
	 .kind = QUERY_TEXT,
	 .max = 2048,
	 .help_en = "a value; addresses and names also by the prefixes and wildcards around them",
	 .help_ja = "値。アドレスと名前は、それを含むプレフィックスやワイルドカードでも見つかる"},
	{.name = "inside",
	 .kind = QUERY_TEXT,
	 .max = 2048,
	 .help_en = "everything inside a prefix or below a name",
	 .help_ja = "プレフィックスに含まれるもの、または名前の下にあるもの"},
	{.name = "pattern",
	 .kind = QUERY_TEXT,
	 .max = 8192,
	 .help_en = "a STIX pattern: objects that speak of its values",
	 .help_ja = "STIXパターン: その値に触れるオブジェクト"},
	{.name = "text",
	 .kind = QUERY_TEXT,
	 .max = 1024,
	 .help_en = "words, all of them, in Japanese or English",
	 .help_ja = "語 (すべて含むもの)。日本語でも英語でもよい"},
	{0},
};

static const struct query_spec handin_query[] = {HANDIN_QUERY, {0}};

#define OBJECT "/api/v1/objects/{object:stix}"
#define READ(path, name, handler, query_, schema_, en, ja)                                                   \
	{                                                                                                    \
		.method = HTTP_GET, .pattern = path, .operation = name, .flags = ROUTE_PUBLIC,               \
		.scopes = SCOPE_READ, .handle = handler, .query = query_, .answers = {{200, schema_, NULL}}, \
		.tag = "objects", .summary_en = en, .summary_ja = ja,                                        \
	}

/* Reading is open to the public, who sees what is TLP:CLEAR. */
const struct route OBJECT_ROUTES[] = {
	READ("/api/v1/objects", "listObjects", objects_list_get, list_query, "object-page",
	     "Objects that the asker may see, in the order of their adding",
	     "閲覧できるオブジェクトを登録順に返す"),
	{
		.method = HTTP_GET,
		.pattern = OBJECT,
		.operation = "getObject",
		.flags = ROUTE_PUBLIC,
		.scopes = SCOPE_READ,
		.handle = object_get,
		.query = version_query,
		.gives = STIX_MEDIA "|application/json",
		.answers = {{200, "stix-object", STIX_MEDIA}, {304, NULL, NULL}},
		.tag = "objects",
		.summary_en = "One object, as the bytes that came",
		.summary_ja = "オブジェクトを登録時のまま返す",
	},
	READ(OBJECT "/versions", "listVersions", object_versions_get, owner_query, "object-page",
	     "All versions of an object", "オブジェクトのすべての版"),
	READ(OBJECT "/relations", "listRelations", object_relations_get, page_query, "object-page",
	     "Objects that point to this one", "このオブジェクトを参照するオブジェクト"),
	READ(OBJECT "/correlations", "listCorrelations", object_correlations_get, NULL, "correlations",
	     "Objects that share a value with this one", "値を共有するオブジェクト"),
	READ("/api/v1/search", "search", objects_search_get, search_query, "search-page",
	     "Objects by a value, inside a prefix, by a pattern, by words",
	     "値、範囲、パターン、語による検索"),
	READ("/api/v1/counts", "countObjects", object_counts_get, count_query, "count",
	     "How many objects the asker may see; what several organisations gave counts for each",
	     "閲覧できるオブジェクトの数。複数の組織が登録したものは、組織ごとに数える"),
	{
		HANDIN_ROUTE,
		.pattern = "/api/v1/objects",
		.operation = "addObjects",
		.handle = objects_post,
		.takes = "application/json|application/stix+json|application/x-ndjson",
		.piece = objects_post_piece,
		.query = handin_query,
		.answers = {{200, "handin-result", NULL}},
		.summary_en = "Hands in STIX: a bundle, objects in an array, one a line, or one",
		.summary_ja = "STIXを登録する: バンドル、配列、1行1件、または1件",
	},
	{0},
};
