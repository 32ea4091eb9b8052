#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""scmictl's clocks and sensors, on the simulated device: as text, as JSON, and at a terminal.

    scmictl_devices.py [EMULATOR..] PROGRAM
"""
import json
import os
import tempfile

from tool import LINKS, Terminal, check, program, report, run

SLOW = ("--timeout", "60000")


def text(*words, status=0, errors=""):
    """The lines that a command prints."""
    got, out, err = run(*SLOW, *words)
    check(got == status, f"{words}: status {got}, not {status}", out, err)
    check(err.rstrip("\n") == errors, f"{words}: stderr", err, errors)
    return out.splitlines()


def get(*words, status=0):
    got, out, err = run(*SLOW, "--json", *words)
    check(got == status, f"{words}: status {got}, not {status}", out, err)
    try:
        return json.loads(out)
    except ValueError as error:
        check(False, f"{words}: {error}", out)
        return {}


def same(got, wanted, what):
    check(got == wanted, what, got, wanted)


def test_recorded():
    """What Linux kernels were recorded with: nothing of it moves, so all of it is known."""
    linux = ("-l", "loopback:linux")
    same(text(*linux, "protocols")[2:4],
         ["0x14  clock            1.0      0x00000002", "0x15  sensor           1.0      0x00000002"], "versions")
    same(text(*linux, "clocks"),
         ["id  name         rate  enabled  parent  rates",
          " 0  uart_clk   24 MHz  yes           -  24 MHz, 48 MHz",
          " 1  spi_clk   100 MHz  yes           -  50 MHz, 100 MHz"], "clocks")
    same(text(*linux, "sensors"),
         ["id  name        values  unit  trip points  async  updates",
          " 0  cpu_temp    42.500  degC            1  no     no",
          " 1  board_temp  31.250  degC            1  no     no"], "sensors")
    same(text(*linux, "sensor", "cpu_temp"), ["42.500 degC"], "sensor")
    same(text(*linux, "sensor", "1", "read"), ["31.250 degC"], "sensor by id")
    same(text(*linux, "sensor", "cpu_temp", "info"),
         ["id                 0", "name               cpu_temp", "unit               degC",
          "exponent           -3", "trip points        1", "async              no", "updates            no",
          "timestamps         no"], "sensor info")
    text(*linux, "sensor", "0", "--async", status=1,
         errors="scmictl: SENSOR_READING_GET: the platform answered with an error status: not supported (-1) "
                "(link loopback:linux)")
    same(text(*linux, "clock", "uart_clk"),
         ["id                 0", "name               uart_clk", "enabled            yes",
          "rate               24 MHz", "possible rate      24 MHz", "possible rate      48 MHz",
          "tells new rates    no"], "clock")
    text(*linux, "clock", "0", "parent", status=1,
         errors="scmictl: CLOCK_PARENT_GET of clock '0': not supported by this build, transport or peer "
                "(link loopback:linux)")
    same(text(*linux, "clock", "uart_clk", "rate", "48MHz", "disable"),
         ["rate               48 MHz", "enabled            no"], "clock rate, disable")


def recorded_commands(path):
    """(protocol, message, parameters, values, status) of the clock and sensor commands of a recording, as sent."""
    with open(path, encoding="ascii") as file:
        lines = [line.split() for line in file if line.startswith("cmd ")]
    for line in lines:
        sent, reply = bytes.fromhex(line[1]), bytes.fromhex(line[line.index("reply") + 1])
        protocol = int.from_bytes(sent[:4], "little") >> 10 & 0xff
        if protocol in (0x14, 0x15):
            yield protocol, sent[0], sent[4:], reply[8:], int.from_bytes(reply[4:8], "little", signed=True)


def test_recordings():
    """Each recorded clock and sensor command gets the recorded answer. But for asynchronous readings: the recorded
    platform answered them although its sensors do not have the bit for it, which breaks the specification."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data")
    played = 0
    for name in ("linux-6.1-virtio.txt", "linux-6.12-virtio.txt"):
        commands = [one for one in recorded_commands(os.path.join(folder, name))
                    if (one[0], one[1], one[2][4:5]) != (0x15, 0x06, b"\1")]
        words = []
        for protocol, message, params, _, _ in commands:
            words += [",", str(protocol), str(message)]
            words += [hex(int.from_bytes(params[i:i + 4], "little")) for i in range(0, len(params), 4)]
        refused = any(one[4] != 0 for one in commands)
        got = get("-l", "loopback:linux", "raw", *words[1:], status=int(refused)).get("messages", [])
        same([(one["protocol"], one["message"], bytes(one["bytes"]), one["status"]) for one in got],
             [(protocol, message, values, status) for protocol, message, _, values, status in commands], name)
        played += len(commands)
    check(played > 30, "few commands in the recordings", played)


def test_clocks(link):
    clocks = get("-l", link, "clocks").get("clocks", [])
    same([row["name"] for row in clocks],
         ["osc", "pll", "uart_clk", "spi_clk", "display_left_pixel_clock", "rtc"], "names of clocks")
    same(clocks[1], {"id": 1, "name": "pll", "rate": 800000000, "enabled": True, "parent": 0,
                     "rates": {"min": 400000000, "max": 1200000000, "step": 25000000}}, "pll")
    same(clocks[5], {"id": 5, "name": "rtc", "rate": 32768, "enabled": True, "parent": None, "rates": [32768]}, "rtc")
    same(get("-l", link, "clock", "pll").get("possible_parents"), [0], "parents of pll")
    osc = get("-l", link, "clock", "0")
    same([osc.get(key) for key in ("may_set_rate", "may_set_state", "may_set_parent")], [False] * 3, "osc may")

    # Rounding, at once and later; parents; order.
    for words, rate in ((["30MHz"], 24000000), (["30MHz", "up"], 48000000), (["47.999999MHz"], 24000000)):
        same(get("-l", link, "clock", "uart_clk", "rate", *words), {"rate": rate}, f"rate {words}")
    for words in ([], ["--async"]):
        same(get("-l", link, "clock", "pll", "rate", "510MHz", *words), {"rate": 500000000}, f"pll {words}")
        same(get("-l", link, "clock", "uart_clk", "rate", "48000000", *words), {"rate": 48000000}, f"uart {words}")
    same(text("-l", link, "clock", "2", "parent", "pll", "disable", "rate"),
         ["parent             1", "enabled            no", "rate               24 MHz"], "parent, disable, rate")
    same(text("-l", link, "clock", "uart_clk", "parent"), ["parent             0"], "parent")

    end = f" (link {link})"
    refused = "the platform answered with an error status: "
    text("-l", link, "clock", "osc", "rate", "24MHz", status=1,
         errors=f"scmictl: CLOCK_RATE_SET of clock 'osc': {refused}denied (-3){end}")
    text("-l", link, "clock", "rtc", "disable", status=1,
         errors=f"scmictl: CLOCK_CONFIG_SET of clock 'rtc': {refused}denied (-3){end}")
    text("-l", link, "clock", "uart_clk", "parent", "rtc", status=1,
         errors=f"scmictl: CLOCK_PARENT_SET of clock 'uart_clk': {refused}invalid parameters (-2){end}")
    text("-l", link, "clock", "6", status=1, errors=f"scmictl: CLOCK_ATTRIBUTES: {refused}not found (-4){end}")
    text("-l", link, "clock", "none", status=1, errors=f"scmictl: none of the 6 clocks is named 'none'{end}")
    text("-l", link, "clock", "uart_clk", "parent", "none", status=1,
         errors=f"scmictl: none of the 6 clocks is named 'none'{end}")


def test_sensors(link):
    sensors = {row["name"]: row for row in get("-l", link, "sensors").get("sensors", [])}
    same(list(sensors), ["cpu_temp", "board_temp", "battery_voltage_at_connector", 'fan "front"', "soc_power", "tilt"],
         "names of sensors")
    same(sensors.get("board_temp"), {"id": 1, "name": "board_temp", "values": [31.25], "unit": "degC",
                                     "trip_points": 1, "async": False, "updates": False}, "board_temp")
    check(all(43 <= value <= 67 for value in sensors["cpu_temp"]["values"]), "a sine out of bounds", sensors)
    check(all(3.66 <= value <= 3.74 for value in sensors["battery_voltage_at_connector"]["values"]),
          "noise out of bounds", sensors)
    check(len(sensors["tilt"]["values"]) == 3, "axes", sensors["tilt"])

    tilt = get("-l", link, "sensor", "tilt", "--async").get("readings", [])
    same([(one["axis"], one["unit"]) for one in tilt], [("x", "g"), ("y", "g"), ("z up from the board", "g")], "tilt")
    same(tilt[2]["value"], -0.005, "tilt: z")
    info = get("-l", link, "sensor", "cpu_temp", "info")
    same([info.get(key) for key in ("least", "greatest", "resolution", "trip_points", "enabled")],
         [-40, 125, 0.125, 2, True], "cpu_temp info")
    same([one["min"] for one in info.get("intervals", [])], [0.1, 1, 10], "intervals")
    check("timestamp" in get("-l", link, "sensor", "cpu_temp")["readings"][0], "no time stamp")
    same(get("-l", link, "sensor", 'fan "front"', "read").get("id"), 3, "a name with quotes")

    end = f" (link {link})"
    text("-l", link, "sensor", "none", status=1, errors=f"scmictl: none of the 6 sensors is named 'none'{end}")
    status, _, err = run("-l", link, "sensor", "6")
    check(status == 1 and "SENSOR_DESCRIPTION_GET: the platform answered" in err, "sensor 6", status, err)


def test_watch(link):
    lines = text("-l", link, "sensor", "board_temp", "--watch=0.01", "--count", "3")
    same(lines, ["31.250 degC"] * 3, "watch")
    samples = get("-l", link, "sensor", "battery_voltage_at_connector", "--async", "--watch=0.02", "-n", "3")
    same([one["readings"][0]["unit"] for one in samples.get("samples", [])], ["V"] * 3, "watch: JSON")
    same(text("-l", link, "sensor", "board_temp", "--watch=3600", "--for", "1"), ["31.250 degC"], "watch --for")


def test_on_and_off(link):
    """How it is set belongs to the agent, and goes with it: so what is sent is looked at."""
    for word, lines in ("disable", ["enabled            no"]), ("enable", ["31.250 degC"]):
        status, out, err = run("-l", link, "--trace", "sensor", "board_temp", word)
        same((status, out.splitlines()), (0, lines), f"sensor {word}")
        check("SENSOR_CONFIG_SET" in err, f"sensor {word} sets nothing", err)
    lines = text("-l", link, "sensor", "board_temp", "enable", "--watch=0.01", "--count", "2")
    same(lines, ["31.250 degC"] * 2, "sensor enable --watch")


def test_async(link):
    """A delayed response comes where it was asked for, and only there."""
    for words, message, times in ((["clock", "uart_clk", "rate", "48MHz"], "CLOCK_RATE_SET", 1),
                                  (["sensor", "2"], "SENSOR_READING_GET", 1),
                                  (["sensor", "2", "--watch=0.01", "-n", "3"], "SENSOR_READING_GET", 3)):
        for option, wanted in ((["--async"], times), ([], 0)):
            status, _, err = run("-l", link, *SLOW, "--trace", *words, *option)
            check(status == 0 and err.count(f"delayed {message}") == wanted, f"{words} {option}", status, err)


def test_file():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a, b")
        link = f"loopback:linux,file={path}"
        refused = ("scmictl: SENSOR_READING_GET: the platform answered with an error status: hardware error (-9) "
                   f"(link {link})")
        text("-l", link, "sensor", "file", status=1, errors=refused)
        status, out, _ = run("-l", link, "sensors")
        check(status == 1 and "(hardware error)" in out and "42.500" in out, "one that cannot be read", status, out)
        status, out, err = run("-l", link, "--json", "sensors")
        check(status == 1 and json.loads(out)["sensors"][2]["values"] is None and
              err == refused.replace("SENSOR_READING_GET", "sensor 2") + "\n", "and with JSON", status, out, err)
        for content, shown in (("-1500\n", "-1.500 degC"), ("7", "0.007 degC"), ("0 and more", "0.000 degC")):
            with open(path, "w", encoding="ascii") as file:
                file.write(content)
            same(text("-l", link, "sensor", "file"), [shown], f"file with {content!r}")
        for content in ("", "nothing"):
            with open(path, "w", encoding="ascii") as file:
                file.write(content)
            text("-l", link, "sensor", "file", status=1, errors=refused)


def events(link, count, *words):
    messages = get("-l", link, "notify", *words[:2], "-n", str(count), *words[2:]).get("messages", [])
    return [one for one in messages if one["kind"] == "event"]


def test_events(link):
    # cpu_temp goes up and down through its middle; the trip point is number 1, both ways.
    trips = events(link, 1, "sensor", "SENSOR_TRIP_POINT_EVENT", ",",
                   "sensor", "SENSOR_TRIP_POINT_CONFIG", "0", "0x13", "56000", "0", ",",
                   "sensor", "SENSOR_TRIP_POINT_NOTIFY", "0", "1")
    same([(trip["sensor"], trip["trip_point"], trip["bytes"][:9]) for trip in trips], [(0, 1, [0] * 8 + [1])], "trip")
    updates = events(link, 2, "sensor", "SENSOR_UPDATE", ",",
                     "sensor", "SENSOR_CONTINUOUS_UPDATE_NOTIFY", "0", "1")
    same([(update["sensor"], len(update["bytes"])) for update in updates], [(0, 24)] * 2, "updates")
    check(all(43000 <= update["raw_values"][0] <= 67000 for update in updates), "values of updates", updates)
    rates = events(link, 1, "clock", "CLOCK_RATE_CHANGED", ",", "clock", "CLOCK_RATE_NOTIFY", "2", "1", ",",
                   "clock", "CLOCK_RATE_SET", "0", "2", "48000000", "0")
    same([(rate["agent"], rate["clock"], rate["rate"]) for rate in rates], [(1, 2, 48000000)], "new rate")
    # Two at once, of which an area holds but one.
    n = 1 if link.startswith("mailbox:") else 2
    status, out, _ = run("-l", link, *SLOW, "notify", "clock", "-n", str(n), ",", "clock", "CLOCK_RATE_NOTIFY", "2", "1",
                         ",", "clock", "CLOCK_RATE_CHANGE_REQUESTED_NOTIFY", "2", "1", ",",
                         "clock", "CLOCK_RATE_SET", "0", "2", "48000000", "0")
    check(status == 0 and "\n  clock 2 is asked for 48 MHz, by agent 1\n" in out and
          (n == 1 or "\n  clock 2 now has 48 MHz, by agent 1\n" in out), "a new rate, in words", status, out)
    # Just below its summit it passes both ways within half a second.
    status, out, _ = run("-l", link, *SLOW, "notify", "sensor", "-n", "2", ",", "sensor",
                         "SENSOR_TRIP_POINT_CONFIG", "0", "0x3", "66900", "0", ",",
                         "sensor", "SENSOR_TRIP_POINT_NOTIFY", "0", "1")
    check(status == 0 and out.count("\n  sensor 0 passed its trip point 0 upwards\n") == 1 and
          out.count("\n  sensor 0 passed its trip point 0 downwards\n") == 1, "trips, in words", status, out)

    # A sensor that is off is not read; the next command has it on again.
    status, out, _ = run("-l", link, "raw", "sensor", "SENSOR_CONFIG_SET", "1", "0", ",",
                         "sensor", "SENSOR_READING_GET", "1", "0", ",",
                         "sensor", "SENSOR_CONFIG_SET", "1", "1", ",", "sensor", "SENSOR_READING_GET", "1", "0")
    check(status == 1 and out.count("protocol error (-10)") == 1 and out.count("success") == 3, "off, on", status, out)
    # An update interval of 3 s: the next below it that the sensor has is 1 s, the next above 10 s.
    status, out, _ = run("-l", link, "raw",
                         "sensor", "SENSOR_CONFIG_SET", "0", "0x30001", ",", "sensor", "SENSOR_CONFIG_GET", "0", ",",
                         "sensor", "SENSOR_CONFIG_SET", "0", "0x30201", ",", "sensor", "SENSOR_CONFIG_GET", "0")
    check(status == 0 and out.index("0x00010001") < out.index("0x00010801"), "intervals", status, out)


def test_terminal(link):
    terminal = Terminal("-l", link, *SLOW, "sensor", "cpu_temp", "--watch=0.02", "--count", "12")
    status = terminal.end()
    check(status == 0 and terminal.output.count("\r\x1b[K") == 12, "watch at a terminal", status, terminal.output)
    last = terminal.output.rsplit("\x1b[K", 1)[1].rstrip()
    # An emulator's C library may have no UTF-8.
    levels = "_#" if len(program) > 1 and last.isascii() else "\u2581\u2588"
    check(last[-12] + last[-1] == levels, "no sparkline that rises", last)
    terminal = Terminal("-l", link, *SLOW, "sensor", "board_temp", "--watch=0.02", "--count", "3", LC_ALL="C")
    check(terminal.end() == 0 and "31.250 degC  ---" in terminal.output, "a sparkline of ASCII", terminal.output)
    terminal = Terminal("-l", link, *SLOW, "sensor", "board_temp", "--watch=0.02", "--count", "3", TERM="dumb")
    check(terminal.end() == 0 and terminal.output == "31.250 degC\r\n" * 3, "a dumb terminal", terminal.output)

    terminal = Terminal("-l", link, *SLOW, "sensor", "cpu_temp", "--watch=3600")
    check(terminal.until("degC"), "no value", terminal.output)
    terminal.type("\x03")
    check(terminal.end() == 130 and "scmictl:" not in terminal.output, "Ctrl-C while it sleeps", terminal.output)


def test_many():
    many = get("-l", "loopback:many", "clocks").get("clocks", [])
    same([len(many), many[199]["name"]], [200, "pll_199"], "many clocks")
    many = get("-l", "loopback:many", "sensors").get("sensors", [])
    same([len(many), many[999]["id"], many[999]["name"]], [1000, 999, 'fan "front"_999'], "many sensors")
    same(get("-l", "loopback:many", "sensor", "tilt_995").get("id"), 995, "one of many")

    terminal = Terminal("-l", "loopback:many", *SLOW, "sensors")
    check(terminal.end() == 0 and "\rsensors 16 of 1000" in terminal.output, "no progress", terminal.output[:200])
    shown = terminal.output.rsplit("\r\x1b[K", 1)[-1]
    check("of 1000" not in shown and "tilt_995" in shown, "progress stays", shown[:200])
    _, _, err = run("-l", "loopback:many", "clocks")
    check(err == "", "progress without a terminal", err)


test_recorded()
test_recordings()
test_file()
test_many()
for uri in LINKS:
    test_clocks(uri)
    test_sensors(uri)
    test_watch(uri)
    test_on_and_off(uri)
    test_async(uri)
    test_events(uri)
    test_terminal(uri)
report()
