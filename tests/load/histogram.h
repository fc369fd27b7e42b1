/* histogram.h -- how long things took, exact to 1.6 %, in little memory. */
#ifndef TESTS_LOAD_HISTOGRAM_H
#define TESTS_LOAD_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/* 64 buckets for each power of two of microseconds. */
enum { HISTOGRAM_BUCKETS = 64 * 32 };

struct histogram {
	uint64_t count, most_us;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t us);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* The time that such a share (0 to 1) did not exceed; 0 of nothing. */
uint64_t histogram_at(const struct histogram *histogram, double share);

#endif
