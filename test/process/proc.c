/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include "proc.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_file(pid_t pid, const char *name)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "re");
	if (f == NULL) {
		(void)fprintf(stderr, "%s: the process has gone\n", path);
		exit(1);
	}
	return f;
}

static uint32_t fds_of(pid_t pid)
{
	char path[64];
	uint32_t n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n;
}

static uint32_t lines_of(pid_t pid, const char *name)
{
	FILE *f = open_file(pid, name);
	uint32_t n = 0;
	int c;

	while ((c = getc(f)) != EOF)
		n += c == '\n';
	(void)fclose(f);
	return n;
}

static uint32_t rss_of(pid_t pid)
{
	FILE *f = open_file(pid, "status");
	char line[128];
	uint32_t kib = 0;

	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = (uint32_t)strtoul(line + 6, NULL, 10);
	}
	(void)fclose(f);
	return kib;
}

struct held proc_held(pid_t pid)
{
	return (struct held){.fds = fds_of(pid), .maps = lines_of(pid, "maps"), .rss_kib = rss_of(pid)};
}

bool proc_same(const struct held *a, const struct held *b)
{
	return a->fds == b->fds && (!PROC_EXACT || a->maps == b->maps);
}

/* Fields 14 and 15; the second is a name in brackets, which may hold anything. */
uint64_t proc_ticks(pid_t pid)
{
	FILE *f = open_file(pid, "stat");
	char line[512] = "";
	const char *at;
	uint64_t ticks = 0;

	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	(void)fclose(f);
	at = strrchr(line, ')');
	for (unsigned field = 2; at != NULL && field < 15u; field++) {
		at = strchr(at + 1, ' ');
		if (at != NULL && field >= 13u)
			ticks += strtoull(at, NULL, 10);
	}
	return ticks;
}
