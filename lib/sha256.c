/* sha256.c -- SHA-256 of bytes that lie in pieces. */
#include "lib/sha256.h"

#include "lib/log.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

/* Constant once it is there; given back by nobody, as OpenSSL's own. */
static EVP_MD *algorithm;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
}

bool sha256_pieces(
	const struct slice *pieces, size_t count, uint8_t digest[SHA256_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	(void)pthread_once(&fetched, fetch);
	good = context && algorithm &&
	       EVP_DigestInit_ex(context, algorithm, NULL);
	for (size_t i = 0; good && i < count; i++)
		if (pieces[i].size)
			good = EVP_DigestUpdate(
				context, pieces[i].at, pieces[i].size);
	good = good && EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	return good;
}

static struct slice pad(
	struct slice key, uint8_t value, uint8_t block[SHA256_BLOCK_BYTES])
{
	memset(block, value, SHA256_BLOCK_BYTES);
	for (size_t i = 0; i < key.size; i++)
		block[i] ^= (uint8_t)key.at[i];
	return slice_make(block, SHA256_BLOCK_BYTES);
}

bool sha256_keyed(
	struct slice key, struct slice text, uint8_t digest[SHA256_BYTES])
{
	uint8_t block[SHA256_BLOCK_BYTES], within[SHA256_BYTES];
	struct slice pieces[2];
	bool good;

	must(key.size <= SHA256_BLOCK_BYTES);
	pieces[0] = pad(key, 0x36, block);
	pieces[1] = text;
	good = sha256_pieces(pieces, 2, within);
	pieces[0] = pad(key, 0x5c, block);
	pieces[1] = slice_make(within, sizeof(within));
	good = good && sha256_pieces(pieces, 2, digest);
	OPENSSL_cleanse(block, sizeof(block));
	return good;
}
