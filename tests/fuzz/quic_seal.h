/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_FUZZ_QUIC_SEAL_H
#define HINOMI_TESTS_FUZZ_QUIC_SEAL_H

/* The other side of quic_open(): a client's Initial packet around given frames, for tests and fuzzing. */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "wire/quic_crypto.h"

#define SEAL_OVERHEAD 80 /* bytes of header and tag at most */

/**
 * @param number  packet number, sent in four bytes
 * @return bytes written to out, which has room for len + SEAL_OVERHEAD
 */
static inline size_t quic_seal(uint32_t version, const uint8_t *keyed, size_t keyed_len, const uint8_t *cid,
			       size_t cid_len, uint32_t number, const uint8_t *frames, size_t len,
			       uint8_t *out)
{
	struct quic_keys keys;
	uint8_t pn[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
			 (uint8_t)number};
	uint8_t nonce[12];
	uint8_t mask[16];
	size_t n = 0;
	int written = 0;

	if (quic_keys_derive(version, keyed, keyed_len, &keys) != HN_OK)
		abort();
	out[n++] = version == QUIC_V2 ? 0xd3 : 0xc3;
	for (int shift = 24; shift >= 0; shift -= 8)
		out[n++] = (uint8_t)(version >> shift);
	out[n++] = (uint8_t)cid_len;
	memcpy(out + n, cid, cid_len);
	n += cid_len;
	out[n++] = 0; /* source id */
	out[n++] = 0; /* token */
	out[n++] = (uint8_t)(0x40 | (len + 20) >> 8);
	out[n++] = (uint8_t)(len + 20);
	size_t pn_offset = n;
	memcpy(out + n, pn, 4);
	n += 4;

	memcpy(nonce, keys.iv, sizeof(nonce));
	for (size_t i = 0; i < 4; i++)
		nonce[8 + i] ^= pn[i];
	EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
	EVP_CIPHER_CTX *ecb = EVP_CIPHER_CTX_new();
	if (!EVP_EncryptInit_ex2(gcm, EVP_aes_128_gcm(), keys.key, nonce, NULL) ||
	    !EVP_EncryptUpdate(gcm, NULL, &written, out, (int)n) ||
	    !EVP_EncryptUpdate(gcm, out + n, &written, frames, (int)len) ||
	    !EVP_EncryptFinal_ex(gcm, out + n + len, &written) ||
	    !EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, 16, out + n + len) ||
	    !EVP_EncryptInit_ex2(ecb, EVP_aes_128_ecb(), keys.hp, NULL, NULL) ||
	    !EVP_EncryptUpdate(ecb, mask, &written, out + pn_offset + 4, 16))
		abort();
	EVP_CIPHER_CTX_free(gcm);
	EVP_CIPHER_CTX_free(ecb);
	out[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < 4; i++)
		out[pn_offset + i] ^= mask[1 + i];
	return n + len + 16;
}

#endif
