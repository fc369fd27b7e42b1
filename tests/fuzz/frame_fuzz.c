/* frame_fuzz.c -- any bytes from the other end of a link. */
#include "lib/frame.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the pieces in which the rest arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct frame_limits limits = {.payload_bytes = 4096,
		.queued_bytes = 8192,
		.descriptors = size && (*data & 1)};
	struct frame_link *link;
	size_t step, left, bytes = 0;
	int pair[2], error = 0;

	if (size < 1 || size > 32 * 1024)
		return 0;
	step = (size_t)(*data >> 1) * 8 + 1;
	left = size - 1;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	link = frame_link_new(pair[0], limits);
	must(link);
	for (const uint8_t *at = data + 1; error == 0 || error == EAGAIN;) {
		struct frame frame;

		error = frame_receive(link, &frame);
		if (error == 0) {
			must(frame.payload.size <= limits.payload_bytes);
			must(!(frame.type & FRAME_WITH_DESCRIPTOR));
			must(frame.descriptor == FRAME_NO_DESCRIPTOR);
			bytes += frame.payload.size + 8;
		} else if (error == EAGAIN && left) {
			size_t part = left < step ? left : step;

			must(write(pair[1], at, part) == (ssize_t)part);
			at += part;
			left -= part;
		} else if (error == EAGAIN) {
			(void)shutdown(pair[1], SHUT_WR);
		}
	}
	must(error == EPROTO || error == ECONNRESET);
	must(bytes <= size - 1);
	frame_link_close(&link);
	close(pair[1]);
	return 0;
}
