/* number.h -- record numbers: when a record was taken, and by whom.
 *
 * 63 bits: microseconds since 2020-01-01 UTC (51), then archive.node (12). The
 * archiver makes them, rising without exception, so a number is id, sort key
 * and date at once.
 */
#ifndef LIB_RECORD_NUMBER_H
#define LIB_RECORD_NUMBER_H

#include <stdint.h>

enum { RECORD_NODE_BITS = 12, RECORD_NODES = 1 << RECORD_NODE_BITS };
/* 2020-01-01T00:00:00Z in microseconds since 1970. */
#define RECORD_EPOCH_US UINT64_C(1577836800000000)

/* The smallest number of this time and node. Times before 2020 count as 2020,
 * times behind 51 bits as the last one. */
uint64_t record_number_make(uint64_t wall_us, uint32_t node);
/* The number after `last` (0: there is none) at this time: later than last
 * even when the clock stands behind it. */
uint64_t record_number_next(uint64_t last, uint64_t wall_us, uint32_t node);
/* Microseconds since 1970 UTC. */
uint64_t record_number_wall_us(uint64_t number);
uint32_t record_number_node(uint64_t number);

#endif
