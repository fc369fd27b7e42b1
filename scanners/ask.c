/* ask.c -- has one file judged by the running scanner, for administrators. */
#include "scanners/ask.h"

#include "lib/clock.h"
#include "lib/frame.h"
#include "lib/peers.h"
#include "scanners/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum {
	ASK_WAIT_MS = 10000, /* beyond the scan: for a place in the queue */
	ASK_COPY_BYTES = 1024 * 1024
};

static int say(const char *path, const char *what, int error)
{
	(void)fprintf(stderr, "%s: %s: %s\n", path, what, strerror(error));
	return ASK_FAILED;
}

static int copy_all(int from, int to)
{
	ssize_t copied;

	do
		copied = sendfile(to, from, NULL, ASK_COPY_BYTES);
	while (copied > 0 || (copied < 0 && errno == EINTR));
	return copied < 0 ? errno : 0;
}

/* The file in a memfd that nobody can change any more. */
static int seal_file(const char *path, int *sealed)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
	int error, file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return errno;
	*sealed = memfd_create("sipwarden", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	error = *sealed < 0 ? errno : copy_all(file, *sealed);
	if (!error && fcntl(*sealed, F_ADD_SEALS, seals) < 0)
		error = errno;
	close(file);
	if (error && *sealed >= 0)
		close(*sealed);
	return error;
}

static int print_verdict(const char *path, const struct verdict *verdict)
{
	static const char *const words[] = {[SCAN_CLEAN] = "clean",
		[SCAN_INFECTED] = "infected",
		[SCAN_UNSCANNABLE] = "unscannable",
		[SCAN_FAILED] = "failed",
		[SCAN_BUSY] = "busy"};
	static const int statuses[] = {[SCAN_CLEAN] = ASK_CLEAN,
		[SCAN_INFECTED] = ASK_INFECTED,
		[SCAN_UNSCANNABLE] = ASK_UNSCANNABLE,
		[SCAN_FAILED] = ASK_FAILED,
		[SCAN_BUSY] = ASK_FAILED};
	char digest[2 * SCAN_DIGEST_BYTES + 1];

	for (size_t i = 0; i < SCAN_DIGEST_BYTES; i++)
		(void)sprintf(digest + 2 * i, "%02x", verdict->sha256[i]);
	printf("%s: %s%s%s size=%" PRIu64 " sha256=%s generation=%016" PRIx64
	       "\n",
		path, words[verdict->outcome], verdict->name[0] ? " " : "",
		verdict->name, verdict->size, digest, verdict->generation);
	return statuses[verdict->outcome];
}

static int wait_for_frame(
	struct frame_link *link, uint64_t until_ms, struct frame *frame)
{
	struct pollfd wait = {
		.fd = frame_link_descriptor(link), .events = POLLIN};
	int error;

	while ((error = frame_receive(link, frame)) == EAGAIN) {
		const uint64_t now = clock_steady_ms();

		if (now >= until_ms)
			return ETIMEDOUT;
		if (poll(&wait, 1, (int)(until_ms - now)) < 0 && errno != EINTR)
			return errno;
	}
	return error;
}

static int ask(struct frame_link *link, const char *path, int sealed,
	uint32_t deadline_ms, struct verdict *verdict)
{
	const char *slash = strrchr(path, '/');
	const struct scan_request request = {.job = 1,
		.deadline_ms = deadline_ms,
		.name = slice_part(slice_of(slash ? slash + 1 : path), 0,
			SCAN_NAME_BYTES)};
	const uint64_t until_ms = clock_steady_ms() + deadline_ms;
	struct frame frame;
	uint32_t job;
	int error = scan_request_send(link, &request, sealed);

	while (!error) {
		error = wait_for_frame(link, until_ms, &frame);
		if (error || frame.type != SCAN_VERDICT)
			continue;
		return scan_verdict_read(frame.payload, &job, verdict) ? 0
								       : EPROTO;
	}
	return error;
}

int ask_scanner(const struct settings *settings, const char *path)
{
	const char *socket = settings->scanner.socket;
	const struct frame_limits limits = {.payload_bytes = SCAN_PAYLOAD_BYTES,
		.queued_bytes = SCAN_QUEUE_BYTES,
		.descriptors = false};
	struct verdict verdict;
	struct frame_link *link;
	char who[PEER_TEXT_BYTES];
	int sealed, descriptor, error = seal_file(path, &sealed);

	if (error)
		return say(path, "cannot be read", error);
	error = frame_connect(socket, &descriptor);
	if (error) {
		close(sealed);
		return say(socket, "no scanner answers, start it", error);
	}
	if (!peer_is(descriptor, PEER(PROGRAM_SCANNER), who)) {
		close(descriptor);
		close(sealed);
		return say(socket, "somebody else answers there", EPERM);
	}
	(void)fcntl(descriptor, F_SETFL, O_NONBLOCK);
	link = frame_link_new(descriptor, limits);
	error = link ? ask(link, path, sealed,
			       settings->scanner.time_ms + ASK_WAIT_MS,
			       &verdict)
		     : ENOMEM;
	close(sealed);
	frame_link_close(&link);
	if (error)
		return say(socket, "the scanner gave no verdict", error);
	return print_verdict(path, &verdict);
}
