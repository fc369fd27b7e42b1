/* crc32c.h -- CRC-32C (Castagnoli), as in RFC 3720 appendix B.4. */
#ifndef ARCHIVER_JOURNAL_CRC32C_H
#define ARCHIVER_JOURNAL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`, the value of the bytes before (0: there are none). */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t size);
/* The same by table, on machines without the instruction. */
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t size);

#endif
