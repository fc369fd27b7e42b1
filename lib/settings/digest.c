/* digest.c -- the digest of a configuration, as records name it. */
#include "lib/settings.h"

#include <errno.h>
#include <openssl/evp.h>

int settings_digest(const struct settings *settings, unsigned char digest[32])
{
	return EVP_Digest(settings->text.at, settings->text.size, digest, NULL,
		       EVP_sha256(), NULL) == 1
		       ? 0
		       : ENOMEM;
}
