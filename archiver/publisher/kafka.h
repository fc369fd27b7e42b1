/* kafka.h -- one transactional producer, and what its calls come to.
 *
 * librdkafka has threads of its own; everything that it has to say to us comes
 * out of the calls below, on the thread that makes them. They block: up to a
 * minute while Kafka is away, so they belong on a thread that nobody waits for.
 */
#ifndef ARCHIVER_PUBLISHER_KAFKA_H
#define ARCHIVER_PUBLISHER_KAFKA_H

#include "archiver/publisher/event.h"
#include "archiver/publisher/outage.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

/* What a call came to, and what has to follow. */
enum kafka_result {
	KAFKA_DONE,
	KAFKA_AGAIN,   /* the same call again */
	KAFKA_REFUSED, /* this record can never be taken */
	KAFKA_FAILED,  /* the transaction: a new producer begins it again */
	KAFKA_LOST     /* the producer: fenced, or broken */
};

struct kafka_options {
	const char *brokers, *topic;
	uint32_t node;         /* archive.node */
	struct outage *outage; /* borrowed; told when Kafka is away */
};

enum { KAFKA_WHY_BYTES = 256 };

struct kafka;

/* Makes the handles and connects nothing yet. 0, or EINVAL with the reason in
 * why, or ENOMEM. */
int kafka_open(const struct kafka_options *options, struct kafka **kafka,
	char why[KAFKA_WHY_BYTES]) __attribute__((warn_unused_result));
/* What was not committed is dropped; a transaction that is being committed is
 * so as a whole or not at all. */
void kafka_close(struct kafka **kafka);
/* Why the last call did not come to KAFKA_DONE. */
const char *kafka_reason(const struct kafka *kafka);

/* Ends what an earlier producer of this node left, and fences it. */
enum kafka_result kafka_init(struct kafka *kafka);
/* How far this node has got; 0: Kafka knows of no position. */
enum kafka_result kafka_position(struct kafka *kafka, uint64_t *number);
enum kafka_result kafka_begin(struct kafka *kafka);
/* Copies what it needs. */
enum kafka_result kafka_produce(
	struct kafka *kafka, const struct event *event, struct slice payload);
/* Commits the transaction with this position in it. After KAFKA_AGAIN call it
 * with the same number. */
enum kafka_result kafka_commit(struct kafka *kafka, uint64_t number);
/* Gives the transaction up; only kafka_close may follow. Returns the highest
 * record that the broker refused for itself (its size, its form), 0: none. */
uint64_t kafka_give_up(struct kafka *kafka);
/* Hands out what librdkafka has to say. */
void kafka_listen(struct kafka *kafka);

/* For the topic's own file. */
rd_kafka_t *kafka_producer(struct kafka *kafka);
rd_kafka_t *kafka_consumer(struct kafka *kafka);

#endif
