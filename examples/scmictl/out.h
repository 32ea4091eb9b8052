/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What scmictl prints, once for people and once for programs: with --json all of a command's output is one JSON object.
 *
 * json.c writes the object, table.c fields and tables of either form, terminal.c knows whether somebody watches.
 */
#ifndef SCMICTL_OUT_H
#define SCMICTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- JSON: members of objects have a key, elements of arrays have NULL ---- */

/* Whether there is to be JSON. Until the first member is written nothing is printed. */
void json_use(bool on);
bool json_used(void);

void json_open(const char *key, char bracket); /* '{' or '[' */
void json_close(void);                         /* the innermost one */
void json_end(void);                           /* all that is open, if anything is */

/* A string; bytes that are not plain ASCII are escaped one by one, as if they were Latin-1. */
void json_text(const char *key, const char *text);
void json_number(const char *key, uint64_t value);
void json_bool(const char *key, bool value);

/* What is JSON by itself: a number, true, false, null. */
void json_literal(const char *key, const char *literal);

/* ---- fields: a line each, or a member ---- */

/* The member's name is the label with '_' for what is neither letter nor digit. */
void field_text(const char *label, const char *text);
void field_number(const char *label, uint64_t value);
void field_bool(const char *label, bool value);

/* literal NULL: null. shown is for people. */
void field_literal(const char *label, const char *literal, const char *shown);

/* Bytes that a name may take as a JSON member. */
#define MEMBER_BYTES 32u

/* Makes such a name of a label. Returns member. */
const char *member_name(char member[MEMBER_BYTES], const char *label);

/* ---- tables: aligned columns, or an array of objects ---- */

#define COLUMNS_MAX 12u

struct column {
	const char *name; /* as a field's label */
	bool right;       /* numbers */
};

struct table {
	const struct column *columns;
	uint32_t columns_n;
	uint32_t next; /* column of the next cell */
	char **cells;  /* row by row; not with JSON */
	size_t cells_n;
	size_t cells_max;
};

/* Begins one; to be ended by table_end(), which prints it. columns must live as long; key is the array's. */
void table_begin(struct table *t, const char *key, const struct column *columns, uint32_t columns_n);
void table_end(struct table *t);

/* The next cell of a row; a row ends with its last column. Text for people is made fit for a terminal. */
void cell_text(struct table *t, const char *text);
void cell_number(struct table *t, uint64_t value);
void cell_bool(struct table *t, bool value, const char *yes, const char *no);
void cell_literal(struct table *t, const char *literal, const char *shown); /* literal NULL: null */

/* The key of the next cell, for who writes its JSON by himself; cell_shown() then gives what is for people. */
const char *cell_key(const struct table *t, char member[MEMBER_BYTES]);
void cell_shown(struct table *t, const char *shown);

/* ---- the terminal ---- */

/* Whether stdout is one whose lines we may write anew: not TERM=dumb, not JSON. */
bool terminal_out(void);

/* Columns of the terminal at stdout; 80 if it does not tell. */
uint32_t terminal_columns(void);

/* Whether it shows UTF-8. */
bool terminal_utf8(void);

/* Bold on such a terminal, unless NO_COLOR is set; nothing elsewhere. */
void terminal_bold(bool on);

/* Progress of long work, on stderr if that is a terminal: what, how much of it; done == total: takes it away again. */
void terminal_progress(const char *what, uint32_t done, uint32_t total);

/* Writes out what is buffered. Returns false when nobody takes it any more. */
bool output_flush(void);

/* After a failure of stdout: whether its reader has gone, which is no fault to tell of. */
bool output_abandoned(void);

#endif
