# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop of its own: an X server, a window manager, a tray, and a hand at mouse and keyboard."""

import os
import re
import subprocess

from processes import Process, need, wait_until

SCREEN = (1280, 800)
MENU_HEIGHT = 100  # at least, with five entries
MENU_SECTIONS = 4  # the status sentence, the backends, the window and the variables, the end
GROUNDS = {"idle": (0x0f, 0x6b, 0x54), "trouble": (0x9a, 0x57, 0x00), "stopped": (0x59, 0x61, 0x5e)}


class Desktop:
    def __init__(self, folder):
        self._folder = folder
        self._processes = []
        self._clicks = 0
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
                    f"{SCREEN[0]}x{SCREEN[1]}x24", "-nolisten", "tcp",
                    # Or the end of one client, when it is the only one, ends what comes next.
                    "-noreset", pass_fds=(writer,))
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
        """Where the icon in the tray is; None when there is none, or not at its place yet."""
        tree = self._run("xwininfo", "-root", "-tree")
        panel = re.search(r'(0x[0-9a-f]+) "panel": \("panel" "trayer"\)', tree)
        if not panel:
            return None
        icon = re.search(r'(0x[0-9a-f]+) "switchyard": \("switchyard" "switchyard"\)',
                         tree[panel.start():])
        if not icon:
            return None
        # The tray grows with the icon and then moves to the edge of the screen.
        edge = self.geometry(panel.group(1))
        place = self.geometry(icon.group(1))
        if not edge or not place or edge[0] + edge[2] != SCREEN[0]:
            return None
        return place if place[2] >= 16 and place[0] >= edge[0] else None

    def click(self, x, y, button=1):
        self._run("xdotool", "mousemove", str(x), str(y), "click", str(button))

    def click_tray_icon(self, button):
        wait_until(self.tray_state, "the icon is drawn in the tray")
        x, y, width, height = wait_until(self.tray_icon, "the icon is in the tray")
        # Two clicks at one place would be a double click when they come quickly.
        self._clicks += 1
        self.click(x + width * (1 + 2 * (self._clicks % 2)) // 4, y + height // 2, button)

    def open_tray_menu(self):
        self.click_tray_icon(3)
        wait_until(self.menu_sections, "the tray's menu is open")

    def menu_sections(self):
        """Top and bottom, on the screen, of what stands between the lines of the open menu."""
        window = self.menu_window()
        place = self.geometry(window) if window else None
        if not place:
            return None
        x, y, width, height = place
        pixels = self._pixels(place)
        if not pixels:
            return None
        ground = max(set(pixels.values()), key=list(pixels.values()).count)
        lines = []
        for row in range(3, height - 3):
            colors = {pixels.get((column, row)) for column in range(width // 8, width * 7 // 8)}
            if len(colors) == 1 and ground not in colors:
                lines.append(row)
        edges = [0, *(row for row in lines if row - 1 not in lines), height]
        sections = [(y + top, y + bottom) for top, bottom in zip(edges, edges[1:])]
        return sections if len(sections) == MENU_SECTIONS else None

    def choose_from_menu(self, section, entry, entries):
        """One of so many entries in a section of the open menu, all counted from 0."""
        x, _, width, _ = self.geometry(self.menu_window())
        top, bottom = self.menu_sections()[section]
        self.click(x + width // 2, top + int((bottom - top) * (entry + 0.5) / entries))
        wait_until(lambda: not self.menu_window(), "the menu is closed")

    def press(self, *keys):
        self._run("xdotool", "key", "--clearmodifiers", *keys)

    def close_window(self):
        self._press_until_gone("alt+F4")

    def hide_window(self):
        self._press_until_gone("ctrl+w")

    def _press_until_gone(self, key):
        """A key that comes while the focus is still on its way reaches nobody: it is repeated."""
        def gone():
            window = self.main_window()
            if window and self.has_focus(window):
                self.press(key)
            return not window

        wait_until(gone, "the window is hidden")

    def _pixels(self, place):
        x, y, width, height = place
        text = self._run("import", "-silent", "-window", "root", "-crop",
                         f"{width}x{height}+{x}+{y}", "+repage", "-depth", "8", "txt:-")
        return {(int(px), int(py)): (int(color[:2], 16), int(color[2:4], 16), int(color[4:], 16))
                for px, py, color in re.findall(r"^(\d+),(\d+):.*#([0-9A-F]{6})", text, re.M)}

    def tray_state(self):
        """What the icon in the tray shows: idle, active, trouble or stopped; None when unclear."""
        place = self.tray_icon()
        if not place:
            return None
        _, _, width, height = place
        pixels = self._pixels(place)
        side = min(width, height)

        def at(drawn_x, drawn_y):
            # The drawing is 22 units wide and stands in the middle of the icon's window.
            return pixels.get(((width - side) // 2 + int(drawn_x * side / 22),
                               (height - side) // 2 + int(drawn_y * side / 22)))

        ground = at(3, 11)
        state = next((name for name, color in GROUNDS.items() if ground and all(
            abs(mine - wanted) < 24 for mine, wanted in zip(ground, color))), None)
        # The upper node of the active icon.
        if state == "idle" and min(at(16, 5)) > 200:
            return "active"
        return state
