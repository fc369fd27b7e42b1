/* unseen.h -- what no stage can look into, under the setting `unseen`. */
#ifndef PROXY_STAGES_UNSEEN_H
#define PROXY_STAGES_UNSEEN_H

#include "proxy/stages/stage.h"

#include <stdbool.h>

/* The list of the call's version. False: the message is refused, *verdict says
 * how: it could be read in two ways, breaks a limit, or holds what cannot be
 * judged while `unseen` says refuse. With `flag` the trail gets a note. */
bool unseen_check(struct stage_call *call, const struct judged_list **list,
	struct verdict *verdict) __attribute__((warn_unused_result));

#endif
