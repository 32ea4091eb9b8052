# SPDX-License-Identifier: BSD-3-Clause
"""What the image of examples/bare_metal/aarch64_virt has to say of the simulated platform, set demo.

	answers.py FILE    checks what an image with two cores has said; exits 0 if that is all right, else 1
"""
import re
import sys

# In each of its ways to drive the device.
WAYS = ("polled", "interrupt delivers, WFE", "interrupt delivers, WFI", "interrupt wakes, WFE", "interrupt wakes, WFI")
SHARED = ("polled", "interrupt delivers", "interrupt wakes") # with two cores
ANSWERS = [
	r"base 2\.1, vendor '(scmid|model)', sub-vendor 'demo', implementation [0-9a-f]+, (2|3) agents, 3 protocols, I am 'agent-[12]'",
	r"6 clocks, version 3\.0",
	r"clock 0 'osc' 24000000 Hz on",
	r"clock 1 'pll' 800000000 Hz on",
	r"clock 2 'uart_clk' 24000000 Hz on",
	r"clock 3 'spi_clk' 100000000 Hz on",
	r"clock 4 'display_left_pixel_clock' 74250000 Hz off",
	r"clock 5 'rtc' 32768 Hz on",
	r"6 sensors, version 3\.1",
	r"sensor 0 'cpu_temp' (4[3-9]|5\d|6[0-7])\d{3} x 10\^-3 degC",
	r"sensor 1 'board_temp' 31250 x 10\^-3 degC",
	r"sensor 2 'battery_voltage_at_connector' 3[67]\d\d x 10\^-3 V",
	r"sensor 3 'fan \"front\"' \d+ x 10\^0 rpm",
	r"sensor 4 'soc_power' [12]\d{6} x 10\^-6 W",
	r"sensor 5 'tilt' -?\d+ -?\d+ -5 x 10\^-3 g",
]
EVENTS = [r"notification: clock 2 now has 48000000 Hz", r"delayed response: sensor 2 reads 3[67]\d\d"]
NO_EVENTS = [r"no notifications on this link", r"no delayed response: .*"]
MANY = r"2048 commands one by one: \d+ us each; 32 at once: \d+ us each; (\d+) doorbells, (\d+) interrupts"


class Fault(Exception):
	pass


def expect(what, condition):
	if not condition:
		raise Fault(what)


def check_answers(said, events):
	"""All that a guest has said, line by line."""
	expect(f"the device: {said[:1]}", said and re.fullmatch(r"slot \d+ at [0-9a-f]+: virtio-scmi", said[0]))
	at = 1
	for way in WAYS:
		for wanted in [re.escape(f"== {way}")] + ANSWERS + (EVENTS if events else NO_EVENTS) + [MANY]:
			line = said[at] if at < len(said) else "nothing more"
			found = re.fullmatch(wanted, line)
			expect(f"{way}: {line!r} in place of {wanted!r}", found)
			at += 1
		interrupts = int(found.group(2))
		expect(f"{way}: {interrupts} interrupts", (interrupts == 0) == (way == "polled"))
	for way in SHARED:
		expect(f"{said[at:at + 2]}", said[at:at + 2] == [f"== two cores, {way}", "512 commands from each of two cores"])
		at += 2
	expect(f"in the end: {said[at:]}", said[at:] == ["all is well"])


def main(path):
	with open(path, encoding="utf-8", errors="replace") as f:
		said = f.read().splitlines()
	try:
		check_answers(said, True)
	except Fault as fault:
		print(f"FAULT: {fault}")
		return 1
	print(f"{len(said)} lines, each as expected")
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1]))
