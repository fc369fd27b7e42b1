/* events.c -- what is told to the host at the end of the turn. */
#include "lib/log.h"
#include "proxy/transports/inside.h"

#include <stdlib.h>

static void event_add(struct transports *transports, const struct event *event)
{
	struct events *events = &transports->events;

	if (events->count == events->room) {
		size_t room = events->room ? events->room * 2 : 64;
		struct event *list =
			realloc(events->list, room * sizeof(*list));

		/* The transaction's own timers end what is not told. */
		if (!list) {
			log_error("no memory to tell what was not sent "
				  "worker=%u",
				transports->worker);
			return;
		}
		events->list = list;
		events->room = room;
	}
	events->list[events->count++] = *event;
	turn_end_ask(&transports->turn_end);
}

void event_send_failed(struct transports *transports, uint16_t worker,
	uint64_t token, int error)
{
	transports->counts.send_failed++;
	if (token != 0)
		event_add(transports, &(struct event){.kind = EVENT_SEND_FAILED,
					      .token = token,
					      .error = error,
					      .worker = worker});
}

void event_connection_closed(
	struct transports *transports, const struct connection_name *connection)
{
	event_add(transports, &(struct event){.kind = EVENT_CONNECTION_CLOSED,
				      .connection = *connection});
}

static void tell(struct transports *transports, const struct event *event)
{
	struct transports_host *host = &transports->host;

	if (event->kind == EVENT_CONNECTION_CLOSED) {
		host->connection_closed(host->context, &event->connection);
		crossing_closed(transports, &event->connection);
	} else if (event->worker == transports->worker) {
		host->send_failed(host->context, event->token, event->error);
	} else {
		crossing_failed(
			transports, event->worker, event->token, event->error);
	}
}

void events_tell(struct transports *transports)
{
	/* The host may send, and fail, from within: those are told later. */
	struct events now = transports->events;

	transports->events = (struct events){0};
	for (size_t i = 0; i < now.count; i++)
		tell(transports, &now.list[i]);
	if (transports->events.list) {
		free(now.list);
	} else {
		transports->events.list = now.list;
		transports->events.room = now.room;
	}
}
