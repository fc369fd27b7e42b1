/* keys.c -- the keys of a server: of branches, Record-Routes and streams. */
#include "proxy/keys.h"

#include "lib/privileges/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_LEAST_BYTES = 16, KEY_MOST_BYTES = 4096, KEY_MADE_BYTES = 32 };

struct secret {
	unsigned char bytes[KEY_MOST_BYTES];
	size_t size;
};

/* Who can read the key can forge what servers tell each other. */
static bool is_private(int descriptor, const char *path, char reason[512])
{
	struct stat status;

	if (fstat(descriptor, &status) == 0 &&
		!(status.st_mode & (S_IRWXO | S_IWGRP)))
		return true;
	(void)snprintf(reason, 512,
		"the key %.200s is open to others; give it to the proxy's "
		"user alone: chmod 600, or 640 with a group of his, and make "
		"a new key if strangers could have read it",
		path);
	return false;
}

static bool read_key(const char *path, struct secret *secret, char reason[512])
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = descriptor < 0 ? -1
				      : read(descriptor, secret->bytes,
						sizeof(secret->bytes));

	if (size < 0)
		(void)snprintf(reason, 512,
			"the key %.200s cannot be read: %s; give the proxy's "
			"user "
			"the right to read it",
			path, strerror(errno));
	if (descriptor >= 0 && !is_private(descriptor, path, reason)) {
		close(descriptor);
		OPENSSL_cleanse(secret, sizeof(*secret));
		return false;
	}
	if (descriptor >= 0)
		close(descriptor);
	if (size >= 0 && size < KEY_LEAST_BYTES)
		(void)snprintf(reason, 512,
			"the key %.200s has fewer than %d bytes; make one "
			"with: "
			"openssl rand -out %.200s 32",
			path, KEY_LEAST_BYTES, path);
	secret->size = size < 0 ? 0 : (size_t)size;
	return size >= KEY_LEAST_BYTES;
}

static bool make_key(const char *path, char reason[512])
{
	unsigned char bytes[KEY_MADE_BYTES];
	int descriptor = open(path,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool made;

	if (descriptor < 0 && errno == EEXIST)
		return true;
	made = descriptor >= 0 &&
	       getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes) &&
	       write(descriptor, bytes, sizeof(bytes)) == sizeof(bytes) &&
	       fsync(descriptor) == 0;
	if (!made)
		(void)snprintf(reason, 512,
			"the key %.200s cannot be made: %s; server.data must "
			"be a "
			"folder that the proxy's user may write to",
			path, strerror(errno));
	if (descriptor >= 0)
		close(descriptor);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return made;
}

static bool derive(const struct secret *secret, const char *purpose,
	const char *name, unsigned char *key, size_t size)
{
	unsigned char full[EVP_MAX_MD_SIZE];
	char label[512];
	unsigned full_size = 0;
	int label_size = snprintf(
		label, sizeof(label), "sipwarden %s v1 %s", purpose, name);

	if (label_size < 0 || (size_t)label_size >= sizeof(label) ||
		!HMAC(EVP_sha256(), secret->bytes, (int)secret->size,
			(unsigned char *)label, (size_t)label_size, full,
			&full_size) ||
		full_size < size)
		return false;
	memcpy(key, full, size);
	OPENSSL_cleanse(full, sizeof(full));
	return true;
}

bool keys_derive(struct proxy *proxy, char reason[512])
{
	const struct settings *settings = proxy->settings;
	struct secret secret = {.size = 0};
	char path[4096];
	bool derived;

	privileges_guard_secret(&secret, sizeof(secret));
	privileges_guard_secret(proxy, sizeof(*proxy));

	if (settings->server.deployment_key) {
		(void)snprintf(path, sizeof(path), "%s",
			settings->server.deployment_key);
	} else {
		(void)snprintf(path, sizeof(path), "%.4000s/server.key",
			proxy->folder);
		if (!make_key(path, reason))
			return false;
	}
	if (!read_key(path, &secret, reason))
		return false;
	(void)snprintf(reason, 512, "the server's keys cannot be derived");
	derived = derive(&secret, "branch", settings->server.name,
			  proxy->branch_key, sizeof(proxy->branch_key)) &&
		  derive(&secret, "route", settings->server.name,
			  proxy->route_key, sizeof(proxy->route_key)) &&
		  derive(&secret, "stream", "", proxy->stream_key,
			  sizeof(proxy->stream_key));
	OPENSSL_cleanse(&secret, sizeof(secret));
	return derived;
}

void keys_wipe(struct proxy *proxy)
{
	OPENSSL_cleanse(proxy->branch_key, sizeof(proxy->branch_key));
	OPENSSL_cleanse(proxy->route_key, sizeof(proxy->route_key));
	OPENSSL_cleanse(proxy->stream_key, sizeof(proxy->stream_key));
}
