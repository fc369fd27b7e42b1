/* user_services.c -- requests that this server itself answers. */
#include "proxy/routing/user_services/user_services.h"

#include "proxy/routing/routing.h"
#include "proxy/worker.h"

static const char allow[] =
	"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, "
	"PRACK, REFER, SUBSCRIBE, NOTIFY, REGISTER\r\n";

bool user_services_take(const struct passage *passage, const struct uri *uri)
{
	const struct message *message = passage_message(passage);
	const struct worker *worker = passage->worker;

	if (!host_is_ours(worker, uri->host, uri->port))
		return false;
	switch (message->method) {
	case METHOD_REGISTER:
	case METHOD_PUBLISH:
	case METHOD_SERVICE:
		return true;
	case METHOD_SUBSCRIBE:
		return !message->to_tag.at;
	case METHOD_OPTIONS:
		return !uri->user.at;
	default:
		return false;
	}
}

enum progress user_services_step(struct passage *passage)
{
	switch (passage_message(passage)->method) {
	case METHOD_REGISTER:
		return registrar_step(passage);
	case METHOD_OPTIONS:
		passage_answer(passage, 200, slice_of("OK"), slice_of(allow));
		break;
	case METHOD_SERVICE:
		passage_answer(passage, 501, slice_of("Not Implemented"),
			slice_of(NULL));
		break;
	default: /* RFC 6665 8.3.2: no event package is kept here yet */
		passage_answer(passage, 489, slice_of("Bad Event"),
			slice_of("Allow-Events: \r\n"));
		break;
	}
	return PROGRESS_NEXT;
}
