/* index_bench.c -- what a record costs the index, and what the newest 50 hits
 * cost: one line of JSON. The index stands in the folder given. */
#include "archiver/store/index/index.h"
#include "lib/record/number.h"
#include "lib/record/record.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef Sipwarden__Record__Record Record;
typedef Sipwarden__Record__Metadata Metadata;
typedef Sipwarden__Record__Content Content;

enum { PEOPLE = 2000, STREAMS = 20000, RATE = 5000 };

static uint64_t seed = 11;

static uint64_t chance(uint64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % below;
}

static double now_s(clockid_t which)
{
	struct timespec time;

	clock_gettime(which, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Words whose frequencies fall as those of a language do. */
static size_t words_put(char *out, size_t count)
{
	static const char *const syllables[] = {"ba", "ce", "di", "fo", "gu",
		"ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu",
		"va"};
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t rank = chance(1 + chance(1 + chance(30000)));

		do {
			memcpy(out + size, syllables[rank & 15], 2);
			size += 2;
			rank >>= 4;
		} while (rank);
		out[size++] = ' ';
	}
	out[size] = '\0';
	return size;
}

struct room {
	uint8_t bytes[8192], metadata[2048], content[2048];
	uint8_t id[16], stream[16], salt[32], boot[16];
	char from[64], to[64], text[600], received[1200], call_id[40];
};

static void part_fill(struct room *room, uint8_t *data, size_t size,
	Sipwarden__Record__Part *part)
{
	sipwarden__record__part__init(part);
	part->salt = (ProtobufCBinaryData){sizeof(room->salt), room->salt};
	part->data = (ProtobufCBinaryData){size, data};
	part->digest = (ProtobufCBinaryData){sizeof(room->salt), room->salt};
}

/* The trail of a server whose three stages stand at both places. */
static size_t metadata_put(struct room *room, bool request)
{
	static const char *const stages[] = {
		"log", "content-filter", "virus-scan"};
	static const char *const verdicts[] = {"snapshot", "continue",
		"continue", "snapshot", "unchanged", "unchanged"};
	Metadata metadata = SIPWARDEN__RECORD__METADATA__INIT;
	Sipwarden__Record__TrailEntry entries[6], *trail[6];

	for (size_t i = 0; i < 6; i++) {
		trail[i] = &entries[i];
		sipwarden__record__trail_entry__init(&entries[i]);
		entries[i].stage = (char *)stages[i % 3];
		entries[i].place =
			(char *)(i < 3 ? "before-routing" : "after-routing");
		entries[i].verdict = (char *)verdicts[i];
		entries[i].judge = (char *)"5c9d1e0a77";
	}
	metadata.n_trail = request ? 6 : 3;
	metadata.trail = trail;
	metadata.role = (char *)"home";
	metadata.direction = SIPWARDEN__RECORD__DIRECTION__DIRECTION_INTERNAL;
	metadata.is_request = request;
	metadata.method = (char *)"MESSAGE";
	metadata.status = request ? 0 : 200;
	metadata.from = room->from;
	metadata.to = room->to;
	metadata.call_id = room->call_id;
	metadata.cseq = 1;
	metadata.disposition = (char *)(request ? "forward" : "relay");
	return sipwarden__record__metadata__pack(&metadata, room->metadata);
}

static size_t content_put(struct room *room, bool request)
{
	Content content = SIPWARDEN__RECORD__CONTENT__INIT;
	Sipwarden__Record__Text text = SIPWARDEN__RECORD__TEXT__INIT;
	Sipwarden__Record__Text *texts = &text;

	content.received =
		(ProtobufCBinaryData){400 + (request ? strlen(room->text) : 0),
			(uint8_t *)room->received};
	text.place = (char *)"body";
	text.media_type = (char *)"text/plain";
	text.text = (ProtobufCBinaryData){
		strlen(room->text), (uint8_t *)room->text};
	content.n_texts = request;
	content.texts = &texts;
	return sipwarden__record__content__pack(&content, room->content);
}

static size_t outcome_put(struct room *room)
{
	Sipwarden__Record__Outcome outcome = SIPWARDEN__RECORD__OUTCOME__INIT;
	Sipwarden__Record__BranchOutcome branch =
		SIPWARDEN__RECORD__BRANCH_OUTCOME__INIT;
	Sipwarden__Record__BranchOutcome *branches = &branch;

	branch.branch = 1;
	branch.event = (char *)"final";
	branch.status = 200;
	outcome.n_branches = 1;
	outcome.branches = &branches;
	return sipwarden__record__outcome__pack(&outcome, room->metadata);
}

static size_t record_put(struct room *room, Sipwarden__Record__Kind kind,
	bool request, uint64_t number, uint64_t sequence)
{
	bool message = kind == SIPWARDEN__RECORD__KIND__KIND_MESSAGE;
	Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Submission submission =
		SIPWARDEN__RECORD__SUBMISSION__INIT;
	Sipwarden__Record__Intake intake = SIPWARDEN__RECORD__INTAKE__INIT;
	Sipwarden__Record__Part metadata, content;

	record.format = 1;
	record.kind = kind;
	submission.boot = (ProtobufCBinaryData){16, room->boot};
	submission.sequence = sequence;
	record.submission = &submission;
	record.node = (char *)"home1.example.com";
	memcpy(room->id, &sequence, sizeof(sequence));
	record.message_id = (ProtobufCBinaryData){16, room->id};
	record.stream = (ProtobufCBinaryData){16, room->stream};
	record.observed_us = record_number_wall_us(number);
	record.about = message ? 0 : sequence - 2;
	part_fill(room, room->metadata,
		message ? metadata_put(room, request) : outcome_put(room),
		&metadata);
	record.metadata = &metadata;
	if (message) {
		part_fill(room, room->content, content_put(room, request),
			&content);
		record.content = &content;
	}
	intake.number = number;
	intake.taken_us = record.observed_us;
	intake.previous = intake.chain = metadata.digest;
	record.intake = &intake;
	return sipwarden__record__record__pack(&record, room->bytes);
}

struct run {
	struct index *index;
	struct room room;
	uint64_t number, sequence, wall_us;
	double taking_s; /* CPU in the index alone */
};

static void take(struct run *run, Sipwarden__Record__Kind kind, bool request)
{
	struct index_entry entry;
	size_t size;
	double start;

	run->number = record_number_next(run->number, run->wall_us, 1);
	size = record_put(
		&run->room, kind, request, run->number, ++run->sequence);
	entry = (struct index_entry){.number = run->number,
		.segment = 1,
		.offset = run->sequence * 1024,
		.payload = slice_make((const char *)run->room.bytes, size)};
	start = now_s(CLOCK_PROCESS_CPUTIME_ID);
	if (index_take(run->index, &entry) != 0)
		abort();
	run->taking_s += now_s(CLOCK_PROCESS_CPUTIME_ID) - start;
}

/* A request, its answer, and what became of the request. */
static void transaction(struct run *run)
{
	struct room *room = &run->room;
	uint64_t stream = chance(STREAMS);

	run->wall_us += 1000000 / RATE;
	memcpy(room->stream, &stream, sizeof(stream));
	(void)snprintf(room->from, sizeof(room->from),
		"sip:person%u@example.com", (unsigned)(stream % PEOPLE));
	(void)snprintf(room->to, sizeof(room->to), "sip:person%u@example.com",
		(unsigned)(stream * 7 % PEOPLE));
	(void)snprintf(room->call_id, sizeof(room->call_id), "%016llx@load",
		(unsigned long long)chance(UINT64_MAX));
	words_put(room->text, 4 + chance(12));
	take(run, SIPWARDEN__RECORD__KIND__KIND_MESSAGE, true);
	take(run, SIPWARDEN__RECORD__KIND__KIND_MESSAGE, false);
	take(run, SIPWARDEN__RECORD__KIND__KIND_OUTCOME, false);
}

int main(int count, char **arguments)
{
	unsigned transactions =
		count > 2 ? (unsigned)strtoul(arguments[2], NULL, 10) : 100000;
	static struct run run = {.wall_us = UINT64_C(1795348800000000)};
	double start, wall;

	if (count < 2 || index_open(arguments[1], "boot", 1800, &run.index)) {
		(void)fprintf(stderr, "usage: index_bench NEW-FOLDER "
				      "[TRANSACTIONS]\n");
		return 2;
	}
	memset(run.room.received, 'x', sizeof(run.room.received));
	wall = now_s(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < transactions; i++)
		transaction(&run);
	start = now_s(CLOCK_PROCESS_CPUTIME_ID);
	index_close(&run.index);
	run.taking_s += now_s(CLOCK_PROCESS_CPUTIME_ID) - start;
	wall = now_s(CLOCK_MONOTONIC) - wall;
	printf("{\"bench\": \"index\", \"transactions\": %u, \"records\": %u, "
	       "\"cpu_us_per_transaction\": %.2f, \"cpu_us_per_record\": %.2f, "
	       "\"records_per_cpu_second\": %.0f, \"wall_s\": %.2f}\n",
		transactions, 3 * transactions,
		run.taking_s * 1e6 / transactions,
		run.taking_s * 1e6 / 3 / transactions,
		3 * transactions / run.taking_s, wall);
	return 0;
}
