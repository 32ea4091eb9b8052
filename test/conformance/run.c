/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs the cases on a kind: each one a test of its own, skipped with its reason where the kind cannot take part. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define CASES_MAX 160
#define NAME_MAX_ 96

struct job {
	const struct conf_kind *kind;
	const struct conf_case *which;
	char name[NAME_MAX_];
};

static const struct conf_case *const lists[] = {
	conf_message_cases, conf_match_cases, conf_refuse_cases, conf_delayed_cases, conf_notify_cases,
	conf_queue_cases,   conf_batch_cases, conf_slot_cases,   conf_life_cases,    conf_restart_cases,
	conf_recover_cases, conf_link_cases,  conf_thread_cases,
};

static bool takes_part(const struct conf_env *env, const struct conf_case *c)
{
	return (env->transport.caps & c->caps) == c->caps && (env->kind->traits & c->traits) == c->traits &&
	       env->kind->depth >= c->depth;
}

static void run(void **state)
{
	const struct job *job = *state;
	struct conf_env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	conf_open(env, job->kind);
	if (!takes_part(env, job->which)) {
		print_message("%s: %s\n", job->name, job->which->needs);
		env->kind->destroy(env->link);
		conf_peer_fini(&env->peer);
		conf_clock_fini(&env->clock);
		free(env);
		skip();
	}
	job->which->run(env);
	conf_close(env);
	free(env);
}

int conf_run(const struct conf_kind *kind)
{
	static struct job jobs[CASES_MAX];
	static struct CMUnitTest tests[CASES_MAX];
	size_t n = 0;

	memset(tests, 0, sizeof(tests));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (const struct conf_case *c = lists[i]; c->name != NULL; c++, n++) {
			assert(n < CASES_MAX);
			jobs[n] = (struct job){.kind = kind, .which = c};
			snprintf(jobs[n].name, sizeof(jobs[n].name), "%s.%s", kind->name, c->name);
			tests[n].name = jobs[n].name;
			tests[n].test_func = run;
			tests[n].initial_state = &jobs[n];
		}
	}
	return _cmocka_run_group_tests(kind->name, tests, n, NULL, NULL);
}
