/* order.c -- messages of one Call-ID and direction leave as they arrived. */
#include "proxy/order.h"

#include "lib/log.h"
#include "lib/map.h"
#include "proxy/worker.h"

#include <stdlib.h>

struct order_line {
	UT_hash_handle hh;
	struct passage *first, *last; /* borrowed */
	unsigned size;
	char name[]; /* Call-ID NUL sender's tag */
};

struct order {
	struct order_line *lines; /* owned, by name */
};

struct order *order_new(void)
{
	return calloc(1, sizeof(struct order));
}

void order_release(struct order **order)
{
	struct order_line *line, *next;

	if (!*order)
		return;
	HASH_ITER (hh, (*order)->lines, line, next) {
		HASH_DEL((*order)->lines, line);
		free(line);
	}
	free(*order);
	*order = NULL;
}

/* A request comes from the owner of its From tag, a response from that of its
 * To tag: so both kinds of one side share a line. */
static struct order_line *line_new(const struct passage *passage)
{
	const struct message *message = passage_message(passage);
	struct slice tag =
		message->is_request ? message->from_tag : message->to_tag;
	size_t size = message->call_id.size + 1 + tag.size;
	struct order_line *line = calloc(1, sizeof(*line) + size + 1);

	if (!line)
		return NULL;
	memcpy(line->name, message->call_id.at, message->call_id.size);
	if (tag.size)
		memcpy(line->name + message->call_id.size + 1, tag.at,
			tag.size);
	line->size = (unsigned)size;
	return line;
}

bool order_join(struct order *order, struct passage *passage)
{
	struct order_line *made = line_new(passage), *line;

	if (!made)
		return false;
	HASH_FIND(hh, order->lines, made->name, made->size, line);
	if (line) {
		free(made);
	} else {
		line = made;
		HASH_ADD_KEYPTR(hh, order->lines, line->name, line->size, line);
	}
	passage->order.line = line;
	if (line->last)
		line->last->order.next = passage;
	else
		line->first = passage;
	line->last = passage;
	return true;
}

bool order_is_next(const struct passage *passage)
{
	return !passage->order.line || passage->order.line->first == passage;
}

static void unlink_passage(struct order_line *line, struct passage *passage)
{
	struct passage **at = &line->first, *before = NULL;

	while (*at != passage) {
		must(*at != NULL);
		before = *at;
		at = &before->order.next;
	}
	*at = passage->order.next;
	if (line->last == passage)
		line->last = before;
}

void order_leave(struct order *order, struct passage *passage)
{
	struct order_line *line = passage->order.line;
	bool was_first;

	if (!line)
		return;
	was_first = line->first == passage;
	unlink_passage(line, passage);
	passage->order.line = NULL;
	passage->order.next = NULL;
	if (!line->first) {
		HASH_DEL(order->lines, line);
		free(line);
	} else if (was_first && line->first->order.waits) {
		passage_wake(line->first);
	}
}
