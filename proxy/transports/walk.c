/* walk.c -- shows the connections of a worker, a piece at a time. */
#include "proxy/transports/inside.h"

size_t transports_connections(const struct transports *transports)
{
	return connections_count(transports->connections);
}

static struct connection_view view_of(const struct connection *connection)
{
	static const char *const words[] = {
		[CONNECTION_CONNECTING] = "connecting",
		[CONNECTION_OPEN] = "open",
		[CONNECTION_ENDING] = "ending",
		[CONNECTION_CLOSED] = "closed"};

	return (struct connection_view){.name = connection->name,
		.state = words[connection->state],
		.peer = &connection->peer,
		.local = &connection->local,
		.opened_by_us = connection->opened_by_us,
		.unfinished_bytes = connection->in_size,
		.queued_bytes =
			(size_t)(connection->queued - connection->written)};
}

bool transports_walk(const struct transports *transports, uint32_t *cursor,
	size_t most, connection_fn *show, void *context)
{
	for (size_t i = 0; i < most; i++) {
		const struct connection *connection =
			connections_next(transports->connections, cursor);
		struct connection_view view;

		if (!connection)
			return false;
		view = view_of(connection);
		show(context, &view);
	}
	return true;
}
