#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the shared library exports.

	symbols.py check LIBRARY [NM]   it must be what symbols.txt lists, and what the public headers declare
	symbols.py list LIBRARY [NM]    prints a new symbols.txt

Prints one line a fault; exits 1 if there is any.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = os.path.join(HERE, "..", "..", "include", "scmi")
LIST = os.path.join(HERE, "symbols.txt")
ELSEWHERE = {"port/cortex_m.h", "port/aarch64_bare.h", "port/freertos.h"} # for systems that have no libscmi.so
HEAD = "# SPDX-License-Identifier: BSD-3-Clause\n# What libscmi.so exports, written by ./dev symbols.\n"


def exported(library, nm="nm"):
	lines = subprocess.run([nm, "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
	return {line.split()[-1] for line in lines.splitlines()}


def listed():
	with open(LIST, encoding="utf-8") as f:
		return {line.strip() for line in f if line.strip() and not line.startswith("#")}


def declared():
	"""Functions that the headers declare: what begins at the left edge, is followed by arguments, and ends without a body."""
	found = set()
	for folder, _, names in os.walk(HEADERS):
		for name in names:
			if os.path.relpath(os.path.join(folder, name), HEADERS) in ELSEWHERE:
				continue
			with open(os.path.join(folder, name), encoding="utf-8") as f:
				text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.DOTALL)
			for start, function in re.findall(r"^(\w[\w \t*]*?)\b(scmi_\w+)\([^;{}]*\);", text, re.MULTILINE):
				if not re.match(r"typedef|static", start):
					found.add(function)
	return found


def faults(library, *nm):
	there, wanted, public = exported(library, *nm), listed(), declared()
	for name in sorted(there - public):
		yield f"{name} is exported, and no public header declares it"
	for name in sorted(public - there):
		yield f"{name} is declared in a public header, and the library does not have it"
	for name in sorted(there ^ wanted):
		yield f"{name} is {'not in symbols.txt' if name in there else 'in symbols.txt only'}: ./dev symbols"


def main(argv):
	if len(argv) < 3 or argv[1] not in ("check", "list"):
		sys.exit(__doc__)
	if argv[1] == "list":
		print(HEAD + "\n".join(sorted(exported(*argv[2:]))))
		return 0
	found = list(faults(*argv[2:]))
	print("\n".join(found) if found else f"{len(listed())} exported symbols, all declared")
	return 1 if found else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv))
