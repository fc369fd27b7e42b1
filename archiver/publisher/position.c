/* position.c -- a local copy of how far Kafka has got. */
#include "archiver/publisher/position.h"

#include "archiver/publisher/whole_file.h"
#include "lib/slice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOPIC_SIZE = 256, TEXT_SIZE = 512 };

static int read_text(const char *file, char text[TEXT_SIZE])
{
	FILE *stream = fopen(file, "re");
	size_t size;
	int error = 0;

	if (!stream)
		return errno;
	size = fread(text, 1, TEXT_SIZE - 1, stream);
	if (ferror(stream))
		error = EIO;
	text[size] = '\0';
	(void)fclose(stream);
	return error;
}

/* "record NUMBER topic TOPIC node NODE\n", and nothing behind it. */
int position_read(
	const char *file, const struct position_name *name, uint64_t *number)
{
	char text[TEXT_SIZE], topic[TOPIC_SIZE];
	uint64_t found;
	uint32_t node;
	int end = 0;
	int error = read_text(file, text);

	if (error)
		return error;
	if (sscanf(text, "record %" SCNu64 " topic %255s node %" SCNu32 "%n",
		    &found, topic, &node, &end) != 3 ||
		strcmp(text + end, "\n") != 0)
		return EBADMSG;
	if (node != name->node || strcmp(topic, name->topic) != 0)
		return ENOENT;
	*number = found;
	return 0;
}

int position_write(
	const char *file, const struct position_name *name, uint64_t number)
{
	char text[TEXT_SIZE];
	int size = snprintf(text, sizeof(text),
		"record %" PRIu64 " topic %s node %" PRIu32 "\n", number,
		name->topic, name->node);

	if (size >= (int)sizeof(text))
		return ENAMETOOLONG;
	return whole_file_write(file, slice_make(text, (size_t)size));
}
