/* hash.c -- SHA-256 by libclamav, so that the scanner links no other. */
#include "scanners/virus/hash.h"

#include "lib/log.h"

#include <clamav.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct hash; /* libclamav's own context */

struct hash *hash_new(void)
{
	return cl_hash_init("sha256");
}

void hash_add(struct hash *hash, const void *bytes, size_t size)
{
	must(cl_update_hash(hash, bytes, size) == 0);
}

int hash_add_file(struct hash *hash, int descriptor, uint64_t size)
{
	char bytes[64 * 1024];
	uint64_t at = 0;

	while (at < size) {
		size_t wanted = size - at < sizeof(bytes) ? (size_t)(size - at)
							  : sizeof(bytes);
		ssize_t got = pread(descriptor, bytes, wanted, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? errno : EIO;
		hash_add(hash, bytes, (size_t)got);
		at += (uint64_t)got;
	}
	return 0;
}

void hash_finish(struct hash **hash, uint8_t digest[HASH_BYTES])
{
	must(cl_finish_hash(*hash, digest) == 0);
	*hash = NULL;
}
