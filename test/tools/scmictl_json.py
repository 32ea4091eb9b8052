#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""scmictl --json: each command prints one object, and the right things in it.

    scmictl_json.py [EMULATOR..] PROGRAM
"""
import json

from tool import LINKS, check, names_on, report, run


def get(*words, status=0):
    """The object that a command prints; {} after a fault."""
    got, out, err = run("--json", "--timeout", "60000", *words)
    check(got == status and err == "", f"{words}: status {got}", err)
    try:
        value = json.loads(out)
    except ValueError as error:
        check(False, f"{words}: {error}", out)
        return {}
    check(isinstance(value, dict), f"{words}: no object", out)
    return value


def same(got, wanted, what):
    check(got == wanted, what, got, wanted)


def test_base(link):
    vendor, we, other = names_on(link)
    agents = [{"id": 0, "name": "platform", "self": False},
              {"id": 1, "name": we, "self": True},
              {"id": 2, "name": other, "self": False}]
    same(get("-l", link, "agents"), {"agents": agents}, "agents")
    info = get("-l", link, "info")
    same(info.get("agents"), agents, "info: agents")
    same([info.get(key) for key in ("vendor", "sub_vendor", "implementation", "version", "spoken", "this_agent")],
         [vendor, "demo", 256, "2.1", "2.1", we], "info")
    protocols = {row["id"]: row for row in get("-l", link, "protocols").get("protocols", [])}
    same(protocols.get(0x10, {}).get("version"), "2.1", "protocols: base")
    same(protocols.get(0x80), {"id": 0x80, "name": "vendor protocol", "version": "1.0", "attributes": 2},
         "protocols: 0x80")


def test_messages(link):
    same(get("-l", link, "raw", "base", "3", ",", "0x80", "4", "0", status=1),
         {"messages": [{"kind": "reply", "protocol": 16, "message": 3, "name": "BASE_DISCOVER_VENDOR", "status": 0,
                        "meaning": "success", "bytes": list(names_on(link)[0].encode().ljust(16, b"\0"))},
                       {"kind": "reply", "protocol": 128, "message": 4, "status": -9, "meaning": "hardware error",
                        "bytes": []}]}, "raw")
    messages = get("-l", link, "notify", "0x80", "-n", "2", ",", "0x80", "6", "1").get("messages", [])
    same([one["meaning"] for one in messages if one["kind"] == "reply"], ["success"], "notify: the reply")
    same([one["bytes"][:4] for one in messages if one["kind"] == "event"], [[1, 0, 0, 0]] * 2, "notify: the device")


def test_counters(link):
    stats = get("-l", link, "-l", "0x80=loopback:", "stats", "-n", "3")
    same(stats.get("adds_up"), True, "stats add up")
    links = stats.get("links", [{}])
    same([one.get("received") for one in links], [one.get("submitted") for one in links], "stats by link")
    same(links[-1].get("ok"), 3, "stats of 0x80")
    same(sum(row["replies"] for row in stats.get("latencies", [])), sum(one.get("ok", 0) for one in links), "latencies")
    bench = get("-l", link, "bench", "0x80", "7", "1", "--count", "50", "--depth", "4", "--payload", "8")
    same([bench.get(key) for key in ("protocol", "message", "params_bytes", "calls", "depth", "refused")],
         [128, 7, 12, 50, 4, 0], "bench")


def test_nothing():
    for status, words in ((2, ["info", "x"]), (2, ["--link", "nowhere:", "info"]), (2, [])):
        got, out, err = run("--json", *words)
        check(got == status and out == "" and err.startswith("scmictl: "), f"{words}", got, out, err)


for uri in LINKS:
    test_base(uri)
    test_messages(uri)
    test_counters(uri)
test_nothing()
report()
