/* answers.c -- answers of our own to a request that has a passage. */
#include "proxy/forward/answers.h"

#include "lib/siphash.h"
#include "proxy/answer.h"
#include "proxy/hop.h"
#include "proxy/worker.h"

enum { STATELESS_ARENA_BYTES = 512 * 1024 };

/* RFC 3261 8.2.6.2: one tag for all answers to a request, also without a
 * transaction; so it is a hash of what names the request. */
static uint64_t tag_number(
	const struct worker *worker, const struct message *request)
{
	struct slice pieces[] = {request->call_id, request->from_tag,
		request->via.branch, request->via.sent_by};

	return siphash(worker->proxy->branch_key, pieces, 4);
}

static struct slice tag_text(struct arena *arena, const struct worker *worker,
	const struct message *request)
{
	return arena_format(arena, "sw%016llx",
		(unsigned long long)tag_number(worker, request));
}

struct slice request_tag(struct passage *request)
{
	if (!request->to_tag.at)
		request->to_tag = tag_text(request->arena, request->worker,
			request->versions[0].message);
	return request->to_tag;
}

static struct slice build(struct arena *arena, const struct message *request,
	const struct arrival *arrival, struct answer answer)
{
	char text[ADDRESS_TEXT_SIZE];
	struct slice host;

	address_host_text(&arrival->source, text);
	host = slice_of(text);
	if (request->via.rport)
		answer.received_port = address_port(&arrival->source);
	if (request->via.rport || !slice_equal_nocase(request->via.host, host))
		answer.received = host;
	return answer_build(arena, request, &answer);
}

struct slice answer_bytes(struct passage *request, unsigned status,
	struct slice reason, struct slice headers)
{
	struct answer answer = {
		.status = status, .reason = reason, .headers = headers};

	if (status != 100)
		answer.to_tag = request_tag(request);
	return build(request->arena, request->versions[0].message,
		&request->arrival, answer);
}

void answer_trying(struct passage *request)
{
	struct slice bytes;

	if (!request->server || request->final_status || request->answered_100)
		return;
	request->answered_100 = true;
	bytes = answer_bytes(request, 100, slice_of("Trying"), slice_of(NULL));
	/* A 100 that is lost is made good by the next retransmission. */
	if (bytes.at &&
		server_transaction_answer(request->server, 100, bytes) != 0)
		request->worker->counts.unsent++;
}

void answer_stateless(struct worker *worker, const struct message *request,
	const struct arrival *arrival, unsigned status, const char *reason,
	const char *headers)
{
	struct arena *arena = arena_new(STATELESS_ARENA_BYTES);
	struct destination to = reply_destination(request, arrival);
	struct answer answer = {.status = status,
		.reason = slice_of(reason),
		.headers = slice_of(headers)};
	struct slice bytes;

	if (!arena)
		return;
	answer.to_tag = tag_text(arena, worker, request);
	bytes = build(arena, request, arrival, answer);
	if (!bytes.at ||
		transports_send(worker->transports, &to, bytes, 0) != 0)
		worker->counts.unsent++;
	arena_release(&arena);
}
