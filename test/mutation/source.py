# SPDX-License-Identifier: BSD-3-Clause
"""Reads C well enough to change it: tokens, function bodies, statements. Knows the house style, not the language: what
it takes for something else does not compile, or is the same code again, and both are counted."""
import collections
import re

Token = collections.namedtuple("Token", "kind text start end")
# kind: if, expr, return, jump, decl, other; tokens first..last; cond: the range inside an if's parentheses
Statement = collections.namedtuple("Statement", "kind first last cond")

TOKENS = re.compile(r"""
	(?P<skip>\s+|/\*.*?\*/|//[^\n]*|^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
	|(?P<str>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
	|(?P<num>0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
	|(?P<id>[A-Za-z_]\w*)
	|(?P<op><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|[<>=!+*/%&|^-]=|&&|\|\||[][(){}<>;:,.?~!=+*/%&|^-])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

TYPE_WORDS = {"const", "static", "struct", "enum", "union", "unsigned", "signed", "int", "char", "short", "long",
	      "void", "bool", "volatile", "restrict", "register", "_Atomic", "size_t", "alignas"}
KEYWORDS = {"return", "case", "else", "do", "sizeof", "alignof", "goto", "break", "continue", "default", "if", "while",
	    "for", "switch"}


def tokenize(text):
	tokens, at = [], 0
	while at < len(text):
		found = TOKENS.match(text, at)
		if found is None:
			raise ValueError(f"no token at {text[at:at + 20]!r}")
		if found.lastgroup != "skip":
			tokens.append(Token(found.lastgroup, found.group(), found.start(), found.end()))
		at = found.end()
	return tokens


def is_type(word):
	return word in TYPE_WORDS or word.endswith("_t") or word.endswith("_fn")


class Source:
	"""functions: token ranges of bodies, with their names; initializers: of file-level {...}; blocks: lists of
	statements that follow each other; statements: all of them."""

	def __init__(self, text):
		self.text = text
		self.tokens = tokenize(text)
		self.match = self.match_brackets()
		self.functions, self.initializers, self.blocks, self.statements = [], [], [], []
		self.quiet = set()  # tokens that no mutation may touch
		self.top_level()
		for first, last, _ in self.functions:
			self.block(first, last)
		self.mark_quiet()

	def match_brackets(self):
		match, open_ = {}, []
		for i, t in enumerate(self.tokens):
			if t.kind != "op":
				continue
			if t.text in "([{":
				open_.append(i)
			elif t.text in ")]}":
				match[i] = open_.pop()
				match[match[i]] = i
		return match

	def word(self, i):
		return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

	def top_level(self):
		i = 0
		while i < len(self.tokens):
			if self.word(i) == "{":
				if self.word(i - 1) == ")":
					name = self.word(self.match[i - 1] - 1)
					self.functions.append((i, self.match[i], name))
				elif self.word(i - 1) == "=":
					self.initializers.append((i, self.match[i]))
				i = self.match[i]
			elif self.word(i) in ("(", "["):
				i = self.match[i]
			i += 1

	def to_semicolon(self, i):
		while self.word(i) != ";":
			if self.word(i) in ("(", "[", "{"):
				i = self.match[i]
			elif self.word(i) == "}":
				return i - 1
			i += 1
		return i

	def block(self, first, last):
		found, i = [], first + 1
		while i < last:
			i = self.statement(i, found) + 1
		self.blocks.append(found)

	def add(self, found, kind, first, last, cond=None):
		s = Statement(kind, first, last, cond)
		found.append(s)
		self.statements.append(s)
		return last

	def body(self, i):
		"""The statement that an if or a loop governs: in no list of neighbours."""
		return self.statement(i, [])

	def statement(self, i, found):
		"""Parses one statement; returns its last token."""
		word = self.word(i)
		if word == "{":
			self.block(i, self.match[i])
			return self.add(found, "other", i, self.match[i])
		if word == "if":
			close = self.match[i + 1]
			last = self.body(close + 1)
			if self.word(last + 1) == "else":
				last = self.body(last + 2)
			return self.add(found, "if", i, last, (i + 2, close - 1))
		if word in ("for", "while", "switch"):
			return self.add(found, "other", i, self.body(self.match[i + 1] + 1))
		if word == "do":
			return self.add(found, "other", i, self.to_semicolon(self.body(i + 1) + 1))
		if word in ("case", "default"):
			while self.word(i) != ":":
				i += 1
			found.append(None)  # what stands before and after it are no neighbours
			return i
		last = self.to_semicolon(i)
		if word == "return":
			return self.add(found, "return", i, last)
		if word in ("break", "continue", "goto"):
			return self.add(found, "jump", i, last)
		if word == "_Static_assert":
			self.quiet.update(range(i, last + 1))
			return self.add(found, "other", i, last)
		if self.is_declaration(i):
			return self.add(found, "decl", i, last)
		inside = {self.word(k) for k in range(i, last)}
		return self.add(found, "other" if inside & {"return", "case", "default"} or i == last else "expr", i, last)

	def is_declaration(self, i):
		return is_type(self.word(i)) and self.word(i + 1) != "(" or \
			self.tokens[i].kind == "id" and self.tokens[i + 1].kind == "id"

	def mark_quiet(self):
		"""Sizes of arrays in declarations and what stands in sizeof are no behaviour."""
		for s in self.statements:
			if s.kind == "decl":
				for k in range(s.first, s.last):
					if self.word(k) == "=":
						break
					if self.word(k) == "[":
						self.quiet.update(range(k, self.match[k] + 1))
		for i, t in enumerate(self.tokens):
			if t.text in ("sizeof", "alignof") and self.word(i + 1) == "(":
				self.quiet.update(range(i, self.match[i + 1] + 1))

	def is_cast(self, close):
		inside = [self.tokens[k] for k in range(self.match[close] + 1, close)]
		before = self.tokens[self.match[close] - 1]
		if before.kind == "id" and before.text not in KEYWORDS:
			return False
		words = [t.text for t in inside if t.kind == "id"]
		return bool(words) and is_type(words[0]) and all(t.kind == "id" or t.text == "*" for t in inside)

	def is_binary(self, i):
		"""Whether an operator that could be unary has a left side."""
		before = self.tokens[i - 1]
		if before.text == ")":
			return not self.is_cast(i - 1)
		return before.text == "]" or before.kind in ("num", "str") or \
			before.kind == "id" and before.text not in KEYWORDS

	def part(self, first, last):
		"""Text of tokens first to last, both included."""
		return self.text[self.tokens[first].start:self.tokens[last].end]

	def line_of(self, at):
		"""Number and text of the line with this place."""
		start = self.text.rfind("\n", 0, at) + 1
		end = self.text.find("\n", at)
		return self.text.count("\n", 0, at) + 1, " ".join(self.text[start:end].split())

	def function_of(self, i):
		for first, last, name in self.functions:
			if first <= i <= last:
				return name
		return "-"
