#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How deep the stack of each public function can get.

	stack.py check SOURCE BUILD     fails as described below
	stack.py path SOURCE BUILD FUNCTION
					the deepest way through that function, frame by frame
	stack.py calls SOURCE BUILD     the calls through pointers that there are
	stack.py write SOURCE BUILD     writes down anew how deep it is, after a change that is meant

Reads what gcc -fcallgraph-info=su has written beside each object of the library, and the three lists in this folder.
Each depth is that of the library's own frames, from the function's entry on. What it calls of its user's and of the
system's (port, handlers, log functions) is not in it. A call that is a function's last act has that function's frame no
more: whether the compiler has made it a jump stands in the objects.

targets.txt   what each call through a pointer may reach. A call that is not there is an error, and so is an entry that no
	      call needs.
rounds.txt    edges of the call graph that close a circle, and how often one may be on the stack at a time. A circle
	      without one is an error.
depths.txt    public functions that may be deeper than LIMIT, and how deep they are.
"""
import functools
import os
import re
import subprocess
import sys

LIMIT = 512
# What is never on one stack: an agent or a platform has one kind of transport at a time there. The deepest world counts.
# Folders of transports, or files of them where those are kinds of their own.
WORLDS = (("mailbox", "shmem", "smc"), ("virtio", "virtio_mmio"), ("loopback", "loopback/sync"), ("loopback", "loopback/threaded"))
SLACK = 64    # a listed depth may be so much above the real one
ROUNDING = 24 # and is that when it is written: a small change is none
OUTSIDE = "outside"
# The compiler's own, for what the processor does not have: 64-bit division and the like.
HELPERS = re.compile(r"(mem(cpy|set|cmp)|__aeabi_\w+|__(u|s)?(div|mod|mul)\w*|__atomic_\w+)$")


def base(title):
	"""lib/agent/send.c:launch of /any/where/lib/agent/send.c:launch.part.0; global functions are their names."""
	path, _, name = title.rpartition(":")
	name = re.sub(r"\.(isra|constprop|part|cold|lto_priv)\b.*", "", name)
	return (re.sub(r"^(.*/)?(?=(lib|transports|include)/)", "", path) + ":" if path else "") + name


def kind_of(path):
	"""The transport's folder, or this file of it, or None."""
	found = re.search(r"transports/((\w+)/\w+)\.[ch]$", path)
	if not found:
		return None
	return found.group(1) if any(found.group(1) in world for world in WORLDS) else found.group(2)


def jumps_of(listing, names):
	"""Calls that only ever are jumps, as (caller, callee); callee None: all through a pointer. listing: objdump -dr of the
	objects; names: of each, its functions' names here by those of their symbols."""
	called, jumped, here, caller = set(), set(), {}, None
	for line in listing.split("\n"):
		opened = re.match(r"(\S+):\s+file format ", line)
		function = re.match(r"[0-9a-f]+ <(\S+)>:", line)
		branch = re.search(r"R_ARM_THM_(CALL|JUMP\d+)\s+([\w.$]+)", line)
		if opened:
			here, caller = names.get(opened.group(1), {}), None
		elif function:
			caller = here.get(base(function.group(1)))
		elif branch:
			callee = base(branch.group(2))
			(called if branch.group(1) == "CALL" else jumped).add((caller, here.get(callee, callee)))
		elif re.search(r"\tblx\t", line):
			called.add((caller, None))
		elif re.search(r"\tbx\t(?!lr)", line):
			jumped.add((caller, None))
	return jumped - called


class Graph:
	def __init__(self, source, build, here=os.path.dirname(os.path.abspath(__file__))):
		self.source = source
		self.frames = {}
		self.transport = {}     # of what is in a transport's folder: what it is in WORLDS
		self.edges = {}         # caller -> set of callees
		self.pointers = set()   # (caller, folder, member, where)
		self.jumps = set()      # of the edges, those that leave the caller's frame
		self.objects = {}       # path -> its functions: short name -> name
		self.faults = []
		for path in self.files(build):
			self.read(path)
		self.jumps = jumps_of(self.listing(build), self.objects)
		self.targets = {}
		for words in self.rows(os.path.join(here, "targets.txt")):
			for folder in words[0].split(","):
				for member in words[1].split(","):
					self.targets[folder, member] = self.targets.get((folder, member), []) + words[2:]
		self.rounds = {(words[0], words[1]): int(words[2]) for words in self.rows(os.path.join(here, "rounds.txt"))}
		self.depths = {words[0]: int(words[1]) for words in self.rows(os.path.join(here, "depths.txt"))}

	def files(self, build):
		for top in ("lib", "transports"):
			for folder, _, names in os.walk(os.path.join(build, top)):
				yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".ci") and
					    self.has_source(os.path.relpath(os.path.join(folder, name), build)))

	def has_source(self, path):
		"""Of lib/CMakeFiles/scmi_core.dir/agent/send.c.ci: an old build folder has files of sources that are gone."""
		source = re.sub(r"CMakeFiles/[^/]*\.dir/", "", path)[:-len(".ci")].replace("__", "..")
		return "CMakeFiles" not in path or os.path.exists(os.path.join(self.source, source))

	def listing(self, build):
		cache = os.path.join(build, "CMakeCache.txt")
		if not os.path.exists(cache):
			return ""
		with open(cache, encoding="utf-8") as f:
			objdump = re.search(r"^CMAKE_OBJDUMP:FILEPATH=(.*)$", f.read(), re.MULTILINE).group(1)
		return subprocess.run([objdump, "-dr", "--no-show-raw-insn", *sorted(self.objects)], check=True, capture_output=True,
				      text=True).stdout

	def rows(self, path):
		with open(path, encoding="utf-8") as f:
			for line in f:
				words = line.split("#")[0].split()
				if words:
					yield words

	def read(self, path):
		# The agent's end of a mailbox and the minimal agent are there twice: both are looked at, under names of their own.
		own = "minimal/" if "scmi_minimal" in path else "polled/" if "scmi_mailbox_polled" in path else ""
		defined, homes, edges = {}, {}, []
		with open(path, encoding="utf-8") as f:
			for line in f:
				node = re.match(r'node: \{ title: "([^"]*)" label: "[^"]*\\n([^"]*):\d+:\d+'
						r'\\n(\d+) bytes \((static|dynamic.*)\)"', line)
				edge = re.match(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"(?: label: "([^"]*)")?', line)
				if node:
					name = base(node.group(1))
					defined[name] = max(int(node.group(3)), defined.get(name, 0))
					homes[name] = kind_of(node.group(2))
					if node.group(4) not in ("static", "dynamic,bounded"):
						self.faults.append(f"{name}: its frame has no bound")
				elif edge:
					edges.append(edge.groups())
		name_of = lambda name: own + name if name in defined and ":" not in name else name
		self.objects[path[:-len(".ci")] + ".obj"] = {name.rpartition(":")[2]: name_of(name) for name in defined}
		for name, size in defined.items():
			self.frames[name_of(name)] = size
			if homes[name]:
				self.transport[name_of(name)] = homes[name]
			self.edges.setdefault(name_of(name), set())
		for caller, callee, where in edges:
			caller = name_of(base(caller))
			if callee == "__indirect_call":
				self.pointers.add((caller, *self.member(where)))
			else:
				self.edges[caller].add(name_of(base(callee)))

	def member(self, where):
		"""The folder of the source, and what is called there: poll of x->ops->poll(x->ctx)."""
		path, line, column = where.rsplit(":", 2)
		path = base(path + ":")[:-1]
		with open(os.path.join(self.source, path), encoding="utf-8") as f:
			text = f.read().split("\n")[int(line) - 1][int(column) - 1:]
		called = re.match(r"[\w.>\[\]*()&-]*?(\w+)\(", text)
		return os.path.dirname(path), called.group(1) if called else text, f"{path}:{line}"

	def resolve(self):
		used = set()
		for caller, folder, member, where in sorted(self.pointers):
			key = next((k for k in ((where.rpartition(":")[0], member), (folder, member), ("*", member))
				    if k in self.targets), None)
			if key is None:
				self.faults.append(f"{where}: {caller} calls {member} of {folder} through a pointer: not in targets.txt")
				continue
			used.add(key)
			for target in self.targets[key]:
				if target != OUTSIDE and target not in self.frames:
					self.faults.append(f"targets.txt: {folder} {member}: there is no {target}")
				elif target != OUTSIDE:
					if (caller, None) not in self.jumps:
						self.jumps.discard((caller, target))
					elif target not in self.edges[caller]:
						self.jumps.add((caller, target))
					self.edges[caller].add(target)
		self.faults += [f"targets.txt: nobody calls {key[1]} of {key[0]}" for key in sorted(set(self.targets) - used)]
		for caller, callees in self.edges.items():
			for callee in callees:
				if callee not in self.frames and not HELPERS.match(callee):
					self.faults.append(f"{caller} calls {callee}, which is not known here")
		for caller, callee in self.rounds:
			if callee not in self.edges.get(caller, ()):
				self.faults.append(f"rounds.txt: {caller} does not call {callee}")

	def circles(self):
		"""Circles that no edge of rounds.txt breaks."""
		state, stack = {}, []

		def visit(name):
			state[name] = 1
			stack.append(name)
			for callee in sorted(self.edges[name]):
				if (name, callee) in self.rounds or callee not in self.edges:
					continue
				if state.get(callee) == 1:
					self.faults.append("a circle without a bound: " + " -> ".join(stack[stack.index(callee):] + [callee]))
				elif callee not in state:
					visit(callee)
			stack.pop()
			state[name] = 2

		for name in sorted(self.edges):
			if name not in state:
				visit(name)

	def deepest(self, function):
		"""Depth and way in the worst of the worlds; a transport's own functions are only in theirs."""
		worlds = [world for world in WORLDS if self.transport.get(function, world[0]) in world]
		return max((self.deepest_in(function, world) for world in worlds), key=lambda found: found[0])

	def deepest_in(self, function, world):
		"""Depth and way: each edge of rounds.txt as often as it may be taken."""
		order = sorted(self.rounds)

		@functools.cache
		def walk(name, left):
			best, way = self.frames[name], ((name, self.frames[name]),)
			for callee in self.edges.get(name, ()):
				if callee not in self.frames or self.transport.get(callee, world[0]) not in world:
					continue
				rest = left
				if (name, callee) in self.rounds:
					i = order.index((name, callee))
					if left[i] == 0:
						continue
					rest = left[:i] + (left[i] - 1,) + left[i + 1:]
				depth, below = walk(callee, rest)
				frame = 0 if (name, callee) in self.jumps else self.frames[name]
				if frame + depth > best:
					best, way = frame + depth, ((name, frame),) + below
			return best, way

		return walk(function, tuple(self.rounds[edge] for edge in order))

	def too_deep(self):
		public = self.public()
		for name in public:
			depth, limit = self.deepest(name)[0], self.depths.get(name, LIMIT)
			if depth > limit:
				yield f"{name}: {depth} bytes of stack, {limit} are allowed"
			elif name in self.depths and (depth <= LIMIT or limit > depth + SLACK):
				yield f"depths.txt: {name} is not deeper than {depth}: lower its limit, or take it out"
		for name in sorted(set(self.depths) - set(public)):
			yield f"depths.txt: there is no public function {name}"

	def public(self):
		declared = set()
		for folder, _, names in os.walk(os.path.join(self.source, "include")):
			for name in names:
				with open(os.path.join(folder, name), encoding="utf-8") as f:
					text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.DOTALL)
				declared |= set(re.findall(r"^\w[\w \t*]*?\b(scmi_\w+)\([^;{}]*\);", text, re.MULTILINE))
		return sorted(name for name in self.frames if ":" not in name and name.rpartition("/")[2] in declared)


def check(graph):
	print(f"{'function':46} {'stack':>6} {'limit':>6}")
	for name in graph.public():
		print(f"{name:46} {graph.deepest(name)[0]:6} {graph.depths.get(name, LIMIT):6}")
	faults = graph.faults + list(graph.too_deep())
	print("\n".join(faults) if faults else "no public function is deeper than it may be")
	return bool(faults)


def write(graph):
	deep = {name: graph.deepest(name)[0] for name in graph.public()}
	with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "depths.txt"), "w", encoding="utf-8") as f:
		f.write("# SPDX-License-Identifier: BSD-3-Clause\n"
			f"# Public functions that are deeper than {LIMIT} bytes on a Cortex-M4, -Os: written by stack.py write.\n")
		f.writelines(f"{name} {depth + ROUNDING}\n" for name, depth in deep.items() if depth > LIMIT)
	return 0


def main(argv):
	if len(argv) < 4 or argv[1] not in ("check", "path", "calls", "write") or (argv[1] == "path") != (len(argv) == 5):
		sys.exit(__doc__)
	sys.setrecursionlimit(10000)
	graph = Graph(argv[2], argv[3])
	if not graph.frames:
		sys.exit(f"{argv[3]}: no .ci files: compiled without -fcallgraph-info=su?")
	if argv[1] == "calls":
		print("\n".join(sorted({f"{folder} {member}" for _, folder, member, _ in graph.pointers})))
		return 0
	graph.resolve()
	graph.circles()
	if argv[1] == "check":
		if any("circle" in fault for fault in graph.faults):
			print("\n".join(graph.faults))
			return 1
		return check(graph)
	if argv[1] == "write":
		return write(graph)
	depth, way = graph.deepest(argv[4])
	for name, size in way:
		print(f"{size:6} {name}")
	print(f"{depth:6}")
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv))
