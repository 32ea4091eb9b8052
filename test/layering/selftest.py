#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows that every rule of layering.py can fail: a small tree that passes, then each violation alone in it."""
import os
import subprocess
import sys
import tempfile

import layering

CLEAN = {
	"include/scmi/errors.h": "",
	"include/scmi/transport.h": "#include <stdint.h>\n#include <scmi/errors.h>\n",
	"include/scmi/agent.h": "#include <scmi/transport.h>\n",
	"lib/wire/names.c": "#include <scmi/message.h>\n",
	"lib/wire/mem.h": "",
	"lib/agent/internal.h": '#include "../wire/mem.h"\n',
	"lib/agent/call.c": '#include <scmi/agent.h>\n#include "internal.h" /* unlike the mailbox: */\n',
	"lib/port/posix/posix.c": "#include <pthread.h>\n#if defined(__linux__)\n#endif\n",
	"lib/hosted/internal.h": "",
	"lib/hosted/reactor.c": '#include <sys/epoll.h>\n#include <scmi/hosted.h>\n#include "internal.h"\n',
	"transports/loopback/loopback.c": "#include <scmi/platform.h>\n/* scmi_hdr_token() is not ours */\n",
	"examples/hello.c": "#include <stdio.h>\n#include <scmi/agent.h>\n",
}

# rule, file, what is added to it
SOURCE_FAULTS = [
	("public-include", "lib/wire/names.c", "#include <scmi/agent.h>"),
	("public-include", "include/scmi/transport.h", "#include <scmi/agent.h>"),
	("public-include", "lib/agent/call.c", "#include <scmi/platform.h>"),
	("public-include", "lib/agent/call.c", "#include <scmi/transport/loopback.h>"),
	("public-include", "transports/loopback/loopback.c", "#include <scmi/agent.h>"),
	("public-include", "lib/port/posix/posix.c", "#  include <scmi/message.h>"),
	("private-include", "transports/loopback/loopback.c", '#include "../../lib/agent/internal.h"'),
	("private-include", "transports/loopback/loopback.c", '#include "../../lib/wire/mem.h"'),
	("private-include", "lib/wire/names.c", '#include "internal.h"'),
	("private-include", "lib/wire/names.c", '#include "../agent/internal.h"'),
	("private-include", "lib/hosted/reactor.c", '#include "../agent/internal.h"'),
	("private-include", "lib/hosted/reactor.c", '#include "../wire/mem.h"'),
	("public-include", "lib/agent/call.c", "#include <scmi/hosted.h>"),
	("public-include", "transports/loopback/loopback.c", "#include <scmi/hosted.h>"),
	("private-include", "examples/hello.c", '#include "internal.h"'),
	("freestanding", "lib/agent/call.c", "#include <string.h>"),
	("freestanding", "transports/loopback/loopback.c", "#include <pthread.h>"),
	("freestanding", "include/scmi/errors.h", "#include <errno.h>"),
	("computed-include", "lib/agent/call.c", "#include HEADER"),
	("os-ifdef", "lib/agent/call.c", "#ifdef __linux__\n#endif"),
	("os-ifdef", "transports/loopback/loopback.c", "#if !defined(_WIN32)\n#endif"),
	("header-field", "transports/loopback/loopback.c", "int t(unsigned h) { return scmi_hdr_token(h); }"),
	("header-field", "transports/loopback/loopback.c", "#define KEEP(h) ((h) & ~SCMI_HDR_RESERVED)"),
	("transport-name", "lib/agent/call.c", 'int is_it(const char *n) { return same(n, "loopback"); }'),
	("internal-name", "include/scmi/agent.h", "int scmi__take(void);"),
	("floor", "lib/somewhere/new.c", ""),
]

OBJECTS_CLEAN = {
	"lib/CMakeFiles/scmi_core.dir/agent/call.c": "int scmi_agent_call(void); int scmi_agent_call(void) { return 0; }",
	"lib/CMakeFiles/scmi_core.dir/wire/hdr.c": "int scmi_x(int); int scmi_x(int a) { return a; }",
	"transports/loopback/CMakeFiles/scmi_loopback.dir/loopback.c":
		"int scmi_x(int); int scmi_loopback(void); int scmi_loopback(void) { return scmi_x(1); }",
	"transports/vhost_user/CMakeFiles/scmi_vhost_user.dir/guard.c":
		"int scmi_faults(void); int scmi_faults(void) { static int n; return ++n; }",
	"transports/vhost_user/CMakeFiles/scmi_vhost_user.dir/listen.c": "int scmi_z(void); int scmi_z(void) { return 0; }",
}
LISTEN = "transports/vhost_user/CMakeFiles/scmi_vhost_user.dir/listen.c"
AGENT = "lib/CMakeFiles/scmi_core.dir/agent/call.c"
LOOPBACK = "transports/loopback/CMakeFiles/scmi_loopback.dir/loopback.c"
OBJECT_FAULTS = [
	("upward-symbol", LOOPBACK, "int scmi_agent_call(void); int scmi_y(void); int scmi_y(void) { return scmi_agent_call(); }"),
	("libc-symbol", AGENT, "int puts(const char *); int scmi_y(void); int scmi_y(void) { return puts(0); }"),
	("foreign-name", AGENT, "int helper(void); int helper(void) { return 1; }"),
	("global-state", AGENT, "int scmi_count(void); int scmi_count(void) { static int n; return ++n; }"),
	("global-state", LISTEN, "int scmi_count(void); int scmi_count(void) { static int n; return ++n; }"),
	("global-state", AGENT, "extern int scmi_level; int scmi_level = 3;"),
	("global-state", AGENT, "extern _Thread_local int scmi_mine; _Thread_local int scmi_mine;"),
]


def write(root, path, text):
	path = os.path.join(root, path)
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(path, "a", encoding="utf-8") as f:
		f.write(text + "\n")


def source_faults(extra):
	with tempfile.TemporaryDirectory() as root:
		for path, text in list(CLEAN.items()) + extra:
			write(root, path, text)
		return layering.check_sources(root)[1]


def object_faults(extra):
	with tempfile.TemporaryDirectory() as root:
		for path, text in list(OBJECTS_CLEAN.items()) + extra:
			write(root, path, text)
		for path in OBJECTS_CLEAN:
			path = os.path.join(root, path)
			subprocess.run(["cc", "-c", path, "-o", path + ".o"], check=True)
		return layering.check_objects(root)[1]


def main():
	bad = 0
	for faults_of, cases in ((source_faults, SOURCE_FAULTS), (object_faults, OBJECT_FAULTS)):
		clean = faults_of([])
		if clean:
			bad += 1
			print("FAIL: the clean tree was refused:", *clean, sep="\n\t")
		for rule, path, text in cases:
			faults = faults_of([(path, text)])
			if len(faults) != 1 or f"[{rule}]" not in faults[0]:
				bad += 1
				print(f"FAIL: {rule}: {text!r} in {path} gave {faults}")
	print(f"{len(SOURCE_FAULTS) + len(OBJECT_FAULTS)} violations tried, {bad} faults of the checker")
	return 1 if bad else 0


if __name__ == "__main__":
	sys.exit(main())
