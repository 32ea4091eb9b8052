/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/transport/mailbox.h>

int scmi_mailbox_channel(uint32_t mboxes, uint32_t shmems, enum scmi_mailbox_signal signal)
{
	/* The device tree's arrangements; -1: that signal has no channel there. */
	static const struct {
		uint8_t mboxes;
		uint8_t shmems;
		int8_t channel[4];
	} known[] = {
		{1, 1, {0, 0, -1, -1}}, {2, 1, {0, 1, -1, -1}}, {2, 2, {0, 0, 1, 1}},
		{3, 2, {0, 1, 2, 2}},   {4, 2, {0, 1, 2, 3}},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].mboxes != mboxes || known[i].shmems != shmems || (uint32_t)signal > 3u)
			continue;
		return known[i].channel[signal] < 0 ? SCMI_E_NOTSUP : known[i].channel[signal];
	}
	return SCMI_E_NOTSUP;
}
