/* control.c -- where a running program is asked how it does and told to reload.
 */
#include "lib/control.h"

#include "lib/clock.h"
#include "lib/frame.h"
#include "lib/log.h"
#include "lib/peers.h"
#include "lib/query_protocol.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ASKERS = 16,
	ASKER_MS = 5000,   /* to say what he wants */
	READER_MS = 5000,  /* to read on */
	ANSWER_MS = 60000, /* one answer in all */
	QUEUE_BYTES = 2 * CONTROL_ROW_BYTES,
	EVENTS = 8
};

struct asker {
	struct frame_link *link; /* owned; NULL: free */
	uint64_t until_ms;
};

struct control {
	struct control_host host;
	enum control_program program;
	char path[CONTROL_PATH_BYTES];
	int events, listener; /* an epoll, with the other in it */
	int wake;             /* of the thread; -1: there is none */
	pthread_t thread;
	atomic_bool stopping;
	uint64_t began_ms;
	struct strangers strangers;
	struct asker askers[ASKERS];
};

struct control_reply {
	struct control *control;
	struct frame_link *link; /* borrowed */
	uint64_t until_ms;
	bool over; /* the last word has been said, or nobody hears it */
};

static const char *const words[CONTROL_PROGRAMS] = {
	[CONTROL_PROXY] = "proxy",
	[CONTROL_SCANNER] = "scanner",
	[CONTROL_ARCHIVER] = "archiver",
	[CONTROL_PUBLISHER] = "publisher",
	[CONTROL_STORE] = "store",
};

const char *control_program_word(enum control_program program)
{
	return words[program];
}

/* Beside the socket that a program has for its work, so that the folder and
 * who may enter it are the same. */
bool control_path(const struct settings *settings, enum control_program program,
	char path[CONTROL_PATH_BYTES])
{
	const char *const sockets[CONTROL_PROGRAMS] = {
		[CONTROL_PROXY] = settings->server.socket,
		[CONTROL_SCANNER] = settings->scanner.socket,
		[CONTROL_ARCHIVER] = settings->archive.socket,
		[CONTROL_PUBLISHER] = settings->kafka.socket,
		[CONTROL_STORE] = settings->store.socket,
	};
	bool alone = program == CONTROL_PROXY || program == CONTROL_PUBLISHER;

	return snprintf(path, CONTROL_PATH_BYTES, "%s%s", sockets[program],
		       alone ? "" : ".control") < CONTROL_PATH_BYTES;
}

/* --- answers -------------------------------------------------------------- */

/* Waits for the asker only where there is a thread to wait. */
static bool flush_all(struct control_reply *reply)
{
	struct pollfd wanted = {
		.fd = frame_link_descriptor(reply->link), .events = POLLOUT};
	int patience_ms = reply->control->wake < 0 ? 0 : READER_MS;

	while (frame_wants_to_write(reply->link)) {
		if (clock_steady_ms() >= reply->until_ms ||
			atomic_load(&reply->control->stopping) ||
			poll(&wanted, 1, patience_ms) <= 0 ||
			frame_flush(reply->link) != 0)
			return false;
	}
	return true;
}

static bool send_json(struct control_reply *reply, uint32_t type, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	bool sent = text && !reply->over &&
		    frame_send(reply->link, type, slice_of(text)) == 0 &&
		    flush_all(reply);

	free(text);
	json_decref(value);
	reply->over |= !sent;
	return sent;
}

bool control_row(struct control_reply *reply, json_t *row)
{
	return send_json(reply, QUERY_ROW, row);
}

void control_done(struct control_reply *reply, json_t *done)
{
	(void)send_json(reply, QUERY_DONE, done);
	reply->over = true;
}

void control_refuse(struct control_reply *reply, const char *format, ...)
{
	char sentence[CONTROL_SENTENCE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	(void)send_json(
		reply, QUERY_ERROR, json_pack("{s:s}", "error", sentence));
	reply->over = true;
}

static void answer_stats(struct control_reply *reply)
{
	struct control *control = reply->control;
	json_t *done;

	if (control->host.refresh)
		control->host.refresh(control->host.context);
	done = json_pack("{s:s,s:s,s:I,s:i,s:o}", "program",
		words[control->program], "version", SIPWARDEN_VERSION, "up_s",
		(json_int_t)((clock_steady_ms() - control->began_ms) / 1000),
		"pid", (int)getpid(), "values",
		stats_json(control->host.stats));
	if (done && control->host.more)
		control->host.more(control->host.context, done);
	control_done(reply, done);
}

static void dispatch(struct control_reply *reply, const json_t *request)
{
	const struct control_host *host = &reply->control->host;
	const char *wanted = json_string_value(json_object_get(request, "do"));

	if (wanted && strcmp(wanted, "stats") == 0) {
		answer_stats(reply);
		return;
	}
	for (size_t i = 0; wanted && i < host->command_count; i++)
		if (strcmp(wanted, host->commands[i].name) == 0) {
			host->commands[i].run(host->context, request, reply);
			return;
		}
	control_refuse(reply, "The %s does not know how to do that.",
		words[reply->control->program]);
}

static void answer(
	struct control *control, struct frame_link *link, struct slice payload)
{
	struct control_reply reply = {.control = control,
		.link = link,
		.until_ms = clock_steady_ms() + ANSWER_MS};
	json_t *request =
		payload.size <= CONTROL_REQUEST_BYTES
			? json_loadb(payload.at, payload.size, 0, NULL)
			: NULL;

	if (json_is_object(request))
		dispatch(&reply, request);
	else
		control_refuse(&reply,
			"A question is one JSON object of at most %d bytes.",
			CONTROL_REQUEST_BYTES);
	if (!reply.over)
		control_done(&reply, json_object());
	json_decref(request);
}

/* --- askers --------------------------------------------------------------- */

/* A child that was forked meanwhile may hold it open: it leaves the epoll by
 * name. */
static void end_asker(struct control *control, struct asker *asker)
{
	if (asker->link)
		(void)epoll_ctl(control->events, EPOLL_CTL_DEL,
			frame_link_descriptor(asker->link), NULL);
	frame_link_close(&asker->link);
}

static int watch(const struct control *control, int descriptor, void *who)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};

	return epoll_ctl(control->events, EPOLL_CTL_ADD, descriptor, &event) < 0
		       ? errno
		       : 0;
}

static struct asker *free_place(struct control *control)
{
	for (int i = 0; i < ASKERS; i++)
		if (!control->askers[i].link)
			return &control->askers[i];
	return NULL;
}

static void accept_one(struct control *control)
{
	const struct frame_limits limits = {.payload_bytes = CONTROL_ROW_BYTES,
		.queued_bytes = QUEUE_BYTES};
	struct asker *asker = free_place(control);
	char who[PEER_TEXT_BYTES];
	int descriptor = accept4(
		control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (descriptor < 0)
		return;
	if (!peer_is(descriptor, PEER_PEOPLE, who)) {
		strangers_say(&control->strangers, who);
		close(descriptor);
		return;
	}
	if (!asker) {
		close(descriptor);
		return;
	}
	asker->link = frame_link_new(descriptor, limits);
	asker->until_ms = clock_steady_ms() + ASKER_MS;
	if (asker->link && watch(control, descriptor, asker) != 0)
		end_asker(control, asker);
}

/* One question for each connection. */
static void hear(struct control *control, struct asker *asker)
{
	struct frame frame;
	int error = asker->link ? frame_receive(asker->link, &frame) : EAGAIN;

	if (error == EAGAIN)
		return;
	if (!error && frame.type == QUERY_REQUEST)
		answer(control, asker->link, frame.payload);
	end_asker(control, asker);
}

/* Who says nothing loses his place. True when there are others who may. */
static bool end_late(struct control *control)
{
	uint64_t now_ms = clock_steady_ms();
	bool any = false;

	for (int i = 0; i < ASKERS; i++) {
		struct asker *asker = &control->askers[i];

		if (asker->link && asker->until_ms <= now_ms)
			end_asker(control, asker);
		any |= asker->link != NULL;
	}
	return any;
}

void control_turn(struct control *control)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(control->events, events, EVENTS, 0);

	(void)end_late(control);
	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr == &control->listener)
			accept_one(control);
		else
			hear(control, events[i].data.ptr);
	}
}

int control_descriptor(const struct control *control)
{
	return control->events;
}

/* --- start and end -------------------------------------------------------- */

static int open_all(struct control *control)
{
	int error = frame_listen(control->path, &control->listener);

	if (error)
		return error;
	control->events = epoll_create1(EPOLL_CLOEXEC);
	if (control->events < 0)
		return errno;
	return watch(control, control->listener, &control->listener);
}

struct control *control_open(const struct settings *settings,
	enum control_program program, const struct control_host *host)
{
	struct control *control = calloc(1, sizeof(*control));
	int error;

	if (!control)
		return NULL;
	control->host = *host;
	control->program = program;
	control->began_ms = clock_steady_ms();
	control->events = control->listener = control->wake = -1;
	error = control_path(settings, program, control->path)
			? open_all(control)
			: ENAMETOOLONG;
	if (!error)
		return control;
	log_warn("Nobody can ask this program how it does: %s; it works all "
		 "the same event=control-closed socket=%s",
		error == EADDRINUSE ? "another one answers there"
				    : strerror(error),
		control->path);
	control_close(&control);
	return NULL;
}

static void *run(void *argument)
{
	struct control *control = argument;
	struct pollfd wanted[] = {{.fd = control->events, .events = POLLIN},
		{.fd = control->wake, .events = POLLIN}};

	while (!atomic_load(&control->stopping)) {
		int patience_ms = end_late(control) ? ASKER_MS : -1;

		if (poll(wanted, 2, patience_ms) < 0 && errno != EINTR)
			log_fatal("The control socket failed reason=\"%s\"",
				strerror(errno));
		if (wanted[0].revents)
			control_turn(control);
	}
	return NULL;
}

/* Signals are other threads' affair. */
static bool start_thread(struct control *control)
{
	sigset_t all, before;
	bool started;

	control->wake = eventfd(0, EFD_CLOEXEC);
	if (control->wake < 0)
		return false;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&control->thread, NULL, run, control) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		return true;
	close(control->wake);
	control->wake = -1;
	return false;
}

struct control *control_start(const struct settings *settings,
	enum control_program program, const struct control_host *host)
{
	struct control *control = control_open(settings, program, host);

	if (control && !start_thread(control)) {
		log_warn("Nobody can ask this program how it does: no thread "
			 "can be started; it works all the same "
			 "event=control-closed socket=%s",
			control->path);
		control_close(&control);
	}
	return control;
}

void control_close(struct control **control)
{
	struct control *old = *control;

	if (!old)
		return;
	if (old->wake >= 0) {
		atomic_store(&old->stopping, true);
		(void)eventfd_write(old->wake, 1);
		pthread_join(old->thread, NULL);
		close(old->wake);
	}
	for (int i = 0; i < ASKERS; i++)
		end_asker(old, &old->askers[i]);
	if (old->listener >= 0) {
		(void)unlink(old->path);
		close(old->listener);
	}
	if (old->events >= 0)
		close(old->events);
	free(old);
	*control = NULL;
}
