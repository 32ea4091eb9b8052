#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the library takes on a machine without an operating system, code and constants together.

	size.py archives SIZE_TOOL ARCHIVE..
	size.py linked LD NM SIZE_TOOL LIMITS DOCUMENT texts|plain ARCHIVE..

archives: each as it lies there. Writable data is refused: the library keeps all its state in its user's memory.

linked: what a program gets that uses some of it, for each row of LIMITS: the archives linked with only those functions
asked for, and the linker drops the rest. Copying and filling memory is the program's own. A row fails that is larger than
its limit; one whose size is more than MARGIN below it fails, too: then the limit is to be lowered, so that what was gained
is not lost. texts, plain: with SCMI_CONFIG_TEXTS or without. DOCUMENT has tables with a row for each of LIMITS and for each
archive, which begins with its name, or that and a colon: what it says must be nearly true.
"""
import fnmatch
import functools
import os
import re
import subprocess
import sys

MARGIN = 120 # bytes; another release of the compiler may need as much
NEAR = 60 # bytes, or half a per cent: so much the document may be out of date
MEMORY = ("memcpy", "memset", "memcmp")


def output(*command):
	return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def size_of(size_tool, archive):
	return map(int, output(size_tool, "-t", archive).splitlines()[-1].split()[:3])


def archives(size_tool, *paths):
	bad = 0
	print(f"{'archive':28} {'text':>8} {'data':>6} {'bss':>6}")
	for path in paths:
		text, data, bss = size_of(size_tool, path)
		print(f"{os.path.basename(path):28} {text:8} {data:6} {bss:6}")
		if text == 0:
			print(f"{path}: no code in it")
		if data + bss > 0:
			print(f"{path}: has writable data")
		bad |= text == 0 or data + bss > 0
	return bad


def rows(path):
	with open(path, encoding="utf-8") as f:
		for line in f:
			if line.strip() and not line.startswith("#"):
				name, must, goal, texts, plain, parts, functions = (field.strip() for field in line.split("|"))
				yield name, must, goal, {"texts": int(texts), "plain": int(plain)}, parts.split(), functions.split()


@functools.cache
def functions_of(nm, part):
	return {line.split()[-1] for line in output(nm, "-g", "--defined-only", part).splitlines()
		if len(line.split()) == 3 and line.split()[1] == "T"}


def link(ld, nm, size_tool, parts, functions):
	"""Bytes of these parts, with these functions wanted; a name may have a *."""
	there = sorted(set().union(*[functions_of(nm, part) for part in parts]))
	wanted = [name for pattern in functions for name in there if fnmatch.fnmatch(name, pattern)]
	missing = [pattern for pattern in functions if not fnmatch.filter(there, pattern)]
	if missing:
		sys.exit(f"no such function in {parts}: {missing}")
	program = "linked.elf"
	output(ld, "--gc-sections", "-e", "0", *[f"--defsym={name}=0" for name in MEMORY],
	       *[f"--undefined={name}" for name in wanted], "-o", program, "--start-group", *parts, "--end-group")
	text = int(output(size_tool, program).splitlines()[-1].split()[0])
	os.remove(program)
	return text


def said(document, kind):
	"""Bytes by name, in all tables of the document."""
	column = {"texts": 1, "plain": 2}[kind]
	with open(document, encoding="utf-8") as f:
		table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in f if line.startswith("|")]
	return {row[0].partition(":")[0].strip("`"): int(row[column].replace(",", "")) for row in table
		if len(row) > column and re.fullmatch("[0-9][0-9,]*", row[column])}


def is_stale(sizes, name, text):
	if name in sizes and abs(sizes[name] - text) <= max(NEAR, text // 200):
		return False
	print(f"{name}: {text} bytes, and docs/performance.md says {sizes.get(name, 'nothing')}")
	return True


def linked(ld, nm, size_tool, limits, document, kind, *paths):
	where = {os.path.basename(path).removeprefix("lib").removeprefix("scmi_").removesuffix(".a"): path for path in paths}
	sizes = said(document, kind)
	bad = False
	for path in paths if kind == "texts" else ():
		if os.path.basename(path).startswith("libscmi_"):
			bad |= is_stale(sizes, os.path.basename(path), next(size_of(size_tool, path)))
	print(f"{'linked':44} {'text':>7} {'limit':>7}  must  goal")
	for name, must, goal, limit, parts, functions in rows(limits):
		if not all(part in where for part in parts):
			print(f"{name:44} not in this build")
			continue
		text = link(ld, nm, size_tool, [where[part] for part in parts], functions)
		print(f"{name:44} {text:7} {limit[kind]:7}  {must:5} {goal:5}")
		if text > limit[kind]:
			print(f"{name}: {text - limit[kind]} bytes more than its limit")
		elif text < limit[kind] - MARGIN:
			print(f"{name}: {limit[kind] - text} bytes less than its limit: lower that")
		bad |= not limit[kind] - MARGIN <= text <= limit[kind]
		bad |= is_stale(sizes, name, text)
	return bad


if __name__ == "__main__":
	if len(sys.argv) < 4 or sys.argv[1] not in ("archives", "linked"):
		sys.exit(__doc__)
	sys.exit({"archives": archives, "linked": linked}[sys.argv[1]](*sys.argv[2:]))
