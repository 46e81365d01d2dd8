#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program in a real tray: the icon is clicked, the menu is used, requests run meanwhile.

SWITCHYARD_PROGRAM is the program. Without a part it needs, the test fails and names it.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

from desktop import Desktop
from processes import Missing, Process, need, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
FAKE_OPENROUTER = os.path.join(HERE, "..", "..", "fakes", "openrouter.mjs")
UPSTREAM_KEY = "sk-or-v1-placeholder-of-the-upstream"
LOCAL_TOKEN = "local-token-placeholder-77ab"
MODEL = "claude-opus-5-5"

# Section, entry and number of entries in the tray's menu.
OPEN = (2, 0, 2)
QUIT = (3, 0, 1)


class FakeOpenRouter:
    def __init__(self, folder):
        self.process = Process(
            [need("node", "nodejs"), FAKE_OPENROUTER, "--with-parent", "--key", UPSTREAM_KEY],
            {"PATH": os.environ["PATH"]}, os.path.join(folder, "openrouter.log"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ready = json.loads(self.process.popen.stdout.readline() or b"{}")
        if not ready:
            raise AssertionError(f"the fake OpenRouter did not start:\n{self.process.log()}")
        self.base = f"http://127.0.0.1:{ready['port']}/api/v1"
        self._control = f"http://127.0.0.1:{ready['control']}"

    def _ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self._control + path, data, timeout=30) as answer:
            return json.load(answer)

    def script(self, *answers):
        self._ask("/__script", list(answers))

    def open(self, gate):
        self._ask("/__open", {"gate": gate})

    def wait_for_gate(self, gate):
        self._ask(f"/__seen?gate={gate}")

    def requests(self):
        return self._ask("/__seen")["requests"]

    def stop(self):
        self.process.stop()


class Switchyard:
    def __init__(self, desktop, folder, upstream=None, backend="OPENROUTER"):
        program = os.environ.get("SWITCHYARD_PROGRAM", "")
        if not os.access(program, os.X_OK):
            raise Missing("SWITCHYARD_PROGRAM must be the path of the built switchyard")
        self.config = ["--config-dir", os.path.join(folder, "config")]
        self.program = program
        self.env = {**desktop.env, "SWITCHYARD_TOKEN": LOCAL_TOKEN, "QT_FATAL_WARNINGS": "1"}
        if upstream:
            self.env.update(OPENROUTER_API_BASE=upstream.base, OPENROUTER_API_KEY=UPSTREAM_KEY)
        choice = os.path.join(folder, "config", "settings.json")
        os.makedirs(os.path.dirname(choice), mode=0o700)
        with open(choice, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "port": 0, "backend": backend}, file)
        self.process = Process([program, *self.config, "--data-dir", os.path.join(folder, "data")],
                               self.env, os.path.join(folder, "switchyard.log"))
        self.port = None
        self._connections = []

    def wait_for_port(self):
        self.port = wait_until(self._listening_port, "switchyard listens")

    def _listening_port(self):
        if not self.process.is_running():
            raise AssertionError("switchyard ended")
        status = self.status()
        return status and status["state"] == "running" and status["port"]

    def command(self, *arguments):
        return subprocess.run([self.program, *arguments, *self.config], env=self.env,
                              capture_output=True, text=True, check=False, timeout=30)

    def status(self):
        """None while nothing runs."""
        done = self.command("status", "--json")
        if done.returncode == 3:
            return None
        if done.returncode != 0:
            raise AssertionError(f"status failed: {done.stderr}")
        return json.loads(done.stdout)

    def backend(self):
        return self.status()["backend"]

    def place_in_menu(self, backend):
        names = [entry["name"] for entry in self.status()["backends"]]
        return 1, names.index(backend), len(names)

    def message(self, stream):
        """An open answer to a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self._connections.append(connection)
        body = {"model": MODEL, "max_tokens": 100, "stream": stream,
                "messages": [{"role": "user", "content": "Hello"}]}
        connection.request("POST", "/v1/messages", json.dumps(body), {
            "content-type": "application/json", "anthropic-version": "2023-06-01",
            "authorization": f"Bearer {LOCAL_TOKEN}"})
        return connection.getresponse()

    def stop(self):
        self.process.stop()
        for connection in self._connections:
            connection.close()


class Stream(threading.Thread):
    """Reads a stream to its end, event by event."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer = answer
        self.events = []
        self.start()

    def run(self):
        for line in self.answer:
            if line.startswith(b"data:"):
                self.events.append(json.loads(line[5:]))

    def text(self):
        return "".join(event["delta"].get("text", "") for event in list(self.events)
                       if event["type"] == "content_block_delta")

    def types(self):
        return [event["type"] for event in list(self.events)]


class DesktopTest(unittest.TestCase):
    """Each test has a desktop, and with it a home, of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="switchyard-tray-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.desktop = Desktop(self.folder)
        self.addCleanup(self.desktop.stop)
        self.desktop.start()

    def start(self, **options):
        program = Switchyard(self.desktop, self.folder, **options)
        self.addCleanup(program.stop)
        self.addCleanup(self.keep_traces, program)
        program.wait_for_port()
        return program

    def keep_traces(self, program):
        """What a person needs to see after a failure: the log and the screen."""
        outcome = self._outcome.result
        if not any(test is self for test, _ in outcome.failures + outcome.errors):
            return
        print(program.process.log(), file=sys.stderr)
        folder = os.environ.get("SWITCHYARD_PICTURES")
        if folder:
            self.desktop.picture(os.path.join(folder, f"{self._testMethodName}.png"))

    def start_upstream(self):
        upstream = FakeOpenRouter(self.folder)
        self.addCleanup(upstream.stop)
        return upstream


class TrayTest(DesktopTest):
    def wait_for_icon(self, state):
        wait_until(lambda: self.desktop.tray_state() == state, f"the icon in the tray is {state}")

    def choose(self, program, backend):
        self.desktop.open_tray_menu()
        self.desktop.choose_from_menu(*program.place_in_menu(backend))
        wait_until(lambda: program.backend() == backend, f"{backend} is the backend")

    def test_a_switch_leaves_the_running_stream_where_it_began(self):
        self.desktop.start_tray()
        upstream = self.start_upstream()
        program = self.start(upstream=upstream)
        self.wait_for_icon("idle")

        text = "one two three four five six"
        upstream.script({"content": text, "delivery": {"gates": {"4": "middle"}}})
        running = program.message(stream=True)
        stream = Stream(running)
        upstream.wait_for_gate("middle")
        wait_until(lambda: stream.text() != "", "the first words have come")
        self.wait_for_icon("active")

        self.choose(program, "ECHO")
        self.assertTrue(stream.is_alive(), "the stream ended when the backend was switched")
        self.assertNotEqual(stream.text(), text)

        following = program.message(stream=False)
        self.assertEqual(following.status, 200)
        self.assertEqual(following.getheader("x-switchyard-backend"), "ECHO")
        self.assertIn("Switchyard", following.read().decode())
        self.assertEqual(len(upstream.requests()), 1)

        upstream.open("middle")
        stream.join(30)
        self.assertFalse(stream.is_alive(), "the stream did not end")
        self.assertEqual(running.getheader("x-switchyard-backend"), "OPENROUTER")
        self.assertEqual(stream.text(), text)
        deltas = len(text.split())
        self.assertEqual(
            [kind for kind in stream.types() if kind != "ping"],
            ["message_start", "content_block_start", *["content_block_delta"] * deltas,
             "content_block_stop", "message_delta", "message_stop"])
        self.wait_for_icon("idle")

        self.choose(program, "OPENROUTER")
        upstream.script({"content": "And back."})
        back = program.message(stream=False)
        self.assertEqual(back.getheader("x-switchyard-backend"), "OPENROUTER")
        self.assertEqual(json.load(back)["content"][0]["text"], "And back.")
        self.assertEqual(len(upstream.requests()), 2)

    def test_the_choice_made_in_the_tray_outlives_the_program(self):
        self.desktop.start_tray()
        program = self.start(upstream=self.start_upstream())
        self.choose(program, "ECHO")
        settings = os.path.join(self.folder, "config", "settings.json")
        with open(settings, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["backend"], "ECHO")

    def test_a_left_click_opens_the_window_and_closing_hides_it(self):
        self.desktop.start_tray()
        program = self.start(backend="ECHO")
        wait_until(self.desktop.tray_icon, "the icon is in the tray")
        self.assertIsNone(self.desktop.main_window(), "the window opened without being asked")
        for _ in range(2):
            self.desktop.click_tray_icon(1)
            wait_until(self.desktop.main_window, "the window is open")
            self.desktop.close_window()
            self.assertEqual(program.message(stream=False).status, 200)

    def test_open_in_the_menu_opens_the_window(self):
        self.desktop.start_tray()
        self.start(backend="ECHO")
        self.desktop.open_tray_menu()
        self.desktop.choose_from_menu(*OPEN)
        wait_until(self.desktop.main_window, "the window is open")

    def test_a_failure_changes_the_icon_until_the_window_is_looked_at(self):
        self.desktop.start_tray()
        upstream = self.start_upstream()
        program = self.start(upstream=upstream)
        self.wait_for_icon("idle")
        upstream.script({"kind": "error", "status": 400, "error_type": "invalid_request_error",
                         "message": "No."})
        self.assertEqual(program.message(stream=False).status, 400)
        self.wait_for_icon("trouble")
        self.desktop.click_tray_icon(1)
        wait_until(self.desktop.main_window, "the window is open")
        self.wait_for_icon("idle")

    def test_without_a_tray_the_window_is_the_application(self):
        program = self.start(backend="ECHO")
        wait_until(self.desktop.main_window, "the window is open")
        self.desktop.close_window()
        self.assertEqual(program.process.wait(), 0, program.process.log())

    def test_a_tray_that_comes_later_is_taken(self):
        program = self.start(backend="ECHO")
        wait_until(self.desktop.main_window, "the window is open")
        self.desktop.start_tray()
        wait_until(self.desktop.tray_icon, "the icon is in the tray")
        self.desktop.hide_window()
        self.assertTrue(program.process.is_running())
        # By a click, not by the menu: Qt closes every menu 100 ms after the last window lost the
        # focus, also one that was opened in that time.
        self.desktop.click_tray_icon(1)
        wait_until(self.desktop.main_window, "the window is open again")

    def test_a_second_start_brings_the_window_of_the_first(self):
        self.desktop.start_tray()
        program = self.start(backend="ECHO")
        wait_until(self.desktop.tray_icon, "the icon is in the tray")
        self.assertIsNone(self.desktop.main_window())
        second = program.command()
        self.assertEqual(second.returncode, 0, second.stderr)
        wait_until(self.desktop.main_window, "the window is open")

    def test_quit_in_the_menu_lets_a_stream_end(self):
        self.desktop.start_tray()
        upstream = self.start_upstream()
        program = self.start(upstream=upstream)
        upstream.script({"content": "one two three", "delivery": {"gates": {"4": "middle"}}})
        stream = Stream(program.message(stream=True))
        upstream.wait_for_gate("middle")
        idle_port = program.port
        self.desktop.open_tray_menu()
        self.desktop.choose_from_menu(*QUIT)
        wait_until(lambda: (program.status() or {}).get("state") == "stopping", "it is stopping")
        self.wait_for_icon("stopped")
        upstream.open("middle")
        self.assertEqual(program.process.wait(), 0, program.process.log())
        stream.join(30)
        self.assertEqual(stream.text(), "one two three")
        self.assertEqual(stream.types()[-1], "message_stop")
        with self.assertRaises(OSError):
            http.client.HTTPConnection("127.0.0.1", idle_port, timeout=5).connect()


if __name__ == "__main__":
    unittest.main(verbosity=2)
