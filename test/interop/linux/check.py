#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whether a kernel that has talked to our platform is content.

check.py mailbox DIRECTORY MBOXES SHMEMS
check.py virtio_guest DIRECTORY FEATURES
check.py virtio_guests DIRECTORY 0: and DIRECTORY-1, -2, -3
check.py virtio_restart DIRECTORY 0

reads DIRECTORY/console, what the kernel and its script (script) have said, and DIRECTORY/platform, what our platform has.
One line a check, "ok" or "FAILED"; the last line is "checked".
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

# Bits of FEATURES, and of what the kernel has agreed to.
P2A, INDIRECT, EVENT_IDX, VERSION_1 = 0, 28, 29, 32
DEFAULT = 1 << P2A | 1 << INDIRECT | 1 << EVENT_IDX | 1 << VERSION_1

# What the kernel may log as a warning or worse: pattern, how often at least and at most, and why.
HARMLESS = [
	(r"scmi-hwmon .*: Thermal zone misconfigured for (cpu|board)_temp\. err=-524", 2, 2, "it has no thermal zones"),
	(r"epollctl add err fd \d+, Operation not permitted", 0, 9, "its console is a file"),
	(r"This architecture does not have kernel memory protection\.", 1, 1, "it is a program"),
]
# Where raw messages are sent.
RAW = [
	(r".*: Using Base channel for protocol 0x(17|80)", 1, 1, "we have asked for one that the device tree has not"),
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
		self.old = "Linux version 6.1." in self.text
		self.raw = "sent" in self.lines # not in 6.1

	def table(self, kind):
		"""NAME: VALUE"""
		return {name: value for name, _, value in (line.partition(" ") for line in self.lines.get(kind, []))}


def check(text, good, seen=None):
	print("ok      " + text if good else f"FAILED  {text}; seen: {seen}")


def check_equal(text, seen, wanted):
	check(f"{text}: {wanted}", seen == wanted, seen)


def check_end(console):
	check("the script has come to its end, and the kernel has switched off",
			"end" in console.lines and re.search(r"reboot: (Power down|System halted)\n", console.text), console.text[-400:])


def check_probe(console, wanted, transport):
	check("the log has: " + wanted, wanted in console.text)
	seen = console.table("transport")
	if not console.old:
		check_equal("transport", seen.get("type"), transport)
		check_equal("time-out in ms, as in the device tree", seen.get("max_rx_timeout_ms"), "1000")
	check_drivers(console, "")


def check_drivers(console, prefix):
	drivers = set(console.table(prefix + "driver"))
	check("drivers have found clocks and sensors", {"scmi-clocks", "scmi-hwmon"} <= drivers, drivers)


def check_sensors(console, prefix=""):
	seen = console.table(prefix + "hwmon")
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
		parent = None if console.old else parent # it does not ask
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


def check_raw(console, p2a, vendor):
	check_answer(console, "version", word(0) + word(0x20001))
	check_answer(console, "vendor", word(0) + text_field(vendor))
	check_answer(console, "protocols", word(0) + word(3) + "14158000")
	check_answer(console, "no_protocol", word(-1))
	check_answer(console, "no_message", word(-1))
	check_answer(console, "short", word(-10))
	check_answer(console, "no_sensor", word(-4))
	check_answer(console, "rate", word(0) + word(24000000) + word(0))
	check_answer(console, "own_protocol", word(0) + word(0x10000))
	check_answer(console, "async", word(0) if p2a else word(-1))
	check_answer(console, "notify_on", word(0) if p2a else word(-1))
	if p2a:
		check_p2a(console)


def header(message, kind, protocol):
	return word(message | kind << 8 | protocol << 10)


def check_reading(what, seen, start, least, most):
	"""A message that begins like this, and then has a reading."""
	value = int.from_bytes(bytes.fromhex(seen[len(start):][:8]), "little") if seen.startswith(start) else None
	check(f"{what}: {start}, and {least} to {most}", value is not None and least <= value <= most, seen)


def check_update(console, name):
	"""A notification of the first sensor's value."""
	seen = console.table("raw").get(name, "")
	check_reading("raw notification", seen, header(1, 3, 0x15) + word(0) + word(0), 42900, 67100)


def check_p2a(console):
	raw = console.table("raw")
	sent = bytes.fromhex(console.table("sent").get("async", "00000000")[:8])
	delayed = (int.from_bytes(sent, "little") | 2 << 8).to_bytes(4, "little").hex()
	check_reading("raw delayed response", raw.get("delayed", ""), delayed + word(0) + word(2), 3660, 3740)
	for name in ("update_1", "update_2"):
		check_update(console, name)
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


def main_mailbox(directory, mboxes, shmems):
	console = Console(directory + "/console")
	late = (mboxes, shmems) == ("2", "2")
	check_end(console)
	check_probe(console, "SCMI Protocol v2.1 'acme:mailbox' Firmware version 0x12345", "arm,scmi")
	check_sensors(console)
	check_clocks(console)
	check_raw(console, shmems == "2", "acme")
	check_answer(console, "agent", word(0) + word(1) + text_field("linux"))
	if late:
		check_late(console)
	check_log(console, HARMLESS + RAW + (LATE if late else []))
	check_counts(console, directory + "/platform", late)


# ---- virtio ----

HANGS = [
	(r".*: timed out in resp\(caller: .*\)", 1, 1, "we have asked for a command that is never answered"),
]


def check_features(console, offered):
	"""What the kernel knows of the bits that were offered, as its own list of all bits says."""
	seen = console.lines.get("features", [""])[0]
	seen = sum(1 << bit for bit, digit in enumerate(seen) if digit == "1")
	check_equal("features that the kernel has agreed to", hex(seen), hex(offered & DEFAULT))


def check_many(console):
	check_equal("eight who read a sensor at once", console.lines.get("at_once"), ["31250"] * 8)
	raw = console.table("raw")
	if "hang" not in raw:
		return
	check_answer(console, "beside", word(0) + "0102030405060708")
	check_answer(console, "longest", word(0) + "7".zfill(248))
	check("the command that hangs has no answer", raw.get("hang") == "none", raw.get("hang"))
	check_answer(console, "after_all", word(0) + word(0x20001))


def check_counters(console, hangs):
	kernel = {name: int(value) for name, value in console.table("counter").items()}
	for name in ("sent_fail", "sent_fail_channel_not_found", "err_msg_nomem", "err_msg_unexpected", "err_msg_invalid"):
		check_equal("kernel's counter " + name, kernel.get(name), 0)
	check_equal("kernel's time-outs", kernel.get("xfers_response_timeout"), hangs)


def check_silent(directory):
	text = open(directory + "/platform", encoding="utf-8").read()
	check("scmid has no complaint, and has ended well", text == "", text)


def check_guest(directory, offered, agents, hangs=0):
	"""Returns which of these agents it is. hangs: how many commands are not answered."""
	console = Console(directory + "/console")
	check_end(console)
	check_probe(console, "SCMI Protocol v2.1 'scmid:demo' Firmware version 0x100", "arm,scmi-virtio")
	check_features(console, offered)
	check_sensors(console)
	check_clocks(console)
	check_many(console)
	check_log(console, HARMLESS + (RAW if console.raw else []) + (HANGS if console.raw and hangs else []))
	if not console.raw:
		return None
	check_raw(console, offered & 1 << P2A, "scmid")
	check_counters(console, hangs)
	return check_agent(console, agents)


def check_agent(console, agents):
	seen = console.table("raw").get("agent", "")[8:]
	known = {word(0) + word(n) + text_field(f"agent-{n}"): n for n in agents}
	check(f"raw agent: number and name of one of {agents}", seen in known, seen)
	return known.get(seen)


def main_virtio_guest(directory, features):
	offered = int(features, 0)
	check_guest(directory, offered, [1], 1 if offered in (DEFAULT, 1 << VERSION_1) else 0)
	check_silent(directory)


def main_virtio_guests(directory, _):
	seen = [check_guest(f"{directory}-{guest}", DEFAULT, [1, 2]) for guest in (1, 2, 3)]
	if seen[2] is not None:
		check("the first two are two agents", seen[0] != seen[1], seen)
	check_silent(directory)


# What virtio_uml says when its back end has died, each with a trace of calls.
TRACES = {
	r"WARNING: .* at arch/um/drivers/virtio_uml\.c:\d+ .*": "it finds no back end, nor a way to tell it good-bye",
}


def check_traces(console):
	"""Takes them out of the log; what is left is looked at as ever."""
	rest, traces, inside = [], [], None
	for level, text in console.log:
		if "[ cut here ]" in text:
			inside = []
		elif inside is not None:
			inside.append(text)
		if inside is None:
			rest.append((level, text))
		elif "end trace" in text:
			traces.append(inside[0])
			inside = None
	console.log = rest
	for pattern, why in TRACES.items():
		other = [text for text in traces if not re.fullmatch(pattern, text)]
		check(f"no trace of calls, but where {why}: {pattern}", not other, other)
	check("there are such traces, and they have an end", 0 < len(traces) < 40, len(traces))


def check_gone(console):
	"""A device of the command line's has gone, and all that it had brought."""
	check("no sensor is left, no driver", not console.lines.get("gone_hwmon") and not console.lines.get("gone_driver"),
			console.lines)


def check_back(console):
	"""A device of the device tree's stays, broken; bound anew it has all that it had before."""
	values = {value for name, value in console.table("gone_hwmon").items() if name.endswith("_input")}
	check("each sensor has an error, none hangs", values == {"cat: read error: Input/output error"}, values)
	check("it was bound anew", console.lines.get("bound") is not None)
	if not console.old: # 6.1 makes no devices for its drivers then
		check_drivers(console, "")
		check_sensors(console)
		check_answer(console, "version", word(0) + word(0x20001))
		check_agent(console, [1])
		check_answer(console, "notify_on", word(0))
		check_update(console, "update_1")
		check_answer(console, "notify_off", word(0))


def main_virtio_restart(directory, _):
	console = Console(directory + "/console")
	rebind = directory.endswith("/rebind")
	times = 2 if rebind else 1
	check_end(console)
	check_equal("how often the platform was found", console.text.count("\n[") and
			len(re.findall(r"\n\[.*SCMI Protocol v2\.1 'scmid:demo' Firmware version 0x100", console.text)), times)
	check_drivers(console, "before_")
	check_sensors(console, "before_")
	if console.raw:
		check_answer(console, "watch", word(0))
	(check_back if rebind else check_gone)(console)
	check_traces(console)
	known = [(pattern, least * times, most * times, why) if "Thermal" in pattern and not console.old else (pattern, least, most, why)
			for pattern, least, most, why in HARMLESS]
	known += RAW if console.raw else []
	known.append((HANGS[0][0], 0, 1, "a command was on its way, and the device may have gone first"))
	if rebind:
		known.append((r"scmi_protocol .*: failed to add to TX virtqueue \(-5\)", 4, 20, "its device is broken"))
	check_log(console, known)
	check_silent(directory)


def main():
	mode, *words = sys.argv[1:]
	{
		"mailbox": main_mailbox,
		"virtio_guest": main_virtio_guest,
		"virtio_guests": main_virtio_guests,
		"virtio_restart": main_virtio_restart,
	}[mode](*words)
	print("checked")


main()
