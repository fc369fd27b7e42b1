/* moment.h -- times of the archive, as people read them. */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

/* Prints "2026-11-22 15:02:49Z" of an RFC 3339 text in UTC; anything else is
 * printed as text. NULL prints nothing. */
void moment_print(const char *text);
/* The same without the date: "15:02:49Z". */
void moment_print_clock(const char *text);
/* The date alone: "2026-11-22". */
void moment_print_date(const char *text);

#endif
