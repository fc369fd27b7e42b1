/* bitflip.c -- finds the one bit that makes a CRC wrong.
 *
 * A CRC is linear: what one flipped bit adds to it depends only on how many
 * bits follow. So the difference between the two CRCs is compared with the
 * difference that a flip of the last bit makes, of the one before it, and so
 * on, one step of the register each.
 */
#include "archiver/journal/bitflip.h"

#include "archiver/journal/format.h"

#define POLYNOMIAL UINT32_C(0x82f63b78)

/* Bits in front of the CRC, and of what it covers: type and payload. */
enum { AT_CRC = 4 * 8, AT_TYPE = 8 * 8 };

bool bitflip_find(struct slice entry, uint64_t *bit)
{
	struct format_head head = format_head_read(entry.at);
	uint32_t wanted =
		head.crc ^
		format_crc(head.type, slice_from(entry, FORMAT_HEAD_BYTES));
	uint32_t difference = POLYNOMIAL; /* of a flip of the last bit */

	if (wanted && (wanted & (wanted - 1)) == 0) {
		*bit = AT_CRC + (uint64_t)__builtin_ctz(wanted);
		return true;
	}
	for (uint64_t at = entry.size * 8; at > AT_TYPE; at--) {
		if (difference == wanted) {
			*bit = at - 1;
			return true;
		}
		difference =
			difference >> 1 ^ (difference & 1 ? POLYNOMIAL : 0);
	}
	return false;
}
