/* archiving.c -- one record of the message, durable where it must be.
 *
 * The record says what will be sent on each branch, so the hops are planned
 * here. What carries people's words waits until the record is on the disk; all
 * else is recorded in the same order and not waited for.
 */
#include "proxy/archiving/archiving.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/archiving/archive_link.h"
#include "proxy/archiving/records.h"
#include "proxy/archiving/same_text.h"
#include "proxy/hop.h"
#include "proxy/order.h"
#include "proxy/worker.h"

#include <errno.h>

struct waiter {
	struct archive_wait wait;
	struct passage *passage; /* borrowed: it cancels when it goes */
};

/* The whole type: one that only begins like these may carry anything. */
static bool is_signalling_type(struct slice type)
{
	static const struct slice types[] = {{"application/sdp", 15},
		{"application/pidf+xml", 20}, {"application/xpidf+xml", 21},
		{"text/xml+msrtc.pidf", 19}};
	struct slice name = {NULL, 0}; /* stays so without a type */

	(void)slice_cut(&type, ';', &name);
	name = slice_trim(name);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_equal_nocase(name, types[i]))
			return true;
	return false;
}

/* Words of people, in whatever place. */
static bool has_content(const struct message *message)
{
	if (message->is_request && message->method == METHOD_MESSAGE)
		return true;
	if (message_header(message, HEADER_MS_TEXT_FORMAT, NULL) ||
		message_header(message, HEADER_SUBJECT, NULL))
		return true;
	return message->body.size > 0 &&
	       !is_signalling_type(message->content_type);
}

static bool must_wait(const struct passage *passage)
{
	if (!passage->worker->proxy->settings->archive.required)
		return false;
	return has_content(passage->versions[0].message) ||
	       has_content(passage_message(passage));
}

static void waited(struct archive_wait *wait, int result)
{
	struct passage *passage = ((struct waiter *)wait)->passage;

	passage->archive_failed = result != 0;
	passage_resume(passage);
}

void archiving_forget(struct passage *passage)
{
	if (passage->archive_wait)
		archive_wait_cancel(passage->archive_wait);
}

static bool plan_hops(struct passage *passage)
{
	for (struct branch *branch = passage->branches; branch;
		branch = branch->next)
		if (branch->state == BRANCH_PLANNED && !hop_plan(branch))
			return false;
	return true;
}

/* Whatever was to become of it: it could not be recorded. */
static void refuse_unrecorded(
	struct passage *passage, unsigned status, const char *reason)
{
	passage->disposition = DISPOSITION_FORWARD;
	for (struct branch *branch = passage->branches; branch;
		branch = branch->next)
		branch->state = BRANCH_REFUSED;
	passage->tell_sender = false;
	passage_answer(passage, status, slice_of(reason),
		status == 503 ? SLICE("Retry-After: 5\r\n") : slice_of(NULL));
}

static void submit(struct passage *passage, struct archive_wait *wait)
{
	Sipwarden__Record__Record record;
	int error = ENOMEM;

	record_ids(passage);
	same_text_note(passage->worker->same_texts, passage);
	if (record_of_message(passage, &record))
		error = archive_submit(passage->worker->archive, &record,
			&passage->submission, wait);
	passage->submitted = true;
	if (!error)
		return;
	passage->archive_wait = NULL;
	if (error == ENOBUFS)
		refuse_unrecorded(
			passage, 503, "The archive is away, try again later");
	else
		refuse_unrecorded(passage, 513, "Message Too Large");
}

static enum progress record(struct passage *passage)
{
	struct waiter *waiter = NULL;

	if (passage->disposition == DISPOSITION_FORWARD &&
		!plan_hops(passage)) {
		refuse_unrecorded(passage, 513, "Message Too Large");
		return PROGRESS_NEXT;
	}
	if (!passage->worker->archive) {
		passage->submitted = true; /* archive.record: false */
		return PROGRESS_NEXT;
	}
	if (must_wait(passage)) {
		waiter = arena_take(passage->arena, sizeof(*waiter));
		if (!waiter) {
			refuse_unrecorded(passage, 513, "Message Too Large");
			return PROGRESS_NEXT;
		}
		waiter->passage = passage;
		waiter->wait.done = waited;
		passage->archive_wait = &waiter->wait;
	}
	submit(passage, passage->archive_wait);
	return passage->archive_wait ? PROGRESS_WAIT : PROGRESS_NEXT;
}

enum progress archiving_step(struct passage *passage)
{
	if (passage->unrecorded)
		return PROGRESS_NEXT;
	if (!order_is_next(passage)) {
		passage->order.waits = true;
		return PROGRESS_WAIT;
	}
	passage->order.waits = false;
	if (!passage->submitted)
		return record(passage);
	/* Called for another reason: it is not on the disk yet. */
	if (passage->archive_wait && passage->archive_wait->link)
		return PROGRESS_WAIT;
	if (passage->archive_failed)
		refuse_unrecorded(
			passage, 503, "The archive is away, try again later");
	return PROGRESS_NEXT;
}

void archiving_event(struct passage *passage, struct branch *branch,
	const char *event, unsigned status)
{
	struct branch_event *made = arena_take(passage->arena, sizeof(*made)),
			    **end = &passage->events;

	if (!made)
		return;
	made->branch = branch ? branch->number : 0;
	made->event = event;
	made->status = status;
	made->at_us = clock_wall_us();
	while (*end)
		end = &(*end)->next;
	*end = made;
}

void archiving_outcome(struct passage *passage)
{
	Sipwarden__Record__Record record;
	uint64_t sequence;

	if (!passage->submission || !passage->events)
		return;
	if (!record_of_outcome(passage, &record) ||
		archive_submit(passage->worker->archive, &record, &sequence,
			NULL) != 0)
		log_warn("An outcome could not be recorded call_id=%.*s",
			SLICE_ARGS(passage->versions[0].message->call_id));
	passage->events = NULL;
}
