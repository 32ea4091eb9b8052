#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows that lists.py finds what it is for: a good pair of lists, and then one fault at a time."""
import sys

import lists

CMAKE = "set(scmi_a_sources\n\tlib/a/x.c\n\tlib/a/y.c)\nset(scmi_b_sources\n\tlib/b/z.c)\nforeach(part a b)\nendforeach()\n"
MAKE = "scmi_a_sources := \\\n\tlib/a/x.c \\\n\tlib/a/y.c\n\nscmi_b_sources := \\\n\tlib/b/z.c\n"
DISK = ["lib/a/x.c", "lib/a/y.c", "lib/b/z.c"]

# what is wrong, CMake's list, make's list, the files, a word that the fault must have
CASES = (
	("a file that nobody lists", CMAKE, MAKE, DISK + ["lib/b/new.c"], "listed 0 times, is there"),
	("a file that has gone", CMAKE, MAKE, DISK[:2], "is not there"),
	("a file in two parts", CMAKE.replace("\tlib/b/z.c", "\tlib/b/z.c\n\tlib/a/x.c"),
	 MAKE.replace("\tlib/b/z.c", "\tlib/b/z.c \\\n\tlib/a/x.c"), DISK, "listed 2 times"),
	("a file that make does not have", CMAKE, MAKE.replace(" \\\n\tlib/a/y.c", ""), DISK, "the lists differ"),
	("a part that CMake does not have", CMAKE.replace("scmi_b_sources", "other"), MAKE, DISK, "the lists differ"),
	("a part that is left relative", CMAKE.replace("(part a b)", "(part a)"), MAKE, DISK, "the last loop"),
	("an empty list", CMAKE, "", DISK, "is empty"),
)


def found(cmake, make, disk):
	return list(lists.faults(dict(zip(lists.LISTS, (cmake, make))), disk))


bad = [f"the good lists: {fault}" for fault in found(CMAKE, MAKE, DISK)]
bad += [f"not found: {what}" for what, cmake, make, disk, word in CASES
	if not any(word in fault for fault in found(cmake, make, disk))]
print("\n".join(bad) if bad else f"{len(CASES)} faults, each found")
sys.exit(1 if bad else 0)
