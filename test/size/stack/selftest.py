#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows that stack.py finds what it is for: a depth, a call through a pointer that is not listed, a circle, a frame without
a bound, an entry that nobody needs; and that a jump takes the caller's frame away."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stack # noqa: E402

SOURCE = "int scmi_a(void)\n{\n\tops->send(1);\n}\n"
HEADER = "int scmi_a(void);\n"


def node(name, size, kind="static"):
	return f'node: {{ title: "{name}" label: "{name}\\nlib/x/a.c:1:5\\n{size} bytes ({kind})" }}\n'


def edge(caller, callee, where="lib/x/a.c:3:2"):
	return f'edge: {{ sourcename: "{caller}" targetname: "{callee}" label: "{where}" }}\n'


LISTING = """a.obj:     file format elf32-littlearm
00000000 <scmi_a>:
   0:	{}.w	8 <scmi_a+0x8>
			0: R_ARM_THM_{}	b
   4:	{}	r3
"""


def listed(direct, kind, through):
	return LISTING.format(direct, kind, through)


def faults_of(text, targets="", rounds="", depths="", listing=""):
	with tempfile.TemporaryDirectory() as root:
		for path, content in (("lib/x/a.c", SOURCE), ("include/scmi/a.h", HEADER), ("lib/x/a.ci", text),
				      ("targets.txt", targets), ("rounds.txt", rounds), ("depths.txt", depths)):
			os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
			with open(os.path.join(root, path), "w", encoding="utf-8") as f:
				f.write(content)
		graph = stack.Graph(root, root, root)
		graph.jumps = stack.jumps_of(listing, {"a.obj": {"scmi_a": "scmi_a", "b": "lib/x/a.c:b"}})
		graph.resolve()
		graph.circles()
		return graph.faults + (list(graph.too_deep()) if not graph.faults else [])


def expect(word, *arguments):
	found = faults_of(*arguments)
	if not any(word in fault for fault in found) if word else found:
		sys.exit(f"expected {word!r}, found {found}")


A, B = node("scmi_a", 100), node("lib/x/a.c:b", 500)
CALL, POINTER = edge("scmi_a", "lib/x/a.c:b"), edge("scmi_a", "__indirect_call")
expect("", A)
expect("600 bytes of stack", A + B + CALL)
expect("", A + B + CALL, "", "", "scmi_a 610\n")
expect("", A + B + CALL, "", "", "", listed("b", "JUMP24", "blx"))
expect("600 bytes of stack", A + B + CALL, "", "", "", listed("bl", "CALL", "bx"))
expect("600 bytes of stack", A + B + CALL, "", "", "", listed("b", "JUMP24", "bx") + LISTING.format("bl", "CALL", "bx"))
expect("lower its limit", A + B + CALL, "", "", "scmi_a 700\n")
expect("lower its limit", A, "", "", "scmi_a 600\n")
expect("no public function", A, "", "", "scmi_a 100\nscmi_b 100\n")
expect("not in targets.txt", A + POINTER)
expect("", A + POINTER, "lib/x send outside\n")
expect("600 bytes of stack", A + B + POINTER, "lib/x/a.c send lib/x/a.c:b\n")
expect("", A + B + POINTER, "lib/x/a.c send lib/x/a.c:b\n", "", "", listed("bl", "CALL", "bx"))
expect("600 bytes of stack", A + B + POINTER, "lib/x/a.c send lib/x/a.c:b\n", "", "", listed("b", "JUMP24", "blx"))
expect("there is no", A + POINTER, "lib/x send lib/x/a.c:c\n")
expect("nobody calls", A, "lib/x send outside\n")
expect("a circle", A + B + CALL + edge("lib/x/a.c:b", "scmi_a"))
expect("1300 bytes of stack", A + B + CALL + edge("lib/x/a.c:b", "scmi_a"), "", "scmi_a lib/x/a.c:b 2\n")
expect("does not call", A + B, "", "scmi_a lib/x/a.c:b 2\n")
expect("no bound", node("scmi_a", 10, "dynamic"))
expect("not known here", A + edge("scmi_a", "printf"))
expect("", A + edge("scmi_a", "memcpy"))
print("each fault is found")
