/* SPDX-License-Identifier: BSD-3-Clause */
/* The library's own schemes, and sentences about what has gone wrong. */
#include <stdarg.h>
#include <stdio.h>

#include "scheme.h"

#ifdef SCMI_HOSTED_MAILBOX
#include <scmi/transport/mailbox_linux.h>
#endif
#ifdef SCMI_HOSTED_VHOST_USER
#include <scmi/transport/vhost_user.h>
#endif

/* A scheme of a part that was left out is not here. */
static const struct scmi_scheme *(*const own[])(void) = {
#ifdef SCMI_HOSTED_MAILBOX
	scmi_mailbox_scheme,
#endif
#ifdef SCMI_HOSTED_VHOST_USER
	scmi_vhost_user_scheme,
#endif
	NULL,
};

const struct scmi_scheme *scmi__own_scheme(uint32_t i)
{
	return own[i] != NULL ? own[i]() : NULL;
}

void scmi__tell_why(const struct scmi_why *why, const char *format, ...)
{
	va_list args;

	if (why == NULL || why->text == NULL || why->len == 0)
		return;
	va_start(args, format);
	/* The analyser takes va_start() for nothing. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	(void)vsnprintf(why->text, why->len, format, args);
	va_end(args);
}

void scmi__reason_begin(struct scmi__reason *r)
{
	r->text[0] = '\0';
	r->why = (struct scmi_why){.text = r->text, .len = sizeof(r->text)};
}

int scmi__reason_end(const struct scmi__reason *r, int err, const struct scmi_why *why)
{
	if (err != SCMI_OK)
		scmi__tell_why(why, "%s", r->text[0] != '\0' ? r->text : scmi_strerror(err));
	return err;
}
