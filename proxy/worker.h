/* worker.h -- one thread of the proxy: a loop and everything that is its own.
 */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include "lib/settings.h"
#include "lib/stats/stats.h"
#include "lib/users.h"
#include "proxy/archiving/archive_link.h"
#include "proxy/drops.h"
#include "proxy/errands.h"
#include "proxy/measures.h"
#include "proxy/passage.h"
#include "proxy/ready.h"
#include "proxy/stages/stage.h"
#include "proxy/timers.h"
#include "proxy/transactions/transactions.h"
#include "proxy/transports/handover.h"
#include "proxy/transports/log_limit.h"
#include "proxy/transports/transports.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct bindings;      /* routing/user_services/bindings.h, shared, locked */
struct content_rules; /* policies/content, shared, immutable */
struct client_counts; /* authorization/client_counts.h: outstanding requests
			 per client, of this worker */
struct shares;        /* authorization/shares.h */
struct dialogs;       /* forward/dialogs.h: INVITEs whose 2xx went upstream */

/* What all workers share; immutable after start but for what is named. */
struct proxy {
	const struct settings *settings;
	struct users *users;         /* held; as last read, NULL: none */
	struct bindings *bindings;   /* locked by itself */
	struct content_rules *rules; /* held; as last read, NULL: none */
	pthread_mutex_t reloading;   /* around a reload */
	struct stats *stats; /* a shard for each worker, and one more for the
				thread that is asked; NULL: none */
	struct handover *handover;
	struct client_counts *clients; /* locked by itself */
	unsigned worker_count;
	struct worker *workers;
	unsigned char boot[16]; /* random at start */
	char folder[4096];      /* its own, below server.data */
	struct last_run last_run;
	unsigned char branch_key[16]; /* SipHash key of our branches */
	unsigned char route_key[16];  /* SipHash key of our Record-Routes */
	unsigned char stream_key[32]; /* HMAC key of streams: the same on all
					 our servers */
};

/* What a stage says of a message, as the trail has it. */
#define VERDICT_COUNT_LABELS                                                   \
	"continue", "answer", "discard", "failed", "unscannable", "unchanged"
enum verdict_count {
	VERDICT_COUNT_CONTINUE,
	VERDICT_COUNT_ANSWER,
	VERDICT_COUNT_DISCARD,
	VERDICT_COUNT_FAILED,
	VERDICT_COUNT_UNSCANNABLE,
	VERDICT_COUNT_UNCHANGED,
	VERDICT_COUNTS
};

struct worker_counts {
	uint64_t requests, responses, acks, retransmissions, stray_responses;
	uint64_t answered, forwarded, discarded;
	uint64_t methods[METHOD_WORDS];
	uint64_t verdicts[STAGE_NAMES][VERDICT_COUNTS];
	uint64_t overload;
	uint64_t unsent; /* answers that could not be sent */
};

struct worker {
	struct proxy *proxy;
	unsigned index;
	uv_thread_t thread;
	uv_loop_t loop;
	uv_timer_t tick;
	_Atomic bool began; /* its links have been tried once */
	uv_check_t polled;  /* the time at which this turn's work began */
	struct timers *timers;
	struct transports *transports;
	struct transactions *transactions;
	struct archive_link *archive; /* NULL: archive.record is false */
	struct scan_link *scanner;    /* NULL: no virus-scan is configured */
	struct content_filter *filter;
	struct users *users; /* held; NULL: every address of our domains is a
				user of ours */
	struct dialogs *dialogs;
	struct same_texts *same_texts;
	struct order *order;
	struct shares *shares;
	/* Lines that a peer can have written. */
	struct log_limit log_limit;
	struct ready ready; /* passages to go on at the end of this turn */
	struct passage *passages; /* all, for a clean stop */
	size_t passage_count;
	struct worker_counts counts;
	struct drops drops;
	struct queue_state queues[WORKER_QUEUES];
	struct errands errands;
	uint64_t measures_ms;           /* steady: when they are due */
	atomic_uint_fast64_t turned_ms; /* steady: the last time they were */
	uv_async_t stop;
	uv_timer_t stop_limit;
	bool stopping;
	unsigned stop_waited_ms;
	size_t stop_let_go;     /* answered requests that the stop cut short */
	bool stop_kept;         /* the archiver has all that was made here */
	uint64_t checkpoint_ms; /* steady: when the next one is due */
};

/* Sets up everything of a worker but its thread. On failure a sentence that
 * says what is wrong and what to do. */
bool worker_start(struct worker *worker, struct proxy *proxy, unsigned index,
	char reason[256]) __attribute__((warn_unused_result));
/* Runs the loop until it has been asked to stop and has finished what it had
 * accepted; the body of the worker's thread. */
void worker_loop(void *worker);
/* Whether a line may be written now that this peer's messages bring about;
 * *silenced: how many were not since the last one. */
bool worker_may_tell(
	struct worker *worker, const union address *peer, uint64_t *silenced);
/* From any thread. */
void worker_stop(struct worker *worker);
/* True when the stop's record is durable, so nothing was left behind. */
bool worker_left_nothing(const struct worker *worker);
void worker_release(struct worker *worker);

#endif
