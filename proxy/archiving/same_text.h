/* same_text.h -- a text in an INVITE that comes again as MESSAGE.
 *
 * Clients of the RTC dialect send the first message of a session in the INVITE
 * (ms-text-format) and once more as MESSAGE, unless the other side took it from
 * there. Both are recorded; the second says whose text it repeats.
 */
#ifndef PROXY_ARCHIVING_SAME_TEXT_H
#define PROXY_ARCHIVING_SAME_TEXT_H

#include "proxy/passage.h"

struct same_texts;

struct same_texts *same_texts_new(struct timers *timers)
	__attribute__((warn_unused_result));
void same_texts_release(struct same_texts **texts);
/* An INVITE with a text is remembered under its Call-ID for 64 s; a MESSAGE
 * with the same Call-ID and text gets passage->same_text_as. After record_ids.
 */
void same_text_note(struct same_texts *texts, struct passage *passage);

#endif
