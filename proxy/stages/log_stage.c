/* log_stage.c -- the stage `log`: a snapshot of the message at its place.
 *
 * It does no I/O: the digest of the bytes as they stand here goes into the
 * trail, and the record holds every version whole.
 */
#include "proxy/stages/stage.h"

#include "lib/sha256.h"

static struct verdict judge(struct stage_call *call)
{
	struct version *version = &call->passage->versions[call->version];

	if (!version->digest_made) {
		if (!sha256_pieces(
			    &version->message->bytes, 1, version->sha256))
			return verdict_failed(SLICE("out of memory"));
		version->digest_made = true;
	}
	memcpy(call->entry->snapshot, version->sha256,
		sizeof(call->entry->snapshot));
	call->entry->has_snapshot = true;
	return verdict_continue();
}

const struct stage_kind stage_log = {.name = STAGE_LOG, .judge = judge};
