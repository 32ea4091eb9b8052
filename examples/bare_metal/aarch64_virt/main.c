/* SPDX-License-Identifier: BSD-3-Clause */
/* From start.S. The image ends with what main() returns. */
#include "board.h"
#include "drive.h"

int main(void);

int main(void)
{
	board_init();
	return drive(link_registers);
}
