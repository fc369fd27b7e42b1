/* topic.c -- the topic of the records: made when missing, checked when not. */
#include "archiver/publisher/topic.h"

#include "lib/intake_protocol.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 5000, MESSAGE_BYTES = INTAKE_RECORD_BYTES + 128 * 1024 };

uint32_t topic_in_sync(uint32_t replication)
{
	return replication >= 3 ? 2 : 1;
}

static rd_kafka_resp_err_t look(struct kafka *kafka, const char *name,
	const struct rd_kafka_metadata **found)
{
	rd_kafka_topic_t *topic =
		rd_kafka_topic_new(kafka_consumer(kafka), name, NULL);
	rd_kafka_resp_err_t code;

	if (!topic)
		return RD_KAFKA_RESP_ERR__INVALID_ARG;
	code = rd_kafka_metadata(
		kafka_consumer(kafka), 0, topic, found, ASK_MS);
	rd_kafka_topic_destroy(topic);
	if (code)
		return code;
	code = (*found)->topic_cnt == 1 ? (*found)->topics[0].err
					: RD_KAFKA_RESP_ERR_UNKNOWN;
	if (code)
		rd_kafka_metadata_destroy(*found);
	return code;
}

/* Waits for the answer on the queue; NULL when there is none in time. */
static rd_kafka_event_t *answer_on(rd_kafka_queue_t *queue)
{
	return rd_kafka_queue_poll(queue, ASK_MS + 1000);
}

static rd_kafka_NewTopic_t *new_topic(
	const struct topic_wanted *wanted, char why[KAFKA_WHY_BYTES])
{
	rd_kafka_NewTopic_t *made =
		rd_kafka_NewTopic_new(wanted->name, (int)wanted->partitions,
			(int)wanted->replication, why, KAFKA_WHY_BYTES);
	char number[16];

	if (!made)
		return NULL;
	(void)snprintf(number, sizeof(number), "%d", MESSAGE_BYTES);
	(void)rd_kafka_NewTopic_set_config(made, "max.message.bytes", number);
	(void)snprintf(number, sizeof(number), "%" PRIu32,
		topic_in_sync(wanted->replication));
	(void)rd_kafka_NewTopic_set_config(made, "min.insync.replicas", number);
	(void)rd_kafka_NewTopic_set_config(made, "cleanup.policy", "delete");
	return made;
}

static rd_kafka_resp_err_t read_created(
	rd_kafka_event_t *event, char why[KAFKA_WHY_BYTES])
{
	const rd_kafka_CreateTopics_result_t *result =
		rd_kafka_event_CreateTopics_result(event);
	const rd_kafka_topic_result_t **topics = NULL;
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	const char *text = rd_kafka_event_error_string(event);
	size_t count = 0;

	if (!code && result)
		topics = rd_kafka_CreateTopics_result_topics(result, &count);
	if (topics && count) {
		code = rd_kafka_topic_result_error(topics[0]);
		text = rd_kafka_topic_result_error_string(topics[0]);
	}
	if (code)
		(void)snprintf(why, KAFKA_WHY_BYTES, "%s",
			text ? text : rd_kafka_err2str(code));
	return code;
}

static bool create(struct kafka *kafka, const struct topic_wanted *wanted,
	char why[KAFKA_WHY_BYTES])
{
	rd_kafka_t *producer = kafka_producer(kafka);
	rd_kafka_NewTopic_t *topic = new_topic(wanted, why);
	rd_kafka_AdminOptions_t *options;
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *event;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;

	if (!topic)
		return false;
	options = rd_kafka_AdminOptions_new(
		producer, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	(void)rd_kafka_AdminOptions_set_request_timeout(
		options, ASK_MS, NULL, 0);
	queue = rd_kafka_queue_new(producer);
	rd_kafka_CreateTopics(producer, &topic, 1, options, queue);
	event = answer_on(queue);
	(void)snprintf(why, KAFKA_WHY_BYTES, "%s", rd_kafka_err2str(code));
	if (event) {
		code = read_created(event, why);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_NewTopic_destroy(topic);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

enum kafka_result topic_ensure(struct kafka *kafka,
	const struct topic_wanted *wanted, bool *made,
	char why[KAFKA_WHY_BYTES])
{
	const struct rd_kafka_metadata *found;
	rd_kafka_resp_err_t code = look(kafka, wanted->name, &found);

	*made = false;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_metadata_destroy(found);
		return KAFKA_DONE;
	}
	(void)snprintf(why, KAFKA_WHY_BYTES, "%s", rd_kafka_err2str(code));
	if (code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return KAFKA_AGAIN;
	*made = create(kafka, wanted, why);
	/* Seen by the next look: it is there when a broker leads it. */
	if (*made)
		(void)snprintf(why, KAFKA_WHY_BYTES, "the topic is being made");
	return KAFKA_AGAIN;
}

static void add(char text[TOPIC_WEAKNESS_BYTES], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(char text[TOPIC_WEAKNESS_BYTES], const char *format, ...)
{
	size_t at = strlen(text);
	va_list values;

	if (at && at + 3 < TOPIC_WEAKNESS_BYTES)
		at += (size_t)snprintf(
			text + at, TOPIC_WEAKNESS_BYTES - at, "; ");
	va_start(values, format);
	(void)vsnprintf(text + at, TOPIC_WEAKNESS_BYTES - at, format, values);
	va_end(values);
}

static void compare_layout(const struct rd_kafka_metadata_topic *topic,
	const struct topic_wanted *wanted, char text[TOPIC_WEAKNESS_BYTES])
{
	int fewest =
		topic->partition_cnt ? topic->partitions[0].replica_cnt : 0;

	for (int i = 1; i < topic->partition_cnt; i++)
		if (topic->partitions[i].replica_cnt < fewest)
			fewest = topic->partitions[i].replica_cnt;
	if (topic->partition_cnt != (int)wanted->partitions)
		add(text,
			"it has %d partitions where %" PRIu32 " are configured",
			topic->partition_cnt, wanted->partitions);
	if (fewest < (int)wanted->replication)
		add(text,
			"only %d brokers keep it where %" PRIu32
			" are configured",
			fewest, wanted->replication);
}

static void compare_setting(const char *name, const char *value,
	const struct topic_wanted *wanted, char text[TOPIC_WEAKNESS_BYTES])
{
	long least = strcmp(name, "min.insync.replicas") == 0
			     ? (long)topic_in_sync(wanted->replication)
		     : strcmp(name, "max.message.bytes") == 0 ? MESSAGE_BYTES
							      : 0;

	if (least && strtol(value, NULL, 10) < least)
		add(text, "%s is %s, at least %ld is needed", name, value,
			least);
	if (strcmp(name, "cleanup.policy") == 0 && strstr(value, "compact"))
		add(text, "cleanup.policy is %s, which drops records", value);
}

static bool compare_settings(rd_kafka_event_t *event,
	const struct topic_wanted *wanted, char text[TOPIC_WEAKNESS_BYTES])
{
	const rd_kafka_DescribeConfigs_result_t *result =
		rd_kafka_event_DescribeConfigs_result(event);
	const rd_kafka_ConfigResource_t **resources;
	const rd_kafka_ConfigEntry_t **entries;
	size_t count = 0;

	if (rd_kafka_event_error(event) || !result)
		return false;
	resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
	if (!count || rd_kafka_ConfigResource_error(resources[0]))
		return false;
	entries = rd_kafka_ConfigResource_configs(resources[0], &count);
	for (size_t i = 0; i < count; i++) {
		const char *value = rd_kafka_ConfigEntry_value(entries[i]);

		if (value)
			compare_setting(rd_kafka_ConfigEntry_name(entries[i]),
				value, wanted, text);
	}
	return true;
}

static bool ask_settings(struct kafka *kafka, const struct topic_wanted *wanted,
	char text[TOPIC_WEAKNESS_BYTES])
{
	rd_kafka_t *producer = kafka_producer(kafka);
	rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(
		RD_KAFKA_RESOURCE_TOPIC, wanted->name);
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(
		producer, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
	rd_kafka_event_t *event;
	bool answered;

	(void)rd_kafka_AdminOptions_set_request_timeout(
		options, ASK_MS, NULL, 0);
	rd_kafka_DescribeConfigs(producer, &resource, 1, options, queue);
	event = answer_on(queue);
	answered = event && compare_settings(event, wanted, text);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_ConfigResource_destroy(resource);
	return answered;
}

void topic_weakness(struct kafka *kafka, const struct topic_wanted *wanted,
	char text[TOPIC_WEAKNESS_BYTES])
{
	const struct rd_kafka_metadata *found;

	text[0] = '\0';
	if (look(kafka, wanted->name, &found) != RD_KAFKA_RESP_ERR_NO_ERROR) {
		add(text, "its partitions cannot be asked for");
	} else {
		compare_layout(&found->topics[0], wanted, text);
		rd_kafka_metadata_destroy(found);
	}
	if (!ask_settings(kafka, wanted, text))
		add(text, "its settings cannot be asked for");
}
