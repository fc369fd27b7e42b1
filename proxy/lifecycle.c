/* lifecycle.c -- the words of the step table. */
#include "proxy/lifecycle.h"

const char *lifecycle_word(enum lifecycle_step step)
{
	switch (step) {
	case LIFECYCLE_TRANSPORTS:
		return "transports";
	case LIFECYCLE_PARSE:
		return "parse";
	case LIFECYCLE_TRANSACTIONS:
		return "transactions";
	case LIFECYCLE_AUTHORIZATION:
		return "authorization";
	case LIFECYCLE_IDENTITY:
		return "identity";
	case LIFECYCLE_BEFORE_ROUTING:
		return "before-routing";
	case LIFECYCLE_ROUTING:
		return "routing";
	case LIFECYCLE_AFTER_ROUTING:
		return "after-routing";
	case LIFECYCLE_CHOICE:
		return "choice";
	case LIFECYCLE_ARCHIVING:
		return "archiving";
	case LIFECYCLE_FORWARD:
		return "forward";
	case LIFECYCLE_STEPS:
		break;
	}
	return "done";
}
