/* signatures.h -- the signature folder: has it changed, and what is in it. */
#ifndef SCANNERS_VIRUS_SIGNATURES_H
#define SCANNERS_VIRUS_SIGNATURES_H

#include <stdint.h>

/* A number that changes with the names, sizes, times or inodes of the
 * signature files. 0; ENODATA when the folder holds none; or errno. */
int signatures_print(const char *folder, uint64_t *print)
	__attribute__((warn_unused_result));

/* The generation: the first eight bytes of the SHA-256 over name and content
 * of each signature file, ordered by name. Errors as above. */
int signatures_generation(const char *folder, uint64_t *generation)
	__attribute__((warn_unused_result));

#endif
