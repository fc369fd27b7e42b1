/* address_counts.c -- how many of something each address has. */
#include "proxy/transports/address_counts.h"

#include "lib/log.h"
#include "lib/map.h"

#include <stdlib.h>
#include <string.h>

struct host {
	UT_hash_handle hh;
	unsigned char bytes[16];
	unsigned count;
};

struct address_counts {
	struct host *all; /* owned */
};

struct address_counts *address_counts_new(void)
{
	return calloc(1, sizeof(struct address_counts));
}

void address_counts_release(struct address_counts **counts)
{
	struct host *host, *next;

	if (!*counts)
		return;
	HASH_ITER (hh, (*counts)->all, host, next) {
		HASH_DEL((*counts)->all, host);
		free(host);
	}
	free(*counts);
	*counts = NULL;
}

static void bytes_of(const union address *address, unsigned char bytes[16])
{
	memset(bytes, 0, 16);
	if (address->any.sa_family == AF_INET6)
		memcpy(bytes, &address->v6.sin6_addr, 16);
	else
		memcpy(bytes, &address->v4.sin_addr, 4);
}

bool address_counts_take(struct address_counts *counts,
	const union address *address, unsigned limit)
{
	unsigned char bytes[16];
	struct host *host;

	bytes_of(address, bytes);
	HASH_FIND(hh, counts->all, bytes, sizeof(bytes), host);
	if (!host) {
		host = calloc(1, sizeof(*host));
		if (!host)
			return false;
		memcpy(host->bytes, bytes, sizeof(bytes));
		HASH_ADD(hh, counts->all, bytes, sizeof(bytes), host);
	}
	if (host->count >= limit)
		return false;
	host->count++;
	return true;
}

unsigned address_counts_of(
	const struct address_counts *counts, const union address *address)
{
	unsigned char bytes[16];
	const struct host *host;

	bytes_of(address, bytes);
	HASH_FIND(hh, counts->all, bytes, sizeof(bytes), host);
	return host ? host->count : 0;
}

void address_counts_give_back(
	struct address_counts *counts, const union address *address)
{
	unsigned char bytes[16];
	struct host *host;

	bytes_of(address, bytes);
	HASH_FIND(hh, counts->all, bytes, sizeof(bytes), host);
	must(host && host->count > 0);
	if (--host->count)
		return;
	HASH_DEL(counts->all, host);
	free(host);
}
