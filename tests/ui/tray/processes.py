# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that end with the test, and waiting for conditions."""

import ctypes
import os
import shutil
import signal
import subprocess
import time

DEADLINE_S = 20
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Missing(Exception):
    """A part of the machine that the test cannot do without."""


def need(program, package):
    path = shutil.which(program)
    if not path:
        raise Missing(f"{program} is not installed; on Debian: apt-get install {package}")
    return path


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """The first true answer of `condition`, asked until the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {deadline_s} s: {what}")
        time.sleep(0.02)


class Process:
    """Its output goes to a file; it ends when the test ends, however that happens."""

    def __init__(self, arguments, env, log, **options):
        self.name = os.path.basename(arguments[0])
        self.log_path = log
        self._log = open(log, "ab")
        self.popen = subprocess.Popen(
            arguments, env=env, stderr=self._log, preexec_fn=self._end_with_parent,
            **{"stdout": self._log, "stdin": subprocess.DEVNULL, **options})

    @staticmethod
    def _end_with_parent():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    @property
    def pid(self):
        return self.popen.pid

    def is_running(self):
        return self.popen.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait(self, deadline_s=DEADLINE_S):
        return self.popen.wait(deadline_s)

    def stop(self):
        if self.is_running():
            self.popen.terminate()
            try:
                self.popen.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout, self._log):
            if stream:
                stream.close()
        return self.popen.returncode
