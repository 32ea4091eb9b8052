#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare.py DEVIATIONS FINDINGS [some]: every finding must be a listed deviation, and every listed one must be found, but
where only some files were looked at."""
import fnmatch
import re
import sys

# What the add-on finds only when it has seen all files, and not in every run: its entries are allowed, not demanded. Of some
# files it means nothing: what the others use seems to be used by nobody.
WHOLE_PROGRAM = re.compile(r"misra-c2012-(2\.[345]|5\.[6789]|8\.[567])$")


def main(deviations, findings, some=None):
	rules, used, bad, count = [], set(), [], 0
	with open(deviations, encoding="utf-8") as f:
		for line in f:
			if line.strip() and not line.startswith("#"):
				rule, files, reason = (line.strip().split(None, 2) + ["", ""])[:3]
				if not reason:
					bad.append(f"{deviations}: {rule} {files}: no reason")
				rules.append((rule, files))
	with open(findings, encoding="utf-8") as f:
		for line in f:
			found = re.match(r"([^:\s]+):\d+: ([\w.-]+):", line)
			if not found:
				bad.append(f"not understood: {line.strip()}")
				continue
			count += 1
			if some is not None and WHOLE_PROGRAM.match(found.group(2)):
				continue
			here = [(rule, files) for rule, files in rules if rule == found.group(2) and
				any(fnmatch.fnmatch(found.group(1), pattern) for pattern in files.split(","))]
			used.update(here)
			if not here:
				bad.append(line.strip())
	if count == 0:
		bad.append(f"{findings}: nothing at all: was anything analysed?")
	if some is None:
		bad += [f"{deviations}: nothing like {rule} in {files} any more" for rule, files in rules
			if (rule, files) not in used and not WHOLE_PROGRAM.match(rule)]
	print("\n".join(bad) if bad else f"{count} findings, all of them listed: {len(rules)} deviations")
	return bool(bad)


if __name__ == "__main__":
	if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["some"]):
		sys.exit(__doc__)
	sys.exit(main(*sys.argv[1:]))
