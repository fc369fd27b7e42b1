/* publisher.c -- carries the journal to Kafka, each record once.
 *
 * OPENING → TOPIC → INIT → POSITION → PUBLISHING ⇄ COMMITTING. What Kafka
 * cannot do now is tried again in the same phase. When a transaction fails, its
 * producer is given up: back to OPENING, and Kafka is asked anew how far it
 * got, since only Kafka knows.
 *
 * The broker refuses batches, not records. So after a refusal every record up
 * to the last that was refused goes in a transaction of its own; one that is
 * refused alone becomes a dead letter before the position passes it.
 *
 * Long: the phases are one machine over one producer.
 */
#include "archiver/publisher/publisher.h"

#include "archiver/publisher/dead_letters.h"
#include "archiver/publisher/event.h"
#include "archiver/publisher/kafka.h"
#include "archiver/publisher/outage.h"
#include "archiver/publisher/standing.h"
#include "archiver/publisher/topic.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/record/allocator.h"
#include "lib/stats/names.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRANSACTION_RECORDS = 20000,
	TRANSACTION_BYTES = 32 * 1024 * 1024,
	STEP_RECORDS = 500,
	IDLE_MS = 1000,
	/* A stream of records is looked at so often, not at each sync. */
	PACE_MS = 20,
	RETRY_MS = 500,
	PAUSE_MS = 3000,
	REFRESH_MS = 24 * 60 * 60 * 1000
};

enum phase { OPENING, TOPIC, INIT, POSITION, PUBLISHING, COMMITTING };

struct publisher {
	struct publisher_options options;
	struct standing standing;
	struct topic_wanted topic;
	char dead_letters[PATH_MAX];
	struct outage outage;
	struct kafka *kafka;
	struct source *source;
	struct arena *arena; /* of the record that is taken */
	enum phase phase;
	bool checked; /* the topic, since it was last there */

	uint64_t committed; /* in Kafka; 0: not known, or nothing yet */
	uint64_t committed_ms;

	/* The transaction that is open. */
	bool open, full, reread;
	uint64_t last; /* record that it goes up to */
	size_t records, bytes;
	uint64_t begun_ms;

	uint64_t careful_until; /* one record a transaction */
	uint64_t condemned;     /* refused when alone */
	unsigned failures;      /* in a row */
	bool greeted;           /* said from where it goes on */
	bool caught_up;         /* and said so */
	bool stuck;             /* said what hinders */
	bool blocked;           /* more in the journal changes nothing */
	bool topic_is_new;      /* not led by a broker yet */
	char weakness[TOPIC_WEAKNESS_BYTES]; /* as last said */
};

static void count(const struct publisher *publisher,
	enum stats_of_publisher which, uint64_t more)
{
	if (publisher->options.stats)
		stats_add(publisher->options.stats, 0, which, more);
}

static void tell_state(const struct publisher *publisher)
{
	struct stats *stats = publisher->options.stats;

	if (!stats)
		return;
	stats_set(stats, 0, PUBLISHER_BROKER_AWAY, publisher->outage.away);
	stats_set(stats, 0, PUBLISHER_STUCK, publisher->stuck);
	stats_set(stats, 0, PUBLISHER_POSITION, publisher->committed);
}

static int make_paths(struct publisher *publisher)
{
	const struct publisher_options *options = &publisher->options;
	struct position_name name = {options->topic, .node = options->node};
	int size = snprintf(publisher->dead_letters,
		sizeof(publisher->dead_letters), "%s/dead-letters",
		options->folder);

	if (size >= (int)sizeof(publisher->dead_letters))
		return ENAMETOOLONG;
	return standing_open(&publisher->standing, options->folder, &name);
}

static int open_kafka(
	struct publisher *publisher, char why[PUBLISHER_WHY_BYTES])
{
	struct kafka_options options = {.brokers = publisher->options.brokers,
		.topic = publisher->options.topic,
		.node = publisher->options.node,
		.outage = &publisher->outage};
	char reason[KAFKA_WHY_BYTES] = "";
	int error = kafka_open(&options, &publisher->kafka, reason);

	if (error)
		(void)snprintf(why, PUBLISHER_WHY_BYTES, "%s",
			reason[0] ? reason : strerror(error));
	return error;
}

int publisher_open(const struct publisher_options *options,
	struct publisher **publisher, char why[PUBLISHER_WHY_BYTES])
{
	struct publisher *made = calloc(1, sizeof(*made));
	int error = ENOMEM;

	*publisher = made;
	(void)snprintf(why, PUBLISHER_WHY_BYTES, "Out of memory");
	if (!made)
		return error;
	made->options = *options;
	made->topic = (struct topic_wanted){.name = options->topic,
		.partitions = options->partitions,
		.replication = options->replication};
	made->arena = arena_new(RECORD_ARENA_BYTES);
	error = made->arena ? make_paths(made) : ENOMEM;
	if (!error)
		error = source_open(
			options->journal, options->pass, &made->source);
	if (error)
		(void)snprintf(why, PUBLISHER_WHY_BYTES, "%s", strerror(error));
	else
		error = open_kafka(made, why);
	made->phase = TOPIC;
	if (error)
		publisher_close(publisher);
	return error;
}

void publisher_close(struct publisher **publisher)
{
	struct publisher *old = *publisher;

	if (!old)
		return;
	kafka_close(&old->kafka);
	source_close(&old->source);
	arena_release(&old->arena);
	free(old);
	*publisher = NULL;
}

int publisher_descriptor(const struct publisher *publisher)
{
	return publisher->phase == PUBLISHING && !publisher->blocked &&
			       !publisher->open
		       ? source_descriptor(publisher->source)
		       : -1;
}

uint64_t publisher_position(const struct publisher *publisher)
{
	return publisher->committed;
}

/* Longer with each failure in a row. */
static int pause_ms(const struct publisher *publisher)
{
	unsigned steps = publisher->failures < 10 ? publisher->failures : 10;

	return (int)steps * RETRY_MS;
}

static void forget_transaction(struct publisher *publisher)
{
	publisher->open = publisher->full = publisher->reread = false;
	publisher->records = publisher->bytes = 0;
}

/* Whose fault it was, when the broker said so of a record. */
static void note_refused(struct publisher *publisher, uint64_t refused)
{
	if (refused && publisher->records == 1)
		publisher->condemned = refused;
	else if (refused > publisher->careful_until)
		publisher->careful_until = refused;
}

static void say_given_up(
	const struct publisher *publisher, enum kafka_result result)
{
	const char *reason = kafka_reason(publisher->kafka);

	if (publisher->failures || publisher->outage.away)
		return;
	if (result == KAFKA_LOST)
		log_error("Kafka takes nothing more from this producer, "
			  "another is made; if this comes again, see that no "
			  "other publisher has this archive.node reason=\"%s\"",
			reason);
	else
		log_warn("A transaction failed, its records go again "
			 "reason=\"%s\"",
			reason);
}

static int give_up(struct publisher *publisher, enum kafka_result result)
{
	uint64_t refused = kafka_give_up(publisher->kafka);

	count(publisher, PUBLISHER_GIVEN_UP, 1);
	note_refused(publisher, refused);
	say_given_up(publisher, result);
	kafka_close(&publisher->kafka);
	forget_transaction(publisher);
	publisher->phase = OPENING;
	if (refused)
		return 0;
	publisher->failures++;
	return pause_ms(publisher);
}

/* What has to follow a call that was not done. */
static int follow(struct publisher *publisher, enum kafka_result result)
{
	if (result == KAFKA_FAILED || result == KAFKA_LOST)
		return give_up(publisher, result);
	outage_begin(&publisher->outage, kafka_reason(publisher->kafka));
	return RETRY_MS;
}

static int step_opening(struct publisher *publisher)
{
	char why[PUBLISHER_WHY_BYTES];

	if (open_kafka(publisher, why)) {
		if (!publisher->stuck)
			log_error("No producer can be made; it is tried again "
				  "reason=\"%s\"",
				why);
		publisher->stuck = true;
		return PAUSE_MS;
	}
	publisher->stuck = false;
	publisher->phase = TOPIC;
	return 0;
}

static void check_topic(struct publisher *publisher)
{
	char text[TOPIC_WEAKNESS_BYTES];

	topic_weakness(publisher->kafka, &publisher->topic, text);
	publisher->checked = true;
	if (text[0] && strcmp(text, publisher->weakness) != 0)
		log_error("The topic is not as configured: %s "
			  "event=topic-weak topic=%s",
			text, publisher->topic.name);
	memcpy(publisher->weakness, text, sizeof(text));
}

static int step_topic(struct publisher *publisher)
{
	char why[KAFKA_WHY_BYTES] = "";
	bool made;
	enum kafka_result result =
		topic_ensure(publisher->kafka, &publisher->topic, &made, why);

	if (made)
		log_info("The topic is made topic=%s partitions=%" PRIu32
			 " replication=%" PRIu32,
			publisher->topic.name, publisher->topic.partitions,
			publisher->topic.replication);
	publisher->topic_is_new |= made;
	if (result == KAFKA_DONE) {
		publisher->topic_is_new = false;
		if (!publisher->checked)
			check_topic(publisher);
		publisher->phase = INIT;
		return 0;
	}
	publisher->checked = false;
	if (!publisher->topic_is_new)
		outage_begin(&publisher->outage, why);
	return RETRY_MS;
}

static int step_init(struct publisher *publisher)
{
	enum kafka_result result = kafka_init(publisher->kafka);

	if (result != KAFKA_DONE)
		return follow(publisher, result);
	publisher->phase = POSITION;
	return 0;
}

static int start_from(struct publisher *publisher, uint64_t number)
{
	int error = source_rewind(publisher->source, number);

	publisher->last = publisher->committed = number;
	publisher->phase = error ? POSITION : PUBLISHING;
	if (error && !publisher->stuck)
		log_error("The journal cannot be opened; it is tried again "
			  "folder=%s reason=\"%s\"",
			publisher->options.journal, strerror(error));
	publisher->stuck |= error != 0;
	return error ? PAUSE_MS : 0;
}

static int step_position(struct publisher *publisher)
{
	uint64_t number;
	enum kafka_result result = kafka_position(publisher->kafka, &number);
	bool known, settled;

	if (result != KAFKA_DONE)
		return follow(publisher, result);
	known = number != 0;
	settled = standing_settle(
		&publisher->standing, publisher->committed, &number);
	if (!settled)
		return PAUSE_MS;
	if (!known)
		publisher->committed_ms = 0;
	if (!publisher->greeted)
		log_info("Kafka answers, publishing goes on behind "
			 "record=%" PRIu64,
			number);
	publisher->greeted = true;
	return start_from(publisher, number);
}

/* Records went, or at least Kafka took the position. */
static void note_commit(struct publisher *publisher)
{
	publisher->committed = publisher->last;
	publisher->committed_ms = clock_steady_ms();
	count(publisher, PUBLISHER_PUBLISHED, publisher->records);
	count(publisher, PUBLISHER_TRANSACTIONS, 1);
	if (publisher->records) {
		publisher->failures = 0;
		publisher->stuck = false;
	}
	/* What was complained of while the commit waited is over, too. */
	kafka_listen(publisher->kafka);
	if (outage_end(&publisher->outage)) {
		log_info("Kafka is back event=broker-back record=%" PRIu64,
			publisher->committed);
		publisher->caught_up = false;
	}
	standing_renew(&publisher->standing, publisher->committed);
}

static int step_committing(struct publisher *publisher)
{
	enum kafka_result result =
		kafka_commit(publisher->kafka, publisher->last);
	bool reread = publisher->reread;

	if (result != KAFKA_DONE)
		return follow(publisher, result);
	publisher->phase = PUBLISHING;
	note_commit(publisher);
	forget_transaction(publisher);
	if (!reread)
		return 0;
	publisher->blocked = publisher->stuck;
	return start_from(publisher, publisher->committed) || publisher->blocked
		       ? PAUSE_MS
		       : 0;
}

static enum kafka_result begin(struct publisher *publisher)
{
	enum kafka_result result;

	if (publisher->open)
		return KAFKA_DONE;
	result = kafka_begin(publisher->kafka);
	if (result == KAFKA_DONE) {
		forget_transaction(publisher);
		publisher->open = true;
		publisher->begun_ms = clock_steady_ms();
	}
	return result;
}

/* Kafka will never take this record. False when it cannot be kept elsewhere
 * either: then the position stays in front of it. */
static bool bury(struct publisher *publisher, const struct journal_entry *entry,
	const char *reason)
{
	int error = dead_letters_keep(
		publisher->dead_letters, entry->number, entry->payload);

	if (error) {
		if (!publisher->stuck)
			log_error(
				"A record that Kafka refuses cannot be kept "
				"as a dead letter, publishing waits folder=%s "
				"record=%" PRIu64 " reason=\"%s\"",
				publisher->dead_letters, entry->number,
				strerror(error));
		publisher->stuck = true;
		return false;
	}
	publisher->stuck = false;
	publisher->condemned = 0;
	count(publisher, PUBLISHER_DEAD_LETTERS, 1);
	log_error("Kafka refuses a record for good; it is in the journal and "
		  "in dead-letters, not in the topic event=dead-letter "
		  "record=%" PRIu64 " bytes=%zu reason=\"%s\" folder=%s",
		entry->number, entry->payload.size, reason,
		publisher->dead_letters);
	return true;
}

static enum kafka_result produce(
	struct publisher *publisher, const struct journal_entry *entry)
{
	struct event event;
	enum kafka_result result;

	if (entry->number == publisher->condemned)
		return bury(publisher, entry, "refused by the broker")
			       ? KAFKA_DONE
			       : KAFKA_AGAIN;
	if (!event_read(entry->payload, publisher->arena, &event))
		return bury(publisher, entry, "it is no record of format 1")
			       ? KAFKA_DONE
			       : KAFKA_AGAIN;
	result = kafka_produce(publisher->kafka, &event, entry->payload);
	if (result == KAFKA_REFUSED)
		result = bury(publisher, entry, kafka_reason(publisher->kafka))
				 ? KAFKA_DONE
				 : KAFKA_AGAIN;
	return result;
}

/* Puts one record into the transaction. KAFKA_AGAIN: it goes into another. */
static enum kafka_result take(
	struct publisher *publisher, const struct journal_entry *entry)
{
	enum kafka_result result = begin(publisher);

	if (result == KAFKA_DONE)
		result = produce(publisher, entry);
	if (result == KAFKA_AGAIN) {
		publisher->full = publisher->reread = true;
		return result;
	}
	if (result != KAFKA_DONE)
		return result;
	publisher->last = entry->number;
	publisher->records++;
	publisher->bytes += entry->payload.size;
	publisher->full = publisher->records >= TRANSACTION_RECORDS ||
			  publisher->bytes >= TRANSACTION_BYTES ||
			  entry->number <= publisher->careful_until;
	return KAFKA_DONE;
}

/* Takes what there is, up to a limit. errno of the journal, or *result. */
static int take_some(struct publisher *publisher, enum kafka_result *result)
{
	struct journal_entry entry;
	int error = 0;

	*result = KAFKA_DONE;
	for (int i = 0; i < STEP_RECORDS && !publisher->full; i++) {
		error = source_next(publisher->source, &entry);
		if (error)
			break;
		*result = take(publisher, &entry);
		if (*result != KAFKA_DONE)
			break;
	}
	return error;
}

static bool is_due(const struct publisher *publisher, int error)
{
	uint64_t age = clock_steady_ms() - publisher->begun_ms;

	return publisher->open &&
	       (publisher->full || age >= publisher->options.commit_ms ||
		       (error && error != EAGAIN));
}

/* A transaction of nothing but the position: keeps it from expiring, and
 * tells whether Kafka is there. */
static bool wants_refresh(const struct publisher *publisher)
{
	return publisher->committed &&
	       (publisher->outage.away || !publisher->committed_ms ||
		       clock_steady_ms() - publisher->committed_ms >=
			       REFRESH_MS);
}

static int idle(struct publisher *publisher)
{
	enum kafka_result result;

	if (publisher->open) {
		uint64_t age = clock_steady_ms() - publisher->begun_ms;
		uint64_t left = age < publisher->options.commit_ms
					? publisher->options.commit_ms - age
					: 0;

		return left < PACE_MS ? (int)left : PACE_MS;
	}
	if (wants_refresh(publisher)) {
		result = begin(publisher);
		if (result != KAFKA_DONE)
			return follow(publisher, result);
		publisher->phase = COMMITTING;
		return 0;
	}
	standing_renew(&publisher->standing, publisher->committed);
	if (!publisher->caught_up && publisher->committed) {
		publisher->caught_up = true;
		log_info("published up to record=%" PRIu64,
			publisher->committed);
	}
	return IDLE_MS;
}

/* Nothing is open: all that came before is committed. */
static int journal_failed(struct publisher *publisher, int error)
{
	if (error != EBADMSG && !publisher->stuck) {
		log_error("The journal cannot be read; it is tried again "
			  "folder=%s reason=\"%s\"",
			publisher->options.journal, strerror(error));
		publisher->stuck = true;
	}
	publisher->blocked = true;
	(void)start_from(publisher, publisher->committed);
	return PAUSE_MS;
}

static int step_publishing(struct publisher *publisher)
{
	enum kafka_result result;
	int error;

	kafka_listen(publisher->kafka);
	source_quiet(publisher->source);
	error = take_some(publisher, &result);
	if (result != KAFKA_DONE && result != KAFKA_AGAIN)
		return follow(publisher, result);
	if (is_due(publisher, error)) {
		publisher->reread |= error && error != EAGAIN;
		publisher->phase = COMMITTING;
		return 0;
	}
	if (error && error != EAGAIN)
		return journal_failed(publisher, error);
	return error == EAGAIN ? idle(publisher) : 0;
}

int publisher_step(struct publisher *publisher)
{
	publisher->blocked = false;
	tell_state(publisher);
	switch (publisher->phase) {
	case OPENING:
		return step_opening(publisher);
	case TOPIC:
		return step_topic(publisher);
	case INIT:
		return step_init(publisher);
	case POSITION:
		return step_position(publisher);
	case PUBLISHING:
		return step_publishing(publisher);
	case COMMITTING:
		return step_committing(publisher);
	}
	must(publisher->phase == COMMITTING); /* a phase has a step */
	return 0;
}

void publisher_finish(struct publisher *publisher)
{
	if (publisher->kafka && publisher->open &&
		(publisher->phase == PUBLISHING ||
			publisher->phase == COMMITTING) &&
		kafka_commit(publisher->kafka, publisher->last) == KAFKA_DONE)
		publisher->committed = publisher->last;
	standing_copy(&publisher->standing, publisher->committed);
}
