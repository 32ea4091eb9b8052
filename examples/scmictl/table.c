/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields and tables, for people and for programs. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "scmictl.h"

#define LABEL_WIDTH 18

const char *member_name(char member[MEMBER_BYTES], const char *label)
{
	size_t i;

	for (i = 0; label[i] != '\0' && i < MEMBER_BYTES - 1u; i++)
		member[i] = isalnum((unsigned char)label[i]) ? label[i] : '_';
	member[i] = '\0';
	return member;
}

/* ---- fields ---- */

static void show_field(const char *label, const char *shown)
{
	printf("%-*s ", LABEL_WIDTH, label);
	show_plain(shown);
	putchar('\n');
}

void field_text(const char *label, const char *text)
{
	char member[MEMBER_BYTES];

	if (json_used())
		json_text(member_name(member, label), text);
	else
		show_field(label, text);
}

void field_literal(const char *label, const char *literal, const char *shown)
{
	char member[MEMBER_BYTES];

	if (json_used())
		json_literal(member_name(member, label), literal != NULL ? literal : "null");
	else
		show_field(label, shown);
}

void field_number(const char *label, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	field_literal(label, digits, digits);
}

void field_bool(const char *label, bool value)
{
	field_literal(label, value ? "true" : "false", value ? "yes" : "no");
}

/* ---- tables ---- */

void table_begin(struct table *t, const char *key, const struct column *columns, uint32_t columns_n)
{
	*t = (struct table){.columns = columns, .columns_n = columns_n};
	if (json_used())
		json_open(key, '[');
}

/* A tool that has no memory for its table has nothing left to do; the system takes back what it held. */
static char *keep(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL) {
		perror("scmictl");
		exit(FAILED);
	}
	return copy;
}

static void add_cell(struct table *t, const char *shown)
{
	if (t->cells_n == t->cells_max) {
		size_t max = t->cells_max != 0 ? 2u * t->cells_max : 64u;
		char **cells = realloc(t->cells, max * sizeof(*cells));

		if (cells == NULL) {
			perror("scmictl");
			exit(FAILED);
		}
		t->cells = cells;
		t->cells_max = max;
	}
	t->cells[t->cells_n++] = keep(shown);
}

const char *cell_key(const struct table *t, char member[MEMBER_BYTES])
{
	if (t->next == 0)
		json_open(NULL, '{');
	return member_name(member, t->columns[t->next].name);
}

void cell_shown(struct table *t, const char *shown)
{
	t->next = (t->next + 1u) % t->columns_n;
	if (!json_used())
		add_cell(t, shown);
	else if (t->next == 0)
		json_close();
}

void cell_text(struct table *t, const char *text)
{
	char member[MEMBER_BYTES];

	if (json_used())
		json_text(cell_key(t, member), text);
	cell_shown(t, text);
}

void cell_literal(struct table *t, const char *literal, const char *shown)
{
	char member[MEMBER_BYTES];

	if (json_used())
		json_literal(cell_key(t, member), literal != NULL ? literal : "null");
	cell_shown(t, shown);
}

void cell_number(struct table *t, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	cell_literal(t, digits, digits);
}

void cell_bool(struct table *t, bool value, const char *yes, const char *no)
{
	cell_literal(t, value ? "true" : "false", value ? yes : no);
}

/* ---- printing ---- */

static void measure(const struct table *t, int widths[COLUMNS_MAX])
{
	for (uint32_t c = 0; c < t->columns_n; c++)
		widths[c] = (int)strlen(t->columns[c].name);
	for (size_t row = 0; row < t->cells_n; row += t->columns_n) {
		for (uint32_t c = 0; c < t->columns_n; c++) {
			int width = (int)strlen(t->cells[row + c]);

			if (width > widths[c])
				widths[c] = width;
		}
	}
}

/* Blanks are owed until something stands behind them: none at the end of a line. */
static void print_cell(const struct column *column, int width, const char *text, int *owed)
{
	int pad = width - (int)strlen(text);

	*owed += column->right ? pad : 0;
	if (text[0] != '\0') {
		printf("%*s", *owed, "");
		show_plain(text);
		*owed = 0;
	}
	*owed += column->right ? 2 : pad + 2;
}

/* row NULL: the names of the columns. */
static void print_row(const struct table *t, const int widths[COLUMNS_MAX], char *const *row)
{
	int owed = 0;

	for (uint32_t c = 0; c < t->columns_n; c++)
		print_cell(&t->columns[c], widths[c], row != NULL ? row[c] : t->columns[c].name, &owed);
	putchar('\n');
}

static void print_table(const struct table *t)
{
	int widths[COLUMNS_MAX];

	measure(t, widths);
	terminal_bold(true);
	print_row(t, widths, NULL);
	terminal_bold(false);
	for (size_t i = 0; i < t->cells_n; i += t->columns_n)
		print_row(t, widths, t->cells + i);
}

void table_end(struct table *t)
{
	if (json_used())
		json_close();
	else
		print_table(t);
	while (t->cells_n != 0)
		free(t->cells[--t->cells_n]);
	free(t->cells);
}
