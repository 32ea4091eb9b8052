#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""umbrella.py FOLDER: whether FOLDER/scmi.h includes each public header, in FOLDER and below, that needs no operating
system, and none that needs one. FOLDER is include/scmi. Prints one line a fault; exits 1 if there is any.
"""
import os
import re
import sys

UMBRELLA = "scmi.h"
# Files, and folders with a slash at the end, that only some systems have.
HOSTED = ("port/", "hosted.h", "open.h", "scheme.h", "transport/mailbox_linux.h")


def public_headers(top):
	for folder, _, names in os.walk(top):
		for name in names:
			if name.endswith(".h"):
				yield os.path.relpath(os.path.join(folder, name), top).replace(os.sep, "/")


def main(top):
	with open(os.path.join(top, UMBRELLA), encoding="utf-8") as f:
		included = re.findall(r"^#include <scmi/(.*)>$", f.read(), re.MULTILINE)
	wanted = {name for name in public_headers(top) if name != UMBRELLA and not name.startswith(HOSTED)}
	faults = [f"{UMBRELLA}: <scmi/{name}> is missing" for name in sorted(wanted - set(included))]
	faults += [f"{UMBRELLA}: <scmi/{name}> does not belong there" for name in sorted(set(included) - wanted)]
	faults += [f"{UMBRELLA}: <scmi/{name}> stands there twice" for name in sorted(set(included)) if included.count(name) > 1]
	print("\n".join(faults) if faults else f"{len(included)} headers in {UMBRELLA}")
	return 1 if faults else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1]))
