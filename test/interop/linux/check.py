#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whether a kernel that has talked to our platform is content.

check.py DIRECTORY MBOXES SHMEMS: reads DIRECTORY/console, what the kernel and its script (script) have said, and
DIRECTORY/platform, what linux_mailbox_platform has. One line a check, "ok" or "FAILED"; the last line is "checked".
"""
import re
import sys

# What examples/sim's set "demo" has. A clock: its parent, its rate.
CLOCKS = {
	"osc": (None, 24000000),
	"rtc": (None, 32768),
	"uart_clk": ("osc", 24000000),
	"pll": ("osc", 800000000),
	"spi_clk": ("pll", 100000000),
	"display_left_pixel_clock": ("pll", 74250000),
}
# A sensor: its label, its least and its highest value. What is no such quantity hwmon does not show.
SENSORS = {
	"temp1": ("cpu_temp", 42900, 67100),
	"temp2": ("board_temp", 31250, 31250),
	"in0": ("battery_voltage_at_connector", 3660, 3740),
	"power1": ("soc_power", 1600000, 2100000),
}

# What the kernel may log as a warning or worse: pattern, how often at least and at most, and why.
HARMLESS = [
	(r"scmi-hwmon .*: Thermal zone misconfigured for (cpu|board)_temp\. err=-524", 2, 2, "it has no thermal zones"),
	(r"epollctl add err fd \d+, Operation not permitted", 0, 9, "its console is a file"),
	(r"This architecture does not have kernel memory protection\.", 1, 1, "it is a program"),
	(r".*: Using Base channel for protocol 0x17", 1, 1, "we have asked for a protocol that there is not"),
]
# The same where answers come after the time-out of their commands. The second of these meets the next command in the
# area, or its answer.
LATE = [
	(r".*: timed out in resp\(caller: .*\)", 2, 2, "an answer is late, twice"),
	(r".*: Message for 5\d\d type 0 is not expected!", 1, 2, "it comes at last"),
	(r".*: (Invalid message type:0 for 5\d\d .*|Ignoring spurious A2P IRQ !)", 0, 1, "it comes at last, beside another"),
]


class Console:
	"""Lines "@KIND NAME VALUE" of the script's, and the kernel's log."""

	def __init__(self, path):
		self.lines = {}
		self.log = []
		self.text = open(path, encoding="utf-8", errors="replace").read()
		for line in self.text.splitlines():
			log = re.match(r"@log <(\d+)>\[ *[\d.]+\] (.*)", line)
			if log:
				self.log.append((int(log[1]) & 7, log[2]))
			elif line.startswith("@"):
				kind, _, rest = line[1:].partition(" ")
				self.lines.setdefault(kind, []).append(rest)

	def table(self, kind):
		"""NAME: VALUE"""
		return {name: value for name, _, value in (line.partition(" ") for line in self.lines.get(kind, []))}


def check(text, good, seen=None):
	print("ok      " + text if good else f"FAILED  {text}; seen: {seen}")


def check_equal(text, seen, wanted):
	check(f"{text}: {wanted}", seen == wanted, seen)


def check_probe(console):
	wanted = "SCMI Protocol v2.1 'acme:mailbox' Firmware version 0x12345"
	check("the log has: " + wanted, wanted in console.text)
	transport = console.table("transport")
	check_equal("transport", transport.get("type"), "arm,scmi")
	check_equal("time-out in ms, as in the device tree", transport.get("max_rx_timeout_ms"), "1000")
	drivers = set(console.table("driver"))
	check("drivers have found clocks and sensors", {"scmi-clocks", "scmi-hwmon"} <= drivers, drivers)


def check_sensors(console):
	seen = console.table("hwmon")
	for name, (label, least, most) in SENSORS.items():
		check_equal(f"hwmon's label of {name}", seen.pop(name + "_label", None), label)
		value = seen.pop(name + "_input", "")
		wanted = str(least) if least == most else f"{least} to {most}"
		check(f"hwmon's value of {name}: {wanted}", value.isdigit() and least <= int(value) <= most, value)
	check("hwmon has no other", not seen, seen)


def check_clocks(console):
	seen = {}
	parents = []
	for line in console.lines.get("clk", [])[3:]:
		depth = (len(line) - len(line.lstrip()) - 1) // 3
		words = line.split()
		parents[depth:] = [words[0]]
		seen[words[0]] = (parents[depth - 1] if depth else None, int(words[4]))
	for name, (parent, rate) in CLOCKS.items():
		check_equal(f"clock {name}, its parent and its rate", seen.pop(name, None), (parent, rate))
	check("there is no other clock", not seen, seen)


def word(value):
	return (value & 0xFFFFFFFF).to_bytes(4, "little").hex()


def text_field(text):
	return text.encode().ljust(16, b"\0").hex()


def check_answer(console, name, wanted):
	"""A raw message, and its answer: header as sent, then this."""
	sent = console.table("sent").get(name, "")
	seen = console.table("raw").get(name)
	check(f"raw {name}: {sent}, answer {wanted}", seen == sent[:8] + wanted and sent, seen)


def check_raw(console, p2a):
	check_answer(console, "version", word(0) + word(0x20001))
	check_answer(console, "vendor", word(0) + text_field("acme"))
	check_answer(console, "protocols", word(0) + word(3) + "14158000")
	check_answer(console, "no_protocol", word(-1))
	check_answer(console, "no_message", word(-1))
	check_answer(console, "short", word(-10))
	check_answer(console, "no_sensor", word(-4))
	check_answer(console, "rate", word(0) + word(24000000) + word(0))
	check_answer(console, "late_protocol", word(0) + word(0x10000))
	check_answer(console, "async", word(0) if p2a else word(-1))


def header(message, kind, protocol):
	return word(message | kind << 8 | protocol << 10)


def check_reading(what, seen, start, least, most):
	"""A message that begins like this, and then has a reading."""
	value = int.from_bytes(bytes.fromhex(seen[len(start):][:8]), "little") if seen.startswith(start) else None
	check(f"{what}: {start}, and {least} to {most}", value is not None and least <= value <= most, seen)


def check_p2a(console):
	raw = console.table("raw")
	sent = bytes.fromhex(console.table("sent").get("async", "00000000")[:8])
	delayed = (int.from_bytes(sent, "little") | 2 << 8).to_bytes(4, "little").hex()
	check_reading("raw delayed response", raw.get("delayed", ""), delayed + word(0) + word(2), 3660, 3740)
	check_answer(console, "notify_on", word(0))
	for name in ("update_1", "update_2"):
		check_reading("raw notification", raw.get(name, ""), header(1, 3, 0x15) + word(0) + word(0), 42900, 67100)
	check_answer(console, "notify_off", word(0))


def check_late(console):
	raw = console.table("raw")
	sent = console.table("sent").get("late", "")
	check("an answer after the time-out is an error, and dropped", raw.get("late") == "none", raw.get("late"))
	check("the late answer itself", raw.get("late_seen") == sent[:8] + word(0), raw.get("late_seen"))
	check_answer(console, "after_late", word(0) + word(0x20001))
	check_answer(console, "at_once", word(0) + text_field("acme"))
	check_answer(console, "after_all", word(0) + word(0x20001))
	check_answer(console, "after_too_long", word(0) + word(0x20001))


def check_log(console, known):
	"""No warning but the known ones, as often as they have to be."""
	rest = [text for level, text in console.log if level <= 4]
	check("the log is there", len(console.log) > 20, len(console.log))
	for pattern, least, most, why in known:
		found = [text for text in rest if re.fullmatch(pattern, text)]
		rest = [text for text in rest if text not in found]
		check(f"warning as known, {least} to {most} times, because {why}: {pattern}", least <= len(found) <= most, found)
	check("no other warning of the kernel's", not rest, rest)


def check_counts(console, path, late):
	"""What the kernel has counted, and the platform."""
	kernel = {name: int(value) for name, value in console.table("counter").items()}
	text = open(path, encoding="utf-8").read()
	platform = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", text)}
	check("the platform has no complaint", re.fullmatch(r"platform: taken=.*\n", text), text)
	if not kernel or not platform:
		check("there are counters", False, (kernel, platform))
		return
	none = ["sent_fail", "sent_fail_channel_not_found", "err_msg_nomem"]
	for name in none + ([] if late else ["err_msg_unexpected", "err_msg_invalid"]):
		check_equal("kernel's counter " + name, kernel[name], 0)
	check_equal("kernel's time-outs", kernel["xfers_response_timeout"], 2 if late else 0)
	check_equal("platform's messages of bad length", platform["bad_length"], 1 if late else 0)
	for name in ("bad_status", "bad_check", "stale", "open"):
		check_equal("platform's counter " + name, platform[name], 0)
	check_equal("events, of both", platform["events"], kernel["delayed_response_ok"] + kernel["notification_ok"])
	check_equal("the kernel's doorbells for commands", platform["tx"], platform["taken"] + platform["bad_length"])
	check_equal("the kernel's doorbells for what it has taken", platform["rx_reply"], platform["events"])
	check_equal("the platform's doorbells, one for each message", platform["rung"],
				platform["taken"] + platform["bad_length"] + platform["events"])


def main():
	directory, mboxes, shmems = sys.argv[1:]
	console = Console(directory + "/console")
	p2a = shmems == "2"
	late = (mboxes, shmems) == ("2", "2")
	check("the script has come to its end, and the kernel has switched off",
			"end" in console.lines and "reboot: Power down" in console.text, console.text[-400:])
	check_probe(console)
	check_sensors(console)
	check_clocks(console)
	check_raw(console, p2a)
	if p2a:
		check_p2a(console)
	if late:
		check_late(console)
	check_log(console, HARMLESS + (LATE if late else []))
	check_counts(console, directory + "/platform", late)
	print("checked")


main()
