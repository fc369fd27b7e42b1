/* durable.c -- the file `durable`: how far the journal is on disk. */
#include "archiver/journal/durable.h"

#include "archiver/journal/segment.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map_it(struct durable *durable, int protection)
{
	void *map = mmap(NULL, DURABLE_BYTES, protection, MAP_SHARED,
		durable->descriptor, 0);

	if (map == MAP_FAILED) {
		int error = errno;

		close(durable->descriptor);
		durable->descriptor = -1;
		return error;
	}
	durable->map = map;
	return 0;
}

/* EBADMSG for a file that a map would run beyond. */
static int open_it(const char *folder, int flags, struct durable *durable)
{
	char path[SEGMENT_PATH_BYTES];
	struct stat status;
	int error = EBADMSG;

	*durable = (struct durable){.descriptor = -1};
	if (snprintf(path, sizeof(path), "%s/" DURABLE_NAME, folder) >=
		(int)sizeof(path))
		return ENAMETOOLONG;
	durable->descriptor = open(path, flags | O_CLOEXEC, 0640);
	if (durable->descriptor < 0)
		return errno;
	if ((flags & O_CREAT &&
		    ftruncate(durable->descriptor, DURABLE_BYTES) < 0) ||
		fstat(durable->descriptor, &status) < 0)
		error = errno;
	else if (status.st_size >= DURABLE_BYTES)
		return 0;
	close(durable->descriptor);
	durable->descriptor = -1;
	return error;
}

int durable_make(const char *folder, struct durable *durable)
{
	int error = open_it(folder, O_RDWR | O_CREAT, durable);

	return error ? error : map_it(durable, PROT_READ | PROT_WRITE);
}

int durable_open(const char *folder, struct durable *durable)
{
	int error = open_it(folder, O_RDONLY, durable);

	return error ? error : map_it(durable, PROT_READ);
}

void durable_close(struct durable *durable)
{
	if (durable->descriptor < 0)
		return;
	munmap(durable->map, DURABLE_BYTES);
	close(durable->descriptor);
	*durable = (struct durable){.descriptor = -1};
}

/* Between two segments the offset is 0 for a moment, so that a reader never
 * puts an old offset and a new segment together. */
void durable_move(struct durable *durable, struct durable_place place)
{
	uint64_t words[2] = {htole64(place.segment), htole64(place.offset)};

	if (durable->map[0] != words[0])
		__atomic_store_n(&durable->map[1], 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&durable->map[0], words[0], __ATOMIC_SEQ_CST);
	__atomic_store_n(&durable->map[1], words[1], __ATOMIC_SEQ_CST);
	/* The bytes are there already: a failure costs a reader its waking. */
	if (pwrite(durable->descriptor, words, sizeof(words), 0) < 0)
		return;
}

struct durable_place durable_place(const struct durable *durable)
{
	for (;;) {
		uint64_t segment, offset;

		segment = __atomic_load_n(&durable->map[0], __ATOMIC_SEQ_CST);
		offset = __atomic_load_n(&durable->map[1], __ATOMIC_SEQ_CST);
		if (segment ==
			__atomic_load_n(&durable->map[0], __ATOMIC_SEQ_CST))
			return (struct durable_place){
				le64toh(segment), le64toh(offset)};
	}
}
