/* standing.c -- where to go on: what Kafka says, and what the local copy says.
 */
#include "archiver/publisher/standing.h"

#include "lib/clock.h"
#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COPY_MS = 5000 };

int standing_open(struct standing *standing, const char *folder,
	const struct position_name *name)
{
	int size = snprintf(
		standing->file, sizeof(standing->file), "%s/position", folder);

	standing->name = *name;
	return size < (int)sizeof(standing->file) ? 0 : ENAMETOOLONG;
}

/* Kafka's position counts; one behind the copy means that Kafka has lost
 * records that it had acknowledged. */
static void compare(struct standing *standing, uint64_t number)
{
	uint64_t copy = 0;

	if (position_read(standing->file, &standing->name, &copy) == 0 &&
		copy > number)
		log_error("Kafka is behind what it had acknowledged, as after "
			  "a restored backup; publishing goes on from where it "
			  "stands record=%" PRIu64 " acknowledged=%" PRIu64,
			number, copy);
}

static void say_unreadable(struct standing *standing, int error)
{
	if (!standing->unreadable)
		log_error("Kafka has no position of this node and its local "
			  "copy cannot be read, so nothing is published; put "
			  "the file right, or remove it to publish everything "
			  "file=%s reason=\"%s\"",
			standing->file, strerror(error));
	standing->unreadable = true;
}

/* The copy is the best there is: *number, 0 when there never was one. */
static bool take_copy(
	struct standing *standing, uint64_t known, uint64_t *number)
{
	int error = position_read(standing->file, &standing->name, number);

	if (error && error != ENOENT && !known) {
		say_unreadable(standing, error);
		return false;
	}
	if (error)
		*number = 0;
	if (known > *number)
		*number = known;
	if (*number)
		log_error("Kafka has lost the position of this node (it "
			  "expires, and goes with its topic); publishing goes "
			  "on from the local copy, and records published after "
			  "that was written come twice. To publish everything "
			  "again: stop, remove the file, start "
			  "group=sipwarden.journal.%" PRIu32
			  " topic=%s file=%s record=%" PRIu64,
			standing->name.node, standing->name.topic,
			standing->file, *number);
	return true;
}

bool standing_settle(
	struct standing *standing, uint64_t known, uint64_t *number)
{
	if (!*number)
		return take_copy(standing, known, number);
	compare(standing, *number);
	return true;
}

void standing_copy(struct standing *standing, uint64_t committed)
{
	int error;

	standing->copied_ms = clock_steady_ms();
	if (standing->copied == committed || !committed)
		return;
	error = position_write(standing->file, &standing->name, committed);
	if (!error)
		standing->copied = committed;
	else if (!standing->copy_failed)
		log_warn("The local copy of the position cannot be written; "
			 "see that there is room and the folder ours file=%s "
			 "reason=\"%s\"",
			standing->file, strerror(error));
	standing->copy_failed = error != 0;
}

void standing_renew(struct standing *standing, uint64_t committed)
{
	if (!standing->copied ||
		clock_steady_ms() - standing->copied_ms >= COPY_MS)
		standing_copy(standing, committed);
}
