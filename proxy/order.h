/* order.h -- messages of one Call-ID and direction leave as they arrived.
 *
 * Each passage joins the line of its Call-ID and sender when it begins and may
 * leave only at its head; one that waits for the scanner holds back those
 * behind it. CANCEL does not join.
 */
#ifndef PROXY_ORDER_H
#define PROXY_ORDER_H

#include "proxy/passage.h"

#include <stdbool.h>

struct order;

struct order *order_new(void) __attribute__((warn_unused_result));
void order_release(struct order **order);
/* False: memory. */
bool order_join(struct order *order, struct passage *passage)
	__attribute__((warn_unused_result));
/* True when the passage is at the head of its line, or in none. */
bool order_is_next(const struct passage *passage);
/* Leaves the line; the next one there is resumed when it waits for its turn.
 * May be called by a passage in no line. */
void order_leave(struct order *order, struct passage *passage);

#endif
