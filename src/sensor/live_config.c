/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_config.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "sensor/ring.h"

#define MIB        (UINT64_C(1) << 20)
#define FILE_NAME  "sensor.yaml"
#define AT(member) CONFIG_AT(struct live_config, member)

static const struct config_key a_set = {.kind = CONFIG_TEXT, .size = sizeof(char *), .min = 1};

const struct config_key live_config_keys[] = {
	{"interface", CONFIG_TEXT, AT(interface), .min = 1, .max = 15,
	 .help_en = "whose packets are looked at; this or replay",
	 .help_ja = "通信を見るインターフェース。これか replay のどちらか"},
	{"replay", CONFIG_PATH, AT(replay),
	 .help_en =
		 "a capture that is replayed at its own pace as if it were now, over and over; only under a "
		 "trust file marked demo",
	 .help_ja = "元の間隔のまま、現在の通信として繰り返し再生する記録。demo "
		    "と印のある信頼ファイルの下でのみ"},
	{"outgoing", CONFIG_BOOL, AT(outgoing), .preset = "false",
	 .help_en = "also packets that this machine sends on the interface",
	 .help_ja = "このマシンが送信するパケットも対象とする"},
	{"threads", CONFIG_INTEGER, AT(threads), .min = 1, .max = RING_THREADS_MAX, .preset = "1",
	 .help_en = "that read the interface; each has a ring, flows are shared out among them",
	 .help_ja = "インターフェースを読むスレッドの数。フローごとに分担する"},
	{"ring", CONFIG_SIZE, AT(ring), .min = 4 * MIB, .max = 4096 * MIB, .preset = "32 MiB",
	 .help_en = "of memory for packets that wait, for each thread",
	 .help_ja = "待っているパケットのためのメモリ(スレッドごと)"},
	{"flows", CONFIG_INTEGER, AT(flows), .min = 16, .max = 1u << 28, .preset = "1000000",
	 .help_en = "held at once, oldest out first",
	 .help_ja = "同時に保持するフローの数。古いものから譲る"},
	{"output", CONFIG_PATH, AT(output), .flags = CONFIG_REQUIRED,
	 .help_en = "folder of records, receipts, ledger and state.json; made if it is not there",
	 .help_ja = "記録、受領証、台帳、state.json を置くフォルダー。なければ作る"},
	{"interval", CONFIG_DURATION, AT(interval_ns), .min = NS_SECOND, .max = 3600 * (uint64_t)NS_SECOND,
	 .preset = "60s", .help_en = "between two receipts", .help_ja = "受領証の間隔"},
	{"user", CONFIG_TEXT, AT(user), .min = 1, .max = 63,
	 .help_en = "who the writer becomes when it is started as root; the parser is nobody",
	 .help_ja = "root で起動したとき書き込みプロセスがなるユーザー。解析プロセスは nobody"},
	{"edge", CONFIG_PATH, AT(edge),
	 .help_en = "folder that hinomi edge keeps: identity, trust.json, revocations.json, domestic.txt, "
		    "authorizations/, sets/; each may be named by itself instead",
	 .help_ja = "hinomi edge が保つフォルダー(identity、trust.json、revocations.json、domestic.txt、"
		    "authorizations/、sets/)。それぞれ個別に指定してもよい"},
	{"identity", CONFIG_PATH, AT(identity),
	 .help_en = "the sensor's keys; without an edge, made in output/private/",
	 .help_ja = "センサーの鍵。edge がなければ output/private/ に作る"},
	{"trust", CONFIG_PATH, AT(trust), .help_en = "whose signatures count",
	 .help_ja = "信頼ファイル(誰の署名が有効か)"},
	{"domestic", CONFIG_PATH, AT(domestic), .help_en = "domestic prefixes, one a line",
	 .help_ja = "国内アドレス表(一行に一つ)"},
	{"authorization", CONFIG_PATH, AT(authorization), .help_en = "what the commissioners signed",
	 .help_ja = "委員が署名した承認書"},
	{"revocations", CONFIG_PATH, AT(revocations),
	 .help_en = "the list of what was revoked; without a current one nothing is selected",
	 .help_ja = "失効リスト。有効なものがなければ何も選別しない"},
	{"indicators", .kind = CONFIG_LIST, .item = &a_set, AT(indicators), .max = 64,
	 .help_en = "sets beside those of the edge: BASE.him,OVERLAY.him with the whole path",
	 .help_ja = "edge のほかの指標集合。BASE.him,OVERLAY.him を絶対パスで書く"},
	{0},
};

/* EDGE/name, where the key was not given. */
static int from_edge(struct live_config *c, const char **value, const char *name)
{
	if (*value != NULL || c->edge == NULL)
		return HN_OK;
	size_t size = strlen(c->edge) + strlen(name) + 2;
	char *path = config_memory_take(c->memory, size);
	if (path == NULL)
		return HN_ENOMEM;
	(void)snprintf(path, size, "%s/%s", c->edge, name);
	*value = path;
	return HN_OK;
}

static int check(struct live_config *c, const char *path, struct fault *fault)
{
	if ((c->interface == NULL) == (c->replay == NULL))
		return config_fault(fault, HN_EFORMAT, path, 0, "interface", "%s",
				    tr("give either interface or replay",
				       "interface か replay のどちらか一方を指定すること"));
	if (c->replay != NULL && c->threads != 1)
		return config_fault(fault, HN_EFORMAT, path, 0, "threads", "%s",
				    tr("a replay takes one thread", "replay のスレッドは一つ"));
	if (c->trust == NULL || c->domestic == NULL)
		return config_fault(fault, HN_EFORMAT, path, 0, c->trust == NULL ? "trust" : "domestic", "%s",
				    tr("is missing; give it, or edge", "がない。これか edge を指定すること"));
	return HN_OK;
}

int live_config_read(const char *path, const char *interface, struct live_config *out, struct fault *fault)
{
	struct live_config c = {0};
	int rc = config_read(path == NULL ? FILE_NAME : path, live_config_keys, &c, &c.memory, fault);
	if (rc != HN_OK)
		return rc;
	if (interface != NULL) {
		c.interface = interface;
		c.replay = NULL;
	}
	rc = from_edge(&c, &c.identity, "identity");
	if (rc == HN_OK)
		rc = from_edge(&c, &c.trust, "trust.json");
	if (rc == HN_OK)
		rc = from_edge(&c, &c.domestic, "domestic.txt");
	if (rc == HN_OK)
		rc = from_edge(&c, &c.revocations, "revocations.json");
	if (rc == HN_OK)
		rc = check(&c, path == NULL ? FILE_NAME : path, fault);
	if (rc != HN_OK) {
		config_memory_free(c.memory);
		return rc;
	}
	*out = c;
	return HN_OK;
}

void live_config_clear(struct live_config *c)
{
	config_memory_free(c->memory);
	memset(c, 0, sizeof(*c));
}
