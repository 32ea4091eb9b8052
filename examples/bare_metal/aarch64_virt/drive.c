/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An SCMI agent on bare AArch64, in QEMU's machine `virt`: finds the virtio-scmi device behind the virtio-mmio transports
 * and asks it, polled and by interrupt, from one core and from two.
 */
#include "drive.h"

#include "ask.h"
#include "board.h"

#define COMMANDS 2048u
#define SHARED   512u /* from each of two cores */

static const struct link_kind kinds[] = {
	{"polled", 0, 0},
	{"interrupt delivers, WFE", SCMI_VIRTIO_MMIO_DELIVERS, 0},
	{"interrupt delivers, WFI", SCMI_VIRTIO_MMIO_DELIVERS, SCMI_AARCH64_BARE_WFI},
	{"interrupt wakes, WFE", SCMI_VIRTIO_MMIO_SIGNALS, 0},
	{"interrupt wakes, WFI", SCMI_VIRTIO_MMIO_SIGNALS, SCMI_AARCH64_BARE_WFI},
};

/* With two cores: the interrupt comes to the first one, and the second one hears of it by an event. */
static const struct link_kind shared_kinds[] = {
	{"two cores, polled", 0, 0},
	{"two cores, interrupt delivers", SCMI_VIRTIO_MMIO_DELIVERS, 0},
	{"two cores, interrupt wakes", SCMI_VIRTIO_MMIO_SIGNALS, 0},
};

/* `name=N` among the words that QEMU was given; 0: it is not there. */
static uint32_t number(const char *words, const char *name)
{
	for (; *words != '\0'; words++) {
		const char *a = words;
		const char *b = name;
		uint32_t value = 0;

		while (*b != '\0' && *a == *b)
			a++, b++;
		if (*b != '\0' || *a++ != '=')
			continue;
		for (; *a >= '0' && *a <= '9'; a++)
			value = value * 10 + (uint32_t)(*a - '0');
		return value;
	}
	return 0;
}

static uint32_t ask_all(struct link *link)
{
	return ask_what_there_is(link) + ask_for_a_notification(link) + ask_for_a_delayed_response(link) +
	       ask_often(link, COMMANDS);
}

static uint32_t with(const struct link_place *place, const struct link_kind *kind,
		     uint32_t (*ask)(struct link *link, uint32_t n), uint32_t n)
{
	static struct link link;
	uint32_t wrong;

	board_print("== %s\n", kind->name);
	if (link_open(&link, place, kind) != SCMI_OK)
		board_exit(1);
	wrong = ask != NULL ? ask(&link, n) : ask_all(&link);
	link_close(&link);
	return wrong;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t with_each(const struct link_place *place)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < COUNT(kinds); i++)
		wrong += with(place, &kinds[i], NULL, 0);
	for (uint32_t i = 0; i < COUNT(shared_kinds); i++)
		wrong += with(place, &shared_kinds[i], ask_from_two_cores, SHARED);
	return wrong;
}

int drive(link_registers_fn *registers)
{
	const uint32_t seconds = number(board_words(), "seconds");
	struct link_place place;
	uint32_t wrong;

	if (!link_find(registers, &place)) {
		board_print("FAILED: no SCMI device\n");
		return 1;
	}
	wrong = seconds != 0 ? with(&place, &kinds[2], ask_for_seconds, seconds) : with_each(&place);
	board_print(wrong == 0 ? "all is well\n" : "%u things are wrong\n", wrong);
	return wrong != 0;
}
