/* SPDX-License-Identifier: BSD-3-Clause */
#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the parser stands. line_end is the end of the present line: nothing looks beyond it. */
struct parser {
	const char *name;
	const char *at;
	const char *line_end;
	unsigned line;
	uint8_t *free_bytes;
	char *error;
	size_t error_cap;
};

static int fail(const struct parser *p, const char *what)
{
	snprintf(p->error, p->error_cap, "%s:%u: %s", p->name, p->line, what);
	return -1;
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->line_end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r'))
		p->at++;
}

/* The next word of the line; its length is 0 at the end. */
static size_t take_word(struct parser *p, const char **word)
{
	skip_blanks(p);
	*word = p->at;
	while (p->at < p->line_end && *p->at != ' ' && *p->at != '\t' && *p->at != '\r')
		p->at++;
	return (size_t)(p->at - *word);
}

static int word_is(const char *word, size_t len, const char *what)
{
	return len == strlen(what) && memcmp(word, what, len) == 0;
}

static int expect(struct parser *p, const char *what)
{
	char sentence[64];
	const char *word;
	size_t len = take_word(p, &word);

	if (word_is(word, len, what))
		return 0;
	snprintf(sentence, sizeof(sentence), "\"%s\" expected here", what);
	return fail(p, sentence);
}

/* label NUMBER, decimal or 0x. */
static int take_number(struct parser *p, const char *label, uint32_t *out)
{
	char digits[16];
	const char *word;
	unsigned long long v;
	char *end;
	size_t len;

	if (expect(p, label) != 0)
		return -1;
	len = take_word(p, &word);
	if (len == 0 || len >= sizeof(digits) || word[0] < '0' || word[0] > '9')
		return fail(p, "a number expected here");
	memcpy(digits, word, len);
	digits[len] = '\0';
	v = strtoull(digits, &end, len > 2 && digits[1] == 'x' ? 16 : 10);
	if (*end != '\0' || v > UINT32_MAX)
		return fail(p, "not a number of 32 bits");
	*out = (uint32_t)v;
	return 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Bytes in hex; "-" for none where none are allowed. The recording has room: a byte needs two characters of the file.
 */
static int take_bytes(struct parser *p, uint32_t min, const uint8_t **bytes, uint32_t *count)
{
	const char *word;
	size_t len = take_word(p, &word);

	*bytes = p->free_bytes;
	*count = 0;
	if (len == 0)
		return fail(p, "bytes in hex expected here");
	if (min == 0 && word_is(word, len, "-"))
		return 0;
	if (len % 2 != 0)
		return fail(p, "half a byte at the end of the hex digits");
	for (size_t i = 0; i < len; i += 2) {
		int high = nibble(word[i]);
		int low = nibble(word[i + 1]);

		if (high < 0 || low < 0)
			return fail(p, "not a hex digit");
		*p->free_bytes++ = (uint8_t)(high << 4 | low);
	}
	*count = (uint32_t)(len / 2);
	return *count < min ? fail(p, "fewer bytes than such a message has") : 0;
}

static int take_command(struct parser *p, struct recording_entry *e)
{
	e->kind = RECORDING_COMMAND;
	if (take_bytes(p, 4, &e->sent, &e->sent_len) != 0)
		return -1;
	if (take_number(p, "cap", &e->cap) != 0 || expect(p, "reply") != 0)
		return -1;
	if (take_bytes(p, 8, &e->reply, &e->reply_len) != 0)
		return -1;
	return e->reply_len > e->cap ? fail(p, "the reply is longer than cap") : 0;
}

static int take_vhost(struct parser *p, struct recording_entry *e)
{
	e->kind = RECORDING_VHOST;
	if (take_number(p, "request", &e->request) != 0 || take_number(p, "flags", &e->flags) != 0)
		return -1;
	if (take_number(p, "size", &e->size) != 0 || take_number(p, "fds", &e->fds) != 0)
		return -1;
	if (expect(p, "payload") != 0 || take_bytes(p, 0, &e->sent, &e->sent_len) != 0)
		return -1;
	return e->sent_len > e->size ? fail(p, "the payload is longer than size") : 0;
}

/* One line. Returns 1 if it held an entry, 0 if not, -1. */
static int take_line(struct parser *p, struct recording_entry *e)
{
	const char *word;
	size_t len = take_word(p, &word);
	int err;

	memset(e, 0, sizeof(*e));
	e->line = p->line;
	if (len == 0 || word[0] == '#')
		return 0;
	if (word_is(word, len, "cmd")) {
		err = take_command(p, e);
	} else if (word_is(word, len, "p2a")) {
		e->kind = RECORDING_EVENT;
		err = take_bytes(p, 4, &e->sent, &e->sent_len);
	} else if (word_is(word, len, "vhost")) {
		err = take_vhost(p, e);
	} else {
		return fail(p, "a line begins with cmd, p2a, vhost or #");
	}
	if (err == 0 && take_word(p, &word) != 0)
		err = fail(p, "more on the line than belongs there");
	return err == 0 ? 1 : -1;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static int take_lines(struct parser *p, struct recording *r)
{
	for (;;) {
		int got;

		p->line++;
		p->line_end = p->at + strcspn(p->at, "\n");
		got = take_line(p, &r->entries[r->count]);
		if (got < 0)
			return -1;
		r->count += (size_t)got;
		if (*p->line_end == '\0')
			return 0;
		p->at = p->line_end + 1;
	}
}

int recording_parse(struct recording *r, const char *name, const char *text, char *error, size_t error_cap)
{
	struct parser p = {.name = name, .at = text, .error = error, .error_cap = error_cap};
	int err;

	r->count = 0;
	r->entries = calloc(count_lines(text), sizeof(*r->entries));
	r->bytes_ = malloc(strlen(text) / 2 + 1);
	p.free_bytes = r->bytes_;
	if (r->entries == NULL || r->bytes_ == NULL)
		err = fail(&p, "no memory");
	else
		err = take_lines(&p, r);
	if (err != 0)
		recording_free(r);
	return err;
}

/* All of the file, terminated; NULL with errno set. */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t len = 0;
	size_t cap = 0;
	size_t got = 1;

	if (f == NULL)
		return NULL;
	while (got != 0) {
		if (len + 1 >= cap) {
			char *more = realloc(text, cap + 16384);

			if (more == NULL)
				break;
			text = more;
			cap += 16384;
		}
		got = fread(text + len, 1, cap - 1 - len, f);
		len += got;
	}
	if (got != 0 || ferror(f)) {
		free(text);
		text = NULL;
		errno = got != 0 ? ENOMEM : EIO;
	} else {
		text[len] = '\0';
	}
	fclose(f);
	return text;
}

int recording_load(struct recording *r, const char *path, char *error, size_t error_cap)
{
	char *text = read_file(path);
	int err;

	memset(r, 0, sizeof(*r));
	if (text == NULL) {
		snprintf(error, error_cap, "%s: %s", path, strerror(errno));
		return -1;
	}
	err = recording_parse(r, path, text, error, error_cap);
	free(text);
	return err;
}

void recording_free(struct recording *r)
{
	free(r->entries);
	free(r->bytes_);
	memset(r, 0, sizeof(*r));
}
