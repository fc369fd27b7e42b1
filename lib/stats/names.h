/* names.h -- the name of each count and level, by program.
 *
 * From these rows come the enumerations, what `sipwarden stats` prints and the
 * tables of docs/operations.md. A name is for ever: monitoring is written
 * against it. Levels of queues (.depth, .highest) are those of the worker where
 * they are highest, and .limit is for one worker, since that is where it gets
 * full.
 */
#ifndef LIB_STATS_NAMES_H
#define LIB_STATS_NAMES_H

#include "lib/stats/stats.h"

/* ROW(constant, name, kind, text) */
#define STATS_QUEUE(ROW, constant, name, what)                                 \
	ROW(constant##_LIMIT, "queue." name ".limit", HIGHEST,                 \
		"room for " what)                                              \
	ROW(constant##_DEPTH, "queue." name ".depth", HIGHEST,                 \
		what " in it now")                                             \
	ROW(constant##_HIGHEST, "queue." name ".highest", HIGHEST,             \
		"most that ever were in it")                                   \
	ROW(constant##_REFUSED, "queue." name ".refused", COUNT,               \
		"turned away since it was full")

#define STATS_PROXY(ROW)                                                       \
	ROW(WORKERS, "workers", LEVEL, "threads")                              \
	ROW(WORKERS_SILENT, "workers.silent", LEVEL,                           \
		"that did not answer within 0.5 s: their numbers are old")     \
	ROW(WORKER_LATE, "worker.late_ms", HIGHEST,                            \
		"since the slowest worker last turned")                        \
	ROW(REQUESTS, "requests", COUNT, "taken, ACK and repeats apart")       \
	ROW(ACKS, "acks", COUNT, "ACKs of a 2xx")                              \
	ROW(RESPONSES, "responses", COUNT, "taken, each once")                 \
	ROW(METHODS, "methods", LABELLED, "requests by method")                \
	ROW(FORWARDED, "forwarded", COUNT,                                     \
		"requests sent on, each branch once")                          \
	ROW(ANSWERED, "answered", COUNT, "by us, not by the callee")           \
	ROW(DISCARDED, "discarded", COUNT, "dropped in silence by a stage")    \
	ROW(UNSENT, "unsent", COUNT, "answers that could not be sent")         \
	ROW(RETRANSMISSIONS, "retransmissions", COUNT, "absorbed")             \
	ROW(STRAY, "stray_responses", COUNT, "responses to nothing of ours")   \
	ROW(OVERLOAD, "overload", COUNT, "answered 503, too much at a time")   \
	ROW(MALFORMED, "malformed", LABELLED, "not taken, by reason")          \
	ROW(REFUSED, "refused", LABELLED, "by stage, status and rule")         \
	ROW(VERDICTS, "verdicts", LABELLED, "by stage and word")               \
	ROW(PASSAGES, "passages", LEVEL, "messages under way")                 \
	ROW(TIMERS, "timers", LEVEL, "set")                                    \
	STATS_QUEUE(ROW, TRANSACTIONS, "transactions", "transactions")         \
	STATS_QUEUE(ROW, ARCHIVE, "archive", "records")                        \
	ROW(ARCHIVE_BYTES, "queue.archive.bytes", LEVEL,                       \
		"of the records that wait for the archiver")                   \
	STATS_QUEUE(ROW, SCAN, "scan", "jobs at the scanner")                  \
	STATS_QUEUE(ROW, HANDOVER, "handover",                                 \
		"messages for another worker, of one pair")                    \
	STATS_QUEUE(ROW, BINDINGS_QUEUE, "bindings",                           \
		"REGISTERs that wait for the disk")                            \
	STATS_QUEUE(ROW, CONNECTIONS, "connections", "connections")            \
	ROW(SEND_FULL, "queue.send.refused", COUNT,                            \
		"messages not sent: a socket or its queue was full")           \
	ROW(BINDINGS, "bindings", HIGHEST, "contacts that are registered")     \
	ROW(ARCHIVER_AWAY, "archiver.away", LEVEL, "workers without it")       \
	ROW(RECORDS, "archiver.records", COUNT, "handed to it")                \
	ROW(DURABLE, "archiver.durable", COUNT, "on its disk")                 \
	ROW(NOT_TAKEN, "archiver.refused", COUNT, "records it did not take")   \
	ROW(GAPS, "gaps", COUNT, "reported")                                   \
	ROW(GAP_MESSAGES, "gaps.messages", COUNT, "without a record")          \
	ROW(SCANNER_AWAY, "scanner.away", LEVEL, "workers without it")         \
	ROW(RECEIVED, "transport.received", COUNT, "messages, whole")          \
	ROW(SENT, "transport.sent", COUNT, "messages")                         \
	ROW(SEND_FAILED, "transport.send_failed", COUNT, "messages")           \
	ROW(KEEP_ALIVES, "transport.keep_alives", COUNT, "CRLFs")              \
	ROW(ACCEPTED, "connections.accepted", COUNT, "by us")                  \
	ROW(OPENED, "connections.opened", COUNT, "by us")                      \
	ROW(CLOSED, "connections.closed", COUNT, "by either side")             \
	ROW(TIMED_OUT, "connections.timed_out", COUNT,                         \
		"unfinished message, no reader, or no answer to connect")      \
	ROW(RELOADS, "reloads", COUNT, "that were taken")                      \
	ROW(RELOADS_FAILED, "reloads.failed", COUNT,                           \
		"that were not: the old set stayed")

#define STATS_SCANNER(ROW)                                                     \
	ROW(WORKERS, "workers", LEVEL, "processes that scan, asked for")       \
	ROW(WORKERS_READY, "workers.ready", LEVEL, "idle or busy")             \
	ROW(WORKERS_BUSY, "workers.busy", LEVEL, "that scan now")              \
	STATS_QUEUE(ROW, QUEUE, "jobs", "jobs")                                \
	ROW(JOBS, "jobs", COUNT, "taken")                                      \
	ROW(OUTCOMES, "outcomes", LABELLED, "by verdict")                      \
	ROW(TIMEOUTS, "jobs.timed_out", COUNT, "took longer than they may")    \
	ROW(DEATHS, "workers.died", COUNT, "on a job, by themselves")          \
	ROW(EXPIRED, "jobs.expired", COUNT, "waited until their deadline")     \
	ROW(SIGNATURES, "signatures", LEVEL, "in use")                         \
	ROW(SIGNATURES_AGE, "signatures.age_s", LEVEL,                         \
		"since the newest file of the folder was written")             \
	ROW(LOADED_AGE, "signatures.loaded_s", LEVEL,                          \
		"since they were loaded")                                      \
	ROW(LOADS, "loads", COUNT, "of signatures, tried")                     \
	ROW(LOADS_FAILED, "loads.failed", COUNT, "the old ones stayed")

#define STATS_ARCHIVER(ROW)                                                    \
	ROW(RECORDS, "records", COUNT, "taken, repeats apart")                 \
	ROW(RECORD_BYTES, "records.bytes", COUNT, "of them, as written")       \
	ROW(BATCHES, "batches", COUNT, "written, each synced once")            \
	ROW(GATHER_US, "batches.gather_us", HIGHEST,                           \
		"from the first record of a batch to its commit, mean of the " \
		"last 64")                                                     \
	ROW(SYNC_US, "batches.sync_us", HIGHEST,                               \
		"to write and sync one, mean of the last 64")                  \
	ROW(SYNC_WORST_US, "batches.sync_worst_us", HIGHEST, "the slowest")    \
	ROW(FAILED, "batches.failed", COUNT, "the disk refused, tried again")  \
	ROW(MAKERS, "makers", LEVEL, "proxies' workers and stores connected")  \
	ROW(STALLED, "disk.stalled", LEVEL,                                    \
		"1: the disk takes no records, nothing is acknowledged")       \
	ROW(DISK_LOW, "disk.low", LEVEL, "1: less than archive.reserve free")  \
	ROW(DISK_FREE, "disk.free_bytes", LEVEL, "where the journal lies")     \
	ROW(CLOCK_JUMPS, "clock.jumps", COUNT, "of more than 5 s")             \
	ROW(REFUSED, "records.refused", COUNT, "not such as can be kept")      \
	ROW(LAST, "last_record", LEVEL, "number of the last one taken")

#define STATS_PUBLISHER(ROW)                                                   \
	ROW(BROKER_AWAY, "broker.away", LEVEL, "1: Kafka takes no records")    \
	ROW(PUBLISHED, "records", COUNT, "in committed transactions")          \
	ROW(TRANSACTIONS, "transactions", COUNT, "committed")                  \
	ROW(GIVEN_UP, "transactions.failed", COUNT,                            \
		"their records went again")                                    \
	ROW(DEAD_LETTERS, "dead_letters", COUNT, "records Kafka never takes")  \
	ROW(STUCK, "stuck", LEVEL,                                             \
		"1: the journal or the dead letters' folder hinders")          \
	ROW(POSITION, "position", LEVEL, "number of the last one in Kafka")    \
	ROW(LAG_RECORDS, "lag.records", LEVEL,                                 \
		"in the journal, not in Kafka; counted up to 100,000")         \
	ROW(SPOOL_AGE, "lag.age_s", LEVEL,                                     \
		"of the oldest of them: the age of the spool")

#define STATS_STORE(ROW)                                                       \
	ROW(WATERMARK, "watermark", LEVEL, "number of the last one indexed")   \
	ROW(PENDING, "pending", LEVEL, "read, not committed yet")              \
	ROW(BEHIND, "behind.records", LEVEL,                                   \
		"in the journal, not in the index; counted up to 100,000")     \
	ROW(BEHIND_AGE, "behind.age_s", LEVEL, "of the oldest of them")        \
	ROW(DISK_FREE, "disk.free_bytes", LEVEL, "where the index lies")

#define STATS_CONSTANT(constant, name, kind, text) PROXY_##constant,
enum stats_of_proxy { STATS_PROXY(STATS_CONSTANT) PROXY_NAMES };
#undef STATS_CONSTANT
#define STATS_CONSTANT(constant, name, kind, text) SCANNER_##constant,
enum stats_of_scanner { STATS_SCANNER(STATS_CONSTANT) SCANNER_NAMES };
#undef STATS_CONSTANT
#define STATS_CONSTANT(constant, name, kind, text) ARCHIVER_##constant,
enum stats_of_archiver { STATS_ARCHIVER(STATS_CONSTANT) ARCHIVER_NAMES };
#undef STATS_CONSTANT
#define STATS_CONSTANT(constant, name, kind, text) PUBLISHER_##constant,
enum stats_of_publisher { STATS_PUBLISHER(STATS_CONSTANT) PUBLISHER_NAMES };
#undef STATS_CONSTANT
#define STATS_CONSTANT(constant, name, kind, text) STORE_##constant,
enum stats_of_store { STATS_STORE(STATS_CONSTANT) STORE_NAMES };
#undef STATS_CONSTANT

/* In the order of enum control_program. */
enum { STATS_TABLES = 5 };
extern const struct stats_table stats_tables[STATS_TABLES];

#endif
