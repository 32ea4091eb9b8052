/* SPDX-License-Identifier: BSD-3-Clause */
/* Which ways to a platform there are. */
#include <stdio.h>
#include <string.h>

#include "scmictl.h"

static const struct link_kind *const kinds[] = {
	&link_loopback,
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct link_kind *refuse(const char *uri)
{
	fprintf(stderr, "scmictl: unknown link '%s'; known are\n", uri);
	for (size_t i = 0; i < KINDS; i++)
		fprintf(stderr, "  %s\n      %s\n", kinds[i]->form, kinds[i]->help);
	return NULL;
}

const struct link_kind *link_find(const char *uri, const char **rest)
{
	size_t len = strcspn(uri, ":");

	if (uri[len] == '\0')
		return refuse(uri);
	for (size_t i = 0; i < KINDS; i++) {
		const struct link_kind *kind = kinds[i];

		if (strlen(kind->scheme) != len || memcmp(kind->scheme, uri, len) != 0)
			continue;
		if (!kind->accepts(uri + len + 1)) {
			fprintf(stderr, "scmictl: link '%s' is not of the form %s\n", uri, kind->form);
			return NULL;
		}
		*rest = uri + len + 1;
		return kind;
	}
	return refuse(uri);
}
