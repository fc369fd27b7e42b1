/* topic.h -- the topic of the records: made when missing, checked when not. */
#ifndef ARCHIVER_PUBLISHER_TOPIC_H
#define ARCHIVER_PUBLISHER_TOPIC_H

#include "archiver/publisher/kafka.h"

struct topic_wanted {
	const char *name;
	uint32_t partitions, replication;
};

enum { TOPIC_WEAKNESS_BYTES = 512 };

/* Brokers that must have a record before it counts: two where three or more
 * keep it, so that one may be away. */
uint32_t topic_in_sync(uint32_t replication);
/* KAFKA_DONE when the topic is there; made says whether by us. Else
 * KAFKA_AGAIN with the reason in why. */
enum kafka_result topic_ensure(struct kafka *kafka,
	const struct topic_wanted *wanted, bool *made,
	char why[KAFKA_WHY_BYTES]);
/* In what the topic is weaker than configured, or unlike it: one sentence, ""
 * when in nothing. What cannot be asked is said as well. */
void topic_weakness(struct kafka *kafka, const struct topic_wanted *wanted,
	char text[TOPIC_WEAKNESS_BYTES]);

#endif
