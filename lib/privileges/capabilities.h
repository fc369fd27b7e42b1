/* capabilities.h -- what root may do beyond others, given up for good. */
#ifndef LIB_PRIVILEGES_CAPABILITIES_H
#define LIB_PRIVILEGES_CAPABILITIES_H

/* Empties all sets of this thread, the bounding one where it may. 0 or errno.
 */
int capabilities_drop(void) __attribute__((warn_unused_result));

#endif
