# SPDX-License-Identifier: BSD-3-Clause
"""The mutation run looked at: what it makes of a line, and that it tells tested code from untested."""
import contextlib
import io
import os
import tempfile

from bench import Bench
from mutants import mutants_of

HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "tiny")

# A line, and what its mutants must make of it.
MADE = [
	("if (a < b) f();", {"if (a <= b) f();", "if (!(a < b)) f();", "if (a < b) ;"}),
	("if (a == b && c) f();",
	 {"if (a != b && c) f();", "if (a == b || c) f();", "if (!(a == b && c)) f();", "if (a == b && c) ;"}),
	("if (!a) return;", {"if (a) return;", "if (!a) ;"}),
	("x = y + 1u;", {"x = y - 1u;", "x = y + 0u;", ";"}),
	("x = (uint32_t)-1;", {"x = (uint32_t)-2;", ";"}),
	("x = y & ~z;", {"x = y | ~z;", "x = y & z;", ";"}),
	("return SCMI_E_TOOBIG;", {"return SCMI_E_INVAL;"}),
	("return SCMI_OK;", {"return SCMI_E_PROTO;"}),
	("count(a, C_LATE);", {";"}),
	("f(a); g(b);", {"g(b); f(a);", "; g(b);", "f(a); ;"}),
	("p->a = 5; p->b = 6;", {"; p->b = 6;", "p->a = 5; ;", "p->a = 6; p->b = 6;", "p->a = 5; p->b = 7;"}),
	("x = 5; y = x;", {"y = x; x = 5;", "; y = x;", "x = 5; ;", "x = 6; y = x;"}),
	("p->ab = 5; p->a = sizeof(x);", {"; p->a = sizeof(x);", "p->ab = 5; ;", "p->ab = 6; p->a = sizeof(x);"}),
	("atomic_store_explicit(&a, b, memory_order_release);", {"atomic_store_explicit(&a, b, memory_order_relaxed);", ";"}),
	("(void)a; int n[4]; _Static_assert(sizeof(n) == 16, \"\"); /* a < b */ f(\"a < b\");",
	 {"(void)a; int n[4]; _Static_assert(sizeof(n) == 16, \"\"); /* a < b */ ;"}),
]


def made(body):
	text = f"int f(void)\n{{\n\t{body}\n}}\n"
	return [m.apply(text)[len("int f(void)\n{\n\t"):-len("\n}\n")] for m in mutants_of("x.c", text)]


def check_making(faults):
	for body, wanted in MADE:
		got = set(made(body))
		if got != wanted:
			faults.append(f"{body!r}: made {sorted(got - wanted)}, not {sorted(wanted - got)}")


def check_moving(faults):
	"""A mutant is known again when its line has moved, and one of another function is another."""
	text = "int f(void)\n{\n\treturn a < b;\n}\n"
	keys = [{m.key() for m in mutants_of("x.c", t)} for t in (text, "/* */\n\n" + text, text.replace("f(", "g("))]
	if keys[0] != keys[1] or keys[0] & keys[2]:
		faults.append("a key does not name its mutant")


# What the step scheduler says, and whether it got through.
SAID = [
	("p0 s0: 5 of 5 scenarios whole\\np0 s1: 5 of 5 scenarios whole", True),
	("p0 s0: 5 of 5 scenarios whole\\np0 s1: 4 of 5 scenarios whole", False),
	("again: step --replay one 1:1\\np0 s1: 5 of 5 scenarios whole", False),
	("p0 s0: 4 of 5 scenarios whole", False),
]


def check_scheduler(faults):
	with tempfile.TemporaryDirectory() as place:
		program = os.path.join(place, "step")
		for said, passed in SAID:
			with open(program, "w", encoding="utf-8") as f:
				f.write(f"#!/bin/sh\nprintf '{said}\\n'\n")
			os.chmod(program, 0o700)
			if Bench.reaches(program, "quick", 5) != passed:
				faults.append(f"the step scheduler says {said!r}")


def check_judging(tool, faults):
	mutants = tool.find_mutants(TINY, ("lib/tiny",))
	with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()) as told:
		judged = tool.Run(TINY, place, mutants)
		judged.work()
		check_report(tool, judged, mutants, os.path.join(place, "verdicts"), faults)
	for m, (verdict, who) in judged.verdicts.items():
		untested = m.function == "tiny_untested"
		if verdict not in ({"survived"} if untested else {"killed", "same code"}):
			faults.append(f"{m.function}(): {m.change}: {m.line}: {verdict} {who}")
	who = {who for verdict, who in judged.verdicts.values() if verdict == "killed"}
	if who != {"tiny", "tiny (hang)", "tiny (crash)"}:
		faults.append(f"killed by {sorted(who)}")
	if len(judged.verdicts) < 20:
		faults.append(f"only {len(judged.verdicts)} mutants")
	for part in ("not listed: lib/tiny/tiny.c:14 tiny_untested()", "less than 80 % killed",
		     "stale: no such mutant any more: lib/tiny/tiny.c: gone",
		     "stale: listed, but killed: lib/tiny/tiny.c: tiny_loop"):
		if part not in told.getvalue():
			faults.append(f"not told: {part}")


def check_report(tool, judged, mutants, log, faults):
	"""Survivors must be few; those that are not listed count where all were asked for."""
	survivors = {m.key(): "untested" for m in mutants if m.function == "tiny_untested"}
	killed = {m.key(): "?" for m in mutants if m.function == "tiny_loop"}
	if tool.report(judged, {}, mutants, log, True) != len(survivors) + 1:
		faults.append("survivors that are not listed")
	if tool.report(judged, {}, mutants, log, False) != 1:
		faults.append("survivors that are not listed, of a sample")
	if tool.report(judged, {**survivors, **killed, ("lib/tiny/tiny.c", "gone", "x", "y"): "?"}, mutants, log, True) != 1:
		faults.append("survivors that are listed, but too many")
	every = dict(judged.verdicts)
	judged.verdicts = {m: v for m, v in every.items() if m.key() not in survivors}
	if tool.report(judged, survivors, mutants, log, True) != 0:
		faults.append("nothing is wrong, and it does not say so")
	judged.verdicts = every


def main(tool):
	faults = []
	check_making(faults)
	check_moving(faults)
	check_scheduler(faults)
	check_judging(tool, faults)
	print("\n".join(faults) if faults else "mutation selftest: all seen")
	return 1 if faults else 0
