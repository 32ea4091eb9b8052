#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The C code in the README is that of an example, which is compiled and run: word for word.

    readme.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
blocks = re.findall(r"^```c\n(.*?)^```$", (root / "README.md").read_text(), re.DOTALL | re.MULTILINE)
examples = [path.read_text() for path in sorted((root / "examples").glob("*.c"))]
strange = [block for block in blocks if not any(block in example for example in examples)]

for block in strange:
    print(f"not in any example:\n{block}")
lines = [sum(1 for line in block.splitlines() if line.strip() and not line.startswith("#")) for block in blocks]
if min(lines, default=99) > 15:
    print(f"no code of 15 lines: {lines}")
sys.exit(not blocks or bool(strange) or min(lines) > 15)
