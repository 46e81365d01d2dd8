# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a measurement: the upstream, nginx, `switchyard serve`. Each is ended by its pid."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

TOKEN = "bench-token-placeholder"
START_SECONDS = 15


class BenchError(Exception):
    """One sentence that names what went wrong."""


class Process:
    """A child with its output in a file; `with` ends it."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.log = Path(folder) / f"{name}.log"
        self.started = time.monotonic()
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          stderr=log, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise BenchError(f"{self.name} did not end within {START_SECONDS} s of SIGTERM") from None
        finally:
            self.child.stdout.close()

    def first_line(self):
        """The first line on standard output, and the seconds since the start."""
        ready, _, _ = select.select([self.child.stdout], [], [], START_SECONDS)
        line = self.child.stdout.readline().decode().strip() if ready else ""
        seconds = time.monotonic() - self.started
        if not line:
            raise BenchError(f"{self.name} did not say within {START_SECONDS} s that it listens; "
                             f"its output ends in: {self.tail()}")
        return line, seconds

    def tail(self):
        return self.log.read_text(errors="replace")[-600:].strip() or "(nothing)"

    def status_kib(self, field):
        text = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1))

    def cpu_seconds(self):
        """User and system time of the process, its children included."""
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()
        ticks = 0
        for pid in [str(self.child.pid), *children]:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


class Upstream(Process):
    def __init__(self, program, folder, events, interval_ms):
        super().__init__("upstream", [program, str(events), str(interval_ms)], folder)
        self.port = int(self.first_line()[0].split()[1])

    def stats(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=10) as answer:
            return json.load(answer)


NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
worker_processes 1;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    client_max_body_size 64m;
    client_body_buffer_size 4m;
    upstream model {{
        server 127.0.0.1:{upstream};
        keepalive 1024;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://model;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
        location ~ ^/(brief|paced)/ {{
            proxy_pass http://model;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


class Nginx(Process):
    """nginx as a reverse proxy: one worker, kept upstream connections, no log, no body on disk."""

    def __init__(self, folder, upstream_port):
        self.port = free_port()
        (Path(folder) / "nginx.conf").write_text(NGINX.format(
            folder=folder, port=self.port, upstream=upstream_port,
            user="user root;" if os.geteuid() == 0 else ""))
        super().__init__("nginx", ["nginx", "-p", str(folder), "-e", "stderr", "-c",
                                   f"{folder}/nginx.conf"], folder)
        deadline = time.monotonic() + START_SECONDS
        while not accepts(self.port):
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise BenchError(f"nginx does not listen; its output ends in: {self.tail()}")
            time.sleep(0.01)


class Serve(Process):
    """`switchyard serve` with folders of its own and an otherwise empty environment."""

    count = 0

    def __init__(self, program, folder, base_url, wire):
        Serve.count += 1
        home = Path(folder) / f"serve{Serve.count}"
        home.mkdir()
        (home / "run").mkdir(mode=0o700)
        super().__init__(
            f"switchyard-{wire}",
            [program, "serve", "--port", "0", "--backend", "OPENROUTER", "--token", TOKEN,
             "--config-dir", str(home / "config"), "--data-dir", str(home / "data"),
             "--log-level", "warning"],
            folder,
            {"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"),
             "LANG": "C.UTF-8", "OPENROUTER_WIRE": wire, "OPENROUTER_API_BASE": base_url,
             "OPENROUTER_API_KEY": "sk-or-v1-placeholder"})
        line, self.ready_seconds = self.first_line()
        found = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise BenchError(f"switchyard serve said {line!r} and not where it listens")
        self.port = int(found.group(1))


class TrayApplication(Process):
    """The tray application on the display of `environment`, with folders of its own."""

    count = 0

    def __init__(self, program, folder, environment):
        TrayApplication.count += 1
        home = Path(folder) / f"tray{TrayApplication.count}"
        home.mkdir()
        self.environment = environment
        self.command = [program, "--port", "0", "--config-dir", str(home / "config"),
                        "--data-dir", str(home / "data")]
        super().__init__("switchyard-tray", self.command, folder, environment)

    def raise_window(self):
        """As a second start does it."""
        subprocess.run(self.command, env=self.environment, check=True, timeout=START_SECONDS,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def post(port, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=body, method="POST",
        headers={"Content-Type": "application/json", "anthropic-version": "2023-06-01",
                 "Authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except OSError as error:
        raise BenchError(f"no answer to POST {path} on port {port}: {error}") from None
