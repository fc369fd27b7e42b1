/* scan_protocol_fuzz.c -- any bytes as a frame's payload: what is read lies
 * within the payload and is bounded. */
#include "lib/log.h"
#include "scanners/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct slice payload = slice_make(bytes, size);
	struct scan_request request;
	struct verdict verdict;
	uint32_t job;

	if (scan_request_read(payload, &request)) {
		must(request.name.size <= SCAN_NAME_BYTES);
		must(request.name.at + request.name.size ==
			payload.at + payload.size);
	}
	if (scan_verdict_read(payload, &job, &verdict))
		for (const char *at = verdict.name; *at; at++)
			must(*at >= ' ' && *at <= '~');
	(void)scan_cancel_read(payload, &job);
	return 0;
}
