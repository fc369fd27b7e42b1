/* options.h -- what the load generator is told on its command line. */
#ifndef TESTS_LOAD_OPTIONS_H
#define TESTS_LOAD_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { OPTIONS_ADDRESSES = 16 };

struct endpoint {
	struct sockaddr_storage address;
	socklen_t size;
};

struct endpoints {
	struct endpoint list[OPTIONS_ADDRESSES];
	size_t count;
};

enum kind {
	KIND_MESSAGE,
	KIND_DIALOG,
	KIND_PRESENCE,
	KIND_ATTACHMENT,
	KIND_INFECTED,
	KIND_FORBIDDEN,
	KIND_OPTIONS,
	KINDS
};
extern const char *const kind_names[KINDS];

struct words {
	char *text;  /* owned, the words end with NUL */
	char **list; /* owned, points into text */
	size_t count;
};

struct options {
	struct endpoints servers;   /* receivers register here */
	struct endpoints doors;     /* senders send here; else servers */
	struct endpoints senders;   /* own addresses, port 0 */
	struct endpoints receivers; /* own addresses, port 0 */
	bool tcp;
	unsigned sender_count, receiver_count;
	const char *domain, *sender_domain, *forbidden_word, *log;
	struct words words;
	double rate, seconds, drain_seconds, register_seconds;
	uint64_t seed;
	unsigned text_bytes;
	unsigned mix[KINDS], mix_sum;
	bool retransmit, registers;
	unsigned receiver_port; /* of r0; 0: any */
};

/* Exits with 2 and a sentence on stderr on anything it does not know. */
void options_read(struct options *options, int count, char **arguments);
void options_release(struct options *options);
void endpoint_set_port(struct endpoint *endpoint, unsigned port);
/* "127.0.0.1:5060", "[::1]:5060"; without port for an own address. */
bool endpoint_read(const char *text, bool with_port, struct endpoint *endpoint);

#endif
