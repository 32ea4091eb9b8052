/* SPDX-License-Identifier: BSD-3-Clause */
/* raw: any command, with parameters as words. */
#include "out.h"
#include "scmictl.h"

static enum outcome raw_body(struct session *s, void *arg)
{
	if (json_used())
		json_open("messages", '[');
	return line_send(s, arg, false);
}

enum outcome run_raw(const struct options *options, char **args, int n)
{
	struct line line;
	enum outcome outcome = line_read(&line, "raw", args, n);

	if (outcome == GOOD)
		outcome = session_run(options, raw_body, &line);
	line_free(&line);
	return outcome;
}
