/* before_routing.c -- the ordered stages before routing, once per message. */
#include "proxy/lifecycle.h"
#include "proxy/stages/chain.h"

enum progress before_routing_step(struct passage *passage)
{
	struct verdict verdict;

	switch (chain_run(passage, NULL, &verdict)) {
	case CHAIN_WAITS:
		return PROGRESS_WAIT;
	case CHAIN_ENDED:
		chain_refuse(passage, &verdict);
		break;
	case CHAIN_PASSED:
		break;
	}
	return PROGRESS_NEXT;
}
