/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/cur.h"

uint32_t totp_code(const uint8_t *secret, size_t len, int64_t step)
{
	uint8_t counter[8];
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned mac_len = 0;
	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	if (HMAC(EVP_sha1(), secret, (int)len, counter, sizeof(counter), mac, &mac_len) == NULL)
		return UINT32_MAX; /* equals no code */
	/* Dynamic truncation (RFC 4226, 5.3). */
	return (load_be32(mac + (mac[19] & 0x0f)) & 0x7fffffff) % 1000000;
}

int totp_check(const uint8_t *secret, size_t len, const char *code, int64_t now_us, int64_t *step_out)
{
	uint32_t number = 0;
	uint32_t other = strlen(code) == 6 ? 0 : 1; /* not 0: it cannot be right */
	for (size_t i = 0; i < 6 && code[i] != '\0'; i++) {
		other |= code[i] < '0' || code[i] > '9';
		number = number * 10 + (uint32_t)(code[i] - '0');
	}
	int64_t now = now_us / 1000000 / TOTP_STEP_S;
	int64_t found = -1;
	for (int64_t step = now - 1; step <= now + 1; step++)
		if ((totp_code(secret, len, step) ^ number) == 0)
			found = step;
	if (other != 0 || found < 0)
		return HN_EAUTH;
	*step_out = found;
	return HN_OK;
}

void totp_base32(struct buf *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= 5; have -= 5)
			buf_addc(out, digits[bits >> (have - 5) & 31]);
	}
	if (have > 0)
		buf_addc(out, digits[bits << (5 - have) & 31]);
}
