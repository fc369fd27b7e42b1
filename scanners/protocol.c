/* protocol.c -- reads what askers send and writes what they are told. */
#include "scanners/protocol.h"

#include <arpa/inet.h>
#include <endian.h>

bool scan_request_read(struct slice payload, struct scan_request *request)
{
	struct scan_request_head head;
	uint32_t name_size;

	if (payload.size < sizeof(head))
		return false;
	memcpy(&head, payload.at, sizeof(head));
	name_size = ntohl(head.name_size);
	if (name_size > SCAN_NAME_BYTES ||
		payload.size - sizeof(head) != name_size)
		return false;
	*request = (struct scan_request){
		.job = ntohl(head.job),
		.deadline_ms = ntohl(head.deadline_ms),
		.sender = ntohl(head.sender),
		.name = slice_from(payload, sizeof(head)),
	};
	return true;
}

bool scan_cancel_read(struct slice payload, uint32_t *job)
{
	uint32_t number;

	if (payload.size != sizeof(number))
		return false;
	memcpy(&number, payload.at, sizeof(number));
	*job = ntohl(number);
	return true;
}

bool scan_verdict_read(
	struct slice payload, uint32_t *job, struct verdict *verdict)
{
	struct scan_verdict_head head;
	uint32_t name_size, outcome;

	if (payload.size < sizeof(head))
		return false;
	memcpy(&head, payload.at, sizeof(head));
	name_size = ntohl(head.name_size);
	outcome = ntohl(head.outcome);
	if (name_size > SCAN_NAME_BYTES ||
		payload.size - sizeof(head) != name_size ||
		outcome < SCAN_CLEAN || outcome > SCAN_BUSY)
		return false;
	*job = ntohl(head.job);
	verdict->outcome = (enum scan_outcome)outcome;
	verdict->generation = be64toh(head.generation);
	verdict->size = be64toh(head.size);
	memcpy(verdict->sha256, head.sha256, sizeof(verdict->sha256));
	verdict_name(verdict->name, slice_from(payload, sizeof(head)));
	return true;
}

int scan_request_send(struct frame_link *link,
	const struct scan_request *request, int descriptor)
{
	const struct scan_request_head head = {
		.job = htonl(request->job),
		.deadline_ms = htonl(request->deadline_ms),
		.sender = htonl(request->sender),
		.name_size = htonl((uint32_t)request->name.size),
	};
	const struct slice pieces[] = {
		slice_make(&head, sizeof(head)), request->name};

	return frame_send_pieces(link, SCAN_REQUEST, pieces, 2, descriptor);
}

int scan_verdict_send(
	struct frame_link *link, uint32_t job, const struct verdict *verdict)
{
	const struct slice name = slice_of(verdict->name);
	struct scan_verdict_head head = {
		.job = htonl(job),
		.outcome = htonl((uint32_t)verdict->outcome),
		.generation = htobe64(verdict->generation),
		.size = htobe64(verdict->size),
		.name_size = htonl((uint32_t)name.size),
	};
	const struct slice pieces[] = {slice_make(&head, sizeof(head)), name};

	memcpy(head.sha256, verdict->sha256, sizeof(head.sha256));
	return frame_send_pieces(
		link, SCAN_VERDICT, pieces, 2, FRAME_NO_DESCRIPTOR);
}

int scan_hello_send(
	struct frame_link *link, uint64_t generation, uint32_t signatures)
{
	struct {
		uint64_t generation;
		uint32_t signatures;
	} __attribute__((packed))
	hello = {htobe64(generation), htonl(signatures)};

	return frame_send(link, SCAN_HELLO, slice_make(&hello, sizeof(hello)));
}

void verdict_name(char name[SCAN_NAME_BYTES + 1], struct slice text)
{
	size_t size = text.size < SCAN_NAME_BYTES ? text.size : SCAN_NAME_BYTES;

	for (size_t i = 0; i < size; i++) {
		char c = text.at[i];

		name[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	name[size] = '\0';
}
