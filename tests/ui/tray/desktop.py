# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop of its own: an X server, a window manager, a tray, and a hand at mouse and keyboard."""

import os
import re
import subprocess

from processes import Process, need, wait_until

SCREEN = (1280, 800)
MENU_HEIGHT = 100  # at least, with five entries


class Desktop:
    def __init__(self, folder):
        self._folder = folder
        self._processes = []
        self._tools = {name: need(name, package) for name, package in (
            ("Xvfb", "xvfb"), ("openbox", "openbox"), ("trayer", "trayer"),
            ("xdotool", "xdotool"), ("xwininfo", "x11-utils"), ("xprop", "x11-utils"),
            ("import", "imagemagick"))}
        home = os.path.join(folder, "home")
        os.makedirs(home, mode=0o700, exist_ok=True)
        # No session bus: what is not given here does not exist for the programs.
        self.env = {"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": home,
                    "TMPDIR": folder, "LANG": "C.UTF-8", "QT_QPA_PLATFORM": "xcb"}

    def _start(self, name, *arguments, **options):
        process = Process([self._tools[name], *arguments], self.env,
                          os.path.join(self._folder, f"{name}.log"), **options)
        self._processes.append(process)
        return process

    def start(self):
        reader, writer = os.pipe()
        self._start("Xvfb", "-displayfd", str(writer), "-screen", "0",
                    f"{SCREEN[0]}x{SCREEN[1]}x24", "-nolisten", "tcp", pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        if not number:
            raise AssertionError(f"Xvfb did not start:\n{self._processes[0].log()}")
        self.env["DISPLAY"] = f":{number}"
        self._start("openbox", "--sm-disable")
        wait_until(lambda: "window id" in self._run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"),
                   "openbox manages the windows")

    def start_tray(self):
        self._start("trayer", "--edge", "top", "--align", "right", "--widthtype", "request",
                    "--height", "26", "--SetDockType", "true")

    def stop(self):
        for process in reversed(self._processes):
            process.stop()

    def _run(self, tool, *arguments):
        done = subprocess.run([self._tools[tool], *arguments], env=self.env, capture_output=True,
                              text=True, check=False, timeout=30)
        return done.stdout

    def picture(self, path):
        self._run("import", "-window", "root", path)

    # Windows are their X ids.

    def _windows(self, *query):
        return set(self._run("xdotool", "search", "--onlyvisible", *query).split())

    def main_window(self):
        """The id of the visible main window, or None."""
        return next(iter(self._windows("--name", "^Switchyard$")), None)

    def has_focus(self, window):
        return self._run("xdotool", "getactivewindow").strip() == window

    def menu_window(self):
        """The id of the open menu, or None."""
        for window in self._windows("--class", "switchyard") - self._windows("--name", "^Switchyard$"):
            place = self.geometry(window)
            # The icon and its tool tip are smaller.
            if place and place[3] >= MENU_HEIGHT:
                return window
        return None

    def geometry(self, window):
        """x, y, width and height on the screen."""
        text = self._run("xwininfo", "-id", window)
        numbers = [re.search(rf"{name}:\s+(-?\d+)", text) for name in (
            "Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")]
        return tuple(int(n.group(1)) for n in numbers) if all(numbers) else None

    def tray_icon(self):
        """Where the icon in the tray is; None when there is none."""
        tree = self._run("xwininfo", "-root", "-tree")
        panel = tree.find('("panel" "trayer")')
        if panel < 0:
            return None
        found = re.search(r'(0x[0-9a-f]+) "switchyard": \("switchyard" "switchyard"\)',
                          tree[panel:])
        if not found:
            return None
        place = self.geometry(found.group(1))
        # It is one pixel large until the tray has given it its place.
        return place if place and place[2] >= 16 else None

    def click_tray_icon(self, button):
        x, y, width, height = wait_until(self.tray_icon, "the icon is in the tray")
        self._run("xdotool", "mousemove", str(x + width // 2), str(y + height // 2),
                  "click", str(button))

    def open_tray_menu(self):
        self.click_tray_icon(3)
        wait_until(self.menu_window, "the tray's menu is open")

    def press(self, *keys):
        self._run("xdotool", "key", "--clearmodifiers", *keys)

    def choose_from_menu(self, position):
        """The entry of the open menu, counted from 1 without separators."""
        self.press(*(["Down"] * position), "Return")
        wait_until(lambda: not self.menu_window(), "the menu is closed")

    def tray_colors(self):
        """The pixels of the icon, as text: equal texts are equal pictures."""
        x, y, width, height = wait_until(self.tray_icon, "the icon is in the tray")
        return self._run("import", "-silent", "-window", "root", "-crop",
                         f"{width}x{height}+{x}+{y}", "txt:-")
