/* service.c -- answers questions at the store's socket. */
#include "archiver/store/service.h"

#include "archiver/store/question.h"
#include "lib/frame.h"
#include "lib/log.h"
#include "lib/peers.h"
#include "lib/query_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct asker {
	struct service *service;
	pthread_t thread;
	struct frame_link *link; /* owned by the thread */
	int descriptor;          /* of the link, to wake the thread */
	uid_t uid;
	bool used; /* there is a thread to join */
	bool ended;
};

struct service {
	struct service_options options;
	int listener, wake;
	struct strangers strangers; /* the acceptor's alone */
	pthread_t acceptor;
	pthread_mutex_t lock; /* around askers' used, ended, descriptor */
	struct asker askers[SERVICE_ASKERS];
	atomic_bool stopping;
};

static void answer_all(struct asker *asker)
{
	struct service *service = asker->service;
	struct question_context context = {.index = service->options.index,
		.journal = service->options.journal,
		.audit = service->options.audit,
		.stopping = &service->stopping,
		.link = asker->link,
		.uid = asker->uid};
	struct frame frame;

	while (!atomic_load(&service->stopping) &&
		frame_receive(asker->link, &frame) == 0)
		if (frame.type != QUERY_REQUEST ||
			question_answer(&context, frame.payload) != 0)
			break;
}

static void *run_asker(void *context)
{
	struct asker *asker = context;
	struct service *service = asker->service;

	answer_all(asker);
	/* The descriptor must not be shut down by service_close any more. */
	pthread_mutex_lock(&service->lock);
	frame_link_close(&asker->link);
	asker->ended = true;
	pthread_mutex_unlock(&service->lock);
	return NULL;
}

/* A place for one more; those that ended are joined on the way. */
static struct asker *free_place(struct service *service)
{
	struct asker *found = NULL;

	for (int i = 0; i < SERVICE_ASKERS; i++) {
		struct asker *asker = &service->askers[i];
		bool join;

		pthread_mutex_lock(&service->lock);
		join = asker->used && asker->ended;
		pthread_mutex_unlock(&service->lock);
		if (join) {
			pthread_join(asker->thread, NULL);
			asker->used = false;
		}
		if (!asker->used)
			found = asker;
	}
	return found;
}

static bool set_patience(int descriptor)
{
	struct timeval patience = {.tv_sec = SERVICE_PATIENCE_S};
	int flags = fcntl(descriptor, F_GETFL);

	return flags >= 0 &&
	       fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) == 0 &&
	       setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) == 0;
}

static bool begin_asker(
	struct service *service, struct asker *asker, int descriptor)
{
	struct frame_limits limits = {.payload_bytes = QUERY_ROW_BYTES,
		.queued_bytes = QUERY_QUEUE_BYTES};
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (!set_patience(descriptor) ||
		getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) <
			0) {
		close(descriptor);
		return false;
	}
	*asker = (struct asker){.service = service,
		.descriptor = descriptor,
		.uid = peer.uid,
		.link = frame_link_new(descriptor, limits)};
	if (!asker->link)
		return false;
	asker->used =
		pthread_create(&asker->thread, NULL, run_asker, asker) == 0;
	if (!asker->used)
		frame_link_close(&asker->link);
	return asker->used;
}

static void refuse_asker(int descriptor, const char *sentence)
{
	struct frame_limits limits = {.payload_bytes = QUERY_ROW_BYTES,
		.queued_bytes = QUERY_QUEUE_BYTES};
	struct frame_link *link = frame_link_new(descriptor, limits);

	/* Whether he hears it is his affair. */
	if (link && question_refuse(link, sentence) != 0)
		log_info("An asker left before he was told why");
	frame_link_close(&link);
}

static void accept_one(struct service *service)
{
	int descriptor = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC);
	char who[PEER_TEXT_BYTES];
	struct asker *place;

	if (descriptor < 0)
		return;
	if (!peer_is(descriptor, PEER_PEOPLE, who)) {
		strangers_say(&service->strangers, who);
		refuse_asker(descriptor,
			"The store answers root, its own user and members of "
			"the group sipwarden.");
		return;
	}
	place = free_place(service);
	if (!place) {
		refuse_asker(descriptor,
			"The store has as many askers as it can bear; ask "
			"again later.");
		return;
	}
	if (!begin_asker(service, place, descriptor))
		log_warn("An asker could not be served reason=\"%s\"",
			strerror(errno));
}

static void *run_acceptor(void *context)
{
	struct service *service = context;
	struct pollfd wanted[] = {{.fd = service->listener, .events = POLLIN},
		{.fd = service->wake, .events = POLLIN}};

	while (!atomic_load(&service->stopping)) {
		if (poll(wanted, 2, -1) < 0 && errno != EINTR)
			log_fatal("The socket of the store failed "
				  "reason=\"%s\"",
				strerror(errno));
		if (wanted[0].revents)
			accept_one(service);
	}
	return NULL;
}

int service_open(
	const struct service_options *options, struct service **service)
{
	struct service *made = calloc(1, sizeof(*made));
	int error = ENOMEM;

	*service = NULL;
	if (!made)
		return error;
	made->options = *options;
	pthread_mutex_init(&made->lock, NULL);
	made->wake = eventfd(0, EFD_CLOEXEC);
	error = made->wake < 0 ? errno
			       : frame_listen(options->socket, &made->listener);
	if (!error) {
		error = pthread_create(
			&made->acceptor, NULL, run_acceptor, made);
		if (error)
			close(made->listener);
	}
	if (!error) {
		*service = made;
		return 0;
	}
	if (made->wake >= 0)
		close(made->wake);
	pthread_mutex_destroy(&made->lock);
	free(made);
	return error;
}

/* Wakes whoever waits in a read or write. */
static void hang_up(struct service *service)
{
	pthread_mutex_lock(&service->lock);
	for (int i = 0; i < SERVICE_ASKERS; i++)
		if (service->askers[i].used && !service->askers[i].ended)
			(void)shutdown(
				service->askers[i].descriptor, SHUT_RDWR);
	pthread_mutex_unlock(&service->lock);
}

void service_close(struct service **service)
{
	struct service *old = *service;
	uint64_t one = 1;

	if (!old)
		return;
	atomic_store(&old->stopping, true);
	must(write(old->wake, &one, sizeof(one)) == sizeof(one));
	pthread_join(old->acceptor, NULL);
	hang_up(old);
	for (int i = 0; i < SERVICE_ASKERS; i++)
		if (old->askers[i].used)
			pthread_join(old->askers[i].thread, NULL);
	close(old->listener);
	close(old->wake);
	(void)unlink(old->options.socket);
	pthread_mutex_destroy(&old->lock);
	free(old);
	*service = NULL;
}
