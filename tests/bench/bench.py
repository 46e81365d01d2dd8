#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures `switchyard serve` beside nginx as a reverse proxy, with the same upstream, in one run.

Every ratio is the median over rounds in which nginx, the native lane and the chat lane ran one
after the other, so that what else the machine does meets all of them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requestbody
from parts import TOKEN, BenchError, Nginx, Serve, TrayApplication, Upstream, post

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ui" / "tray"))
from desktop import Desktop  # noqa: E402  the X server and the tray of the tray's own tests
from processes import Missing, wait_until  # noqa: E402

EVENTS_PER_SECOND = 20
STREAMS = 500


class Plan:
    def __init__(self, quick):
        self.rounds = 3 if quick else 7
        self.seconds = 1 if quick else 2
        self.first_event_rounds = 100 if quick else 400
        self.stream_seconds = 2 if quick else 5
        self.starts = 5 if quick else 21
        self.tray_starts = 3 if quick else 7
        self.idle_seconds = 3 if quick else 10


class Table:
    """Rows of what, goal, measured, beside and verdict; counts the goals that were missed."""

    HEAD = ("What", "Goal", "Measured", "Beside it", "Ratio", "Verdict")

    def __init__(self):
        self.rows = []
        self.missed = 0

    def add(self, what, goal, measured, beside="", ratio="", reached=None):
        verdict = "" if reached is None else "reached" if reached else "MISSED"
        self.missed += reached is False
        self.rows.append((what, goal, measured, beside, ratio, verdict))

    def __str__(self):
        rows = [self.HEAD, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.HEAD))]
        lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |" for row in rows]
        lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
        return "\n".join(lines)


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def helper(command, **environment):
    done = subprocess.run(command, env={**os.environ, "BENCH_TOKEN": TOKEN, **environment},
                          stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode != 0:
        raise BenchError(f"{Path(command[0]).name} failed: {done.stdout.strip() or 'see above'}")
    return done.stdout


def wrk(process, path, body_file, connections, seconds):
    """Requests per second, and the processor time that each took in `process`."""
    cpu = process.cpu_seconds()
    out = helper(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "20s", "--latency",
                  "-s", str(HERE / "post.lua"), f"http://127.0.0.1:{process.port}{path}"],
                 BENCH_BODY=str(body_file))
    result = json.loads(out.split("RESULT ", 1)[1])
    if result["status"] or result["socket"] or not result["requests"]:
        raise BenchError(f"{process.name}: {result['requests']} answers, {result['status']} of them "
                         f"errors, {result['socket']} broken connections; its log ends in: "
                         f"{process.tail()}")
    return (result["requests"] / (result["micros"] / 1e6),
            (process.cpu_seconds() - cpu) / result["requests"] * 1e6)


class Lane:
    def __init__(self, name, process, path):
        self.name, self.process, self.path = name, process, path


def check_answers(nginx, native, chat, body):
    """One request each before the load: the numbers count only when the answers are right."""
    wanted = json.loads(body)["model"]
    text = post(nginx.process.port, nginx.path, body)["content"][0]["text"]
    for lane in (native, chat):
        answer = post(lane.process.port, lane.path, body)
        if answer["model"] != wanted or answer["content"][0]["text"] != text:
            raise BenchError(f"the {lane.name} lane gave a wrong answer: {json.dumps(answer)[:300]}")


def measure_load(plan, table, lanes, body_file, size, connections, goals):
    rates = {lane.name: [] for lane in lanes}
    cpu = {lane.name: [] for lane in lanes}
    for number in range(plan.rounds):
        turn = number % len(lanes)
        for lane in lanes[turn:] + lanes[:turn]:
            rate, cost = wrk(lane.process, lane.path, body_file, connections, plan.seconds)
            rates[lane.name].append(rate)
            cpu[lane.name].append(cost)
    beside = f"nginx {statistics.median(rates['nginx']):,.0f}/s, {statistics.median(cpu['nginx']):,.0f} µs CPU"
    for name in ("native", "chat"):
        ratio = statistics.median(a / b for a, b in zip(rates[name], rates["nginx"]))
        goal = goals.get(name)
        table.add(f"{name} lane, {size}, {connections} connection{'s' * (connections > 1)}",
                  f"≥ {goal} of nginx" if goal else "",
                  f"{statistics.median(rates[name]):,.0f}/s, {statistics.median(cpu[name]):,.0f} µs CPU",
                  beside, f"{ratio:.2f}", ratio >= goal if goal else None)


def throughput(args, plan, table, upstream, nginx, folder):
    base = f"http://127.0.0.1:{upstream.port}/json/api/v1"
    small = folder / "small.json"
    large = folder / "large.json"
    small.write_bytes(requestbody.encode(requestbody.first_turn(False)))
    large.write_bytes(requestbody.encode(requestbody.long_conversation(1_000_000, False)))
    with Serve(args.program, folder, base, "native") as native_serve, \
            Serve(args.program, folder, base, "chat") as chat_serve:
        lanes = [Lane("nginx", nginx, "/json/api/v1/messages"),
                 Lane("native", native_serve, "/v1/messages"),
                 Lane("chat", chat_serve, "/v1/messages")]
        for body in (small, large):
            check_answers(*lanes, body.read_bytes())
        rate, _ = wrk(upstream, "/json/api/v1/messages", small, 32, plan.seconds)
        table.add("the upstream itself, 48 kB, 32 connections", "", f"{rate:,.0f}/s")
        loads = [(small, "48 kB", 1, {}), (small, "48 kB", 32, {"native": 0.8, "chat": 0.6}),
                 (large, "1 MB", 1, {}), (large, "1 MB", 16, {"native": 0.8, "chat": 0.6})]
        for body, size, connections, goals in loads:
            say(f"{size}, {connections} connections")
            measure_load(plan, table, lanes, body, size, connections, goals)
    bad = upstream.stats()["bad"]
    if bad:
        raise BenchError(f"the upstream received {bad} requests that it could not read")


def first_event(args, plan, table, upstream, nginx, folder):
    say("time to the first event")
    body = folder / "stream.json"
    body.write_bytes(requestbody.encode(requestbody.first_turn(True)))
    base = f"http://127.0.0.1:{upstream.port}/brief/api/v1"
    with Serve(args.program, folder, base, "native") as native, \
            Serve(args.program, folder, base, "chat") as chat:
        result = json.loads(helper(
            [args.helpers + "/bench-streams", "first", str(body), str(plan.first_event_rounds),
             f"direct={upstream.port}/brief/api/v1/messages",
             f"nginx={nginx.port}/brief/api/v1/messages",
             f"native={native.port}/v1/messages", f"chat={chat.port}/v1/messages"]))
    direct = result["direct"]["p50"]
    for name in ("native", "chat"):
        added = result[name]["p50"] - direct
        table.add(f"added time to first event, {name} lane, median", "≤ 1 ms",
                  f"{added / 1000:.2f} ms",
                  f"nginx {(result['nginx']['p50'] - direct) / 1000:.2f} ms, "
                  f"direct {direct / 1000:.2f} ms in all", "", added <= 1000)


def many_streams(args, plan, table, upstream, nginx, folder):
    events = EVENTS_PER_SECOND * plan.stream_seconds
    body = folder / "stream.json"
    base = f"http://127.0.0.1:{upstream.port}/paced/api/v1"

    def run(port, path):
        return json.loads(helper([args.helpers + "/bench-streams", "fanout", str(body), str(STREAMS),
                                  str(events), f"{port}{path}"]))

    say(f"{STREAMS} streams, direct and through nginx")
    direct = run(upstream.port, "/paced/api/v1/messages")
    beside = run(nginx.port, "/paced/api/v1/messages")
    if direct["complete"] != STREAMS:
        raise BenchError(f"only {direct['complete']} of {STREAMS} streams arrived from the upstream itself")
    for name in ("native", "chat"):
        say(f"{STREAMS} streams, {name} lane")
        with Serve(args.program, folder, base, name) as serve:
            result = run(serve.port, "/v1/messages")
            peak = serve.status_kib("VmHWM") / 1024
        whole = (result["complete"] == STREAMS and result["lost"] == 0
                 and result["disordered"] == 0 and result["failed"] == 0)
        added = result["p99"] - direct["p50"]
        what = f"{STREAMS} streams × {EVENTS_PER_SECOND} events/s, {name} lane"
        table.add(f"{what}: lost events", "0", f"{result['lost']} of {STREAMS * events:,}", "", "", whole)
        table.add(f"{what}: p99 added delay", "≤ 20 ms", f"{added / 1000:.2f} ms",
                  f"nginx {(beside['p99'] - direct['p50']) / 1000:.2f} ms", "",
                  whole and added <= 20_000)
        table.add(f"{what}: peak memory", "≤ 150 MB", f"{peak:.0f} MB", "", "", whole and peak <= 150)


def start_and_idle(args, plan, table, upstream, folder):
    say("start and idle memory")
    base = f"http://127.0.0.1:{upstream.port}/json/api/v1"
    times, memory = [], []
    for _ in range(plan.starts):
        with Serve(args.program, folder, base, "native") as serve:
            times.append(serve.ready_seconds * 1000)
            memory.append(settled_rss(serve))
    ready = statistics.median(times)
    idle = statistics.median(memory)
    table.add("serve: ready after start, median", "≤ 150 ms", f"{ready:.0f} ms", "", "", ready <= 150)
    table.add("serve: idle memory", "≤ 35 MB", f"{idle:.1f} MB", "", "", idle <= 35)


def tray_application(args, plan, table, folder):
    say("the tray application: start, idle memory, idle processor time")
    desktop = Desktop(str(folder / "desktop"))
    times = []
    try:
        desktop.start()
        desktop.start_tray()
        for _ in range(plan.tray_starts):
            with TrayApplication(args.program, folder, desktop.env) as tray:
                wait_until(desktop.tray_icon, "the icon is in the tray")
                times.append((time.monotonic() - tray.started) * 1000)
        with TrayApplication(args.program, folder, desktop.env) as tray:
            wait_until(desktop.tray_icon, "the icon is in the tray")
            tray.raise_window()
            wait_until(desktop.main_window, "the window is open")
            memory = settled_rss(tray)
            cpu = tray.cpu_seconds()
            time.sleep(plan.idle_seconds)
            idle = (tray.cpu_seconds() - cpu) / plan.idle_seconds * 100
    except (AssertionError, Missing) as error:
        raise BenchError(str(error)) from None
    finally:
        desktop.stop()
    start = statistics.median(times)
    table.add("tray: icon visible after start, median", "≤ 700 ms", f"{start:.0f} ms", "", "", start <= 700)
    table.add("tray and window: idle memory", "≤ 110 MB", f"{memory:.0f} MB", "", "", memory <= 110)
    table.add("tray and window: idle processor time", "≤ 0.2 %", f"{idle:.2f} %", "", "", idle <= 0.2)


def settled_rss(process):
    """Resident memory in MB once the process has been at rest for 0.3 s."""
    deadline = time.monotonic() + 5
    before = None
    while time.monotonic() < deadline:
        now = (process.status_kib("VmRSS"), process.cpu_seconds())
        if now == before:
            break
        before = now
        time.sleep(0.3)
    return process.status_kib("VmRSS") / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="the switchyard of the release preset")
    parser.add_argument("--helpers", required=True, help="where bench-upstream and bench-streams are")
    parser.add_argument("--quick", action="store_true", help="short rounds: for a look, not for the record")
    args = parser.parse_args()
    plan = Plan(args.quick)
    table = Table()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as name:
        folder = Path(name)
        with Upstream(args.helpers + "/bench-upstream", folder,
                      EVENTS_PER_SECOND * plan.stream_seconds, 1000 // EVENTS_PER_SECOND) as upstream, \
                Nginx(folder, upstream.port) as nginx:
            throughput(args, plan, table, upstream, nginx, folder)
            first_event(args, plan, table, upstream, nginx, folder)
            many_streams(args, plan, table, upstream, nginx, folder)
            start_and_idle(args, plan, table, upstream, folder)
            tray_application(args, plan, table, folder)
    print(table)
    print(f"\n{table.missed} goal{'s' * (table.missed != 1)} missed "
          f"({time.monotonic() - began:.0f} s, {os.cpu_count()} processors, "
          f"load {os.getloadavg()[0]:.1f})")
    return 1 if table.missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"bench: {error}")
