#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks the two lists of sources against each other and against the folders.

	lists.py ROOT

Every .c file below lib and transports stands in exactly one part, every part is the same in both lists, and what a list
names is there. Prints one line a fault; exits 1 if there is any.
"""
import os
import re
import sys

LISTS = ("cmake/scmi_sources.cmake", "lib/scmi.mk")


def parts_of(name, text):
	"""What a list says: part -> files, in their order."""
	if name.endswith(".cmake"):
		found = re.findall(r"^set\(scmi_(\w+)_sources\n([^)]*)\)", text, re.MULTILINE)
	else:
		found = re.findall(r"^scmi_(\w+)_sources := \\\n((?:\t.*\\\n)*\t.*\n)", text, re.MULTILINE)
	return {part: files.replace("\\", " ").split() for part, files in found}


def faults(texts, on_disk):
	"""texts: for each name in LISTS what the file says; on_disk: all the .c files that there are."""
	cmake, make = (parts_of(name, texts[name]) for name in LISTS)
	absolute = re.search(r"^foreach\(part ([^)]*)\)", texts[LISTS[0]], re.MULTILINE)
	if not cmake or not make or not absolute:
		yield "a list is empty, or is written in a way that is not understood here"
		return
	if sorted(absolute.group(1).split()) != sorted(cmake):
		yield f"{LISTS[0]}: the last loop names other parts than there are"
	for part in sorted(set(cmake) | set(make)):
		if cmake.get(part) != make.get(part):
			yield f"{part}: the lists differ: {cmake.get(part)} and {make.get(part)}"
	for name, parts in zip(LISTS, (cmake, make)):
		listed = [file for files in parts.values() for file in files]
		for file in sorted(set(listed) | set(on_disk)):
			if listed.count(file) != 1 or file not in on_disk:
				yield f"{name}: {file}: listed {listed.count(file)} times, " + \
				      ("is there" if file in on_disk else "is not there")


def main(root):
	on_disk = [os.path.relpath(os.path.join(folder, name), root) for top in ("lib", "transports")
		   for folder, _, names in os.walk(os.path.join(root, top)) for name in names if name.endswith(".c")]
	texts = {}
	for name in LISTS:
		with open(os.path.join(root, name), encoding="utf-8") as f:
			texts[name] = f.read()
	found = list(faults(texts, on_disk))
	print("\n".join(found) if found else f"{len(on_disk)} files, each in its part, in both lists")
	return 1 if found else 0


if __name__ == "__main__":
	if len(sys.argv) != 2:
		sys.exit(__doc__)
	sys.exit(main(sys.argv[1]))
