/* measures.c -- what a worker tells of itself (lib/stats), ten times a second.
 */
#include "proxy/measures.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/stats/names.h"
#include "policies/content/content.h"
#include "proxy/routing/user_services/bindings.h"
#include "proxy/stages/scan_link.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORKER_PATIENCE_MS = 500, QUEUE_QUIET_MS = 5000 };

static const char *const method_words[] = {
	[METHOD_OTHER] = "other",
	[METHOD_INVITE] = "INVITE",
	[METHOD_ACK] = "ACK",
	[METHOD_BYE] = "BYE",
	[METHOD_CANCEL] = "CANCEL",
	[METHOD_REGISTER] = "REGISTER",
	[METHOD_OPTIONS] = "OPTIONS",
	[METHOD_MESSAGE] = "MESSAGE",
	[METHOD_SUBSCRIBE] = "SUBSCRIBE",
	[METHOD_NOTIFY] = "NOTIFY",
	[METHOD_PUBLISH] = "PUBLISH",
	[METHOD_SERVICE] = "SERVICE",
	[METHOD_INFO] = "INFO",
	[METHOD_UPDATE] = "UPDATE",
	[METHOD_PRACK] = "PRACK",
	[METHOD_REFER] = "REFER",
};
_Static_assert(sizeof(method_words) / sizeof(method_words[0]) == METHOD_WORDS,
	"each method has a word");

static void put(
	struct worker *worker, enum stats_of_proxy which, uint64_t value)
{
	stats_set(worker->proxy->stats, worker->index, which, value);
}

struct queue_rows {
	enum stats_of_proxy limit, depth, highest, refused;
};
#define QUEUE_ROWS(name)                                                       \
	(struct queue_rows)                                                    \
	{                                                                      \
		PROXY_##name##_LIMIT, PROXY_##name##_DEPTH,                    \
			PROXY_##name##_HIGHEST, PROXY_##name##_REFUSED         \
	}

/* One line when it begins to turn away, one when it has not for a while. */
static void watch_queue(struct worker *worker, struct queue_state *state,
	const char *name, uint64_t limit, uint64_t refused)
{
	uint64_t now_ms = clock_steady_ms();

	if (refused > state->refused) {
		if (!state->full)
			log_warn("A queue is full and turns away "
				 "event=queue-full queue=%s limit=%llu "
				 "worker=%u",
				name, (unsigned long long)limit, worker->index);
		state->begun_with =
			state->full ? state->begun_with : state->refused;
		state->full = true;
		state->full_ms = now_ms;
		state->refused = refused;
	} else if (state->full && now_ms - state->full_ms > QUEUE_QUIET_MS) {
		log_info("A queue turns nothing away any more event=queue-free "
			 "queue=%s refused=%llu worker=%u",
			name, (unsigned long long)(refused - state->begun_with),
			worker->index);
		state->full = false;
	}
}

static void put_queue(struct worker *worker, enum worker_queue queue,
	struct queue_rows rows, uint64_t limit, uint64_t depth,
	uint64_t refused)
{
	static const char *const names[WORKER_QUEUES] = {
		[QUEUE_TRANSACTIONS] = "transactions",
		[QUEUE_HANDOVER] = "handover",
		[QUEUE_CONNECTIONS] = "connections",
		[QUEUE_ARCHIVE] = "archive",
		[QUEUE_SCAN] = "scan"};

	put(worker, rows.limit, limit);
	put(worker, rows.depth, depth);
	put(worker, rows.refused, refused);
	stats_raise(worker->proxy->stats, worker->index, rows.highest, depth);
	watch_queue(
		worker, &worker->queues[queue], names[queue], limit, refused);
}

static void put_counts(struct worker *worker)
{
	const struct worker_counts *counts = &worker->counts;

	put(worker, PROXY_REQUESTS, counts->requests);
	put(worker, PROXY_ACKS, counts->acks);
	put(worker, PROXY_RESPONSES, counts->responses);
	put(worker, PROXY_FORWARDED, counts->forwarded);
	put(worker, PROXY_ANSWERED, counts->answered);
	put(worker, PROXY_DISCARDED, counts->discarded);
	put(worker, PROXY_UNSENT, counts->unsent);
	put(worker, PROXY_RETRANSMISSIONS, counts->retransmissions);
	put(worker, PROXY_STRAY, counts->stray_responses);
	put(worker, PROXY_OVERLOAD, counts->overload);
	for (size_t i = 0; i < METHOD_WORDS; i++)
		if (counts->methods[i])
			stats_set_label(worker->proxy->stats, worker->index,
				PROXY_METHODS, slice_of(method_words[i]),
				counts->methods[i]);
}

static void put_verdicts(struct worker *worker)
{
	static const char *const words[] = {VERDICT_COUNT_LABELS};
	char label[STATS_LABEL_BYTES];

	for (int stage = 0; stage < STAGE_NAMES; stage++)
		for (int word = 0; word < VERDICT_COUNTS; word++) {
			uint64_t count = worker->counts.verdicts[stage][word];

			if (!count)
				continue;
			(void)snprintf(label, sizeof(label), "%s %s",
				stage_word((enum stage_name)stage),
				words[word]);
			stats_set_label(worker->proxy->stats, worker->index,
				PROXY_VERDICTS, slice_of(label), count);
		}
}

static void put_tables(struct worker *worker)
{
	const struct settings *settings = worker->proxy->settings;

	put(worker, PROXY_PASSAGES, worker->passage_count);
	put(worker, PROXY_TIMERS, timers_count(worker->timers));
	put_queue(worker, QUEUE_TRANSACTIONS, QUEUE_ROWS(TRANSACTIONS),
		settings->limits.transactions,
		transactions_count(worker->transactions),
		transactions_refused(worker->transactions));
	put_queue(worker, QUEUE_HANDOVER, QUEUE_ROWS(HANDOVER),
		handover_room(worker->proxy->handover),
		handover_deepest(worker->proxy->handover, worker->index),
		transports_counts(worker->transports)->handover_full);
}

static void put_transports(struct worker *worker)
{
	const struct transports_counts *counts =
		transports_counts(worker->transports);

	put(worker, PROXY_RECEIVED, counts->received);
	put(worker, PROXY_SENT, counts->sent);
	put(worker, PROXY_SEND_FAILED, counts->send_failed);
	put(worker, PROXY_SEND_FULL, counts->queue_full);
	put(worker, PROXY_KEEP_ALIVES, counts->keep_alives);
	put(worker, PROXY_ACCEPTED, counts->connections_accepted);
	put(worker, PROXY_OPENED, counts->connections_opened);
	put(worker, PROXY_CLOSED, counts->connections_closed);
	put(worker, PROXY_TIMED_OUT, counts->timed_out);
	put_queue(worker, QUEUE_CONNECTIONS, QUEUE_ROWS(CONNECTIONS),
		worker->proxy->settings->limits.connections,
		transports_connections(worker->transports),
		counts->connections_refused);
}

static void put_archive(struct worker *worker)
{
	const struct archive_counts *archive = archive_counts(worker->archive);

	put_queue(worker, QUEUE_ARCHIVE, QUEUE_ROWS(ARCHIVE),
		ARCHIVE_QUEUE_RECORDS, archive->queued, archive->turned_away);
	put(worker, PROXY_ARCHIVE_BYTES, archive->queued_bytes);
	put(worker, PROXY_ARCHIVER_AWAY, !archive->connected);
	put(worker, PROXY_RECORDS, archive->submitted);
	put(worker, PROXY_DURABLE, archive->durable);
	put(worker, PROXY_NOT_TAKEN, archive->refused);
	put(worker, PROXY_GAPS, archive->gaps);
	put(worker, PROXY_GAP_MESSAGES, archive->lost_in_gaps);
}

static void put_scanner(struct worker *worker)
{
	put(worker, PROXY_SCANNER_AWAY, !scan_is_up(worker->scanner));
	put_queue(worker, QUEUE_SCAN, QUEUE_ROWS(SCAN),
		worker->proxy->settings->scanner.queue,
		scan_jobs(worker->scanner), scan_refused(worker->scanner));
}

static void publish(struct worker *worker, uint64_t now_ms)
{
	put(worker, PROXY_WORKERS, 1);
	put_counts(worker);
	put_verdicts(worker);
	put_tables(worker);
	put_transports(worker);
	if (worker->archive)
		put_archive(worker);
	if (worker->scanner)
		put_scanner(worker);
	atomic_store_explicit(&worker->turned_ms, now_ms, memory_order_relaxed);
}

void measures_tick(struct worker *worker, uint64_t now_ms)
{
	if (!worker->proxy->stats || now_ms < worker->measures_ms)
		return;
	worker->measures_ms = now_ms + MEASURES_MS;
	publish(worker, now_ms);
}

static void publish_now(struct worker *worker, void *context)
{
	(void)context;
	publish(worker, clock_steady_ms());
}

/* Each is asked for the numbers of this moment; one that does not answer
 * leaves its last. */
static void freshen(struct proxy *proxy)
{
	unsigned silent = 0;

	for (unsigned i = 0; i < proxy->worker_count; i++)
		silent += !errand_do(&proxy->workers[i].errands, publish_now,
			NULL, WORKER_PATIENCE_MS);
	stats_set(proxy->stats, proxy->worker_count, PROXY_WORKERS_SILENT,
		silent);
}

/* The shard behind the workers' is ours. */
void measures_refresh(void *context)
{
	struct proxy *proxy = context;
	uint64_t now_ms = clock_steady_ms(), late_ms = 0;
	struct bindings_load load = bindings_load(proxy->bindings);
	unsigned shard = proxy->worker_count;

	freshen(proxy);
	for (unsigned i = 0; i < proxy->worker_count; i++) {
		uint64_t turned_ms = atomic_load_explicit(
			&proxy->workers[i].turned_ms, memory_order_relaxed);

		if (turned_ms && now_ms > turned_ms + late_ms)
			late_ms = now_ms - turned_ms;
	}
	stats_set(proxy->stats, shard, PROXY_WORKER_LATE, late_ms);
	stats_set(proxy->stats, shard, PROXY_BINDINGS,
		bindings_count(proxy->bindings));
	stats_set(proxy->stats, shard, PROXY_BINDINGS_QUEUE_LIMIT, load.limit);
	stats_set(proxy->stats, shard, PROXY_BINDINGS_QUEUE_DEPTH, load.depth);
	stats_set(proxy->stats, shard, PROXY_BINDINGS_QUEUE_HIGHEST,
		load.highest);
	stats_set(proxy->stats, shard, PROXY_BINDINGS_QUEUE_REFUSED,
		load.refused);
}

static void add_drops(struct worker *worker, void *context)
{
	drops_merge(context, &worker->drops);
}

static int most_first(const void *a, const void *b)
{
	const struct drop_source *one = a, *other = b;

	return (one->count < other->count) - (one->count > other->count);
}

static json_t *sources_json(struct drops *drops)
{
	json_t *sources = json_array();

	qsort(drops->sources, DROPS_SOURCES, sizeof(drops->sources[0]),
		most_first);
	for (int i = 0; i < DROPS_SOURCES && drops->sources[i].count; i++) {
		const struct drop_source *source = &drops->sources[i];
		char address[ADDRESS_TEXT_SIZE];

		address_host_text(&source->address, address);
		(void)json_array_append_new(sources,
			json_pack("{s:s,s:I,s:I,s:s}", "address", address,
				"dropped", (json_int_t)source->count, "over",
				(json_int_t)source->over, "last",
				source->reason));
	}
	return sources;
}

void measures_more(void *context, json_t *done)
{
	struct proxy *proxy = context;
	struct drops *drops = calloc(1, sizeof(*drops));
	unsigned silent = 0;

	if (!drops)
		return;
	for (unsigned i = 0; i < proxy->worker_count; i++)
		silent += !errand_do(&proxy->workers[i].errands, add_drops,
			drops, WORKER_PATIENCE_MS);
	(void)json_object_set_new(done, "sources", sources_json(drops));
	(void)json_object_set_new(
		done, "sources_whole", json_boolean(silent == 0));
	pthread_mutex_lock(&proxy->reloading);
	(void)json_object_set_new(done, "rules",
		json_string(proxy->rules ? content_rules_version(proxy->rules)
					 : "none"));
	pthread_mutex_unlock(&proxy->reloading);
	free(drops);
}

void measures_dropped(
	void *context, const union address *source, const char *reason)
{
	struct worker *worker = context;

	if (!reason)
		reason = "unknown";
	drops_note(&worker->drops, source, reason);
	if (worker->proxy->stats)
		stats_add_label(worker->proxy->stats, worker->index,
			PROXY_MALFORMED, slice_of(reason), 1);
}

void measures_refused(
	struct worker *worker, const char *stage, const struct verdict *verdict)
{
	char label[STATS_LABEL_BYTES];
	int size;

	if (!worker->proxy->stats)
		return;
	if (verdict->word == VERDICT_DISCARD)
		size = snprintf(label, sizeof(label), "%s dropped %.*s", stage,
			SLICE_ARGS(verdict->rule));
	else
		size = snprintf(label, sizeof(label), "%s %u %.*s", stage,
			verdict->status, SLICE_ARGS(verdict->rule));
	if (size >= (int)sizeof(label))
		size = (int)sizeof(label) - 1;
	while (size > 0 && label[size - 1] == ' ')
		size--;
	stats_add_label(worker->proxy->stats, worker->index, PROXY_REFUSED,
		slice_make(label, (size_t)size), 1);
}
