/* zip.h -- can a zip be read in one way only?
 *
 * Zip says everything twice: in a directory at its end and in a head before
 * each member. Readers differ in which they believe, so a file can be empty
 * for a scanner and full for its recipient. This walker accepts what all
 * readers read alike (APPNOTE 4.3) and names what they would not.
 */
#ifndef SCANNERS_VIRUS_ZIP_H
#define SCANNERS_VIRUS_ZIP_H

#include <stdint.h>

/* NULL when the file is no zip or a plain one, else what is wrong with it (a
 * literal). Reads with pread; time and memory are linear in size. */
const char *zip_fault(int descriptor, uint64_t size);

#endif
