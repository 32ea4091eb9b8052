#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whether every instruction that works on a transfer's word was interrupted.

	coverage.py aim OBJDUMP IMAGE LIST AGENT TABLE      writes the table of what to aim at
	coverage.py judge OBJDUMP IMAGE LIST AGENT SAID..   judges what runs of the image have printed: lines
	                                                    "hit ADDRESS BITS", a bit for each halfword where the timer
	                                                    came, and "aim ADDRESS", an aimed interrupt

The linker's map stands beside IMAGE. AGENT is the folder of the agent's sources. LIST names the functions there that touch a word, each with what is asked:

	whole NAME      every instruction has been interrupted
	but N NAME      all but N of them, which the test does not run; the line says which these are behind a #

A function of AGENT that touches a word and is not in LIST, or the other way round, is a fault: the list cannot go stale.
Prints a summary, one line a fault; exits 1 if there is any.
-v as the last word: every instruction that was not interrupted, too.
"""
import os
import re
import struct
import subprocess
import sys

TOUCHES = re.compile(r"(->|\.)word\b|\bword_(claimable|will_tell|ended|quarantined|attended)\(")


def functions_of(folder):
	"""The functions in a folder's sources whose bodies touch a word."""
	found = set()
	for file in sorted(os.listdir(folder)):
		if not file.endswith((".c", ".h")):
			continue
		name = None
		with open(os.path.join(folder, file), encoding="utf-8") as f:
			text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), f.read(), flags=re.DOTALL)
		for line in text.splitlines():
			start = re.match(r"[A-Za-z].*?\b(\w+)\(", line)
			if start and not line.rstrip().endswith(";"):
				name = start.group(1)
				if name.startswith("word_"):
					found.add(name)
			elif name and line.startswith((" ", "\t")) and TOUCHES.search(line):
				found.add(name)
			elif line.startswith("}"):
				name = None
	return found


def read_list(path):
	"""name -> how many of its instructions need not be interrupted."""
	asked = {}
	with open(path, encoding="utf-8") as f:
		for number, line in enumerate(f, 1):
			match = re.match(r"(?:whole|but (\d+)) (\w+)\s*(#.*)?$", line)
			if not line.strip() or line.startswith("#"):
				continue
			if not match or match.group(2) in asked or (match.group(1) and not match.group(3)):
				sys.exit(f"{path}:{number}: not understood, or there before, or without a reason")
			asked[match.group(2)] = int(match.group(1) or 0)
	return asked


def output(*command):
	return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def places_of(image, names):
	"""For each name its copies among the agent's, (start, end): a function of a header is compiled into several files."""
	places = {name: set() for name in names}
	with open(image + ".map", encoding="utf-8") as f:
		text = f.read()
	for name, start, size in re.findall(r"^ \.text\.(\w+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) \S*embedded_agent\.dir", text,
					    re.MULTILINE):
		if name in places and int(start, 16) != 0:
			places[name].add((int(start, 16), int(start, 16) + int(size, 16)))
	return places


def instructions(objdump, image):
	found = {}
	for line in output(objdump, "-d", image).splitlines():
		match = re.match(r"\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*)", line)
		if match and not match.group(3).startswith("."):
			found[int(match.group(1), 16)] = match.group(3).replace("\t", " ")
	return found


def read_hits(paths):
	"""Addresses: where the timer has interrupted, and where an aimed interrupt has."""
	timer, aimed = set(), set()
	for path in paths:
		with open(path, encoding="utf-8") as f:
			for line in f:
				match = re.match(r"hit ([0-9a-f]{8}) ([0-9a-f]{8})$", line)
				if match:
					at, bits = (int(word, 16) for word in match.groups())
					timer |= {at + 2 * i for i in range(32) if bits >> i & 1}
				elif re.match(r"aim [0-9a-f]{8}$", line):
					aimed.add(int(line.split()[1], 16))
	return timer, aimed


def merge(copies, code, timer, aimed):
	"""Copies of a function that are alike as one: (offset -> text, offsets that were hit, those by the timer)."""
	kinds = {}
	for start, end in sorted(copies):
		here = [at for at in range(start, end, 2) if at in code]
		shape = tuple((at - start, re.sub(r"<.*|[0-9a-f]{2,}", "", code[at])) for at in here)
		texts, hit, by_timer = kinds.setdefault(shape, ({}, set(), set()))
		for at in here:
			texts.setdefault(at - start, f"{at:08x} {code[at]}")
			if at in timer:
				by_timer.add(at - start)
			if at in timer or at in aimed:
				hit.add(at - start)
	return list(kinds.values())


def judge(name, gaps, kinds):
	missed = [texts[at] for texts, hit, _ in kinds for at in sorted(set(texts) - hit)]
	if not kinds:
		yield f"{name}: is not in the image"
	elif len(missed) > gaps:
		yield f"{name}: {len(missed)} instructions were not interrupted, {gaps} need not be"


def main(argv):
	if len(argv) < 7 or argv[1] not in ("aim", "judge"):
		sys.exit(__doc__)
	what, objdump, image, list_path, agent, *paths = argv[1:]
	verbose = paths[-1] == "-v"
	asked, there = read_list(list_path), functions_of(agent)
	faults = [f"{name}: touches a word, and is not in the list" for name in sorted(there - set(asked))]
	faults += [f"{name}: is in the list, but touches no word" for name in sorted(set(asked) - there)]
	code, places = instructions(objdump, image), places_of(image, asked)
	if what == "aim":
		at = sorted(at for copies in places.values() for start, end in copies for at in range(start, end, 2) if at in code)
		with open(paths[0], "wb") as f:
			f.write(struct.pack(f"<{len(at) + 1}I", len(at), *at))
		return 0
	timer, aimed = read_hits(paths[:-1] if verbose else paths)
	total = hit = by_timer = 0
	for name, copies in sorted(places.items()):
		kinds = merge(copies, code, timer, aimed)
		total += sum(len(k[0]) for k in kinds)
		hit += sum(len(k[1]) for k in kinds)
		by_timer += sum(len(k[2]) for k in kinds)
		faults += judge(name, asked[name], kinds)
		if verbose:
			faults += [f"\t{texts[at]}" for texts, was_hit, _ in kinds for at in sorted(set(texts) - was_hit)]
	print(f"the word's functions: {len(places)}, {total} instructions, {hit} were interrupted, {by_timer} by the timer")
	print("\n".join(faults))
	return 1 if faults else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv))
