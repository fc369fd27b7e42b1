/* peers.c -- who is at the other end of a local socket, and whether he may be.
 */
#include "lib/peers.h"

#include "lib/clock.h"
#include "lib/log.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NAME_ROOM_BYTES = 16384, GROUPS_MOST = 64, SAY_EACH_MS = 10000 };

static const char people_group[] = "sipwarden";

/* Filled once, at start, before there are threads. A scanner's worker has its
 * parent's user. */
static struct {
	bool known;
	uid_t user;
} users[PROGRAMS];

static void know(enum program program, const char *name)
{
	char room[NAME_ROOM_BYTES];
	struct passwd person, *found = NULL;
	unsigned long number;
	char *end;

	users[program].known = false;
	if (!name)
		return;
	number = strtoul(name, &end, 10);
	if (end != name && !*end && number < (uid_t)-1)
		users[program].user = (uid_t)number;
	else if (getpwnam_r(name, &person, room, sizeof(room), &found) == 0 &&
		 found)
		users[program].user = person.pw_uid;
	else
		return;
	users[program].known = true;
}

void peers_know(const struct settings *settings)
{
	know(PROGRAM_PROXY, settings->program_users.proxy);
	know(PROGRAM_SCANNER, settings->program_users.scanner);
	know(PROGRAM_ARCHIVER, settings->program_users.archiver);
	know(PROGRAM_PUBLISHER, settings->program_users.publisher);
	know(PROGRAM_STORE, settings->program_users.store);
}

static bool is_program(uid_t user)
{
	for (size_t i = 0; i < PROGRAMS; i++)
		if (users[i].known && users[i].user == user)
			return true;
	return false;
}

/* Looked up each time: people join and leave while we run. */
static bool is_in_group(uid_t user, gid_t group)
{
	char group_room[NAME_ROOM_BYTES], room[NAME_ROOM_BYTES];
	struct group ours, *found_group = NULL;
	struct passwd person, *found = NULL;
	gid_t groups[GROUPS_MOST];
	int count = GROUPS_MOST;

	if (getgrnam_r(people_group, &ours, group_room, sizeof(group_room),
		    &found_group) != 0 ||
		!found_group)
		return false;
	if (group == ours.gr_gid)
		return true;
	if (getpwuid_r(user, &person, room, sizeof(room), &found) != 0 ||
		!found ||
		getgrouplist(person.pw_name, group, groups, &count) < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (groups[i] == ours.gr_gid)
			return true;
	return false;
}

static bool is_person(const struct ucred *peer)
{
	if (is_program(peer->uid))
		return false;
	return peer->uid == 0 || is_in_group(peer->uid, peer->gid);
}

bool peer_is(int descriptor, unsigned expected, char who[PEER_TEXT_BYTES])
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	(void)snprintf(who, PEER_TEXT_BYTES, "user=unknown");
	if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	(void)snprintf(who, PEER_TEXT_BYTES, "user=%u process=%d",
		(unsigned)peer.uid, (int)peer.pid);
	if (peer.uid == geteuid())
		return true;
	for (unsigned i = 0; i < PROGRAMS; i++)
		if (expected & PEER(i) && users[i].known &&
			users[i].user == peer.uid)
			return true;
	return expected & PEER_PEOPLE && is_person(&peer);
}

void strangers_say(struct strangers *strangers, const char *who)
{
	const uint64_t now_ms = clock_steady_ms();

	if (strangers->said_ms && now_ms - strangers->said_ms < SAY_EACH_MS) {
		strangers->unsaid++;
		return;
	}
	log_warn("A stranger was turned away at the socket, see "
		 "program_users %s unsaid_before=%u",
		who, strangers->unsaid);
	*strangers = (struct strangers){.said_ms = now_ms};
}
