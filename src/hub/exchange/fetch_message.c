/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/fetch_message.h"

#include <string.h>

#include "base/lang.h"

#define RETRY_MAX_S 86400

static const struct {
	const char *en, *ja;
} failures[FETCH_FAILURES] = {
	[FETCH_GOOD] = {"", ""},
	[FETCH_BAD_URL] = {"the URL cannot be asked", "URLに問い合わせできない"},
	[FETCH_NO_NAME] = {"the server's name cannot be resolved", "サーバーの名前を解決できない"},
	[FETCH_NO_CONNECTION] = {"no connection to the server", "サーバーに接続できない"},
	[FETCH_ADDRESS_INSIDE] = {"the address lies inside (loopback, private); `fetch_inside` allows it",
				  "内部のアドレス(ループバック、プライベート)である。`fetch_inside` "
				  "で許可できる"},
	[FETCH_BAD_CERTIFICATE] = {"the server's certificate is not good", "サーバーの証明書が正しくない"},
	[FETCH_BAD_TLS] = {"no TLS with the server", "サーバーとTLSで通信できない"},
	[FETCH_BAD_CREDENTIAL] = {"the credential cannot be used: give it again",
				  "資格情報を使用できない。再登録すること"},
	[FETCH_TOO_SLOW] = {"the server is too slow", "サーバーの応答が遅すぎる"},
	[FETCH_CUT] = {"the answer was cut", "応答が途中で切れた"},
	[FETCH_TOO_LARGE] = {"the answer is too large", "応答が大きすぎる"},
	[FETCH_OTHER] = {"the server could not be asked", "サーバーに問い合わせできない"},
};

const char *fetch_failure_text(enum fetch_failure failure)
{
	return tr(failures[failure].en, failures[failure].ja);
}

bool fetch_text_ok(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

/* ---- heads ---- */

int fetch_head_read(const uint8_t head[FETCH_HEAD_SIZE], enum fetch_frame *kind_out, size_t *len_out)
{
	uint32_t len = load_be32(head + 1);
	if (head[0] < FETCH_CREDENTIAL || head[0] > FETCH_END)
		return HN_EFORMAT;
	if (len > FETCH_PAYLOAD_MAX)
		return HN_ELIMIT;
	*kind_out = (enum fetch_frame)head[0];
	*len_out = len;
	return HN_OK;
}

void fetch_head_write(uint8_t head[FETCH_HEAD_SIZE], enum fetch_frame kind, size_t len)
{
	head[0] = (uint8_t)kind;
	store_be32(head + 1, (uint32_t)len);
}

/* ---- texts ---- */

static int write_text(struct buf *out, const char *text, size_t size)
{
	size_t len = strnlen(text, size);
	if (len >= size)
		return HN_ELIMIT;
	if (!fetch_text_ok(text, len))
		return HN_EFORMAT;
	buf_be16(out, (uint16_t)len);
	buf_add(out, text, len);
	return buf_err(out);
}

static int read_text(struct cur *in, char *out, size_t size)
{
	size_t len = cur_be16(in);
	const uint8_t *text = cur_take(in, len);
	if (text == NULL)
		return HN_ETRUNC;
	if (len >= size)
		return HN_ELIMIT;
	if (!fetch_text_ok((const char *)text, len))
		return HN_EFORMAT;
	memcpy(out, text, len);
	out[len] = '\0';
	return HN_OK;
}

static int end(const struct cur *in)
{
	return !cur_ok(in) ? HN_ETRUNC : cur_left(in) > 0 ? HN_EFORMAT : HN_OK;
}

/* ---- jobs ---- */

int fetch_job_write(const struct fetch_job *job, struct buf *out)
{
	buf_be64(out, job->bytes_max);
	buf_addc(out, job->inside ? 1 : 0);
	int err = write_text(out, job->url, sizeof(job->url));
	if (err == HN_OK)
		err = write_text(out, job->accept, sizeof(job->accept));
	if (err == HN_OK)
		err = write_text(out, job->etag, sizeof(job->etag));
	return err == HN_OK ? write_text(out, job->modified, sizeof(job->modified)) : err;
}

int fetch_job_read(struct cur in, struct fetch_job *out)
{
	struct fetch_job job;
	memset(&job, 0, sizeof(job));
	job.bytes_max = cur_be64(&in);
	uint8_t inside = cur_u8(&in);
	if (inside > 1)
		return HN_EFORMAT;
	job.inside = inside == 1;
	int err = read_text(&in, job.url, sizeof(job.url));
	if (err == HN_OK)
		err = read_text(&in, job.accept, sizeof(job.accept));
	if (err == HN_OK)
		err = read_text(&in, job.etag, sizeof(job.etag));
	if (err == HN_OK)
		err = read_text(&in, job.modified, sizeof(job.modified));
	if (err == HN_OK)
		err = end(&in);
	if (err == HN_OK)
		*out = job;
	return err;
}

/* ---- results ---- */

int fetch_result_write(const struct fetch_result *result, struct buf *out)
{
	const struct fetch_answer *a = &result->answer;
	buf_addc(out, (char)result->failure);
	buf_be16(out, (uint16_t)a->status);
	buf_be32(out, (uint32_t)a->retry_after_s);
	buf_be64(out, a->bytes);
	int err = write_text(out, a->etag, sizeof(a->etag));
	if (err == HN_OK)
		err = write_text(out, a->modified, sizeof(a->modified));
	return err == HN_OK ? write_text(out, a->added_last, sizeof(a->added_last)) : err;
}

int fetch_result_read(struct cur in, struct fetch_result *out)
{
	struct fetch_result r;
	memset(&r, 0, sizeof(r));
	uint8_t failure = cur_u8(&in);
	r.answer.status = cur_be16(&in);
	r.answer.retry_after_s = cur_be32(&in);
	r.answer.bytes = cur_be64(&in);
	if (failure >= FETCH_FAILURES || r.answer.status > 999 || r.answer.retry_after_s > RETRY_MAX_S)
		return HN_EFORMAT;
	r.failure = (enum fetch_failure)failure;
	int err = read_text(&in, r.answer.etag, sizeof(r.answer.etag));
	if (err == HN_OK)
		err = read_text(&in, r.answer.modified, sizeof(r.answer.modified));
	if (err == HN_OK)
		err = read_text(&in, r.answer.added_last, sizeof(r.answer.added_last));
	if (err == HN_OK)
		err = end(&in);
	if (err == HN_OK)
		*out = r;
	return err;
}
