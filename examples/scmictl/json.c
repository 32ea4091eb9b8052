/* SPDX-License-Identifier: BSD-3-Clause */
/* A writer of one JSON object on stdout. Elements of arrays that are objects stand on lines of their own. */
#include <stdio.h>

#include "out.h"

#define DEPTH_MAX 8u

/* stdout is one, and so is this. */
static struct {
	bool on;
	uint32_t depth;          /* objects and arrays that are open */
	char closing[DEPTH_MAX]; /* their closing brackets */
	bool filled[DEPTH_MAX];  /* they have an element */
	bool lines[DEPTH_MAX];   /* with lines for elements */
} json;

void json_use(bool on)
{
	json.on = on;
}

bool json_used(void)
{
	return json.on;
}

static void write_string(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else if (c == '"' || c == '\\')
			printf("\\%c", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void push(char bracket)
{
	putchar(bracket);
	json.closing[json.depth] = bracket == '{' ? '}' : ']';
	json.filled[json.depth] = false;
	json.lines[json.depth] = false;
	json.depth++;
}

/* What stands before a value: the object itself before the first one, a comma, a line's end, the key. */
static void begin_value(const char *key, bool line)
{
	if (json.depth == 0)
		push('{');
	if (json.filled[json.depth - 1])
		putchar(',');
	if (line) {
		printf("\n%*s", (int)json.depth, "");
		json.lines[json.depth - 1] = true;
	} else if (json.filled[json.depth - 1]) {
		putchar(' ');
	}
	json.filled[json.depth - 1] = true;
	if (key == NULL)
		return;
	write_string(key);
	fputs(": ", stdout);
}

void json_open(const char *key, char bracket)
{
	begin_value(key, key == NULL && bracket == '{');
	push(bracket);
}

void json_close(void)
{
	json.depth--;
	if (json.lines[json.depth])
		printf("\n%*s", (int)json.depth, "");
	putchar(json.closing[json.depth]);
}

void json_end(void)
{
	if (json.depth == 0)
		return;
	while (json.depth != 0)
		json_close();
	putchar('\n');
}

void json_text(const char *key, const char *text)
{
	begin_value(key, false);
	write_string(text);
}

void json_number(const char *key, uint64_t value)
{
	begin_value(key, false);
	printf("%llu", (unsigned long long)value);
}

void json_bool(const char *key, bool value)
{
	json_literal(key, value ? "true" : "false");
}

void json_literal(const char *key, const char *literal)
{
	begin_value(key, false);
	fputs(literal, stdout);
}
