/* SPDX-License-Identifier: BSD-3-Clause */
/* Who reads along, and what he can see. */
#include <langinfo.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "out.h"

#define PROGRESS_FROM  64u /* less work than this is done before anybody looks */
#define PROGRESS_STEPS 16u /* done between two lines */

static bool is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
}

bool terminal_out(void)
{
	return !json_used() && is_terminal(STDOUT_FILENO);
}

uint32_t terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

bool terminal_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void terminal_bold(bool on)
{
	const char *plain = getenv("NO_COLOR");

	if (terminal_out() && (plain == NULL || plain[0] == '\0'))
		fputs(on ? "\033[1m" : "\033[0m", stdout);
}

void terminal_progress(const char *what, uint32_t done, uint32_t total)
{
	if (total < PROGRESS_FROM || !is_terminal(STDERR_FILENO))
		return;
	if (done >= total)
		fputs("\r\033[K", stderr);
	else if (done % PROGRESS_STEPS == 0)
		fprintf(stderr, "\r%s %u of %u", what, done, total);
}

bool output_flush(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

bool output_abandoned(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}
