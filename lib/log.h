/* log.h -- one line for each thing that an administrator should know. */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdnoreturn.h>

/* Five words, five consequences (lines go to standard error):
 *   info   what happened
 *   warn   odd, we go on
 *   error  something that was asked for was not done
 *   fatal  cannot start or go on: exits with status 1
 *   panic  a bug: aborts
 * A line is a sentence, then key=value pairs. Never bodies, credentials or
 * tokens. One line for a change of state, none for each retry. Bytes below
 * 0x20 and 0x7f are written as \xNN, so no peer can forge a line. */
void log_open(const char *program);
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
noreturn void log_fatal(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
noreturn void log_panic(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* An assertion in every build. */
#define must(condition)                                                        \
	((condition) ? (void)0                                                 \
		     : log_panic("must hold: %s at=%s:%d", #condition,         \
			       __FILE__, __LINE__))

#endif
