/* digest.c -- the digest of a configuration, as records name it. */
#include "lib/settings.h"
#include "lib/sha256.h"

#include <errno.h>

int settings_digest(const struct settings *settings, unsigned char digest[32])
{
	return sha256_pieces(&settings->text, 1, digest) ? 0 : ENOMEM;
}
