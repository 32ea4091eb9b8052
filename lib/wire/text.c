/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

void scmi__text_init(struct scmi__text *t, char *buf, size_t cap)
{
	t->buf = buf;
	t->cap = cap;
	t->len = 0;
	if (cap != 0)
		buf[0] = '\0';
}

static void put_char(struct scmi__text *t, char c)
{
	/* One byte stays for the NUL. */
	if (t->len + 1 < t->cap) {
		t->buf[t->len] = c;
		t->buf[t->len + 1] = '\0';
	}
	t->len++;
}

void scmi__text_str(struct scmi__text *t, const char *s)
{
	for (; *s != '\0'; s++)
		put_char(t, *s);
}

/* The digits of v, at least that many of them. */
static void put_number(struct scmi__text *t, uint32_t v, unsigned base, unsigned digits)
{
	char reversed[10]; /* UINT32_MAX has ten decimal digits */
	unsigned n = 0;

	while (n < sizeof(reversed) && (v != 0 || n < digits)) {
		reversed[n++] = "0123456789abcdef"[v % base];
		v /= base;
	}
	while (n != 0)
		put_char(t, reversed[--n]);
}

void scmi__text_u32(struct scmi__text *t, uint32_t v)
{
	put_number(t, v, 10, 1);
}

void scmi__text_hex(struct scmi__text *t, uint32_t v, unsigned digits)
{
	scmi__text_str(t, "0x");
	put_number(t, v, 16, digits);
}
