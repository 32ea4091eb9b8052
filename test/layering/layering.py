#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks the floors of the library: who may include whom, and what the compiled objects may refer to.

	layering.py sources ROOT                   the source tree
	layering.py objects BUILD [NM READELF]     the objects of one build folder

Prints one line a fault, each with the name of the rule in brackets; exits 1 if there is any. The table FLOORS is the
rule book: docs/design.md tells why. selftest.py shows that each rule can fail.
"""
import os
import re
import subprocess
import sys

FREESTANDING = {"stddef.h", "stdint.h", "stdbool.h", "stdatomic.h", "stdalign.h", "limits.h"}
CONTRACTS = r"scmi/(?:(errors|message|port|transport|endpoint|scheme|trace|version)\.h|message/.*)"

# folder -> (public headers it may include, may it include headers of an operating system); the longest match counts
FLOORS = {
	"include/scmi": (r"scmi/.*", False),
	"include/scmi/message": (r"scmi/message\.h", False),
	"include/scmi/transport": (CONTRACTS + r"|scmi/platform\.h|scmi/transport/\w+\.h", False),
	"include/scmi/server": (CONTRACTS + r"|scmi/platform\.h", False),
	"include/scmi/port": (r"scmi/(port|errors)\.h|scmi/port/.*", True),
	"lib/wire": (r"scmi/(message|errors|trace|version)\.h|scmi/message/.*", False),
	"lib/port": (r"scmi/(port|errors|transport)\.h|scmi/port/.*", False),
	"lib/port/posix": (r"scmi/(port|errors)\.h|scmi/port/.*", True),
	"lib/port/linux": (r"scmi/(port|errors)\.h|scmi/port/.*", True),
	"lib/port/freertos": (r"scmi/(port|errors)\.h|scmi/port/.*", True),
	"lib/agent": (CONTRACTS + r"|scmi/agent\.h", False),
	"lib/minimal": (CONTRACTS + r"|scmi/(agent|minimal)\.h", False),
	"lib/platform": (CONTRACTS + r"|scmi/platform\.h|scmi/server/.*", False),
	"lib/protocol": (r"scmi/.*", False),
	"lib/hosted": (r"scmi/.*", True),
	"transports": (r"scmi/(message|errors|port|transport|platform)\.h|scmi/transport/.*", True),
	"transports/loopback": (r"scmi/(message|errors|port|transport|platform)\.h|scmi/transport/loopback\.h", False),
	"transports/virtio": (r"scmi/(message|errors|port|trace|transport|platform)\.h|scmi/transport/virtio\w*\.h", False),
	"transports/virtio_mmio": (r"scmi/(errors|port|trace|transport)\.h|scmi/transport/virtio(_mmio)?\.h", False),
	"transports/shmem": (r"scmi/(errors|port)\.h|scmi/transport/shmem\.h", False),
	"transports/mailbox": (r"scmi/(message|errors|port|transport|endpoint)\.h|scmi/transport/(shmem|mailbox)\.h", False),
	"transports/smc": (r"scmi/(errors|port|transport|endpoint)\.h|scmi/transport/(shmem|mailbox|smc)\.h", False),
	"transports/carrier": (r"scmi/(errors|port|scheme)\.h", True),
	"transports/vhost_user": (r"scmi/(message|errors|port|transport|endpoint|scheme)\.h|"
				  r"scmi/transport/(virtio|virtio_device|vhost_user)\.h", True),
	"transports/mailbox_linux": (r"scmi/(message|errors|port|transport|endpoint|scheme)\.h|"
				     r"scmi/transport/(shmem|mailbox|mailbox_linux)\.h", True),
	"examples": (r"scmi/.*", True),
	"examples/scmictl": (r"scmi/.*", True),
	"examples/scmid": (r"scmi/.*", True),
}
# Private headers are their own folder's; the floors above lib/wire may use those of lib/wire too, scmictl its device's.
ABOVE_WIRE = {floor: ["lib/wire"] for floor in ("lib/agent", "lib/minimal", "lib/platform", "lib/protocol")}
ABOVE_WIRE["transports/mailbox"] = ABOVE_WIRE["transports/smc"] = ["transports/shmem"]
ABOVE_WIRE["lib/port/linux"] = ["lib/port/posix"]
ABOVE_WIRE["transports/mailbox_linux"] = ["transports/shmem", "transports/carrier"]
ABOVE_WIRE["transports/vhost_user"] = ["transports/carrier", "transports/virtio"]
ABOVE_WIRE["examples/scmid"] = ["examples/sim"]
ABOVE_WIRE["examples/scmictl"] = ["examples/sim"]
# What a process has one of only: the handler of a signal.
PROCESS_STATE = ("transports/vhost_user/guard.c.o",)
# What a thread has one of: how often it has paused, whatever it waited for.
THREAD_STATE = ("lib/port/posix/posix.c.o", "lib/port/linux/linux.c.o")
# Contracts are below the two ends: they never include them.
BELOW_THE_ENDS = re.compile(r"include/" + CONTRACTS)
OS_MACRO = re.compile(r"\b(_WIN32|_WIN64|__(linux|unix|APPLE|FreeBSD|NetBSD|OpenBSD|ZEPHYR|ANDROID|QNX|CYGWIN|MINGW32)(__)?|"
		      r"linux|unix|_POSIX\w*|__STDC_HOSTED__|FREERTOS\w*)\b")
TRANSPORT_NAME = re.compile(r"\b(loopback|mailbox|virtio|vhost|shmem|smc)\w*", re.IGNORECASE)
# SCMI_HDR_BYTES is a size, not a field.
HEADER_FIELD = re.compile(r"\bscmi_hdr(_\w+)?\s*\(|\bSCMI_HDR_(?!BYTES\b)\w+|\benum\s+scmi_msg_type\b")

LIBC_ALLOWED = re.compile(r"mem(cpy|set|cmp)$")
# ... on a core that lacks the instructions, of at most a word; lib/port/cortex_m has them.
COMPILER_OWN = re.compile(r"(__atomic_\w+_[124]$|__aeabi_|__stack_chk_|_GLOBAL_OFFSET_TABLE_|__gnu_|__(u|s)?(div|mod|mul)\w*$)")


def without_comments(text):
	"""Comments become blanks; line numbers stay."""
	keep = lambda m: m.group(0) if m.group(0)[0] in "\"'" else re.sub(r"[^\n]", " ", m.group(0))
	return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', keep, text, flags=re.DOTALL)


def floor_of(path):
	found = [folder for folder in FLOORS if path.startswith(folder + "/")]
	return max(found, key=len) if found else None


def source_files(root):
	for top in ("include", "lib", "transports", "examples"):
		for folder, _, names in os.walk(os.path.join(root, top)):
			for name in sorted(names):
				if name.endswith((".c", ".h")):
					yield os.path.relpath(os.path.join(folder, name), root)


def include_faults(path, floor, root, where, bracket, name):
	public, hosted = FLOORS[floor]
	if bracket == '"':
		target = os.path.normpath(os.path.join(os.path.dirname(path), name))
		allowed = [os.path.dirname(path)] + ABOVE_WIRE.get(floor, [])
		if os.path.dirname(target) not in allowed or not os.path.exists(os.path.join(root, target)):
			yield f"{where}: [private-include] {floor} must not include \"{name}\""
	elif name.startswith("scmi/"):
		if name != "scmi/config.h" and not re.fullmatch(public, name):
			yield f"{where}: [public-include] {floor} must not include <{name}>"
		elif BELOW_THE_ENDS.fullmatch(path) and re.fullmatch(r"scmi/(agent|platform)\.h", name):
			yield f"{where}: [public-include] a contract must not include <{name}>"
	elif name not in FREESTANDING and not hosted:
		yield f"{where}: [freestanding] {floor} must not include <{name}>"


def file_faults(root, path):
	floor = floor_of(path)
	if floor is None:
		yield f"{path}: [floor] this folder stands on no floor: add it to FLOORS"
		return
	with open(os.path.join(root, path), encoding="utf-8") as f:
		lines = without_comments(f.read()).split("\n")
	for number, line in enumerate(lines, 1):
		where = f"{path}:{number}"
		include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
		if include:
			yield from include_faults(path, floor, root, where, *include.groups())
		elif re.match(r"\s*#\s*include\b", line):
			yield f"{where}: [computed-include] an include must name its file"
		elif re.match(r"\s*#\s*(el)?if", line) and not FLOORS[floor][1] and OS_MACRO.search(line):
			yield f"{where}: [os-ifdef] {line.strip()}"
		elif floor.startswith("transports") and HEADER_FIELD.search(line):
			yield f"{where}: [header-field] a transport passes the header on whole: {line.strip()}"
		elif floor in ("lib/agent", "lib/minimal", "lib/platform", "lib/wire") and TRANSPORT_NAME.search(line):
			yield f"{where}: [transport-name] the core knows capabilities, not names: {line.strip()}"
		elif floor.startswith("include/") and re.search(r"\bscmi__\w+", line):
			yield f"{where}: [internal-name] scmi__ names stay inside lib: {line.strip()}"


def output(*command):
	return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def object_files(build):
	"""Objects of the library's targets, as (path, folder in the source tree)."""
	for folder, _, names in os.walk(build):
		inside = re.search(r"(lib|transports/\w+)(/\w+)*/CMakeFiles/scmi_\w+\.dir(/.*)?$", folder)
		if not inside:
			continue
		home = os.path.relpath(folder, build)
		home = re.sub(r"CMakeFiles/scmi_\w+\.dir/?", "", home).rstrip("/")
		for name in sorted(names):
			if name.endswith((".o", ".obj")):
				yield os.path.join(folder, name), home


def symbols(nm, paths):
	"""For each object the (letter, name) of each symbol that the linker sees."""
	found = {path: [] for path in paths}
	for line in output(nm, "-gA", *paths).splitlines():
		path, _, rest = line.rpartition(":")
		fields = rest.split()
		found[path].append((fields[-2], fields[-1]))
	return found


def writable_sections(readelf, paths):
	"""For each object its sections with writable data: .data, .bss, thread-local ones; not what relocation makes
	read-only."""
	found = {path: [] for path in paths}
	path = next(iter(found)) # of a single file readelf does not tell the name
	for line in output(readelf, "-SW", *paths).splitlines():
		if line.startswith("File: "):
			path = line[len("File: "):]
		match = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+(\S+)\s+\S+\s+\S+\s+([0-9a-f]+)\s+\S+\s+(\S+)", line)
		if match and int(match.group(3), 16) and "W" in match.group(4) and "A" in match.group(4):
			if not match.group(1).startswith((".data.rel.ro", ".init_array", ".fini_array")):
				found[path].append(match.group(1))
	return found


def hosted_folder(folder):
	return FLOORS[floor_of(folder + "/") or "lib/hosted"][1]


def object_faults(path, folder, symbols_of, sections, ends):
	for letter, name in symbols_of:
		if letter in "Uw":
			if folder.startswith("transports") and name in ends:
				yield f"{path}: [upward-symbol] a transport refers to {name} of {ends[name]}"
			elif not name.startswith("scmi_") and not hosted_folder(folder) and \
			     not LIBC_ALLOWED.match(name) and not COMPILER_OWN.match(name):
				yield f"{path}: [libc-symbol] freestanding code refers to {name}"
		elif not name.startswith("scmi_") and not (folder == "lib/port/cortex_m" and COMPILER_OWN.match(name)):
			yield f"{path}: [foreign-name] defines {name}: what others can see begins with scmi_"
	where = os.path.join(folder, os.path.basename(path))
	for section in () if where in PROCESS_STATE else sections:
		if where not in THREAD_STATE or not section.startswith(".tbss"):
			yield f"{path}: [global-state] writable data in {section}"


def check_sources(root):
	files = list(source_files(root))
	return len(files), [fault for path in files for fault in file_faults(root, path)]


def check_objects(build, nm="nm", readelf="readelf"):
	files = dict(object_files(build))
	if not files:
		return 0, []
	names, sections = symbols(nm, files), writable_sections(readelf, files)
	ends = {name: folder for path, folder in files.items() if re.match(r"lib/(agent|minimal|platform|protocol)\b", folder)
		for letter, name in names[path] if letter not in "Uw"}
	return len(files), [fault for path, folder in files.items()
			    for fault in object_faults(path, folder, names[path], sections[path], ends)]


def main(argv):
	check = {"sources": check_sources, "objects": check_objects}.get(argv[1] if len(argv) > 2 else "")
	if check is None:
		sys.exit(__doc__)
	count, faults = check(*argv[2:])
	if count == 0:
		faults = [f"{argv[2]}: [nothing] no file to check"]
	print("\n".join(faults) if faults else f"{count} files stand on their floors")
	return 1 if faults else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv))
