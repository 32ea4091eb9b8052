/* SPDX-License-Identifier: BSD-3-Clause */
/* What a replayed schedule prints: one line a step, indented by context, with the function and the line. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool step_tracing;

static void print_place(const void *pc)
{
	char command[256];
	char line[160] = "?";
	FILE *f;

	snprintf(command, sizeof(command), "addr2line -s -f -p -e /proc/%ld/exe %p 2>/dev/null", (long)getpid(),
		 (const void *)((uintptr_t)pc - 1));
	f = popen(command, "r");
	if (f != NULL) {
		if (fgets(line, sizeof(line), f) == NULL)
			line[0] = 0;
		pclose(f);
	}
	line[strcspn(line, "\n")] = 0;
	printf("   [%s]", line);
}

static void print_line(const void *pc, const char *format, va_list args)
{
	unsigned me = step_self();

	printf("%*s%c  ", (int)me * 4, "", me < STEP_CONTEXTS ? step_scenario->letters[me] : '.');
	vprintf(format, args);
	if (pc != NULL)
		print_place(pc);
	putchar('\n');
	fflush(stdout);
}

void step_trace(const void *pc, const char *format, ...)
{
	va_list args;

	if (!step_tracing)
		return;
	va_start(args, format);
	print_line(pc, format, args);
	va_end(args);
}

void step_note(const char *format, ...)
{
	va_list args;

	if (!step_tracing)
		return;
	va_start(args, format);
	print_line(NULL, format, args);
	va_end(args);
}
