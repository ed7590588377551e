/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/utc.h"
#include "hub/config.h"

#define SECONDS(n) ((n) * (uint64_t)NS_SECOND)
#define KIB        (UINT64_C(1) << 10)
#define MIB        (UINT64_C(1) << 20)
#define GIB        (UINT64_C(1) << 30)

static const struct config_key a_prefix = {.kind = CONFIG_PREFIX, .size = sizeof(struct ip_prefix)};
static const struct config_key an_endpoint = {
	.kind = CONFIG_ENDPOINT, .size = sizeof(struct endpoint), .port = HUB_PORT};

static const struct config_key an_edge_endpoint = {
	.kind = CONFIG_ENDPOINT, .size = sizeof(struct endpoint), .port = HUB_EDGE_PORT};
static const struct config_key a_name = {.kind = CONFIG_TEXT, .size = sizeof(char *), .min = 1, .max = 253};

static const struct config_key a_cosigner = {
	.kind = CONFIG_TEXT, .size = sizeof(char *), .min = 1, .max = 255};

#define AT(member) CONFIG_AT(struct hub_http, member)
static const struct config_key http_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"threads", CONFIG_INTEGER, AT(threads), .max = HUB_THREADS_MAX, .preset = "0",
	 .help_en = "threads that answer; 0: one a core", .help_ja = "応答するスレッドの数。0はコアに一つ"},
	{"connections", CONFIG_INTEGER, AT(connections), .min = 16, .max = 1000000, .preset = "4096",
	 .help_en = "at a time, in all", .help_ja = "同時接続数の上限"},
	{"connections_address", CONFIG_INTEGER, AT(connections_address), .min = 1, .max = 1000000,
	 .preset = "256",
	 .help_en = "at a time of one address (IPv6: one /64); trusted proxies are not counted",
	 .help_ja = "一つのアドレス(IPv6は/64)からの同時接続数の上限。信頼するプロキシは数えない"},
	{"header_time", CONFIG_DURATION, AT(header_ns), .min = SECONDS(1), .max = SECONDS(3600),
	 .preset = "20s",
	 .help_en = "until a whole header has come, counted from the connection or the last answer",
	 .help_ja = "接続または直前の応答から、ヘッダー全体が届くまでの制限時間"},
	{"idle_time", CONFIG_DURATION, AT(idle_ns), .min = SECONDS(1), .max = SECONDS(3600), .preset = "30s",
	 .help_en = "without a byte of a body or an answer moving",
	 .help_ja = "本文または応答が1バイトも進まない時間の上限"},
	{"body_rate", CONFIG_SIZE, AT(body_rate), .max = GIB, .preset = "512",
	 .help_en = "least bytes a second of a body or an answer, judged after 10 seconds",
	 .help_ja = "本文と応答の最低速度(毎秒バイト)。10秒経過後に判定"},
	{"body_max", CONFIG_SIZE, AT(body_max), .min = KIB, .max = 64 * MIB, .preset = "1 MiB",
	 .help_en = "of an ordinary request", .help_ja = "通常のリクエスト本文の上限"},
	{"bulk_max", CONFIG_SIZE, AT(bulk_max), .min = MIB, .max = 1024 * GIB, .preset = "4 GiB",
	 .help_en = "of an import, which is read as it comes",
	 .help_ja = "一括取込みの本文の上限(届く順に処理)"},
	{"rate", CONFIG_INTEGER, AT(rate), .max = 10000000, .preset = "2000",
	 .help_en = "requests a second of one token, person or address; 0: no limit",
	 .help_ja = "一つのトークン、人、アドレスの毎秒リクエスト数。0は無制限"},
	{"burst", CONFIG_INTEGER, AT(burst), .min = 1, .max = 10000000, .preset = "4000",
	 .help_en = "at once", .help_ja = "一度に許すリクエスト数"},
	{"proxies", .kind = CONFIG_LIST, .item = &a_prefix, AT(proxies), .max = 256,
	 .help_en = "whose X-Forwarded-For and certificate header hold",
	 .help_ja = "X-Forwarded-For と証明書のヘッダーを信頼するプロキシ"},
	{"certificate_header", CONFIG_TEXT, AT(certificate_header), .min = 1, .max = 64,
	 .help_en = "in which they hand on a client's certificate (URL-encoded PEM)",
	 .help_ja = "プロキシがクライアント証明書(URLエンコードしたPEM)を渡すヘッダー"},
	{"certificate", CONFIG_PATH, AT(certificate),
	 .help_en = "with it the hub speaks TLS itself, 1.3 only: PEM, its own certificate and what leads to "
		    "the root; read again at SIGHUP",
	 .help_ja = "指定するとハブ自身がTLS(1.3のみ)で通信する。PEM形式のサーバー証明書と中間証明書。"
		    "SIGHUPで読み直す"},
	{"key", CONFIG_PATH, AT(key), .help_en = "the certificate's key: PEM, without a passphrase",
	 .help_ja = "その秘密鍵。PEM形式、パスフレーズなし"},
	{"beyond_loopback", CONFIG_BOOL, AT(beyond_loopback), .preset = "false",
	 .help_en = "may listen without TLS on other addresses than loopback: behind a proxy only",
	 .help_ja = "TLSなしでループバック以外での待受けを許す。プロキシの背後に限ること"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct hub_access, member)
static const struct config_key access_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"size", CONFIG_SIZE, AT(size), .min = 64 * KIB, .max = 64 * GIB, .preset = "256 MiB",
	 .help_en = "of a file, then the next is begun",
	 .help_ja = "一つのファイルの大きさ。超えると次に移る"},
	{"files", CONFIG_INTEGER, AT(files), .max = 100000, .preset = "0",
	 .help_en = "full ones that are kept; 0: all", .help_ja = "残すファイルの数。0はすべて"},
	{0},
};
#undef AT

static const struct config_word second_factors[] = {
	{"asked", SECOND_FACTOR_ASKED}, {"required", SECOND_FACTOR_REQUIRED}, {0}};

#define AT(member) CONFIG_AT(struct hub_sign_in, member)
static const struct config_key sign_in_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"passes", CONFIG_INTEGER, AT(passes), .min = 1, .max = 100, .preset = "2",
	 .help_en = "of Argon2id over a password that is set from now on",
	 .help_ja = "今後設定するパスワードに対するArgon2idの反復回数"},
	{"memory", CONFIG_SIZE, AT(memory), .min = 8 * MIB, .max = 4 * GIB, .preset = "64 MiB",
	 .help_en = "that each of them takes; one is worked on at a time",
	 .help_ja = "その計算に使うメモリ。計算は一度に一件"},
	{"queue", CONFIG_INTEGER, AT(queue), .min = 1, .max = 4096, .preset = "64",
	 .help_en = "sign-ins by password that may wait; more are answered 503",
	 .help_ja = "待てるパスワード認証の数。超えると503を返す"},
	{"session", CONFIG_DURATION, AT(session_ns), .min = SECONDS(60), .max = SECONDS(2592000),
	 .preset = "12h", .help_en = "how long a sign-in lasts", .help_ja = "サインインの有効期間"},
	{"second_factor", CONFIG_WORD, AT(second_factor), .words = second_factors, .preset = "asked",
	 .help_en = "`asked` of people who have one, or `required`: without one a person may only get one",
	 .help_ja = "`asked` は設定済みの者にのみ求める。`required` では、未設定の者は設定のみ行える"},
	{"host", CONFIG_TEXT, AT(host), .min = 1, .max = 253, .preset = "localhost",
	 .help_en = "name under which browsers reach the console; passkeys are for it alone",
	 .help_ja = "ブラウザーがコンソールに接続するホスト名。パスキーはこの名前に結び付く"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct hub_edges, member)
static const struct config_key edges_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"enabled", CONFIG_BOOL, AT(enabled), .preset = "true", .help_en = "edges are served",
	 .help_ja = "エッジを受け付ける"},
	{"listen", .kind = CONFIG_LIST, .item = &an_edge_endpoint, AT(listen), .min = 1,
	 .max = HUB_LISTENERS_MAX,
	 .help_en = "addresses, TLS 1.3 with client certificates; absent: 127.0.0.1:8472 and [::1]:8472",
	 .help_ja = "待ち受けるアドレス(TLS 1.3、クライアント証明書)。省略時は 127.0.0.1:8472 と [::1]:8472"},
	{"names", .kind = CONFIG_LIST, .item = &a_name, AT(names), .min = 1, .max = 32,
	 .help_en =
		 "host names and addresses under which edges reach it, the first in enrolment codes; absent: "
		 "localhost, 127.0.0.1, ::1",
	 .help_ja = "エッジから見たホスト名とアドレス。先頭を登録コードに用いる。省略時は "
		    "localhost、127.0.0.1、::1"},
	{"retention", CONFIG_DURATION, AT(retention_ns), .min = SECONDS(3600), .max = SECONDS(31622400),
	 .preset = "30d", .help_en = "how long events are kept", .help_ja = "イベントの保存期間"},
	{"connections", CONFIG_INTEGER, AT(connections), .min = 16, .max = 1000000, .preset = "4096",
	 .help_en = "at a time", .help_ja = "同時接続数の上限"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct hub_config, member)
const struct config_key HUB_KEYS[] = {
	{"data", CONFIG_PATH, AT(data),
	 .help_en = "folder of database, ledger, access log, keys; absent: `hinomi-data` where it is started",
	 .help_ja = "データベース、台帳、アクセスログ、鍵の置き場所。省略時は起動した場所の `hinomi-data`"},
	{"database", CONFIG_TEXT, AT(database), .min = 8, .max = 1024, .flags = CONFIG_SECRET,
	 .help_en = "`postgresql://...` or `sqlite:PATH`; absent: SQLite in the data folder",
	 .help_ja = "`postgresql://...` または `sqlite:パス`。省略時はデータフォルダーのSQLite"},
	{"name", CONFIG_TEXT, AT(name), .min = 1, .max = 64, .preset = "main",
	 .help_en = "of this hub; its ledger is `hinomi/hub/NAME`",
	 .help_ja = "このハブの名前。台帳は `hinomi/hub/名前`"},
	{"user", CONFIG_TEXT, AT(user), .min = 1, .max = 64,
	 .help_en = "whom it becomes when root starts it; absent: hinomi-hub where there is one",
	 .help_ja = "rootで起動した場合に切り替わるユーザー。省略時は、あれば hinomi-hub"},
	{"listen", .kind = CONFIG_LIST, .item = &an_endpoint, AT(listen), .min = 1, .max = HUB_LISTENERS_MAX,
	 .help_en = "addresses; absent: 127.0.0.1:8470 and [::1]:8470",
	 .help_ja = "待ち受けるアドレス。省略時は 127.0.0.1:8470 と [::1]:8470"},
	{"readers", CONFIG_INTEGER, AT(readers), .min = 1, .max = 64, .preset = "8",
	 .help_en = "connections that read the database", .help_ja = "データベースを読む接続の数"},
	{"queue", CONFIG_INTEGER, AT(queue), .min = 16, .max = 1000000, .preset = "4096",
	 .help_en = "changes that may wait; more are answered 503",
	 .help_ja = "待てる変更の数。超えると503を返す"},
	{"cosigners", .kind = CONFIG_LIST, .item = &a_cosigner, AT(cosigners), .max = 64,
	 .help_en = "verifier keys of those whose cosignatures on the ledger are taken",
	 .help_ja = "台帳への連署を受け付ける相手の検証鍵"},
	{"disk_least", CONFIG_SIZE, AT(disk_least), .max = 1024 * GIB, .preset = "256 MiB",
	 .help_en = "free space under which /readyz says no",
	 .help_ja = "空きがこれを下回ると /readyz が否と答える"},
	{"fetch_inside", CONFIG_BOOL, AT(fetch_inside), .preset = "false",
	 .help_en =
		 "sources may lie at loopback and private addresses, which whoever enters one could then ask",
	 .help_ja = "情報源がループバックやプライベートアドレスにあることを許す。情報源の登録者が内部に問い合"
		    "わせ可能となる"},
	{"publish", CONFIG_BOOL, AT(publish), .preset = "true",
	 .help_en = "sets are published and edges served; of several hubs at one database by one alone",
	 .help_ja = "集合を公開し、エッジを受け付ける。同じデータベースを使う複数のハブのうち一つだけ"},
	{"http", CONFIG_MAPPING, AT(http), .keys = http_keys, .help_en = "the server", .help_ja = "サーバー"},
	{"access_log", CONFIG_MAPPING, AT(access), .keys = access_keys, .help_en = "who read what",
	 .help_ja = "誰が何を読んだか"},
	{"sign_in", CONFIG_MAPPING, AT(sign_in), .keys = sign_in_keys, .help_en = "by password",
	 .help_ja = "パスワードによるサインイン"},
	{"edges", CONFIG_MAPPING, AT(edges), .keys = edges_keys, .help_en = "the edge channel",
	 .help_ja = "エッジチャネル"},
	{0},
};
#undef AT
