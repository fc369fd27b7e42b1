/* calls.h -- what a program may ask of the kernel (seccomp).
 *
 * A list of what is allowed, by groups. What is on no list is "not there"
 * (ENOSYS: libraries then do without). What no program of ours has a reason
 * for, and who asks for it is not ours any more, ends the process.
 */
#ifndef LIB_PRIVILEGES_CALLS_H
#define LIB_PRIVILEGES_CALLS_H

#include <stdbool.h>

enum calls_right {
	CALLS_NETWORK = 1,  /* sockets of IPv4, IPv6 and netlink */
	CALLS_CHILDREN = 2, /* processes of its own, which confine themselves */
	CALLS_LOCAL = 4     /* local sockets and threads */
};

/* True when this kernel and this build can have a filter. */
bool calls_can_be_filtered(void);

/* Filters all threads of this process and all it begins, for good. Needs
 * no_new_privs. 0 or errno. */
int calls_confine(unsigned rights) __attribute__((warn_unused_result));

#endif
