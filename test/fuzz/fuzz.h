/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fuzzers share: how an input is read, and what is said when something does not hold. */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Holds in every build, and takes the program down where it does not: that is what a fuzzer looks for. */
#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #x);                         \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* What is left of an input. It goes on with zeros for ever. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint32_t fuzz_word(struct fuzz_input *in)
{
	uint32_t w = fuzz_byte(in);

	w |= (uint32_t)fuzz_byte(in) << 8;
	w |= (uint32_t)fuzz_byte(in) << 16;
	return w | (uint32_t)fuzz_byte(in) << 24;
}

/* The fuzzer itself: one input. Called by libFuzzer, or by replay.c where there is none. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
