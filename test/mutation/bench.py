# SPDX-License-Identifier: BSD-3-Clause
"""A tree of its own in which mutants are built and tested. Nothing of the repository is written to."""
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LEFT_OUT = re.compile(r"\.|build|out$|dev$")  # of the top folder
# Tests of the ports say nothing about what is mutated; those of the rest that take long come last by themselves. One makes a
# file of a terabyte, of which nothing is written: that is more than a mutant may.
EXCLUDED = re.compile(r"^(port_(posix|linux|template|fake)|vhost_user_uri)$")
WALL_MIN, WALL_MAX, WALL_FACTOR = 10.0, 300.0, 20.0  # seconds; of what the test took unmutated
CPU_MIN, CPU_FACTOR = 3, 5            # what loops is caught by this, whatever else the machine does
UNKNOWN = 30.0                        # what a test may take before that is known
MEMORY = 1 << 30
# For each scenario, of what all of them take unmutated; and of wall time, of that.
STEP_CPU_FACTOR, STEP_WALL_FACTOR = 0.5, 60
STEP_FLAGS = ["-std=c11", "-O2", "-g", "-w", "-ffreestanding", "-fsanitize=thread"]
STEP_OWN = ("selftest.o", "litmus.o")
LEVELS = {"quick": "p0 s1:", "deep": "p2 s0:"}  # the scheduler's last level that is waited for


class Failure(Exception):
	"""The unmutated tree does not build or does not pass."""


def copy_tree(root, tree):
	"""Brings the tree up to date and touches nothing that has not changed, so that little is built again."""
	wanted = set()
	for top in sorted(os.listdir(root)):
		if LEFT_OUT.match(top):
			continue
		files = [os.path.join(root, top)] if os.path.isfile(os.path.join(root, top)) else \
			[os.path.join(folder, name) for folder, folders, names in os.walk(os.path.join(root, top))
			 for name in names if "__pycache__" not in folder]
		for path in files:
			inside = os.path.relpath(path, root)
			target = os.path.join(tree, inside)
			wanted.add(inside)
			with open(path, "rb") as f:
				content = f.read()
			if not os.path.exists(target) or open(target, "rb").read() != content:
				os.makedirs(os.path.dirname(target), exist_ok=True)
				shutil.copyfile(path, target)
				shutil.copymode(path, target)
	for folder, _, names in os.walk(tree):
		for name in names:
			inside = os.path.relpath(os.path.join(folder, name), tree)
			if inside not in wanted:
				os.unlink(os.path.join(tree, inside))


def children_cpu():
	usage = resource.getrusage(resource.RUSAGE_CHILDREN)
	return usage.ru_utime + usage.ru_stime


class Test:
	def __init__(self, name, command, folder, environment=()):
		self.name, self.command, self.folder = name, command, folder
		self.environment = dict(os.environ, **dict(word.split("=", 1) for word in environment))
		self.seconds, self.cpu = UNKNOWN, UNKNOWN
		self.libraries = set()

	def run(self):
		"""None if it passes; else what it died of."""
		cpu = int(max(CPU_MIN, CPU_FACTOR * self.cpu))

		def limit():
			resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
			resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
			resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
			resource.setrlimit(resource.RLIMIT_FSIZE, (MEMORY, MEMORY))

		child = subprocess.Popen(self.command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
					 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
					 preexec_fn=limit)
		try:
			code = child.wait(timeout=min(WALL_MAX, max(WALL_MIN, WALL_FACTOR * self.seconds)))
		except subprocess.TimeoutExpired:
			code = None
		finally:
			try:
				os.killpg(child.pid, signal.SIGKILL)
			except ProcessLookupError:
				pass
			child.wait()
		if code in (None, -signal.SIGXCPU, -signal.SIGKILL):
			return "hang"
		return None if code == 0 else "crash" if code < 0 else "fails"


class Bench:
	def __init__(self, root, place):
		self.tree, self.build, self.step = (os.path.join(place, name) for name in ("tree", "build", "step"))
		self.dirty = None
		self.stale = False   # more is to be built again than the file that is changed now
		self.step_seconds = {}  # level -> processor time of the unmutated source
		copy_tree(root, self.tree)
		self.output("cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=",
			    "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", f"-DCMAKE_PROJECT_INCLUDE={HERE}/shared.cmake",
			    "-DCMAKE_C_FLAGS=-O1 -w", "-DSCMI_SHARED=OFF", "-DSCMI_INSTALL=OFF")
		self.output("ninja", "-C", self.build)
		targets = self.output("ninja", "-C", self.build, "-t", "targets", "all")
		self.libraries = re.findall(r"^(\S*libscmi_\w+\.so): (?!phony)", targets, re.MULTILINE)
		self.owners, self.compile = {}, {}
		self.read_commands()
		self.link = {library: self.output("ninja", "-C", self.build, "-t", "commands", library).splitlines()[-1]
			     for library in self.libraries}
		self.same = self.code_hash()
		self.tests = self.find_tests()

	def output(self, *command):
		done = subprocess.run(command, capture_output=True, text=True, check=False)
		if done.returncode != 0:
			raise Failure(f"{' '.join(command)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
		return done.stdout

	def read_commands(self):
		"""owners: folder of sources -> libraries made of them, by file name; compile: source -> the commands for it."""
		with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as f:
			for entry in json.load(f):
				target = re.search(r"CMakeFiles/(scmi_\w+)\.dir/", entry.get("output", entry["command"]))
				if target:
					source = os.path.relpath(entry["file"], self.tree)
					self.owners.setdefault(os.path.dirname(source), set()).add(f"lib{target.group(1)}.so")
					self.compile.setdefault(source, []).append(entry["command"])

	def find_tests(self):
		"""The programs among the tests, with the libraries that they are linked with."""
		tests = []
		for t in json.loads(self.output("ctest", "--test-dir", self.build, "--show-only=json-v1"))["tests"]:
			command = t.get("command", [])
			if not command or EXCLUDED.match(t["name"]) or not command[0].startswith(self.build):
				continue
			properties = {p["name"]: p["value"] for p in t.get("properties", [])}
			test = Test(t["name"], command, properties.get("WORKING_DIRECTORY", self.build),
				    properties.get("ENVIRONMENT", []))
			needed = subprocess.run(["readelf", "-d", command[0]], capture_output=True, text=True, check=False)
			test.libraries = set(re.findall(r"\[(libscmi_\w+\.so)\]", needed.stdout))
			if test.libraries:
				tests.append(test)
		return tests

	def measure(self):
		"""All must pass unmutated; how long they take bounds how long a mutant may."""
		for test in self.tests:
			began, used = time.monotonic(), children_cpu()
			verdict = test.run()
			if verdict:
				raise Failure(f"test {test.name} {verdict} unmutated")
			test.seconds, test.cpu = time.monotonic() - began, children_cpu() - used

	def code_hash(self):
		digest = hashlib.sha256()
		for library in self.libraries:
			with open(os.path.join(self.build, library), "rb") as f:
				digest.update(f.read())
		return digest.digest()

	def put(self, path, text):
		with open(os.path.join(self.tree, path), "w", encoding="utf-8") as f:
			f.write(text)

	def make(self, path, text):
		"""Writes one changed file and builds the libraries: "uncompilable", "same code" or None. What was changed before
		comes back first."""
		if self.dirty and self.dirty[0] != path:
			self.put(*self.dirty)
			self.stale = True
		with open(os.path.join(self.tree, path), encoding="utf-8") as f:
			now = f.read()
		if not self.dirty or self.dirty[0] != path:
			self.dirty = (path, now)
		self.put(path, text)
		if not all(subprocess.run(["sh", "-c", command], cwd=self.build, stdout=subprocess.DEVNULL,
					  stderr=subprocess.DEVNULL, check=False).returncode == 0
			   for command in self.commands(path)):
			return "uncompilable"
		self.stale = path not in self.compile
		return "same code" if self.code_hash() == self.same else None

	def commands(self, path):
		"""What builds the libraries when only this file differs: ninja itself looks at everything, each time."""
		if self.stale or path not in self.compile:
			return ["ninja " + " ".join(self.libraries)]
		owners = self.owners[os.path.dirname(path)]
		return self.compile[path] + [self.link[name] for name in self.libraries if os.path.basename(name) in owners]

	def restore(self):
		if self.dirty:
			self.put(*self.dirty)
			self.dirty, self.stale = None, True

	def judges(self, path):
		owners = self.owners.get(os.path.dirname(path), set())
		return [test for test in self.tests if test.libraries & owners]

	# ---- the step scheduler ----

	def build_step(self):
		env = dict(os.environ, STEP_BUILD=self.step)
		done = subprocess.run([os.path.join(self.tree, "test/step/run"), "step", "--list"], env=env, capture_output=True,
				      text=True, check=False)
		if done.returncode != 0:
			raise Failure(f"test/step/run: {done.stdout[-2000:]}{done.stderr[-2000:]}")

	def instrument(self, source, target):
		folder = os.path.join(self.tree, "include")
		redefine = [word for name in ("memcpy", "memmove", "memset", "memcmp")
			    for word in ("--redefine-sym", f"{name}=step_{name}")]
		return subprocess.run(["gcc", *STEP_FLAGS, "-I", folder, "-c", source, "-o", target], stdout=subprocess.DEVNULL,
				      stderr=subprocess.DEVNULL, check=False).returncode == 0 and \
			subprocess.run(["objcopy", *redefine, target], check=False).returncode == 0

	def step_objects(self, path, place):
		"""The library's instrumented objects with those of the changed file made anew; None if they do not compile."""
		folder = os.path.dirname(os.path.join(self.tree, path))
		changed = [os.path.join(self.tree, path)] if path.endswith(".c") else \
			[os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".c")]
		shutil.rmtree(place, ignore_errors=True)
		shutil.copytree(os.path.join(self.step, "lib"), place)
		for source in changed:
			name = f"{os.path.basename(folder)}_{os.path.basename(source)[:-2]}.o"
			if not self.instrument(source, os.path.join(place, name)):
				return None
		return [os.path.join(place, name) for name in sorted(os.listdir(place))]

	def run_step(self, path, level):
		"""None if every scenario passes at this level; "fails", or "uncompilable"."""
		place = os.path.join(self.step, "mutant")
		objects = self.step_objects(path, place)
		harness = [os.path.join(self.step, name) for name in sorted(os.listdir(self.step))
			   if name.endswith(".o") and name not in STEP_OWN]
		program = os.path.join(place, "step")
		if objects is None or subprocess.run(["gcc", "-no-pie", *harness, *objects, "-o", program],
						     capture_output=True, check=False).returncode != 0:
			return "uncompilable"
		if level not in self.step_seconds:
			self.measure_step(level)
		return None if self.reaches(program, level, STEP_CPU_FACTOR * self.step_seconds[level]) else "fails"

	def measure_step(self, level):
		used = children_cpu()
		if not self.reaches(os.path.join(self.step, "step"), level, 0):
			raise Failure(f"test/step does not pass {level} unmutated")
		self.step_seconds[level] = children_cpu() - used

	@staticmethod
	def reaches(program, level, cpu):
		"""Whether the scheduler gets through this level, with so many seconds of processor time (0: as many as it takes):
		of wall time it may need any multiple of that on a machine that has other things to do."""
		def limit():
			if cpu:
				resource.setrlimit(resource.RLIMIT_CPU, (int(cpu) + 1, int(cpu) + 2))

		child = subprocess.Popen([program, "-t", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
					 start_new_session=True, preexec_fn=limit)
		# What sleeps for ever is killed from outside, which ends the reading too.
		wall = STEP_WALL_FACTOR * cpu if cpu else 24 * 3600
		watch = subprocess.Popen(["sh", "-c", f"sleep {wall}; kill -9 {child.pid}"], start_new_session=True)
		passed = False
		for line in child.stdout:
			if line.startswith("again:"):
				break
			if line.startswith(LEVELS[level]):
				# The line comes also where a scenario has died; deep down they are not whole anyway.
				passed = level != "quick" or re.search(r" (\d+) of \1 scenarios whole", line) is not None
				break
		for process in (watch, child):
			try:
				os.killpg(process.pid, signal.SIGKILL)
			except ProcessLookupError:
				pass
			process.wait()
		child.stdout.close()
		return passed
