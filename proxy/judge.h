/* judge.h -- the list of what is judged of a SIP message (lib/mime/judged.h).
 */
#ifndef PROXY_JUDGE_H
#define PROXY_JUDGE_H

#include "lib/arena.h"
#include "lib/mime/judged.h"
#include "lib/settings.h"
#include "proxy/parse/message.h"

#include <stdbool.h>

/* Every body part; Subject, display names, reason phrase, headers inside URIs,
 * Call-Info, ms-text-format, headers that we do not know, SDP's s i u a. False
 * on an ambiguity or a broken limit: fault says which. */
bool judge_list(const struct settings *settings, struct arena *arena,
	const struct message *message, struct judged_list *list,
	struct judged_fault *fault) __attribute__((warn_unused_result));

/* The limits of the settings, for message_index. */
struct message_limits message_limits_of(const struct settings *settings);

#endif
