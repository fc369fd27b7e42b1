/* zip_fuzz.c -- any bytes as a zip: no crash, no hang, one answer. */
#include "lib/log.h"
#include "scanners/virus/zip.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static int file = -1;
	const char *fault;

	if (file < 0)
		file = memfd_create("zip", MFD_CLOEXEC);
	must(file >= 0 && ftruncate(file, 0) == 0);
	must(pwrite(file, bytes, size, 0) == (ssize_t)size);
	fault = zip_fault(file, size);
	must(zip_fault(file, size) == fault);
	return 0;
}
