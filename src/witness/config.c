/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/lang.h"
#include "base/utc.h"
#include "ledger/note.h"

#define SECONDS(n) ((n) * (uint64_t)NS_SECOND)

static const struct config_key an_endpoint = {
	.kind = CONFIG_ENDPOINT, .size = sizeof(struct endpoint), .port = WITNESS_PORT};
static const struct config_key an_edge_endpoint = {
	.kind = CONFIG_ENDPOINT, .size = sizeof(struct endpoint), .port = WITNESS_EDGE_PORT};
static const struct config_key a_name = {.kind = CONFIG_TEXT, .size = sizeof(char *), .min = 1, .max = 253};

#define AT(member) CONFIG_AT(struct witness_hub, member)
static const struct config_key hub_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"url", CONFIG_TEXT, AT(url), .min = 8, .max = 1024,
	 .help_en = "where the hub is: `https://HOST`; absent: no hub is asked",
	 .help_ja = "ハブのURL(`https://ホスト`)。省略時はハブに問い合わせない"},
	{"token_file", CONFIG_PATH, AT(token_file),
	 .help_en = "file with a token of the commission's at the hub, read anew at each round",
	 .help_ja = "ハブにおける委員会のトークンのファイル。問合せのたびに読み直す"},
	{"root", CONFIG_PATH, AT(root), .help_en = "PEM: whose certificates are taken; absent: the system's",
	 .help_ja = "信頼する証明書(PEM)。省略時はシステムのもの"},
	{"ledger_key", CONFIG_TEXT, AT(ledger_key), .min = 1, .max = NOTE_VKEY_MAX - 1,
	 .help_en = "key of the hub's ledger (`GET /api/v1/ledger/key`); absent: the first one that it shows "
		    "is kept",
	 .help_ja = "ハブの台帳の検証鍵(`GET /api/v1/ledger/key`)。省略時は最初に示されたものを記憶する"},
	{"interval", CONFIG_DURATION, AT(interval_ns), .min = SECONDS(1), .max = SECONDS(3600),
	 .preset = "60s", .help_en = "between two rounds; silent for two: an alarm",
	 .help_ja = "問合せの間隔。二回分応答がなければ警報"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct witness_http, member)
static const struct config_key http_keys[] = {
	{.kind = CONFIG_LINE, AT(line)},
	{"certificate", CONFIG_PATH, AT(certificate),
	 .help_en = "PEM chain: with it the console speaks TLS 1.3 and may listen beyond loopback",
	 .help_ja =
		 "PEM形式の証明書。指定するとコンソールがTLS 1.3で通信し、ループバック以外でも待ち受け可能"},
	{"key", CONFIG_PATH, AT(key), .help_en = "the certificate's key: PEM, without a passphrase",
	 .help_ja = "その秘密鍵。PEM形式、パスフレーズなし"},
	{0},
};
#undef AT

#define AT(member) CONFIG_AT(struct witness_config, member)
const struct config_key WITNESS_KEYS[] = {
	{"data", CONFIG_PATH, AT(data),
	 .help_en = "folder of all that it keeps; absent: `hinomi-witness` where it is started",
	 .help_ja = "保存先のフォルダー。省略時は起動した場所の `hinomi-witness`"},
	{"name", CONFIG_TEXT, AT(name), .min = 1, .max = 64, .preset = "commission",
	 .help_en = "of this witness; its ledger and cosignatures are `hinomi/witness/NAME`",
	 .help_ja = "この立会機の名前。台帳と連署は `hinomi/witness/名前`"},
	{"user", CONFIG_TEXT, AT(user), .min = 1, .max = 64,
	 .help_en = "whom it becomes when root starts it; absent: _hinomi where there is one",
	 .help_ja = "rootで起動した場合に切り替わるユーザー。省略時は、あれば _hinomi"},
	{"listen", .kind = CONFIG_LIST, .item = &an_endpoint, AT(listen), .min = 1,
	 .max = WITNESS_LISTENERS_MAX, .help_en = "the console's addresses; absent: 127.0.0.1:8471",
	 .help_ja = "コンソールのアドレス。省略時は 127.0.0.1:8471"},
	{"edge_listen", .kind = CONFIG_LIST, .item = &an_edge_endpoint, AT(edge_listen), .min = 1,
	 .max = WITNESS_LISTENERS_MAX,
	 .help_en = "where edges come, TLS 1.3 with client certificates; absent: 127.0.0.1:8473",
	 .help_ja = "エッジが接続するアドレス(TLS 1.3、クライアント証明書)。省略時は 127.0.0.1:8473"},
	{"names", .kind = CONFIG_LIST, .item = &a_name, AT(names), .min = 1, .max = 32,
	 .help_en =
		 "host names and addresses under which edges reach it, the first in enrolment codes; absent: "
		 "localhost, 127.0.0.1, ::1",
	 .help_ja = "エッジから見たホスト名とアドレス。先頭を登録コードに用いる。省略時は localhost、"
		    "127.0.0.1、::1"},
	{"trust", CONFIG_PATH, AT(trust),
	 .help_en = "TRUST.json as the commission made it: read at the start; successors follow by signature",
	 .help_ja = "委員会が作成した TRUST.json。起動時に読む。後継は署名を確認して受け入れる"},
	{"key", CONFIG_PATH, AT(key),
	 .help_en = "a commissioner's key that this machine holds, with a passphrase that is asked for each "
		    "time",
	 .help_ja = "この端末が保持する委員の鍵。署名のたびにパスフレーズを求める"},
	{"interval", CONFIG_DURATION, AT(interval_ns), .min = SECONDS(1), .max = SECONDS(3600),
	 .preset = "60s", .help_en = "of edges that send no receipts: silent for two is an alarm",
	 .help_ja = "受領証を送らないエッジの間隔。二回分連絡がなければ警報"},
	{"connections", CONFIG_INTEGER, AT(connections), .min = 16, .max = 100000, .preset = "1024",
	 .help_en = "at a time", .help_ja = "同時接続数の上限"},
	{"hub", CONFIG_MAPPING, AT(hub), .keys = hub_keys, .help_en = "the hub that it watches",
	 .help_ja = "監視対象のハブ"},
	{"http", CONFIG_MAPPING, AT(http), .keys = http_keys, .help_en = "the console's TLS",
	 .help_ja = "コンソールのTLS"},
	{0},
};
#undef AT

static int read_endpoint(const char *text, uint16_t port, struct endpoint *out, struct fault *fault)
{
	struct one {
		struct endpoint at;
	} one = {0};
	const struct config_key keys[] = {{"at", CONFIG_ENDPOINT, CONFIG_AT(struct one, at), .port = port},
					  {0}};
	struct config_memory *memory = NULL;
	struct buf b;
	buf_init(&b, 512);
	buf_addf(&b, "at: '%s'\n", text);
	int err = buf_err(&b);
	if (err == HN_OK)
		err = config_parse("--listen", b.data, b.len, keys, &one, &memory, fault);
	config_memory_free(memory);
	buf_clear(&b);
	*out = one.at;
	return err;
}

static int set_listener(struct config_list *list, const char *text, const char *preset, uint16_t port,
			struct endpoint *own, struct fault *fault)
{
	if (list->items != NULL && text == NULL)
		return HN_OK;
	int err = read_endpoint(text != NULL ? text : preset, port, own, fault);
	*list = (struct config_list){own, 1};
	return err;
}

static int set_absent(struct witness_config *c, const struct witness_overrides *o, struct fault *fault)
{
	if (o->data != NULL || c->data == NULL)
		c->data = o->data != NULL ? o->data : "hinomi-witness";
	if (c->names.items == NULL) {
		c->own_names[0] = "localhost";
		c->own_names[1] = "127.0.0.1";
		c->own_names[2] = "::1";
		c->names = (struct config_list){(void *)c->own_names, 3};
	}
	int err = set_listener(&c->listen, o->listen, "127.0.0.1", WITNESS_PORT, &c->own_listen, fault);
	return err != HN_OK ? err
			    : set_listener(&c->edge_listen, o->edge_listen, "127.0.0.1", WITNESS_EDGE_PORT,
					   &c->own_edge_listen, fault);
}

static bool all_loopback(const struct config_list *list)
{
	const struct endpoint *e = list->items;
	for (size_t i = 0; i < list->count; i++)
		if (!ip_is_loopback(&e[i].ip))
			return false;
	return true;
}

bool witness_config_loopback(const struct witness_config *c)
{
	return all_loopback(&c->listen) && all_loopback(&c->edge_listen);
}

static int check(const struct witness_config *c, struct fault *fault)
{
	if (strspn(c->name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(c->name))
		return config_fault(fault, HN_EFORMAT, c->file, 0, "name", "%s",
				    tr("takes a-z, 0-9, '-' and '.'", "a-z、0-9、'-'、'.' だけを使える"));
	if ((c->http.certificate == NULL) != (c->http.key == NULL))
		return config_fault(
			fault, HN_EFORMAT, c->file, c->http.line, "http", "%s",
			tr("certificate and key belong together", "certificate と key は両方指定すること"));
	if (c->http.certificate == NULL && !all_loopback(&c->listen))
		return config_fault(fault, HN_EFORMAT, c->file, 0, "listen", "%s",
				    tr("without http.certificate the console listens on loopback only",
				       "http.certificate がない場合、待受けはループバックに限る"));
	if (c->hub.url != NULL && strncmp(c->hub.url, "https://", 8) != 0 &&
	    strncmp(c->hub.url, "http://", 7) != 0)
		return config_fault(fault, HN_EFORMAT, c->file, c->hub.line, "hub.url", "%s",
				    tr("begins with https://", "https:// で始めること"));
	if ((c->hub.url == NULL) != (c->hub.token_file == NULL))
		return config_fault(
			fault, HN_EFORMAT, c->file, c->hub.line, "hub", "%s",
			tr("url and token_file belong together", "url と token_file は両方指定すること"));
	struct note_key key;
	const char *word = c->hub.ledger_key;
	if (word != NULL && (note_vkey_parse(word, strlen(word), &key) != HN_OK || key.type != NOTE_ED25519))
		return config_fault(fault, HN_EFORMAT, c->file, c->hub.line, "hub.ledger_key", "%s",
				    tr("is not a key as `GET /api/v1/ledger/key` gives it",
				       "`GET /api/v1/ledger/key` が示す形式の鍵ではない"));
	return HN_OK;
}

int witness_config_read(const char *path, const struct witness_overrides *overrides,
			struct witness_config **out, struct fault *fault)
{
	struct witness_config *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	c->file = path != NULL ? path : "witness.yaml";
	int err = path != NULL ? config_read(path, WITNESS_KEYS, c, &c->memory, fault)
			       : config_parse(c->file, "{}\n", 3, WITNESS_KEYS, c, &c->memory, fault);
	if (err == HN_OK)
		err = set_absent(c, overrides, fault);
	if (err == HN_OK)
		err = check(c, fault);
	if (err == HN_OK)
		*out = c;
	else
		witness_config_free(c);
	return err;
}

void witness_config_free(struct witness_config *config)
{
	if (config == NULL)
		return;
	config_memory_free(config->memory);
	free(config);
}
