/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/utc.h"
#include "resolver/config.h"

#define SECONDS(n) ((n) * (uint64_t)NS_SECOND)
#define HOURS(n)   SECONDS((n)*UINT64_C(3600))
#define DAYS(n)    HOURS((n)*UINT64_C(24))
#define MIB        (UINT64_C(1) << 20)
#define GIB        (UINT64_C(1) << 30)

static const struct config_key a_prefix = {.kind = CONFIG_PREFIX, .size = sizeof(struct ip_prefix)};
static const struct config_key an_address = {.kind = CONFIG_ADDRESS, .size = sizeof(struct ip)};
static const struct config_key an_endpoint = {
	.kind = CONFIG_ENDPOINT, .size = sizeof(struct endpoint), .port = 53};
static const struct config_key a_digest = {.kind = CONFIG_DIGEST, .size = sizeof(struct config_digest)};
static const struct config_key a_name = {
	.kind = CONFIG_TEXT, .size = sizeof(char *), .min = 1, .max = POLICY_NAME_MAX};
static const struct config_key a_path = {.kind = CONFIG_PATH, .size = sizeof(char *)};
static const struct config_key a_record = {
	.kind = CONFIG_TEXT, .size = sizeof(char *), .min = 1, .max = 1024};

static const struct config_word transports[] = {{"udp", RESOLVER_UDP},
						{"tcp", RESOLVER_TCP},
						{"tls", RESOLVER_TLS},
						{"https", RESOLVER_HTTPS},
						{NULL, 0}};

static const struct config_word actions[] = {{"given", POLICY_GIVEN},      {"nxdomain", POLICY_NXDOMAIN},
					     {"nodata", POLICY_NODATA},    {"sinkhole", POLICY_SINKHOLE},
					     {"local-data", POLICY_LOCAL}, {"passthru", POLICY_PASSTHRU},
					     {"drop", POLICY_DROP},        {"tcp-only", POLICY_TCP_ONLY},
					     {"log-only", POLICY_LOG},     {NULL, 0}};

static const struct config_word reasons[] = {
	{"policy", POLICY_BLOCKED}, {"law", POLICY_CENSORED}, {"customer", POLICY_FILTERED}, {NULL, 0}};

#define AT(member) CONFIG_AT(struct resolver_listener, member)
static const struct config_key listener_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"address", CONFIG_ADDRESS, AT(address), .flags = CONFIG_REQUIRED,
	 .help_en = "where it listens; `0.0.0.0` and `::` are all",
	 .help_ja = "待ち受けるアドレス。`0.0.0.0` と `::` は全て"},
	{"port", CONFIG_INTEGER, AT(port), .min = 1, .max = 65535,
	 .help_en = "absent: 53, 853 for tls, 443 for https", .help_ja = "省略時は53、tlsは853、httpsは443"},
	{"transports", CONFIG_WORDS, AT(transports), .flags = CONFIG_REQUIRED, .words = transports,
	 .help_en = "udp may stand beside one of tcp, tls and https",
	 .help_ja = "udpはtcp、tls、httpsのどれか一つと併記できる"},
	{"proxy", CONFIG_BOOL, AT(proxy), .preset = "false",
	 .help_en = "every connection and datagram begins with a PROXY protocol v2 header",
	 .help_ja = "接続とデータグラムの先頭にPROXYプロトコルv2のヘッダーがある"},
	{"proxies", .kind = CONFIG_LIST, .item = &a_prefix, AT(proxies), .max = 256,
	 .help_en = "who may send that header; required with `proxy`",
	 .help_ja = "そのヘッダーを送ってよい送信元。`proxy` には必須"},
	{"certificate", CONFIG_PATH, AT(certificate), .help_en = "PEM chain, for tls and https",
	 .help_ja = "証明書チェーン(PEM)。tlsとhttps用"},
	{"key", CONFIG_PATH, AT(key), .help_en = "its private key, PEM", .help_ja = "その秘密鍵(PEM)"},
	{"client_ca", CONFIG_PATH, AT(client_ca),
	 .help_en = "PEM; client certificates under these are asked for",
	 .help_ja = "クライアント証明書を求め、このCA(PEM)で検証する"},
	{0},
};
static const struct config_key a_listener = {
	.kind = CONFIG_MAPPING, .size = sizeof(struct resolver_listener), .keys = listener_keys};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_forward, member)
static const struct config_key forward_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"address", CONFIG_ADDRESS, AT(address), .flags = CONFIG_REQUIRED, .help_en = "who is asked",
	 .help_ja = "問合せ先"},
	{"port", CONFIG_INTEGER, AT(port), .min = 1, .max = 65535, .help_en = "absent: 53, over TLS 853",
	 .help_ja = "省略時は53、TLSでは853"},
	{"tls_name", CONFIG_TEXT, AT(tls_name), .min = 1, .max = 253,
	 .help_en = "ask over TLS; the certificate must be valid for this name",
	 .help_ja = "TLSで問い合わせ、証明書がこの名前に有効であることを求める"},
	{"spki", CONFIG_DIGEST, AT(spki),
	 .help_en = "ask over TLS; the certificate's public key must have this SHA-256",
	 .help_ja = "TLSで問い合わせ、証明書の公開鍵がこのSHA-256であることを求める"},
	{0},
};
static const struct config_key a_forward = {
	.kind = CONFIG_MAPPING, .size = sizeof(struct resolver_forward), .keys = forward_keys};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_stub, member)
static const struct config_key stub_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"zone", CONFIG_TEXT, AT(zone), .flags = CONFIG_REQUIRED, .min = 1, .max = 254,
	 .help_en = "names at and under this", .help_ja = "この名前とその下"},
	{"addresses", .kind = CONFIG_LIST, .item = &an_endpoint, AT(addresses), .flags = CONFIG_REQUIRED,
	 .min = 1, .max = 16, .help_en = "are asked at these", .help_ja = "問合せ先"},
	{"prime", CONFIG_BOOL, AT(prime), .preset = "false",
	 .help_en = "ask these only for the zone's own servers",
	 .help_ja = "ゾーン自身のネームサーバーを得るためだけに使う"},
	{"insecure", CONFIG_BOOL, AT(insecure), .preset = "false",
	 .help_en = "a private zone that the public DNS does not delegate: not validated",
	 .help_ja = "公開DNSから委任されない内部ゾーン。検証しない"},
	{0},
};
static const struct config_key a_stub = {
	.kind = CONFIG_MAPPING, .size = sizeof(struct resolver_stub), .keys = stub_keys};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_recursion, member)
static const struct config_key recursion_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"threads", CONFIG_INTEGER, AT(threads), .max = 64, .preset = "0", .help_en = "0: one for two cores",
	 .help_ja = "0は2コアに一つ"},
	{"forward", .kind = CONFIG_LIST, .item = &a_forward, AT(forward), .max = 16,
	 .help_en = "asked instead of the root servers", .help_ja = "ルートサーバーの代わりに問い合わせる先"},
	{"trust_anchors", CONFIG_PATH, AT(trust_anchors), .help_en = "absent: those of dns-root-data",
	 .help_ja = "トラストアンカー。省略時はdns-root-dataのもの"},
	{"root_hints", CONFIG_PATH, AT(root_hints), .help_en = "absent: those of dns-root-data",
	 .help_ja = "ルートヒント。省略時はdns-root-dataのもの"},
	{"cache", CONFIG_SIZE, AT(cache), .min = MIB, .max = 256 * GIB, .preset = "64 MiB",
	 .help_en = "what recursion remembers, all threads together",
	 .help_ja = "再帰問合せの記憶(全スレッド合計)"},
	{"stubs", .kind = CONFIG_LIST, .item = &a_stub, AT(stubs), .max = 4096,
	 .help_en = "zones that are asked at their own servers",
	 .help_ja = "専用のサーバーに問い合わせるゾーン"},
	{"ca", CONFIG_PATH, AT(ca),
	 .help_en = "PEM; who may sign forwarders' certificates; absent: the system's",
	 .help_ja = "転送先の証明書を検証するCA(PEM)。省略時はシステムのもの"},
	{"answer_within", CONFIG_DURATION, AT(answer_ns), .min = SECONDS(1), .max = SECONDS(60),
	 .preset = "10s", .help_en = "then the client hears SERVFAIL",
	 .help_ja = "これを過ぎるとSERVFAILを返す"},
	{"total_max", CONFIG_INTEGER, AT(total_max), .min = 64, .max = 1u << 20, .preset = "16384",
	 .help_en = "questions under way", .help_ja = "同時に処理する問合せの数"},
	{"zone_max", CONFIG_INTEGER, AT(zone_max), .min = 1, .max = 1u << 20, .preset = "256",
	 .help_en = "of these, for one registrable domain", .help_ja = "うち一つの登録可能ドメインについて"},
	{"client_max", CONFIG_INTEGER, AT(client_max), .min = 1, .max = 1u << 20, .preset = "1024",
	 .help_en = "waiting from one /24 or /56", .help_ja = "一つの/24または/56から待っている数"},
	{"ask_localhost", CONFIG_BOOL, AT(ask_localhost), .preset = "false",
	 .help_en = "for tests: servers on loopback addresses are asked too",
	 .help_ja = "試験用: ループバックのサーバーにも問い合わせる"},
	{"whole_names", CONFIG_BOOL, AT(whole_names), .preset = "false",
	 .help_en = "for tests: every server hears the whole name",
	 .help_ja = "試験用: どのサーバーにも名前全体を伝える"},
	{"validation_date", CONFIG_TEXT, AT(validation_date), .max = 14,
	 .help_en = "for tests: signatures are judged at this time, YYYYMMDDHHMMSS",
	 .help_ja = "試験用: 署名をこの時刻(YYYYMMDDHHMMSS)で検証する"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_cache, member)
static const struct config_key cache_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"size", CONFIG_SIZE, AT(size), .min = MIB, .max = 256 * GIB, .preset = "64 MiB",
	 .help_en = "answers ready to send", .help_ja = "すぐに返せる応答の記憶"},
	{"stale", CONFIG_DURATION, AT(stale_ns), .max = DAYS(7), .preset = "3d",
	 .help_en =
		 "how long an expired answer serves while nobody gives a new one (RFC 8767); 0: not at all",
	 .help_ja = "新しい応答が得られない間、期限切れの応答を使う長さ(RFC 8767)。0は使わない"},
	{"prefetch", CONFIG_BOOL, AT(prefetch), .preset = "true",
	 .help_en = "refresh popular answers when they expire",
	 .help_ja = "よく聞かれる応答を期限に更新する"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_group, member)
static const struct config_key group_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"name", CONFIG_TEXT, AT(name), .flags = CONFIG_REQUIRED, .min = 1, .max = 63, .help_en = "unique",
	 .help_ja = "一意の名前"},
	{"organisation", CONFIG_UUID, AT(organisation), .help_en = "whose clients they are",
	 .help_ja = "クライアントの属する組織"},
	{"prefixes", .kind = CONFIG_LIST, .item = &a_prefix, AT(prefixes),
	 .help_en = "clients by address; of several groups the longest prefix",
	 .help_ja = "送信元アドレスによる。複数のグループでは最長一致"},
	{"prefix_file", CONFIG_PATH, AT(prefix_file), .help_en = "more of them, one a line",
	 .help_ja = "その続き。一行に一つ"},
	{"certificates", .kind = CONFIG_LIST, .item = &a_digest, AT(certificates),
	 .help_en = "clients by SHA-256 of their certificate",
	 .help_ja = "クライアント証明書のSHA-256による"},
	{"token", CONFIG_TEXT, AT(token), .flags = CONFIG_SECRET, .min = 16, .max = 128,
	 .help_en = "clients by DoH path; letters, digits, - and _",
	 .help_ja = "DoHのパスによる。英数字、-、_"},
	{"policy", .kind = CONFIG_LIST, .item = &a_name, AT(policy), .max = POLICY_SETS_MAX,
	 .help_en = "names of policies in their order; absent: all",
	 .help_ja = "適用するポリシーの名前(順に)。省略時は全て"},
	{"queries_per_second", CONFIG_INTEGER, AT(queries_per_second), .max = 1000000000, .preset = "0",
	 .help_en = "for each /24 or /56; 0: no limit", .help_ja = "/24または/56ごとの上限。0は無制限"},
	{"addresses", CONFIG_BOOL, AT(addresses), .preset = "false",
	 .help_en = "its organisation asked for full client addresses in its events",
	 .help_ja = "組織の求めにより、イベントにクライアントの完全なアドレスを載せる"},
	{0},
};
static const struct config_key a_group = {
	.kind = CONFIG_MAPPING, .size = sizeof(struct resolver_group), .keys = group_keys};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_policy, member)
static const struct config_key policy_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"name", CONFIG_TEXT, AT(name), .flags = CONFIG_REQUIRED, .min = 1, .max = POLICY_NAME_MAX,
	 .help_en = "unique; told to who is blocked", .help_ja = "一意の名前。遮断された相手にも示す"},
	{"set", .kind = CONFIG_LIST, .item = &a_path, AT(set), .min = 1, .max = 1 + SET_OVERLAYS_MAX,
	 .help_en = "an indicator set: a base and its overlays (.him), newest last; or",
	 .help_ja = "指標集合: 基本集合と差分集合(.him、新しいものが後)。または"},
	{"directory", CONFIG_PATH, AT(directory),
	 .help_en = "a directory whose `*.him` files are these, by name in order; or",
	 .help_ja = "その `*.him` を名前順に置いたディレクトリ。または"},
	{"rpz", CONFIG_PATH, AT(rpz), .help_en = "a response policy zone file",
	 .help_ja = "RPZのゾーンファイル"},
	{"action", CONFIG_WORD, AT(action), .words = actions,
	 .help_en = "absent: `given` for rpz (as each record says), else `nxdomain`",
	 .help_ja = "省略時、rpzは `given`(各レコードの定めるとおり)、他は `nxdomain`"},
	{"sinkhole", .kind = CONFIG_LIST, .item = &an_address, AT(sinkhole), .max = 2,
	 .help_en = "where `sinkhole` leads: an IPv4 and an IPv6 address",
	 .help_ja = "`sinkhole` の行き先(IPv4とIPv6)"},
	{"records", .kind = CONFIG_LIST, .item = &a_record, AT(records), .max = POLICY_RECORDS_MAX,
	 .help_en = "what `local-data` answers: \"TYPE DATA\"",
	 .help_ja = "`local-data` の応答。「型 データ」"},
	{"reason", CONFIG_WORD, AT(reason), .words = reasons, .preset = "policy",
	 .help_en = "Extended DNS Error 15, 16 or 17", .help_ja = "拡張DNSエラーの15、16、17"},
	{"contact", CONFIG_TEXT, AT(contact), .min = 1, .max = POLICY_TEXT_MAX, .help_en = "where to appeal",
	 .help_ja = "申立先"},
	{"organisation", CONFIG_TEXT, AT(organisation), .min = 1, .max = POLICY_TEXT_MAX,
	 .help_en = "who ordered it", .help_ja = "遮断を定めた組織"},
	{"ttl", CONFIG_DURATION, AT(ttl_ns), .min = SECONDS(1), .max = DAYS(1), .preset = "60s",
	 .help_en = "of answers that it makes", .help_ja = "ポリシーによる応答のTTL"},
	{"name_servers", CONFIG_BOOL, AT(name_servers), .preset = "false",
	 .help_en = "the set is asked for name servers too (NSDNAME, NSIP)",
	 .help_ja = "ネームサーバーの名前とアドレスも照合する(NSDNAME、NSIP)"},
	{"keep_percent", CONFIG_INTEGER, AT(keep_percent), .max = 100, .preset = "50",
	 .help_en = "an rpz file with fewer of the rules in force than this is refused as cut",
	 .help_ja = "規則数が現在のこの割合(%)未満のRPZは途中で切れたとみなし読み込まない"},
	{0},
};
static const struct config_key a_policy = {
	.kind = CONFIG_MAPPING, .size = sizeof(struct resolver_policy), .keys = policy_keys};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_events, member)
static const struct config_key events_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"directory", CONFIG_PATH, AT(directory), .flags = CONFIG_REQUIRED,
	 .help_en = "where events are written", .help_ja = "イベントの書込み先"},
	{"rotate", CONFIG_DURATION, AT(rotate_ns), .min = SECONDS(5), .max = DAYS(1), .preset = "1h",
	 .help_en = "a file is closed and compressed after this", .help_ja = "ファイルを閉じて圧縮する間隔"},
	{"keep", CONFIG_DURATION, AT(keep_ns), .min = HOURS(1), .max = DAYS(366), .preset = "30d",
	 .help_en = "then it is removed", .help_ja = "保存期間"},
	{"size", CONFIG_SIZE, AT(size), .min = MIB, .max = 1024 * GIB, .preset = "10 GiB",
	 .help_en = "of all files; the oldest goes first", .help_ja = "全ファイルの上限。古いものから消す"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_metrics, member)
static const struct config_key metrics_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"address", CONFIG_ADDRESS, AT(address), .preset = "127.0.0.1", .help_en = "where it listens",
	 .help_ja = "待ち受けるアドレス"},
	{"port", CONFIG_INTEGER, AT(port), .flags = CONFIG_REQUIRED, .min = 1, .max = 65535,
	 .help_en = "Prometheus reads http://address:port/metrics",
	 .help_ja = "Prometheusが http://アドレス:ポート/metrics を読む"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_blockpage, member)
static const struct config_key blockpage_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"addresses", .kind = CONFIG_LIST, .item = &an_address, AT(addresses), .flags = CONFIG_REQUIRED,
	 .min = 1, .max = 8, .help_en = "where it listens; those of `sinkhole`",
	 .help_ja = "待ち受けるアドレス。`sinkhole` と同じもの"},
	{"port", CONFIG_INTEGER, AT(port), .min = 1, .max = 65535, .preset = "80",
	 .help_en = "HTTP; nothing listens for HTTPS", .help_ja = "HTTP。HTTPSでは待ち受けない"},
	{"organisation_en", CONFIG_TEXT, AT(organisation_en), .flags = CONFIG_REQUIRED, .min = 1, .max = 255,
	 .help_en = "who runs the resolver, in English", .help_ja = "運営する組織(英語)"},
	{"organisation_ja", CONFIG_TEXT, AT(organisation_ja), .flags = CONFIG_REQUIRED, .min = 1, .max = 255,
	 .help_en = "and in Japanese", .help_ja = "運営する組織(日本語)"},
	{"contact_en", CONFIG_TEXT, AT(contact_en), .flags = CONFIG_REQUIRED, .min = 1, .max = 255,
	 .help_en = "where to appeal, in English", .help_ja = "申立先(英語)"},
	{"contact_ja", CONFIG_TEXT, AT(contact_ja), .flags = CONFIG_REQUIRED, .min = 1, .max = 255,
	 .help_en = "and in Japanese", .help_ja = "申立先(日本語)"},
	{0},
};
#undef AT

static const struct config_key control_keys[] = {
	{.kind = CONFIG_LINE, CONFIG_AT(struct resolver_control, line)},
	{"socket", CONFIG_PATH, CONFIG_AT(struct resolver_control, socket), .flags = CONFIG_REQUIRED,
	 .help_en = "where `hinomi resolver ctl` asks", .help_ja = "`hinomi resolver ctl` が使うソケット"},
	{0},
};

static const struct config_key cookies_keys[] = {
	{.kind = CONFIG_LINE, CONFIG_AT(struct resolver_cookies, line)},
	{"secrets", CONFIG_PATH, CONFIG_AT(struct resolver_cookies, secrets), .flags = CONFIG_REQUIRED,
	 .help_en = "file of one or two lines of 32 hex digits; the first makes cookies, both are accepted",
	 .help_ja = "32桁の16進数を1行または2行書いたファイル。1行目でクッキーを作り、両方を受け入れる"},
	{0},
};

#define AT(member) CONFIG_AT(struct resolver_collector, member)
static const struct config_key collector_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"enabled", CONFIG_BOOL, AT(enabled), .preset = "false",
	 .help_en = "resolve listed names to gather the addresses that attacks use",
	 .help_ja = "登録された名前を自ら解決し、攻撃に使われるアドレスを集める"},
	{"interval", CONFIG_DURATION, AT(interval_ns), .min = SECONDS(600), .max = DAYS(30), .preset = "1d",
	 .help_en = "each name once in this time", .help_ja = "この時間に各名前を一度"},
	{"forward", .kind = CONFIG_LIST, .item = &a_forward, AT(forward), .max = 16,
	 .help_en = "its own path; required when enabled", .help_ja = "専用の経路。有効にするには必須"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct resolver_config, member)
const struct config_key resolver_config_keys[] = {
	{"listen", .kind = CONFIG_LIST, .item = &a_listener, AT(listen), .max = RESOLVER_LISTENERS_MAX,
	 .help_en = "absent: 127.0.0.1 and ::1, port 5300, udp and tcp",
	 .help_ja = "省略時は127.0.0.1と::1のポート5300、udpとtcp"},
	{"threads", CONFIG_INTEGER, AT(threads), .max = RESOLVER_THREADS_MAX, .preset = "0",
	 .help_en = "that serve; 0: one a core", .help_ja = "応答するスレッドの数。0はコアごとに一つ"},
	{"recursion", CONFIG_MAPPING, AT(recursion), .keys = recursion_keys,
	 .help_en = "how names are resolved", .help_ja = "名前解決の方法"},
	{"cache", CONFIG_MAPPING, AT(cache), .keys = cache_keys, .help_en = "answers that are kept",
	 .help_ja = "応答のキャッシュ"},
	{"groups", .kind = CONFIG_LIST, .item = &a_group, AT(groups), .max = RESOLVER_GROUPS_MAX,
	 .help_en = "who is served; required beyond loopback",
	 .help_ja = "サービスの対象。ループバック以外で待ち受けるなら必須"},
	{"policy", .kind = CONFIG_LIST, .item = &a_policy, AT(policy), .max = RESOLVER_POLICIES_MAX,
	 .help_en = "what is refused; the first has precedence", .help_ja = "遮断の内容。先のものが優先する"},
	{"events", CONFIG_MAPPING, AT(events), .keys = events_keys, .help_en = "records of what was stopped",
	 .help_ja = "遮断の記録"},
	{"metrics", CONFIG_MAPPING, AT(metrics), .keys = metrics_keys, .help_en = "numbers for Prometheus",
	 .help_ja = "Prometheus用の統計"},
	{"blockpage", CONFIG_MAPPING, AT(blockpage), .keys = blockpage_keys,
	 .help_en = "the page behind sinkholed names", .help_ja = "遮断した名前の案内ページ"},
	{"control", CONFIG_MAPPING, AT(control), .keys = control_keys, .help_en = "the control socket",
	 .help_ja = "制御用ソケット"},
	{"cookies", CONFIG_MAPPING, AT(cookies), .keys = cookies_keys,
	 .help_en = "DNS cookies shared by an anycast set; absent: of this process alone",
	 .help_ja = "エニーキャストで共有するDNSクッキー。省略時はこのプロセス限り"},
	{"collector", CONFIG_MAPPING, AT(collector), .keys = collector_keys,
	 .help_en = "what listed names lead to", .help_ja = "登録された名前の行き先の収集"},
	{"user", CONFIG_TEXT, AT(user), .min = 1, .max = 32,
	 .help_en = "whom it becomes when started as root; absent: hinomi-resolver, else nobody",
	 .help_ja = "rootで起動した場合に切り替える利用者。省略時はhinomi-resolver、なければnobody"},
	{0},
};
#undef AT
