#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""generate.py HEADER OUTPUT: a source file that includes this one public header, twice, and expands each of its macros.

A macro that nobody has ever expanded may not compile. Macros without arguments are found and used as they are; what takes
arguments needs an example in EXAMPLES, and the build fails until it has one.
"""
import re
import sys

EXAMPLES = {
	"SCMI_ERROR_MAP": "0 SCMI_ERROR_MAP(COUNT)",
	"SCMI_STATUS_MAP": "0 SCMI_STATUS_MAP(COUNT)",
	"SCMI_VERSION": "SCMI_VERSION(2, 1)",
	"SCMI_ALIGN_UP_": "SCMI_ALIGN_UP_(5)",
	"SCMI_TEXT_": "sizeof(SCMI_TEXT_(\"a\"))",
	"SCMI_AGENT_WORDS": "SCMI_AGENT_WORDS(8)",
	"SCMI_AGENT_WORDS_FOR": "SCMI_AGENT_WORDS_FOR(8, 2, 48, 4, 64)",
	"SCMI_AGENT_LINK_WORDS": "SCMI_AGENT_LINK_WORDS(8)",
	"SCMI_PLATFORM_WORDS": "SCMI_PLATFORM_WORDS(2, 3)",
	"SCMI_MAILBOX_END_WORDS": "SCMI_MAILBOX_END_WORDS(100)",
	"SCMI_CLOCK_WANT_WORDS": "SCMI_CLOCK_WANT_WORDS(17, 2)",
	"SCMI_SENSOR_INTERVAL": "SCMI_SENSOR_INTERVAL(5, -1)",
	"SCMI_SENSOR_TYPE_MAP": "0 SCMI_SENSOR_TYPE_MAP(COUNT)",
	"SCMI_SENSOR_PENDING_BYTES": "SCMI_SENSOR_PENDING_BYTES(3)",
	"SCMI_SENSOR_WANT_WORDS": "SCMI_SENSOR_WANT_WORDS(17, 2)",
}


def expressions(text):
	undefined = set(re.findall(r"^\s*#\s*undef\s+(\w+)", text, re.MULTILINE))
	text = text.replace("\\\n", " ")
	for name, arguments, value in re.findall(r"^\s*#\s*define\s+(\w+)(\()?(.*)$", text, re.MULTILINE):
		if name in undefined or not value.strip():
			continue        # helper of an X macro; include guard
		if not arguments:
			yield name
		elif name in EXAMPLES:
			yield EXAMPLES[name]
		else:
			sys.exit(f"{sys.argv[1]}: {name}() has no example in {sys.argv[0]}")


def main(header, output):
	with open(header, encoding="utf-8") as f:
		text = f.read()
	name = re.search(r"include/(scmi/.*\.h)$", header).group(1)
	function = "alone_" + re.sub(r"\W", "_", name)
	lines = [f"#include <{name}>", f"#include <{name}>",
		 "#define COUNT(symbol, value, text) +(symbol == (value)) + sizeof(text)",
		 f"unsigned long long {function}(void);", f"unsigned long long {function}(void)", "{",
		 "\tunsigned long long sum = 0;"]
	lines += [f"\tsum += (unsigned long long)({expression});" for expression in expressions(text)]
	lines += ["\treturn sum;", "}"]
	with open(output, "w", encoding="utf-8") as f:
		f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
	main(sys.argv[1], sys.argv[2])
