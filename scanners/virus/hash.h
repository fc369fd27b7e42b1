/* hash.h -- SHA-256 by libclamav, so that the scanner links no other. */
#ifndef SCANNERS_VIRUS_HASH_H
#define SCANNERS_VIRUS_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_BYTES = 32 };

struct hash;

/* NULL when memory is short. */
struct hash *hash_new(void) __attribute__((warn_unused_result));
void hash_add(struct hash *hash, const void *bytes, size_t size);
/* Adds size bytes of a file from its start, leaving its offset alone. 0; EIO
 * when the file is shorter; or errno. */
int hash_add_file(struct hash *hash, int descriptor, uint64_t size)
	__attribute__((warn_unused_result));
/* Frees the hash and sets *hash to NULL. */
void hash_finish(struct hash **hash, uint8_t digest[HASH_BYTES]);

#endif
