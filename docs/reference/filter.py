#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""filter.py HEADER: prints a public header as Doxygen wants to read it. The headers themselves stay plain C.

A comment belongs to what follows it directly: to each declaration up to the next blank line or comment that has none at
its own end. If some have one, it is also the heading of them all. The comment before the include guard is the file's. One
that stands alone is added to it. A line that is indented in a comment is code.

A function without a comment shares that of the type right before it; a type without one is told of in the file's. Members,
enumerators and constants may have names that say it all. Doxygen warns of all other functions. Names that end in _ are
nobody's business: left out.
"""
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
PRIVATE = re.compile(r"\b\w+_(\[[^\]]*\])*\s*;\s*$|^\s*#\s*define\s+\w+_(\(|\s|$)")
SAYS_IT_ALL = "&zwj;"    # an empty comment would be none
TOLD_ELSEWHERE = "See the description of the file."


def escape(text):
	return re.sub(r"`([^`]+)`", r"<code>\1</code>", re.sub(r"([\\@<>&#%])", r"\\\1", text))


def content(comment):
	"""The lines of a comment, without what makes it one."""
	lines = comment.strip()[2:-2].split("\n")
	return [re.sub(r"^\s*\*( |$)", "", line).rstrip() if number else line.strip() for number, line in enumerate(lines)]


def doxygen(comment, start="/**"):
	"""A comment as Doxygen reads it; code becomes a block."""
	out, code = [], False
	for line in content(comment):
		indented = line.startswith("  ")
		if indented != code and (line or not code):
			out.append(" @code{.c}" if indented else " @endcode")
			code = indented
		out.append(" " + (line if code else escape(line)))
	return start + "\n".join(out + ([" @endcode"] if code else [])) + " */"


def heading(comment):
	"""The comment as the heading of a group: its first sentence is the title."""
	text = " ".join(line.strip() for line in content(comment)).strip()
	title, dot, rest = text.partition(". ")
	return f"/** @name {escape(title.rstrip('.'))}\n\n {escape(rest)} */\n/** @{{ */"


class Declaration:
	def __init__(self, text, is_type=False, is_function=False):
		stripped = COMMENT.sub("", text)
		found = COMMENT.search(text)
		self.text = text
		self.end_comment = found.group(0) if found and not text[found.end():].strip() else None
		self.is_type, self.is_function = is_type, is_function
		self.private = bool(PRIVATE.search(stripped.replace("\\\n", " ")))
		self.forward = bool(re.fullmatch(r"\s*(struct|enum|union)\s+\w+\s*;\s*", stripped))

	def print(self, doc, alone):
		if self.private:
			return ""
		if self.end_comment:
			code = self.text[:self.text.rindex("/*")].rstrip()
			before = doxygen(doc) + "\n" if doc and alone else ""
			return f"{before}{code} {doxygen(self.end_comment, '/**<')}\n"
		if doc and not self.forward:
			return f"{doxygen(doc)}\n{self.text}\n"
		if self.is_function or self.forward:
			return self.text + "\n"
		return f"/** {TOLD_ELSEWHERE if self.is_type else SAYS_IT_ALL} */\n{self.text}\n"


class Header:
	def __init__(self, text):
		self.lines = text.split("\n")
		self.at = 0
		self.out = []
		self.contexts = ["file"]
		self.maps = {}   # X macros: name -> entries
		self.comment = None
		self.of_type = None      # the comment of the type right before
		self.run = []

	def end_run(self):
		"""Prints the declarations that were collected, and their comment."""
		shown = [d for d in self.run if not d.private]
		if self.run and not self.comment and all(d.is_function for d in self.run):
			self.comment = self.of_type
		if shown and self.contexts[-1] == "file":
			self.of_type = self.comment if shown[-1].is_type else None
		grouped = self.comment and len(shown) > 1 and any(d.end_comment for d in shown)
		if grouped:
			self.out.append(heading(self.comment) + "\n")
		self.out += [d.print(self.comment, len(self.run) == 1) for d in self.run]
		if grouped:
			self.out.append("/** @} */\n")
		self.run, self.comment = [], None

	def take_comment(self):
		text = ""
		while True:
			text += self.lines[self.at] + "\n"
			self.at += 1
			if "*/" in text:
				return text

	def on_comment(self):
		self.end_run()
		text = self.take_comment()
		following = self.lines[self.at] if self.at < len(self.lines) else ""
		if "SPDX-License-Identifier" in text:
			return
		if following.startswith("#ifndef"):
			self.out.append("/** @file\n" + doxygen(text, "").replace(" */", "") + " */\n")
		elif following.strip():
			self.comment = text
		elif self.contexts[-1] == "file" and "----" not in text:
			self.of_type = None
			self.out.append("/** @file\n\n" + doxygen(text, "").replace(" */", "") + " */\n")

	def on_define(self):
		text = self.lines[self.at]
		while text.endswith("\\"):
			self.at += 1
			text += "\n" + self.lines[self.at]
		self.at += 1
		flat = text.replace("\\\n", " ")
		name = re.match(r"\s*#\s*define\s+(\w+)", flat).group(1)
		if re.fullmatch(r"\s*#\s*define\s+\w+\s*", flat):
			self.out.append(text + "\n")     # include guard
			return
		if "(X)" in flat:
			self.maps[name] = re.findall(r'X\((\w+), ([-\w]+), "([^"]*)"\)', flat)
		self.run.append(Declaration(text))

	def on_code(self):
		"""A declaration, as many lines as it takes; or the line that opens a type; or a function with its body."""
		text = ""
		enum = self.contexts[-1] == "enum"
		while True:
			line = self.lines[self.at]
			self.at += 1
			text += ("\n" if text else "") + line
			code = COMMENT.sub("", text).strip()
			if "/*" in COMMENT.sub("", text):
				continue
			opened = code.count("{") - code.count("}")
			if opened and code.endswith("{"):
				return self.on_open(text, code)
			if code.endswith("{") or opened:
				continue
			if code.endswith((";", ",")) and code.count("(") == code.count(")") or enum:
				break
		expanded = re.fullmatch(r"enum (\w+) \{ (\w+)\(\w+\) \};", code)
		if expanded:
			values = "".join(f"\t{n} = {v}, /**< {escape(t)} */\n" for n, v, t in self.maps[expanded.group(2)])
			text = f"enum {expanded.group(1)} {{\n{values}}};"
			self.run.append(Declaration(text, is_type=True))
			self.run[-1].end_comment = None
			return
		function = self.contexts[-1] == "file" and bool(re.search(r"\w\s*\(", code)) or code.startswith("typedef")
		is_type = bool(re.match(r"(struct|enum|union)\b.*\{.*\};$", code, re.DOTALL))
		self.run.append(Declaration(text, is_type=is_type, is_function=function))

	def on_open(self, text, code):
		if code.startswith('extern "C"'):
			self.end_run()
			self.contexts.append("file")
			self.out.append(text + "\n")
		elif re.match(r"(typedef )?(struct|union|enum)\b", code):
			self.run.append(Declaration(text, is_type=True))
			self.end_run()
			self.contexts.append("enum" if "enum" in code.split() else "members")
		else:    # a function
			while self.lines[self.at] != "}":
				text += "\n" + self.lines[self.at]
				self.at += 1
			self.run.append(Declaration(text + "\n}", is_function=True))
			self.run[-1].end_comment = None
			self.at += 1

	def read(self):
		while self.at < len(self.lines):
			line = self.lines[self.at].strip()
			if line.startswith("/*"):
				self.on_comment()
			elif re.match(r"#\s*define\b", line):
				self.on_define()
			elif not line or line.startswith(("#", "}")):
				self.end_run()
				if line.startswith("}"):
					self.contexts.pop()
				self.out.append(self.lines[self.at] + "\n")
				self.at += 1
			else:
				self.on_code()
		self.end_run()
		return "".join(self.out)


if __name__ == "__main__":
	with open(sys.argv[1], encoding="utf-8") as f:
		source = f.read()
	print(Header(source).read() if sys.argv[1].endswith(".h") else source, end="")
