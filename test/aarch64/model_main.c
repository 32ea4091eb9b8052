/* SPDX-License-Identifier: BSD-3-Clause */
/* The example's agent, in a machine without an SCMI device: the register model takes the place of one. */
#include "model_device.h"

#include "../../examples/bare_metal/aarch64_virt/board.h"
#include "../../examples/bare_metal/aarch64_virt/drive.h"

int main(void);

int main(void)
{
	int status;

	board_init();
	if (!model_device_make())
		return 1;
	status = drive(model_device_registers);
	return model_device_is_content() ? status : 1;
}
