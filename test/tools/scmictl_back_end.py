#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""scmictl with a vhost-user back end that does as little as one may: VERSION_1, one queue, and of SCMI the base
protocol without what is optional. As many do, it serves one front end and only then listens for the next.

    scmictl_back_end.py PROGRAM
"""
import json
import mmap
import os
import select
import socket
import struct
import tempfile
import threading

from tool import PATIENCE, check, report, run

GET_FEATURES, SET_MEM_TABLE, SET_VRING_NUM, SET_VRING_ADDR = 1, 5, 8, 9
SET_VRING_BASE, GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL = 10, 11, 12, 13
VERSION_1 = 1 << 32
NEXT, WRITE = 1, 2

REPLIES = {0: struct.pack("<I", 0x20000), 1: bytes(4), 3: b"least".ljust(16, b"\0"), 5: struct.pack("<I", 1)}


def answer(command):
    """The reply to a command, in wire order."""
    header = struct.unpack_from("<I", command)[0]
    values = REPLIES.get(header & 0xff) if header >> 10 & 0xff == 0x10 else None
    if values is None:
        return struct.pack("<Ii", header, -1)
    return struct.pack("<Ii", header, 0) + values


class FrontEnd:
    """One that has connected: its memory, and the command queue in it."""

    def __init__(self, sock):
        self.sock = sock
        self.memory = None
        self.guest = self.user = self.size = self.next = 0
        self.rings = (0, 0, 0)
        self.bells = {}

    def serve(self):
        while True:
            kick = self.bells.get(SET_VRING_KICK)
            ready, _, _ = select.select([self.sock] + ([kick] if kick is not None else []), [], [], PATIENCE)
            if self.sock in ready and not self.obey():
                break
            if kick in ready:
                os.read(kick, 8)
                self.drain()
        for bell in self.bells.values():
            os.close(bell)
        self.sock.close()

    def obey(self):
        data, fds, _, _ = socket.recv_fds(self.sock, 12, 1)
        if len(data) < 12:
            return False
        request, _, size = struct.unpack("=III", data)
        payload = self.sock.recv(size, socket.MSG_WAITALL) if size else b""
        if request == GET_FEATURES:
            self.sock.sendall(struct.pack("=IIIQ", request, 5, 8, VERSION_1))
        elif request == SET_MEM_TABLE:
            self.guest, length, self.user, offset = struct.unpack_from("=QQQQ", payload, 8)
            self.memory = mmap.mmap(fds[0], offset + length)
        elif request == GET_VRING_BASE:
            self.sock.sendall(struct.pack("=IIIII", request, 5, 8, struct.unpack_from("=I", payload)[0], self.next))
        elif size >= 8 and struct.unpack_from("=I", payload)[0] & 0xff == 0:
            self.set_ring(request, payload, fds)
            return True
        for fd in fds:
            os.close(fd)
        return True

    def set_ring(self, request, payload, fds):
        if request == SET_VRING_NUM:
            self.size = struct.unpack_from("=I", payload, 4)[0]
        elif request == SET_VRING_BASE:
            self.next = struct.unpack_from("=I", payload, 4)[0]
        elif request == SET_VRING_ADDR:
            self.rings = tuple(address - self.user for address in struct.unpack_from("=QQQ", payload, 8))
        for fd in fds:
            self.bells[request] = fd

    def get(self, form, at):
        return struct.unpack_from(form, self.memory, at)

    def drain(self):
        table, used, avail = self.rings
        while self.get("<H", avail + 2)[0] != self.next & 0xffff:
            head = self.get("<H", avail + 4 + 2 * (self.next % self.size))[0]
            address, length, flags, reply = self.get("<QIHH", table + 16 * head)
            room, capacity, reply_flags, _ = self.get("<QIHH", table + 16 * reply)
            check(flags == NEXT and reply_flags == WRITE, "a chain that is no command", flags, reply_flags)
            at = address - self.guest
            values = answer(self.memory[at:at + length])[:capacity]
            self.memory[room - self.guest:room - self.guest + len(values)] = values
            struct.pack_into("<II", self.memory, used + 4 + 8 * (self.next % self.size), head, len(values))
            self.next += 1
            struct.pack_into("<H", self.memory, used + 2, self.next & 0xffff)
            os.write(self.bells[SET_VRING_CALL], (1).to_bytes(8, "little"))


class BackEnd(threading.Thread):
    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path

    def run(self):
        while True:
            with socket.socket(socket.AF_UNIX) as listener:
                if os.path.exists(self.path):
                    os.unlink(self.path)
                listener.bind(self.path)
                listener.listen(1)
                sock = listener.accept()[0]
                FrontEnd(sock).serve()


def test(link):
    status, out, err = run("-l", link, "info")
    check(status == 0 and err == "", "info", status, err)
    check(out.splitlines() == ["vendor             least", "sub-vendor         (not told)",
                               "implementation     0x00000001", "base protocol      2.0, spoken 2.0",
                               "protocols          0 beside base", "agents             0",
                               "this agent         (not told)"], "info", out)
    status, out, err = run("-l", link, "--json", "info")
    check(status == 0 and err == "" and json.loads(out) == {
        "vendor": "least", "sub_vendor": None, "implementation": 1, "version": "2.0", "spoken": "2.0", "protocols": 0,
        "this_agent": None}, "info with JSON", status, out, err)
    status, out, err = run("-l", link, "agents")
    check(status == 1 and out == "" and err == f"scmictl: the platform does not tell its agents (link {link})\n",
          "agents", status, out, err)
    status, out, err = run("-l", link, "clocks")
    check(status == 1 and out == "" and "not supported (-1)" in err, "clocks", status, out, err)
    status, out, err = run("-l", link, "--json", "bench", "-n", "300", "--depth", "8")
    check(status == 0 and json.loads(out).get("calls") == 300, "bench", status, out, err)


with tempfile.TemporaryDirectory() as folder:
    BackEnd(folder + "/s").start()
    test(f"vhost-user:{folder}/s,wait={PATIENCE}")
report()
