/* SPDX-License-Identifier: BSD-3-Clause */
/* What a replayed schedule prints: one line a step, indented by context, with the function and the line. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool step_tracing;

#define PLACES 1024u

/* Function and line of this place in the source, kept for its next time. */
static const char *place_of(const void *pc)
{
	static struct place {
		const void *pc;
		char line[120];
	} places[PLACES];
	struct place *place = &places[(uintptr_t)pc % PLACES];
	char command[256];
	FILE *f;

	if (place->pc == pc)
		return place->line;
	place->pc = pc;
	strcpy(place->line, "?");
	snprintf(command, sizeof(command), "addr2line -s -f -p -e /proc/%ld/exe %p 2>/dev/null", (long)getpid(),
		 (const void *)((uintptr_t)pc - 1));
	f = popen(command, "r");
	if (f != NULL) {
		if (fgets(place->line, sizeof(place->line), f) == NULL)
			place->line[0] = 0;
		pclose(f);
	}
	place->line[strcspn(place->line, "\n")] = 0;
	return place->line;
}

static void print_line(const void *pc, const char *format, va_list args)
{
	unsigned me = step_self();

	printf("%*s%c  ", (int)me * 4, "", me < STEP_CONTEXTS ? step_scenario->letters[me] : '.');
	vprintf(format, args);
	if (pc != NULL)
		printf("   [%s]", place_of(pc));
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
