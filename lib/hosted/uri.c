/* SPDX-License-Identifier: BSD-3-Clause */
/* SCHEME:KEY=VALUE,KEY=VALUE: which scheme, and the keys that are the same everywhere. The rest is the scheme's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scheme.h"

#define US_PER_S UINT64_C(1000000)
#define AGAIN_US UINT64_C(50000) /* between two tries */

static const struct {
	const char *name;
	const char *unit;
	uint32_t min;
	uint32_t max;
} keys[SCMI__KEYS] = {
	[SCMI__WAIT] = {"wait", "seconds", 0, 86400},
	[SCMI__RECONNECT] = {"reconnect", "milliseconds", 1, 3600000},
	[SCMI__TIMEOUT] = {"timeout", "milliseconds", 1, 3600000},
};

/* ---- the scheme ---- */

static bool is_scheme(const struct scmi_scheme *s)
{
	bool listens = s->listen != NULL;

	return s->version >= SCMI_SCHEME_V1 && s->name != NULL && (s->open != NULL) == (s->close != NULL) &&
	       (s->agents != NULL) == listens && (s->endpoint != NULL) == listens && (s->run != NULL) == listens &&
	       (s->end != NULL) == listens && (s->unlisten != NULL) == listens;
}

/* Number i of them all, the caller's first; NULL behind the last one. */
static const struct scmi_scheme *scheme_at(const struct scmi_open_config *config, uint32_t i)
{
	uint32_t own = config != NULL ? config->schemes_n : 0u;

	return i < own ? config->schemes[i] : scmi__own_scheme(i - own);
}

static int check_config(const struct scmi_open_config *config, const struct scmi_why *why)
{
	if (config == NULL)
		return SCMI_OK;
	if (config->schemes_n != 0 && config->schemes == NULL) {
		scmi__tell_why(why, "schemes: NULL, but schemes_n is %u", (unsigned)config->schemes_n);
		return SCMI_E_INVAL;
	}
	for (uint32_t i = 0; i < config->schemes_n; i++) {
		if (config->schemes[i] == NULL || !is_scheme(config->schemes[i])) {
			scmi__tell_why(why, "schemes: number %u is none, or not whole", (unsigned)i);
			return SCMI_E_INVAL;
		}
	}
	return SCMI_OK;
}

/* Tells which ones there are. */
static int unknown(const char *text, size_t len, const struct scmi_open_config *config, const struct scmi_why *why)
{
	char known[256] = "";
	const struct scmi_scheme *s;

	for (uint32_t i = 0; (s = scheme_at(config, i)) != NULL; i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s%s:", i != 0 ? ", " : "", s->name);
	}
	scmi__tell_why(why, "no scheme is named '%.*s'; there are: %s", (int)(len < 64u ? len : 64u), text,
		       known[0] != '\0' ? known : "none");
	return SCMI_E_NOTFOUND;
}

static int find_scheme(const struct scmi_scheme **scheme, const char *text, const struct scmi_open_config *config,
		       const struct scmi_why *why)
{
	size_t len = strcspn(text, ":");
	const struct scmi_scheme *s;

	if (text[len] == '\0' || len == 0) {
		scmi__tell_why(why, "'%.64s' begins with no scheme and colon", text);
		return SCMI_E_INVAL;
	}
	for (uint32_t i = 0; (s = scheme_at(config, i)) != NULL; i++) {
		if (strlen(s->name) == len && memcmp(s->name, text, len) == 0) {
			*scheme = s;
			return SCMI_OK;
		}
	}
	return unknown(text, len, config, why);
}

static int check_side(const struct scmi_scheme *s, bool agent, const struct scmi_why *why)
{
	if (agent ? s->open != NULL : s->listen != NULL)
		return SCMI_OK;
	scmi__tell_why(why, agent ? "%s: is for platforms only" : "%s: is for agents only", s->name);
	return SCMI_E_NOTSUP;
}

/* ---- the keys ---- */

/* Which key these len bytes begin with; SCMI__KEYS: none of ours. */
static uint32_t key_of(const char *item, size_t len)
{
	for (uint32_t i = 0; i < SCMI__KEYS; i++) {
		size_t name = strlen(keys[i].name);

		if (len > name && item[name] == '=' && memcmp(item, keys[i].name, name) == 0)
			return i;
	}
	return SCMI__KEYS;
}

static bool read_decimal(const char *text, size_t len, uint32_t max, uint32_t *value)
{
	uint32_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint32_t digit = (uint32_t)(unsigned char)text[i] - '0';

		if (digit > 9u || n > (max - digit) / 10u)
			return false;
		n = n * 10u + digit;
	}
	*value = n;
	return len != 0;
}

static int read_key(struct scmi__uri *uri, uint32_t key, const char *item, size_t len, bool agent,
		    const struct scmi_why *why)
{
	size_t name = strlen(keys[key].name) + 1u;
	int shown = (int)(len < 64u ? len : 64u);
	uint32_t value;

	if (!agent)
		scmi__tell_why(why, "%.*s: is for agents only", shown, item);
	else if ((uri->given & 1u << key) != 0)
		scmi__tell_why(why, "%.*s: the key is there twice", shown, item);
	else if (!read_decimal(item + name, len - name, keys[key].max, &value) || value < keys[key].min)
		scmi__tell_why(why, "%.*s: not a number of %s from %u to %u", shown, item, keys[key].unit,
			       (unsigned)keys[key].min, (unsigned)keys[key].max);
	else {
		uri->given |= 1u << key;
		uri->value[key] = value;
		return SCMI_OK;
	}
	return SCMI_E_INVAL;
}

/* Takes our keys out of what stands behind the colon; the rest, with its commas, is copied to uri->rest. */
static int take_keys(struct scmi__uri *uri, const char *text, bool agent, const struct scmi_why *why)
{
	char *to = uri->rest;
	bool first = true;
	bool hollow = false; /* the rest begins with nothing */

	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		uint32_t key = key_of(at, len);
		int err = key != SCMI__KEYS ? read_key(uri, key, at, len, agent, why) : SCMI_OK;

		if (err != SCMI_OK)
			return err;
		if (key == SCMI__KEYS) {
			hollow = hollow || (first && len == 0);
			if (!first)
				*to++ = ',';
			memcpy(to, at, len);
			to += len;
			first = false;
		}
		at += len;
		if (*at == '\0')
			break;
	}
	*to = '\0';
	if (!hollow || uri->given == 0)
		return SCMI_OK;
	scmi__tell_why(why, "nothing stands on one side of a comma");
	return SCMI_E_INVAL;
}

int scmi__uri_read(struct scmi__uri *uri, const char *text, const struct scmi_open_config *config, bool agent,
		   const struct scmi_why *why)
{
	int err = check_config(config, why);

	memset(uri, 0, sizeof(*uri));
	if (err == SCMI_OK)
		err = find_scheme(&uri->scheme, text, config, why);
	if (err == SCMI_OK)
		err = check_side(uri->scheme, agent, why);
	if (err != SCMI_OK)
		return err;
	text += strlen(uri->scheme->name) + 1u;
	uri->rest = malloc(strlen(text) + 1u);
	if (uri->rest == NULL) {
		scmi__tell_why(why, "no memory left");
		return SCMI_E_NOMEM;
	}
	err = take_keys(uri, text, agent, why);
	if (err != SCMI_OK)
		scmi__uri_free(uri);
	return err;
}

void scmi__uri_free(struct scmi__uri *uri)
{
	free(uri->rest);
	uri->rest = NULL;
}

/* ---- wait= ---- */

uint64_t scmi__uri_until_us(const struct scmi__uri *uri, const struct scmi_port *port)
{
	if (uri->value[SCMI__WAIT] == 0)
		return 0;
	return port->now_us(port->ctx) + uri->value[SCMI__WAIT] * US_PER_S;
}

bool scmi__try_again(const struct scmi_port *port, uint64_t until_us)
{
	max_align_t event[SCMI_EVENT_BYTES_MAX / sizeof(max_align_t)];
	uint64_t now = until_us != 0 ? port->now_us(port->ctx) : 0;
	uint64_t then = until_us - now < AGAIN_US ? until_us : now + AGAIN_US;

	if (now >= until_us || port->event_init(port->ctx, event) != SCMI_OK)
		return false;
	while (port->now_us(port->ctx) < then)
		(void)port->event_wait(port->ctx, event, then);
	port->event_fini(port->ctx, event);
	return true;
}
