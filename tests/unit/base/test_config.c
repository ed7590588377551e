/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/uuid.h"

/* A table with every kind. */
struct inner {
	const char *name;
	uint16_t port;
	struct config_list prefixes;
	unsigned line;
};

struct outer {
	const char *text, *path, *token;
	uint32_t number;
	uint64_t wide, size;
	int64_t span;
	bool flag;
	int word;
	unsigned words;
	struct ip address;
	struct endpoint endpoint;
	struct ip_prefix prefix;
	struct uuid uuid;
	struct config_digest digest;
	struct config_list texts, inners;
	struct inner inner;
	unsigned line;
};

static const struct config_word word_rows[] = {{"one", 1}, {"two", 2}, {"four", 4}, {NULL, 0}};
static const struct config_key a_text = {.kind = CONFIG_TEXT, .size = sizeof(char *), .min = 1};
static const struct config_key a_prefix = {.kind = CONFIG_PREFIX, .size = sizeof(struct ip_prefix)};
static const struct config_key inner_keys[] = {
	{.kind = CONFIG_LINE, CONFIG_AT(struct inner, line)},
	{"name", CONFIG_TEXT, CONFIG_AT(struct inner, name), .flags = CONFIG_REQUIRED, .min = 1, .max = 8,
	 .help_en = "its name", .help_ja = "名前"},
	{"port", CONFIG_INTEGER, CONFIG_AT(struct inner, port), .min = 1, .max = 65535, .preset = "53",
	 .help_en = "its port", .help_ja = "ポート"},
	{"prefixes", CONFIG_LIST, CONFIG_AT(struct inner, prefixes), .item = &a_prefix,
	 .help_en = "where from", .help_ja = "送信元"},
	{0},
};
static const struct config_key an_inner = {
	.kind = CONFIG_MAPPING, .size = sizeof(struct inner), .keys = inner_keys};
static const struct config_key keys[] = {
	{.kind = CONFIG_LINE, CONFIG_AT(struct outer, line)},
	{"text", CONFIG_TEXT, CONFIG_AT(struct outer, text), .preset = "usual", .help_en = "a text",
	 .help_ja = "文字列"},
	{"path", CONFIG_PATH, CONFIG_AT(struct outer, path), .help_en = "a path", .help_ja = "パス"},
	{"token", CONFIG_TEXT, CONFIG_AT(struct outer, token), .flags = CONFIG_SECRET, .min = 16,
	 .help_en = "a secret", .help_ja = "秘密"},
	{"number", CONFIG_INTEGER, CONFIG_AT(struct outer, number), .min = 2, .max = 9, .preset = "3",
	 .help_en = "a number", .help_ja = "数"},
	{"wide", CONFIG_INTEGER, CONFIG_AT(struct outer, wide), .help_en = "a large number",
	 .help_ja = "大きな数"},
	{"size", CONFIG_SIZE, CONFIG_AT(struct outer, size), .min = 1024, .max = 1u << 30, .preset = "64 MiB",
	 .help_en = "a size", .help_ja = "大きさ"},
	{"span", CONFIG_DURATION, CONFIG_AT(struct outer, span), .preset = "3d", .help_en = "a duration",
	 .help_ja = "時間"},
	{"flag", CONFIG_BOOL, CONFIG_AT(struct outer, flag), .preset = "true", .help_en = "a switch",
	 .help_ja = "スイッチ"},
	{"word", CONFIG_WORD, CONFIG_AT(struct outer, word), .words = word_rows, .preset = "two",
	 .help_en = "a word", .help_ja = "語"},
	{"words", CONFIG_WORDS, CONFIG_AT(struct outer, words), .words = word_rows, .help_en = "some words",
	 .help_ja = "語のリスト"},
	{"address", CONFIG_ADDRESS, CONFIG_AT(struct outer, address), .help_en = "an address",
	 .help_ja = "アドレス"},
	{"endpoint", CONFIG_ENDPOINT, CONFIG_AT(struct outer, endpoint), .port = 53,
	 .help_en = "address and port", .help_ja = "アドレスとポート"},
	{"prefix", CONFIG_PREFIX, CONFIG_AT(struct outer, prefix), .help_en = "a prefix",
	 .help_ja = "プレフィックス"},
	{"uuid", CONFIG_UUID, CONFIG_AT(struct outer, uuid), .help_en = "a UUID", .help_ja = "UUID"},
	{"digest", CONFIG_DIGEST, CONFIG_AT(struct outer, digest), .help_en = "a digest",
	 .help_ja = "ダイジェスト"},
	{"texts", CONFIG_LIST, CONFIG_AT(struct outer, texts), .item = &a_text, .min = 1, .max = 3,
	 .help_en = "texts", .help_ja = "文字列のリスト"},
	{"inners", CONFIG_LIST, CONFIG_AT(struct outer, inners), .item = &an_inner, .help_en = "mappings",
	 .help_ja = "マッピングのリスト"},
	{"inner", CONFIG_MAPPING, CONFIG_AT(struct outer, inner), .keys = inner_keys, .help_en = "a mapping",
	 .help_ja = "マッピング"},
	{0},
};

static int parse(const char *text, struct outer *out, struct config_memory **memory, struct fault *fault)
{
	size_t len = strlen(text);
	uint8_t *copy = exact_copy(text, len);
	memset(out, 0, sizeof(*out));
	int rc = config_parse("dir/x.yaml", (const char *)copy, len, keys, out, memory, fault);
	free(copy);
	return rc;
}

static void shows_defaults(void **state)
{
	static const char *const texts[] = {"", "\n# nothing\n", "---\n", "{}"};
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct outer o;
		struct config_memory *memory;
		assert_int_equal(parse(texts[i], &o, &memory, NULL), HN_OK);
		assert_string_equal(o.text, "usual");
		assert_null(o.path);
		assert_int_equal(o.number, 3);
		assert_int_equal(o.size, 64u << 20);
		assert_int_equal(o.span, 3 * 86400 * NS_SECOND);
		assert_true(o.flag);
		assert_int_equal(o.word, 2);
		assert_int_equal(o.inner.port, 53);
		assert_int_equal(o.inner.line, 0);
		assert_int_equal(o.texts.count, 0);
		assert_null(o.texts.items);
		config_memory_free(memory);
	}
}

static void reads_every_kind(void **state)
{
	(void)state;
	struct outer o;
	struct config_memory *memory;
	struct fault fault = {0};
	static const char text[] =
		"text: 火の見\n"
		"path: sets/a.him\n"
		"token: abcdefghijklmnop\n"
		"number: 9\n"
		"wide: 18446744073709551615\n"
		"size: 1GiB\n"
		"span: 500ms\n"
		"flag: false\n"
		"word: four\n"
		"words: [one, four]\n"
		"address: 2001:db8::1\n"
		"endpoint: \"[2001:db8::2]:8053\"\n"
		"prefix: 192.0.2.0/24\n"
		"uuid: 00112233-4455-6677-8899-aabbccddeeff\n"
		"digest: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
		"texts:\n  - a\n  - \"b c\"\n"
		"inners:\n"
		"  - name: x\n"
		"    prefixes: [10.0.0.0/8, \"::1\"]\n"
		"  - {name: y, port: 5}\n"
		"inner:\n  name: z\n";
	int rc = parse(text, &o, &memory, &fault);
	assert_string_equal(fault.message, "");
	assert_int_equal(rc, HN_OK);
	assert_string_equal(o.text, "火の見");
	assert_string_equal(o.path, "dir/sets/a.him");
	assert_string_equal(o.token, "abcdefghijklmnop");
	assert_int_equal(o.number, 9);
	assert_true(o.wide == UINT64_MAX);
	assert_int_equal(o.size, 1u << 30);
	assert_int_equal(o.span, NS_SECOND / 2);
	assert_false(o.flag);
	assert_int_equal(o.word, 4);
	assert_int_equal(o.words, 5);
	assert_int_equal(o.address.version, 6);
	assert_int_equal(o.endpoint.port, 8053);
	assert_int_equal(o.endpoint.ip.bytes[15], 2);
	assert_int_equal(o.prefix.len, 24);
	assert_int_equal(o.uuid.bytes[15], 0xff);
	assert_true(o.digest.present);
	assert_int_equal(o.digest.bytes[31], 0xad);
	assert_int_equal(o.texts.count, 2);
	assert_string_equal(((const char **)o.texts.items)[1], "b c");
	assert_int_equal(o.inners.count, 2);
	const struct inner *inners = o.inners.items;
	assert_int_equal(inners[0].line, 20);
	assert_int_equal(inners[0].port, 53);
	assert_int_equal(inners[0].prefixes.count, 2);
	assert_int_equal(inners[1].port, 5);
	assert_int_equal(o.inner.line, 24);
	assert_int_equal(o.line, 1);
	config_memory_free(memory);
}

/* Values of one key that are taken. */
static void takes_each_form(void **state)
{
	static const struct {
		const char *text;
		uint64_t expected; /* of the member that the case's reader looks at */
		char member;
	} cases[] = {
		{"size: 65536", 65536, 's'},
		{"size: 64 KiB", 65536, 's'},
		{"size: '2048 B'", 2048, 's'},
		{"span: 0", 0, 't'},
		{"span: 2w", 1209600 * (uint64_t)NS_SECOND, 't'},
		{"span: 90 s", 90 * (uint64_t)NS_SECOND, 't'},
		{"endpoint: 192.0.2.1", 53, 'e'},
		{"endpoint: 192.0.2.1:1", 1, 'e'},
		{"endpoint: 2001:db8::1", 53, 'e'},
		{"endpoint: '[2001:db8::1]'", 53, 'e'},
		{"digest: "
		 "'ba:78:16:bf:8f:01:cf:ea:41:41:40:de:5d:ae:22:23:b0:03:61:a3:96:17:7a:9c:b4:10:ff:61:f2:"
		 "00:15:ad'",
		 0xad, 'd'},
		{"digest: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", 0xad, 'd'},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outer o;
		struct config_memory *memory;
		struct fault fault = {0};
		int rc = parse(cases[i].text, &o, &memory, &fault);
		assert_string_equal(fault.message, "");
		assert_int_equal(rc, HN_OK);
		uint64_t got = cases[i].member == 's'   ? o.size
			       : cases[i].member == 't' ? (uint64_t)o.span
			       : cases[i].member == 'e' ? o.endpoint.port
							: o.digest.bytes[31];
		assert_int_equal(got, cases[i].expected);
		config_memory_free(memory);
	}
}

static void names_what_is_wrong(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *place;
		const char *message; /* its beginning */
	} cases[] = {
		{"nubmer: 3", HN_EFORMAT, "dir/x.yaml:1: nubmer", "unknown key; known here: text, path, "},
		{"inner:\n  name: a\n  colour: red", HN_EFORMAT, "dir/x.yaml:3: inner.colour",
		 "unknown key; known here: name, port, prefixes"},
		{"number: 3\nnumber: 4", HN_EFORMAT, "dir/x.yaml:2: number", "stands twice"},
		{"number: 1", HN_EFORMAT, "dir/x.yaml:1: number",
		 "takes a whole number, from 2 to 9, not '1'"},
		{"number: 10", HN_EFORMAT, "dir/x.yaml:1: number", "takes a whole number"},
		{"number: -3", HN_EFORMAT, "dir/x.yaml:1: number", "takes a whole number"},
		{"number: 3.0", HN_EFORMAT, "dir/x.yaml:1: number", "takes a whole number"},
		{"number: 0x3", HN_EFORMAT, "dir/x.yaml:1: number", "takes a whole number"},
		{"number: 03", HN_EFORMAT, "dir/x.yaml:1: number", "takes a whole number"},
		{"wide: 18446744073709551616", HN_EFORMAT, "dir/x.yaml:1: wide", "takes a whole number, not"},
		{"number:", HN_EFORMAT, "dir/x.yaml:1: number", "has no value"},
		{"inner: ~", HN_EFORMAT, "dir/x.yaml:1: inner", "takes keys with values"},
		{"number: [3]", HN_EFORMAT, "dir/x.yaml:1: number", "takes one value"},
		{"size: 64 MB", HN_EFORMAT, "dir/x.yaml:1: size",
		 "takes a size like '64 MiB', from 1 KiB to 1 GiB, not '64 MB'"},
		{"size: 1", HN_EFORMAT, "dir/x.yaml:1: size", "takes a size"},
		{"size: 99999999999 TiB", HN_EFORMAT, "dir/x.yaml:1: size", "takes a size"},
		{"span: 3", HN_EFORMAT, "dir/x.yaml:1: span", "takes a duration like"},
		{"span: 3y", HN_EFORMAT, "dir/x.yaml:1: span", "takes a duration like"},
		{"span: 1.5h", HN_EFORMAT, "dir/x.yaml:1: span", "takes a duration like"},
		{"flag: yes", HN_EFORMAT, "dir/x.yaml:1: flag", "takes true or false, not 'yes'"},
		{"word: three", HN_EFORMAT, "dir/x.yaml:1: word", "takes one of one, two, four, not 'three'"},
		{"words: one", HN_EFORMAT, "dir/x.yaml:1: words", "takes a list"},
		{"words: []", HN_EFORMAT, "dir/x.yaml:1: words", "an empty list"},
		{"words: [one, one]", HN_EFORMAT, "dir/x.yaml:1: words", "the same twice"},
		{"words: [[one]]", HN_EFORMAT, "dir/x.yaml:1: words", "takes one value"},
		{"address: 192.0.2.1:53", HN_EFORMAT, "dir/x.yaml:1: address", "takes an IPv4"},
		{"address: localhost", HN_EFORMAT, "dir/x.yaml:1: address", "takes an IPv4"},
		{"endpoint: 192.0.2.1:0", HN_EFORMAT, "dir/x.yaml:1: endpoint", "takes an address"},
		{"endpoint: 192.0.2.1:65536", HN_EFORMAT, "dir/x.yaml:1: endpoint", "takes an address"},
		{"endpoint: '[192.0.2.1]:53'", HN_EFORMAT, "dir/x.yaml:1: endpoint", "takes an address"},
		{"endpoint: '[2001:db8::1'", HN_EFORMAT, "dir/x.yaml:1: endpoint", "takes an address"},
		{"endpoint: '[2001:db8::1]x'", HN_EFORMAT, "dir/x.yaml:1: endpoint", "takes an address"},
		{"prefix: 192.0.2.1/24", HN_EFORMAT, "dir/x.yaml:1: prefix", "takes a prefix"},
		{"uuid: 1234", HN_EFORMAT, "dir/x.yaml:1: uuid", "takes a UUID"},
		{"digest: abcd", HN_EFORMAT, "dir/x.yaml:1: digest", "takes a SHA-256"},
		{"path: ''", HN_EFORMAT, "dir/x.yaml:1: path", "takes a path"},
		{"texts: []", HN_ELIMIT, "dir/x.yaml:1: texts", "takes 1 to 3 items"},
		{"texts: [a, b, c, d]", HN_ELIMIT, "dir/x.yaml:1: texts", "takes 1 to 3 items"},
		{"texts: [a, '']", HN_EFORMAT, "dir/x.yaml:1: texts[1]", "takes a text of 1 to 4096 bytes"},
		{"inners:\n  - name: a\n  - port: 3", HN_EFORMAT, "dir/x.yaml:3: inners[1].name",
		 "is missing"},
		{"inners: [{name: a, prefixes: ['::1', x]}]", HN_EFORMAT,
		 "dir/x.yaml:1: inners[0].prefixes[1]", "takes a prefix"},
		{"text: &a b", HN_EFORMAT, "dir/x.yaml:1: text", "anchors (&name)"},
		{"text: *a", HN_EFORMAT, "dir/x.yaml:1: text", "aliases (*name)"},
		{"text: !!str b", HN_EFORMAT, "dir/x.yaml:1: text", "tags (!name)"},
		{"texts: !!seq [b]", HN_EFORMAT, "dir/x.yaml:1: texts", "tags (!name)"},
		{"<<: {text: a}", HN_EFORMAT, "dir/x.yaml:1: <<", "unknown key"},
		{"? [a]\n: b", HN_EFORMAT, "dir/x.yaml:1", "a key is one word"},
		{"text: \"a\\0b\"", HN_EFORMAT, "dir/x.yaml:1: text", "holds a control character"},
		{"text: \"a\\eb\"", HN_EFORMAT, "dir/x.yaml:1: text", "holds a control character"},
		{"text: \"a\\u0085b\"", HN_EFORMAT, "dir/x.yaml:1: text", "holds a control character"},
		{"text: a\n---\ntext: b", HN_EFORMAT, "dir/x.yaml:2", "a second document begins"},
		{"text: [a", HN_EFORMAT, "dir/x.yaml:1: text", "takes one value"},
		{"text: 'a", HN_EFORMAT, "dir/x.yaml:1", "not YAML: "},
		{"text: \xff", HN_EFORMAT, "dir/x.yaml:1", "not YAML: "},
		{"- a", HN_EFORMAT, "dir/x.yaml:1", "takes keys with values"},
		{"hello", HN_EFORMAT, "dir/x.yaml:1", "takes keys with values"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outer o;
		struct config_memory *memory;
		struct fault fault = {0};
		assert_int_equal(parse(cases[i].text, &o, &memory, &fault), cases[i].rc);
		assert_null(memory);
		assert_string_equal(fault.place, cases[i].place);
		fault.message[strnlen(cases[i].message, sizeof(fault.message) - 1)] = '\0';
		assert_string_equal(fault.message, cases[i].message);
	}
}

static void says_what_is_no_yaml_in_japanese_too(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"text: 'a", "YAMLとして読めない: 引用符が閉じないままファイルが終わっている"},
		{"text: \xff", "YAMLとして読めない: UTF-8ではない"},
		{"text: a: b",
		 "YAMLとして読めない: ここに「キー: 値」は書けない。字下げと引用符を確かめること"},
		{"text:\n\t- b", "YAMLとして読めない: この文字から始めることはできない"},
		{"texts: [a}", "YAMLとして読めない: ',' か ']' がない"},
	};
	(void)state;
	lang_set(LANG_JA);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outer o;
		struct config_memory *memory;
		struct fault fault = {0};
		assert_int_equal(parse(cases[i].text, &o, &memory, &fault), HN_EFORMAT);
		assert_string_equal(fault.message, cases[i].message);
	}
	lang_set(LANG_EN);
}

/* An empty list that was written is not one that was left out. */
static void tells_empty_from_absent(void **state)
{
	(void)state;
	struct outer o;
	struct config_memory *memory;
	assert_int_equal(parse("inners: []", &o, &memory, NULL), HN_OK);
	assert_int_equal(o.inners.count, 0);
	assert_non_null(o.inners.items);
	assert_null(o.texts.items);
	config_memory_free(memory);
}

static void never_shows_a_secret(void **state)
{
	(void)state;
	struct outer o;
	struct config_memory *memory;
	struct fault fault = {0};
	assert_int_equal(parse("token: hunter2", &o, &memory, &fault), HN_EFORMAT);
	assert_null(strstr(fault.message, "hunter2"));
	assert_string_equal(fault.message, "takes a text of 16 to 4096 bytes");
}

static void bounds_size_and_depth(void **state)
{
	(void)state;
	struct outer o;
	struct config_memory *memory;
	struct fault fault = {0};
	size_t len = CONFIG_SIZE_MAX + 1;
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, '\n', len);
	memset(&o, 0, sizeof(o));
	assert_int_equal(config_parse("x", text, len - 1, keys, &o, &memory, &fault), HN_OK);
	config_memory_free(memory);
	assert_int_equal(config_parse("x", text, len, keys, &o, &memory, &fault), HN_ELIMIT);

	/* As many items as fit; each asks for more than it costs to write. */
	size_t at = (size_t)snprintf(text, len, "inners: [");
	while (at + 10 < len - 1)
		at += (size_t)snprintf(text + at, len - at, "{name: a},");
	int rc = config_parse("x", text, at, keys, &o, &memory, &fault);
	assert_true(rc == HN_EFORMAT || rc == HN_ENOMEM); /* unclosed, or over the memory's limit */
	assert_null(memory);

	/* Lists in lists end at the first that the table does not know, however many follow. */
	at = (size_t)snprintf(text, len, "texts: ");
	memset(text + at, '[', len - at);
	assert_int_equal(config_parse("x", text, len - 1, keys, &o, &memory, &fault), HN_EFORMAT);
	free(text);
}

static void refuses_what_is_cut(void **state)
{
	static const char text[] = "inners:\n  - {name: x, prefixes: [10.0.0.0/8]}\ntext: \"a\"\n";
	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct outer o = {0};
		struct config_memory *memory;
		uint8_t *copy = exact_copy(text, n);
		int rc = config_parse("x", (const char *)copy, n, keys, &o, &memory, NULL);
		assert_true(rc == HN_OK || rc == HN_EFORMAT);
		assert_true((rc == HN_OK) == (memory != NULL));
		config_memory_free(memory);
		free(copy);
	}
}

static void reads_a_file(void **state)
{
	(void)state;
	char dir[] = "/tmp/hinomi-config-XXXXXX";
	char path[64], expected[80];
	struct outer o = {0};
	struct config_memory *memory;
	struct fault fault = {0};

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/a.yaml", dir);
	assert_int_equal(config_read(path, keys, &o, &memory, &fault), HN_ENOENT);
	assert_string_equal(fault.place, path);
	assert_int_equal(file_write_whole(path, "path: b\n", 8, 0600, true), HN_OK);
	assert_int_equal(config_read(path, keys, &o, &memory, &fault), HN_OK);
	(void)snprintf(expected, sizeof(expected), "%s/b", dir);
	assert_string_equal(o.path, expected);
	config_memory_free(memory);
	assert_int_equal(config_read(dir, keys, &o, &memory, &fault), HN_EIO);
	assert_null(memory);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void writes_the_reference(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1u << 16);
	config_reference(keys, &out);
	assert_int_equal(buf_err(&out), HN_OK);
	assert_non_null(strstr(out.data, "| `number` | whole number 2–9 | `3` | a number |\n"));
	assert_non_null(strstr(out.data, "| `token` | text, secret | | a secret |\n"));
	assert_non_null(strstr(out.data, "| `words` | list of: `one`, `two`, `four` | | some words |\n"));
	assert_non_null(strstr(out.data, "| `inners[].name` | text | required | its name |\n"));
	assert_non_null(strstr(out.data, "| `inner.prefixes` | list of: prefix | | where from |\n"));
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_defaults),
		cmocka_unit_test(reads_every_kind),
		cmocka_unit_test(takes_each_form),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(never_shows_a_secret),
		cmocka_unit_test(tells_empty_from_absent),
		cmocka_unit_test(bounds_size_and_depth),
		cmocka_unit_test(refuses_what_is_cut),
		cmocka_unit_test(reads_a_file),
		cmocka_unit_test(writes_the_reference),
		cmocka_unit_test(says_what_is_no_yaml_in_japanese_too),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
