/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of a URI. A value that cannot be is an error whose sentence begins with the key. */
#include <inttypes.h>
#include <string.h>

#include "carrier.h"

int scmi__key_next(const char **rest, struct scmi__key *key, const struct scmi_why *why)
{
	const char *at = *rest;
	const size_t len = at != NULL ? strcspn(at, ",") : 0;
	const char *equal;

	if (at == NULL)
		return SCMI_E_NOTFOUND;
	*rest = at[len] == ',' ? at + len + 1 : NULL;
	equal = memchr(at, '=', len);
	if (equal == NULL || equal == at)
		return scmi__why(why, SCMI_E_INVAL, "\"%.*s\": key=value is wanted", (int)(len < 80 ? len : 80), at);
	key->name = at;
	key->name_len = (size_t)(equal - at);
	key->value = equal + 1;
	key->value_len = len - key->name_len - 1;
	return SCMI_OK;
}

int scmi__key_bare(const char **rest, const char *name, struct scmi__key *key, const struct scmi_why *why)
{
	const char *at = *rest;
	const size_t len = at != NULL ? strcspn(at, ",") : 0;

	if (len == 0)
		return scmi__why(why, SCMI_E_INVAL, "%s is wanted", name);
	*rest = at[len] == ',' ? at + len + 1 : NULL;
	*key = (struct scmi__key){.name = name, .name_len = strlen(name), .value = at, .value_len = len};
	return SCMI_OK;
}

bool scmi__key_is(const struct scmi__key *key, const char *name)
{
	return strlen(name) == key->name_len && memcmp(name, key->name, key->name_len) == 0;
}

int scmi__key_of(const struct scmi__key *key, const char *const *names, size_t n, uint32_t *had)
{
	for (size_t i = 0; i < n; i++) {
		if (!scmi__key_is(key, names[i]))
			continue;
		if ((*had & UINT32_C(1) << i) != 0)
			return -1;
		*had |= UINT32_C(1) << i;
		return (int)i;
	}
	return -1;
}

/* Sentences show this much of a name or a value. */
static int shown(size_t len)
{
	return (int)(len < 100 ? len : 100);
}

int scmi__key_bad(const struct scmi__key *key, const struct scmi_why *why, const char *wanted)
{
	return scmi__why(why, SCMI_E_INVAL, "%.*s=%.*s: %s", shown(key->name_len), key->name, shown(key->value_len),
			 key->value, wanted);
}

int scmi__key_unknown(const struct scmi__key *key, const struct scmi_why *why)
{
	return scmi__why(why, SCMI_E_INVAL, "%.*s: no such key here, or it stands there twice", shown(key->name_len),
			 key->name);
}

int scmi__key_none(const char **rest, const struct scmi_why *why)
{
	struct scmi__key key = {0};
	const int err = scmi__key_next(rest, &key, why);

	if (err == SCMI_OK)
		return scmi__key_unknown(&key, why);
	return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10u;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10u;
	return 16;
}

/* All of len characters are digits of the base, and the number is not above max. */
static bool number(const char *text, size_t len, unsigned base, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		const unsigned d = digit(text[i]);

		if (d >= base || d > max || value > (max - d) / base)
			return false;
		value = value * base + d;
	}
	*out = value;
	return true;
}

/* Decimal, or hexadecimal behind 0x. */
static bool any_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	if (len > 2 && text[0] == '0' && text[1] == 'x')
		return number(text + 2, len - 2, 16, max, out);
	return number(text, len, 10, max, out);
}

int scmi__key_number(const struct scmi__key *key, uint32_t min, uint32_t max, uint32_t *out, const struct scmi_why *why)
{
	uint64_t value = 0;

	if (any_number(key->value, key->value_len, max, &value) && value >= min) {
		*out = (uint32_t)value;
		return SCMI_OK;
	}
	return scmi__why(why, SCMI_E_INVAL, "%.*s=%.*s: a number from %u to %u is wanted", shown(key->name_len),
			 key->name, shown(key->value_len), key->value, min, max);
}

int scmi__key_octal(const struct scmi__key *key, uint32_t max, uint32_t *out, const struct scmi_why *why)
{
	uint64_t value = 0;

	if (number(key->value, key->value_len, 8, max, &value)) {
		*out = (uint32_t)value;
		return SCMI_OK;
	}
	return scmi__why(why, SCMI_E_INVAL, "%.*s=%.*s: an octal number up to %o is wanted", shown(key->name_len),
			 key->name, shown(key->value_len), key->value, max);
}

int scmi__key_mask(const struct scmi__key *key, uint64_t known, uint64_t *out, const struct scmi_why *why)
{
	uint64_t value = 0;

	if (any_number(key->value, key->value_len, UINT64_MAX, &value) && (value & ~known) == 0) {
		*out = value;
		return SCMI_OK;
	}
	return scmi__why(why, SCMI_E_INVAL, "%.*s=%.*s: bits of 0x%" PRIx64 " are wanted", shown(key->name_len),
			 key->name, shown(key->value_len), key->value, known);
}

int scmi__key_numbers(const struct scmi__key *key, uint32_t *out, size_t n, const struct scmi_why *why)
{
	const char *at = key->value;
	const char *const end = at + key->value_len;

	for (size_t i = 0; i < n; i++) {
		const char *colon = memchr(at, ':', (size_t)(end - at));
		const char *stop = i + 1 < n ? colon : end;
		uint64_t value = 0;

		if (stop == NULL || !any_number(at, (size_t)(stop - at), UINT32_MAX, &value))
			return scmi__key_bad(key, why, n == 2 ? "MAP:OFFSET is wanted" : "MAP:OFFSET:LEN is wanted");
		out[i] = (uint32_t)value;
		at = stop + 1;
	}
	return SCMI_OK;
}

int scmi__key_text(const struct scmi__key *key, char *out, size_t room, const struct scmi_why *why)
{
	if (key->value_len == 0)
		return scmi__key_bad(key, why, "a value is wanted");
	if (key->value_len >= room)
		return scmi__key_bad(key, why, "too long");
	memcpy(out, key->value, key->value_len);
	out[key->value_len] = '\0';
	return SCMI_OK;
}
