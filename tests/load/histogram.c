/* histogram.c -- how long things took, exact to 1.6 %, in little memory. */
#include "tests/load/histogram.h"

/* Up to 63 each value has a bucket; above, the six bits below the highest one
 * name the bucket of its power of two. */
static size_t bucket_of(uint64_t us)
{
	unsigned power;
	size_t bucket;

	if (us < 64)
		return (size_t)us;
	power = 63 - (unsigned)__builtin_clzll(us);
	bucket = (size_t)(power - 5) * 64 + (us >> (power - 6) & 63);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static uint64_t highest_of(size_t bucket)
{
	unsigned power = (unsigned)(bucket / 64) + 5;

	if (bucket < 64)
		return bucket;
	return ((64 + (uint64_t)(bucket % 64) + 1) << (power - 6)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t us)
{
	histogram->count++;
	histogram->buckets[bucket_of(us)]++;
	if (us > histogram->most_us)
		histogram->most_us = us;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	into->count += from->count;
	if (from->most_us > into->most_us)
		into->most_us = from->most_us;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

uint64_t histogram_at(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)histogram->count);
	uint64_t seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen > wanted || (seen && seen == histogram->count))
			return highest_of(i) < histogram->most_us
				       ? highest_of(i)
				       : histogram->most_us;
	}
	return 0;
}
