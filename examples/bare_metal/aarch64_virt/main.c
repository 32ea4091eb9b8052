/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An SCMI agent on bare AArch64, in QEMU's machine `virt`: finds the virtio-scmi device behind the virtio-mmio transports and
 * asks it, polled and by interrupt. Ends QEMU with 0 if all was well, else with 1.
 */
#include "ask.h"
#include "board.h"

#define COMMANDS 2048u

static const struct link_kind kinds[] = {
	{"polled", 0, 0},
	{"interrupt delivers, WFE", SCMI_VIRTIO_MMIO_DELIVERS, 0},
	{"interrupt delivers, WFI", SCMI_VIRTIO_MMIO_DELIVERS, SCMI_AARCH64_BARE_WFI},
	{"interrupt wakes, WFE", SCMI_VIRTIO_MMIO_SIGNALS, 0},
	{"interrupt wakes, WFI", SCMI_VIRTIO_MMIO_SIGNALS, SCMI_AARCH64_BARE_WFI},
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

static uint32_t ask(struct link *link, uint32_t seconds)
{
	if (seconds != 0)
		return ask_for_seconds(link, seconds);
	return ask_what_there_is(link) + ask_for_a_notification(link) + ask_for_a_delayed_response(link) +
	       ask_often(link, COMMANDS);
}

int main(void);

int main(void)
{
	static struct link link;
	const uint32_t seconds = number(board_words(), "seconds");
	uint32_t wrong = 0;
	uint32_t slot;

	board_init();
	slot = link_find();
	if (slot == BOARD_VIRTIO_SLOTS) {
		board_print("FAILED: no SCMI device\n");
		return 1;
	}
	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (seconds != 0 && kinds[i].port == 0) /* one is enough then */
			continue;
		board_print("== %s\n", kinds[i].name);
		if (link_open(&link, slot, &kinds[i]) != SCMI_OK)
			return 1;
		wrong += ask(&link, seconds);
		link_close(&link);
		if (seconds != 0)
			break;
	}
	board_print(wrong == 0 ? "all is well\n" : "%u things are wrong\n", wrong);
	return wrong != 0;
}
