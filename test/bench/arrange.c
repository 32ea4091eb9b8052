/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "arrange.h"

#define SAMPLES_A_TURN 50
#define ENOUGH         200 /* samples in range */
#define PP_LEAST       115.0
#define PP_MOST        140.0
#define SHARE_MIN      0.25 /* a helper that did less, for each of ours, was not there all the time */

static struct samples pingpong;

static void sample(struct arrangement *a, bool first)
{
	double before = pair_pingpong();
	double share;
	double ns = pair_run(&a->mine, &a->other, a->n, &share);
	double after = pair_pingpong();
	double pp = (before + after) / 2;
	bool good = agree(before, after) && share >= SHARE_MIN;
	bool in_range = good && pp >= PP_LEAST && pp <= PP_MOST;

	add_sample(&a->ratio, good ? ns / pp : 0);
	add_sample(&a->in_range, in_range ? ns / pp : 0);
	add_sample(&a->whole, in_range ? ns / pp / (1 + share) : 0);
	if (first)
		add_sample(&pingpong, pp);
}

static void take_turn(struct arrangement *a, int samples, bool first)
{
	double share;

	if (a->open != NULL)
		a->open(a->arg);
	(void)pair_run(&a->mine, &a->other, a->n, &share);
	for (int i = 0; i < samples; i++)
		sample(a, first);
	if (a->close != NULL)
		a->close();
}

static bool enough(const struct arrangement *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i].in_range.n < ENOUGH)
			return false;
	}
	return true;
}

/* With too few samples in range, all are shown, and none is judged. */
static void show(struct arrangement *a)
{
	struct samples *in = &a->in_range;

	if (in->n >= MIN_SAMPLES)
		print_ratio(a->what, " x pp", in, in, a->limits);
	else
		print_ratio(a->what, " x any pp", &a->ratio, in, a->limits);
	if (a->twice && in->n >= MIN_SAMPLES)
		printf("%-58s %5.2f x pp, by what both got done\n", "", quantile(&a->whole, 0.5));
}

void arrange_and_show(struct arrangement *all, size_t n, int samples, int seconds)
{
	const double start = now_ns();
	const int turn = samples < SAMPLES_A_TURN ? samples : SAMPLES_A_TURN;

	/* All take turns, so that each sees the machine in all its moods. */
	for (int done = 0; done < samples && !enough(all, n) && now_ns() - start < seconds * 1e9; done += turn) {
		for (size_t i = 0; i < n; i++)
			take_turn(&all[i], turn, i == 0);
	}
	print_ns("ping-pong (pp), one line each way, there and back", &pingpong);
	for (size_t i = 0; i < n; i++)
		show(&all[i]);
}
