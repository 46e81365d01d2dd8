#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program in a panel that takes icons over D-Bus and draws their menus itself.

SWITCHYARD_PROGRAM is the program, STATUS_NOTIFIER_PANEL the panel.
"""

import json
import os
import queue
import subprocess
import threading
import unittest

import test_tray
from processes import DEADLINE_S, Missing, Process, need, wait_until

# A session bus that starts no services: what is not on it does not exist.
BUS = """<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Panel:
    def __init__(self, env, folder):
        program = os.environ.get("STATUS_NOTIFIER_PANEL", "")
        if not os.access(program, os.X_OK):
            raise Missing("STATUS_NOTIFIER_PANEL must be the path of the built panel")
        self.process = Process([program], env, os.path.join(folder, "panel.log"),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._said = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for("ready")

    def _read(self):
        for line in self.process.popen.stdout:
            self._said.put(json.loads(line))

    def wait_for(self, key):
        said = self._said.get(timeout=DEADLINE_S)
        if key not in said:
            raise AssertionError(f"the panel said {said} instead of {key}")
        return said[key]

    def order(self, command):
        self.process.popen.stdin.write(command.encode() + b"\n")
        self.process.popen.stdin.flush()

    def properties(self):
        self.order("properties")
        return self.wait_for("properties")

    def menu(self, command="menu"):
        """Label → entry, in order, without separators."""
        self.order(command)
        return {entry["properties"].get("label", ""): entry for entry in self.wait_for("menu")
                if entry["properties"].get("type") != "separator"}

    def click(self, label):
        self.order(f"click {self.menu()[label]['id']}")

    def stop(self):
        self.process.stop()
        self._reader.join()


def checked(menu):
    return [label for label, entry in menu.items() if entry["properties"].get("toggle-state")]


class StatusNotifierTest(test_tray.DesktopTest):
    def setUp(self):
        super().setUp()
        config = os.path.join(self.folder, "bus.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(BUS.format(folder=self.folder))
        bus = Process([need("dbus-daemon", "dbus-daemon"), f"--config-file={config}", "--nofork",
                       "--print-address"], self.desktop.env,
                      os.path.join(self.folder, "bus.log"), stdout=subprocess.PIPE)
        self.addCleanup(bus.stop)
        self.desktop.env["DBUS_SESSION_BUS_ADDRESS"] = bus.popen.stdout.readline().decode().strip()

    def start_panel(self):
        panel = Panel(self.desktop.env, self.folder)
        self.addCleanup(panel.stop)
        return panel

    def start_with_panel(self):
        panel = self.start_panel()
        program = self.start(upstream=self.start_upstream())
        panel.wait_for("item")
        return panel, program

    def test_the_menu_is_complete_before_it_is_opened(self):
        panel, _ = self.start_with_panel()
        expected = ["Running · OpenRouter", "OpenRouter", "Echo (offline)", "_Open Switchyard",
                    "_Copy client variables", "_Quit"]
        wait_until(lambda: list(panel.menu()) == expected, f"the menu shows {expected}")
        self.assertEqual(list(panel.menu("open-menu")), expected)
        menu = panel.menu()
        self.assertEqual(checked(menu), ["OpenRouter"])
        for label in ("OpenRouter", "Echo (offline)"):
            self.assertEqual(menu[label]["properties"]["toggle-type"], "radio")

    def test_a_choice_in_the_panel_switches_the_backend(self):
        panel, program = self.start_with_panel()
        wait_until(lambda: "Echo (offline)" in panel.menu(), "the menu is there")
        panel.click("Echo (offline)")
        wait_until(lambda: program.backend() == "ECHO", "ECHO is the backend")
        wait_until(lambda: checked(panel.menu()) == ["Echo (offline)"], "the menu shows it")
        self.assertEqual(next(iter(panel.menu())), "Running · Echo (offline)")

    def test_the_icon_has_sizes_and_says_what_runs(self):
        panel, program = self.start_with_panel()
        wait_until(lambda: f"Port {program.port}" in panel.properties()["toolTip"],
                   "the tool tip names the port")
        properties = panel.properties()
        self.assertIn("OpenRouter", properties["toolTip"])
        self.assertIn("0 requests", properties["toolTip"])
        self.assertIn(22, properties["sides"])
        self.assertIn(44, properties["sides"])

    def test_a_click_opens_the_window(self):
        panel, _ = self.start_with_panel()
        self.assertIsNone(self.desktop.main_window())
        panel.order("activate")
        wait_until(self.desktop.main_window, "the window is open")


if __name__ == "__main__":
    unittest.main(verbosity=2)
