/* kafka.c -- one transactional producer, and what its calls come to. */
#include "archiver/publisher/kafka.h"

#include "lib/intake_protocol.h"
#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64, CALL_MS = 5000, MESSAGE_BYTES_BESIDE = 64 * 1024 };

struct kafka {
	struct kafka_options options;
	rd_kafka_t *producer; /* owned */
	/* Never subscribes: it reads the position and looks at the topic,
	 * which a producer would make by looking. Owned. */
	rd_kafka_t *consumer;
	char group[NAME_SIZE];
	char transactional_id[NAME_SIZE];
	uint64_t refused;
	bool offsets_sent;
	char why[KAFKA_WHY_BYTES];
};

struct pair {
	const char *name, *value;
};

static void hear_log(
	const rd_kafka_t *rk, int level, const char *kind, const char *text)
{
	const struct kafka *kafka = rd_kafka_opaque(rk);

	outage_hear(kafka->options.outage, level, kind, text);
}

static void hear_error(rd_kafka_t *rk, int code, const char *why, void *opaque)
{
	struct kafka *kafka = opaque;

	(void)rk;
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		outage_begin(kafka->options.outage, why);
}

/* Refused for what it is; any other failure may pass. */
static bool is_the_records_fault(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
	       code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
	       code == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

static void hear_delivery(
	rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct kafka *kafka = opaque;
	uint64_t number = (uint64_t)(uintptr_t)message->_private;

	(void)rk;
	if (is_the_records_fault(message->err) && number > kafka->refused)
		kafka->refused = number;
}

static rd_kafka_conf_t *configuration(struct kafka *kafka,
	const struct pair *pairs, size_t count, char why[KAFKA_WHY_BYTES])
{
	rd_kafka_conf_t *made = rd_kafka_conf_new();

	for (size_t i = 0; i < count; i++) {
		if (rd_kafka_conf_set(made, pairs[i].name, pairs[i].value, why,
			    KAFKA_WHY_BYTES) != RD_KAFKA_CONF_OK) {
			rd_kafka_conf_destroy(made);
			return NULL;
		}
	}
	rd_kafka_conf_set_opaque(made, kafka);
	rd_kafka_conf_set_log_cb(made, hear_log);
	rd_kafka_conf_set_error_cb(made, hear_error);
	return made;
}

static rd_kafka_t *handle(
	rd_kafka_type_t type, rd_kafka_conf_t *made, char why[KAFKA_WHY_BYTES])
{
	rd_kafka_t *rk;

	if (!made)
		return NULL;
	rk = rd_kafka_new(type, made, why, KAFKA_WHY_BYTES);
	if (!rk)
		rd_kafka_conf_destroy(made);
	else
		/* log lines come out of the calls, too */
		(void)rd_kafka_set_log_queue(rk, NULL);
	return rk;
}

static rd_kafka_t *make_producer(struct kafka *kafka, char why[KAFKA_WHY_BYTES])
{
	char bytes[16];
	const struct pair pairs[] = {
		{"bootstrap.servers", kafka->options.brokers},
		{"client.id", "sipwarden-publisher"},
		{"transactional.id", kafka->transactional_id},
		{"acks", "all"},
		{"linger.ms", "100"},
		{"partitioner", "murmur2_random"},
		{"message.max.bytes", bytes},
		{"queue.buffering.max.kbytes", "131072"},
		/* a commit fails when any record did */
		{"delivery.report.only.error", "true"},
		{"reconnect.backoff.max.ms", "2000"},
		{"log.queue", "true"},
	};
	rd_kafka_conf_t *made;

	(void)snprintf(bytes, sizeof(bytes), "%d",
		INTAKE_RECORD_BYTES + MESSAGE_BYTES_BESIDE);
	made = configuration(
		kafka, pairs, sizeof(pairs) / sizeof(pairs[0]), why);
	if (made)
		rd_kafka_conf_set_dr_msg_cb(made, hear_delivery);
	return handle(RD_KAFKA_PRODUCER, made, why);
}

static rd_kafka_t *make_consumer(struct kafka *kafka, char why[KAFKA_WHY_BYTES])
{
	const struct pair pairs[] = {
		{"bootstrap.servers", kafka->options.brokers},
		{"client.id", "sipwarden-publisher"},
		{"group.id", kafka->group},
		{"isolation.level", "read_committed"},
		{"enable.auto.commit", "false"},
		{"allow.auto.create.topics", "false"},
		{"reconnect.backoff.max.ms", "2000"},
		{"log.queue", "true"},
	};

	return handle(RD_KAFKA_CONSUMER,
		configuration(
			kafka, pairs, sizeof(pairs) / sizeof(pairs[0]), why),
		why);
}

int kafka_open(const struct kafka_options *options, struct kafka **kafka,
	char why[KAFKA_WHY_BYTES])
{
	struct kafka *made = calloc(1, sizeof(*made));

	*kafka = made;
	if (!made)
		return ENOMEM;
	made->options = *options;
	(void)snprintf(made->group, sizeof(made->group),
		"sipwarden.journal.%" PRIu32, options->node);
	(void)snprintf(made->transactional_id, sizeof(made->transactional_id),
		"sipwarden.%" PRIu32, options->node);
	made->producer = make_producer(made, why);
	if (made->producer)
		made->consumer = make_consumer(made, why);
	if (made->consumer)
		return 0;
	kafka_close(kafka);
	return EINVAL;
}

void kafka_close(struct kafka **kafka)
{
	struct kafka *old = *kafka;

	if (!old)
		return;
	if (old->consumer)
		rd_kafka_destroy_flags(
			old->consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	if (old->producer) {
		(void)rd_kafka_purge(old->producer,
			RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_destroy(old->producer);
	}
	free(old);
	*kafka = NULL;
}

const char *kafka_reason(const struct kafka *kafka)
{
	return kafka->why;
}

/* Takes the error. */
static enum kafka_result settle(struct kafka *kafka, rd_kafka_error_t *error)
{
	enum kafka_result result = KAFKA_LOST;

	if (!error)
		return KAFKA_DONE;
	(void)snprintf(kafka->why, sizeof(kafka->why), "%s (%s)",
		rd_kafka_error_string(error), rd_kafka_error_name(error));
	if (rd_kafka_error_is_fatal(error))
		result = KAFKA_LOST;
	else if (rd_kafka_error_txn_requires_abort(error))
		result = KAFKA_FAILED;
	else if (rd_kafka_error_is_retriable(error))
		result = KAFKA_AGAIN;
	rd_kafka_error_destroy(error);
	return result;
}

enum kafka_result kafka_init(struct kafka *kafka)
{
	return settle(
		kafka, rd_kafka_init_transactions(kafka->producer, CALL_MS));
}

static rd_kafka_topic_partition_list_t *position_list(
	const struct kafka *kafka, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, kafka->options.topic, 0)
		->offset = offset;
	return list;
}

enum kafka_result kafka_position(struct kafka *kafka, uint64_t *number)
{
	rd_kafka_topic_partition_list_t *list =
		position_list(kafka, RD_KAFKA_OFFSET_INVALID);
	rd_kafka_resp_err_t code =
		rd_kafka_committed(kafka->consumer, list, CALL_MS);

	if (!code)
		code = list->elems[0].err;
	*number =
		list->elems[0].offset > 0 ? (uint64_t)list->elems[0].offset : 0;
	rd_kafka_topic_partition_list_destroy(list);
	if (!code)
		return KAFKA_DONE;
	(void)snprintf(
		kafka->why, sizeof(kafka->why), "%s", rd_kafka_err2str(code));
	return KAFKA_AGAIN;
}

enum kafka_result kafka_begin(struct kafka *kafka)
{
	kafka->offsets_sent = false;
	kafka->refused = 0;
	return settle(kafka, rd_kafka_begin_transaction(kafka->producer));
}

static rd_kafka_vu_t header(const char *name, struct slice value)
{
	rd_kafka_vu_t made = {.vtype = RD_KAFKA_VTYPE_HEADER};

	made.u.header.name = name;
	made.u.header.val = value.at;
	made.u.header.size = (ssize_t)value.size;
	return made;
}

static rd_kafka_vu_t bytes(rd_kafka_vtype_t type, struct slice value)
{
	rd_kafka_vu_t made = {.vtype = type};

	/* librdkafka's type lacks const; MSG_F_COPY says that it copies */
	memcpy(&made.u.mem.ptr, &value.at, sizeof(made.u.mem.ptr));
	made.u.mem.size = value.size;
	return made;
}

static enum kafka_result settle_produce(
	struct kafka *kafka, rd_kafka_error_t *error)
{
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);
	enum kafka_result result = settle(kafka, error);

	if (is_the_records_fault(code))
		return KAFKA_REFUSED;
	if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		return KAFKA_AGAIN;
	/* The transaction has failed in the meantime. */
	if (code == RD_KAFKA_RESP_ERR__STATE)
		return KAFKA_FAILED;
	return result == KAFKA_AGAIN ? KAFKA_FAILED : result;
}

enum kafka_result kafka_produce(
	struct kafka *kafka, const struct event *event, struct slice payload)
{
	rd_kafka_vu_t parts[] = {
		{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = kafka->options.topic},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_OPAQUE,
			.u.ptr = (void *)(uintptr_t)
					 event->record->intake->number},
		bytes(RD_KAFKA_VTYPE_VALUE, payload),
		bytes(RD_KAFKA_VTYPE_KEY, event->key),
		header("content-type", SLICE("application/protobuf")),
		header("ce_specversion", SLICE("1.0")),
		header("ce_type", slice_of(event->type)),
		header("ce_source", event->source),
		header("ce_id", slice_of(event->id)),
		header("ce_time", slice_of(event->time)),
		header("ce_subject", slice_of(event->subject)),
	};
	size_t count = sizeof(parts) / sizeof(parts[0]);
	rd_kafka_error_t *error;

	if (!event->subject[0])
		count--; /* the attribute may be absent, but not empty */
	error = rd_kafka_produceva(kafka->producer, parts, count);
	return error ? settle_produce(kafka, error) : KAFKA_DONE;
}

static enum kafka_result send_position(struct kafka *kafka, uint64_t number)
{
	rd_kafka_topic_partition_list_t *list =
		position_list(kafka, (int64_t)number);
	rd_kafka_consumer_group_metadata_t *group =
		rd_kafka_consumer_group_metadata_new(kafka->group);
	enum kafka_result result =
		settle(kafka, rd_kafka_send_offsets_to_transaction(
				      kafka->producer, list, group, -1));

	rd_kafka_consumer_group_metadata_destroy(group);
	rd_kafka_topic_partition_list_destroy(list);
	kafka->offsets_sent = result == KAFKA_DONE;
	return result;
}

/* -1: the time that the transaction has left, as librdkafka asks for; with
 * less, its state and ours could part. */
enum kafka_result kafka_commit(struct kafka *kafka, uint64_t number)
{
	enum kafka_result result = KAFKA_DONE;

	if (!kafka->offsets_sent)
		result = send_position(kafka, number);
	if (result == KAFKA_DONE)
		result = settle(kafka,
			rd_kafka_commit_transaction(kafka->producer, -1));
	return result;
}

/* No abort: the next producer's init does that on the broker, and begins with
 * fresh sequence numbers, which this one after a refusal does not. */
uint64_t kafka_give_up(struct kafka *kafka)
{
	(void)rd_kafka_purge(kafka->producer,
		RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	/* hands out what became of each record */
	(void)rd_kafka_flush(kafka->producer, CALL_MS);
	return kafka->refused;
}

void kafka_listen(struct kafka *kafka)
{
	(void)rd_kafka_poll(kafka->producer, 0);
	(void)rd_kafka_poll(kafka->consumer, 0);
}

rd_kafka_t *kafka_producer(struct kafka *kafka)
{
	return kafka->producer;
}

rd_kafka_t *kafka_consumer(struct kafka *kafka)
{
	return kafka->consumer;
}
