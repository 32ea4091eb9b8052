/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fuzzer without libFuzzer, for any compiler and any target: runs each file that is named once. An input is handed
 * over in memory of exactly its length, so that a sanitizer sees a read beyond it.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX 65536u

static int run(const char *path)
{
	static uint8_t buffer[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t len;

	if (f == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	len = fread(buffer, 1, sizeof(buffer), f);
	if (ferror(f) || len == sizeof(buffer)) {
		fprintf(stderr, "%s: cannot be read, or is longer than any input should be\n", path);
		fclose(f);
		return -1;
	}
	fclose(f);
	exact = malloc(len != 0 ? len : 1u);
	MUST(exact != NULL);
	memcpy(exact, buffer, len);
	printf("%s\n", path);
	fflush(stdout); /* the last line names the input that took the program down */
	(void)LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s INPUT...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		if (run(argv[i]) != 0)
			return 1;
	}
	printf("%d inputs, each of them held\n", argc - 1);
	return 0;
}
