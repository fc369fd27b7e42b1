/* log.c -- one line for each thing that an administrator should know. */
#include "lib/log.h"

#include "lib/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOG_LINE_BYTES = 2048 };

static const char *program_name = "sipwarden";

void log_open(const char *program)
{
	program_name = program;
}

static size_t escape(const char *text, char *out, size_t room)
{
	size_t used = 0;

	for (; *text && used + 6 < room; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			used += (size_t)sprintf(out + used, "\\x%02x", c);
		else
			out[used++] = (char)c;
	}
	return used;
}

/* The line is written with one write, so lines of threads do not mix. */
static void log_line(const char *word, const char *format, va_list arguments)
{
	char text[LOG_LINE_BYTES], line[LOG_LINE_BYTES];
	char now[CLOCK_TEXT_SIZE];
	size_t used;

	(void)vsnprintf(text, sizeof(text), format, arguments);
	clock_text(clock_wall_us(), now);
	used = (size_t)snprintf(
		line, sizeof(line), "%s %s %s: ", now, program_name, word);
	if (used > sizeof(line) / 2)
		used = sizeof(line) / 2;
	used += escape(text, line + used, sizeof(line) - used - 1);
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nowhere left to say it */
}

#define LOG_WORD(name)                                                         \
	void log_##name(const char *format, ...)                               \
	{                                                                      \
		va_list arguments;                                             \
                                                                               \
		va_start(arguments, format);                                   \
		log_line(#name, format, arguments);                            \
		va_end(arguments);                                             \
	}

LOG_WORD(info)
LOG_WORD(warn)
LOG_WORD(error)

noreturn void log_fatal(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line("fatal", format, arguments);
	va_end(arguments);
	/* not exit: its handlers would race our other threads */
	_exit(EXIT_FAILURE);
}

noreturn void log_panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line("panic", format, arguments);
	va_end(arguments);
	abort();
}
