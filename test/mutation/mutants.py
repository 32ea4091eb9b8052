# SPDX-License-Identifier: BSD-3-Clause
"""All mutants of a source file, in a fixed order."""
import dataclasses
import re

from source import Source

FLIPS = {
	"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
	"|": "&", "<<": ">>", ">>": "<<", "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "++": "--", "--": "++",
}
UNLESS_UNARY = {"+": "-", "-": "+", "&": "|"}
ORDERS = {
	"memory_order_release": ["relaxed"], "memory_order_acquire": ["relaxed"],
	"memory_order_acq_rel": ["acquire", "release", "relaxed"], "memory_order_seq_cst": ["acq_rel", "relaxed"],
}
# How far an order can be lowered where the operation is a load or a store.
LOWER_LOAD = {"memory_order_seq_cst": ["acquire", "relaxed"]}
LOWER_STORE = {"memory_order_seq_cst": ["release", "relaxed"]}
STATUSES = {"SCMI_NOT_SUPPORTED", "SCMI_INVALID_PARAMETERS", "SCMI_DENIED", "SCMI_NOT_FOUND", "SCMI_OUT_OF_RANGE",
	    "SCMI_BUSY", "SCMI_COMMS_ERROR", "SCMI_HARDWARE_ERROR", "SCMI_PROTOCOL_ERROR", "SCMI_IN_USE"}
# Calls that only look: two assignments with these can stand either way round, unless one reads what the other writes.
LOOKS = {"sizeof", "read_count", "counted", "scmi_get_le32", "floor_power", "least", "log2_of", "slots_of"}
# Calls that tell a trace or a log: who counts on them counts on a counter instead.
TALK = {"trace", "trace_answer", "scmi__platform_trace", "scmi__platform_log", "scmi__log_fault", "scmi__log_limit"}


@dataclasses.dataclass(frozen=True)
class Mutant:
	path: str
	number: int     # line
	line: str       # its text, blanks squeezed
	function: str
	kind: str       # flip, constant, delete, count, negate, swap, error, order
	change: str     # in words; with line and function it names the mutant wherever the line moves
	edits: tuple    # (start, end, new text), from the end of the file to its beginning

	def key(self):
		return self.path, self.function, self.line, self.change

	def apply(self, text):
		for start, end, new in self.edits:
			text = text[:start] + new + text[end:]
		return text


def other_number(text, is_added):
	digits = text.rstrip("uUlL")
	value = int(digits, 0)
	value = 0 if value == 1 and is_added else value + 1
	return (hex(value) if digits.lower().startswith("0x") else str(value)) + text[len(digits):]


class Maker:
	def __init__(self, path, text):
		self.path = path
		self.source = Source(text)
		self.found = []
		self.told = {}

	def add(self, kind, change, i, *edits):
		number, line = self.source.line_of(self.source.tokens[i].start)
		function = self.source.function_of(i)
		name = (function, line, change)
		self.told[name] = self.told.get(name, 0) + 1
		if self.told[name] > 1:
			change += f" #{self.told[name]}"
		self.found.append(Mutant(self.path, number, line, function, kind, change, tuple(sorted(edits, reverse=True))))

	def replace(self, kind, i, new):
		t = self.source.tokens[i]
		self.add(kind, f"{t.text} -> {new}", i, (t.start, t.end, new))

	def against_zero(self, i):
		"""A 0 in == 0 or != 0: the flip of the comparison says it all."""
		return self.source.tokens[i].text.rstrip("uU") == "0" and self.source.word(i - 1) in ("==", "!=")

	def token(self, i):
		s, t = self.source, self.source.tokens[i]
		if t.kind == "num":
			if not self.against_zero(i):
				is_added = s.word(i - 1) in ("+", "-") and s.is_binary(i - 1)
				self.replace("constant", i, other_number(t.text, is_added))
		elif t.text in FLIPS:
			self.replace("flip", i, FLIPS[t.text])
		elif t.text in UNLESS_UNARY and s.is_binary(i):
			self.replace("flip", i, UNLESS_UNARY[t.text])
		elif t.text in ("!", "~"):
			self.add("flip", f"drop {t.text}", i, (t.start, t.end, ""))
		elif t.text in ORDERS:
			self.order(i)
		elif re.fullmatch(r"SCMI_E_[A-Z]+", t.text):
			self.replace("error", i, "SCMI_E_PROTO" if t.text == "SCMI_E_INVAL" else "SCMI_E_INVAL")
		elif t.text in STATUSES:
			self.replace("error", i, "SCMI_GENERIC_ERROR")
		elif t.text in ("true", "false"):
			self.replace("constant", i, "false" if t.text == "true" else "true")
		elif t.text in ("SCMI_OK", "SCMI_SUCCESS") and s.word(i - 1) == "return":
			self.replace("error", i, "SCMI_E_PROTO" if t.text == "SCMI_OK" else "SCMI_GENERIC_ERROR")

	def order(self, i):
		operation = next((self.source.word(k) for k in range(i, max(i - 60, 0), -1)
				  if self.source.word(k).startswith("atomic_")), "")
		orders = ORDERS[self.source.word(i)]
		if "_load" in operation:
			orders = LOWER_LOAD.get(self.source.word(i), orders)
		elif "_store" in operation:
			orders = LOWER_STORE.get(self.source.word(i), orders)
		elif "compare_exchange" in operation and self.source.word(i + 1) == ")":
			orders = LOWER_LOAD.get(self.source.word(i), orders)  # of its failure
		for order in orders:
			self.replace("order", i, "memory_order_" + order)

	def statement(self, st):
		s = self.source
		start, end = s.tokens[st.first].start, s.tokens[st.last].end
		if st.kind == "expr" and not self.is_void_cast(st):
			name = s.word(st.first + 3 if s.word(st.first) == "(" else st.first)
			if name not in TALK:
				self.add("count" if name in ("count", "count_own", "count_end") else "delete", "delete", st.first,
					 (start, end, ";"))
		elif st.kind == "jump" or st.kind == "return" and st.last == st.first + 1:
			self.add("delete", "delete", st.first, (start, end, ";"))
		elif st.kind == "if" and not self.is_flipped_anyway(st.cond):
			first, last = s.tokens[st.cond[0]].start, s.tokens[st.cond[1]].end
			self.add("negate", "negate", st.first, (first, first, "!("), (last, last, ")"))

	def is_void_cast(self, st):
		return self.source.part(st.first, st.first + 2) == "(void)" and self.source.word(st.last - 1) != ")"

	def is_flipped_anyway(self, cond):
		"""One comparison, or one "not": to flip it is to negate the if."""
		words = [self.source.word(k) for k in range(cond[0], cond[1] + 1)]
		if "&&" in words or "||" in words:
			return False
		return words[0] == "!" or words.count("==") + words.count("!=") == 1

	def written(self, st):
		"""What an assignment writes; None if the statement may do more."""
		s = self.source
		inside = range(st.first, st.last)
		called = {s.word(k) for k in inside if s.tokens[k].kind == "id" and s.word(k + 1) == "("}
		operator = next((k for k in inside if s.word(k) in ("=", "+=", "-=", "|=", "&=")), None)
		if called - LOOKS or operator is None:
			return None
		return s.part(st.first, operator - 1)

	def swap(self, a, b):
		s = self.source
		first, second = s.part(a.first, a.last), s.part(b.first, b.last)
		if first == second or self.talks(a) or self.talks(b):
			return
		written = [self.written(a), self.written(b)]
		if all(written) and not self.names(written[0], second) and not self.names(written[1], first):
			return  # neither writes what the other reads
		self.add("swap", "swap with the next", a.first, (s.tokens[a.first].start, s.tokens[a.last].end, second),
			 (s.tokens[b.first].start, s.tokens[b.last].end, first))

	@staticmethod
	def names(what, text):
		return re.search(r"(?<!\w)" + re.escape(what) + r"(?!\w)", text) is not None

	def talks(self, st):
		"""Counters and traces have no place among other statements."""
		return self.source.word(st.first) in TALK | {"count", "count_own", "count_end"} or self.is_void_cast(st)

	def make(self):
		s = self.source
		for first, last, _ in s.functions:
			for i in range(first, last):
				if i not in s.quiet:
					self.token(i)
		for first, last in s.initializers:
			for i in range(first, last):
				if s.tokens[i].kind == "num" and i not in s.quiet:
					self.token(i)
		for st in s.statements:
			self.statement(st)
		for block in s.blocks:
			for a, b in zip(block, block[1:]):
				if a and b and a.kind == b.kind == "expr":
					self.swap(a, b)
		return sorted(self.found, key=lambda m: (m.edits[-1][0], m.kind, m.change))


def mutants_of(path, text):
	return Maker(path, text).make()
