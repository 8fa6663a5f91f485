"""Processor time of the playground for each frame: of the server, and of the page in Chromium.

A page plays for some seconds. Counted are the seconds that processors spent, so that other load on
the machine hardly matters: the server's process, the page's main thread (scripts, styles, layout,
painting, as Chromium tells them), and all processes of Chromium, which draws without a graphics
card here. Needs playwright and Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PAGES = {
    # name: address, and what a page asks for each frame
    "one network, 6 + 4 units": ("/#data=moons", None),
    "one network, 8 + 8 + 8 units": ("/#data=spirals&hidden=8,8,8", None),
    "stream, 18 networks, 100 rows/s": ("/stream#data=world&speed=2", "/stream/next"),
    "stream, 18 networks, fastest": ("/stream#data=world&speed=4", "/stream/next"),
    "population, 90 networks": ("/race#data=moons&rows=300&speed=4", "/race/next"),
}


def main() -> None:
    """Measure the pages, and print a line for each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10)
    arguments.add_argument("--only", default="")
    arguments.add_argument(
        "--trace", action="store_true", help="the largest parts of the main thread"
    )
    given = arguments.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "madaline", "playground", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        _measure_all(server.pid, f"http://127.0.0.1:{port}", given)
    finally:
        server.terminate()
        server.wait()


def _measure_all(server: int, address: str, given: argparse.Namespace) -> None:
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))))
    print(
        "ms of processors a frame | frames a second here | server | main thread | Chromium in all"
    )
    with sync_playwright() as playwright:
        for name, (place, asked) in PAGES.items():
            if given.only not in name:
                continue
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            frames, wall, spent = _measure(page, f"{address}{place}", asked, server, given)
            browser.close()
            parts = " | ".join(f"{1000 * one / frames:6.1f}" for one in spent)
            print(f"{name:30} | {frames / wall:5.1f} | {parts}", flush=True)


def _measure(
    page: Any, address: str, asked: str | None, server: int, given: argparse.Namespace
) -> tuple[int, float, list[float]]:
    """Let a page play; return frames, seconds, and the processor seconds of each part."""
    frames = [0]
    path = asked or "/network/advance"
    page.on("response", lambda one: frames.__setitem__(0, frames[0] + (path in one.url)))
    page.goto(address)
    page.locator("#play:enabled").wait_for()
    page.wait_for_timeout(1000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.locator("#play").click()
    page.wait_for_timeout(1500)
    before, started, first = _spent(session, server), time.perf_counter(), frames[0]
    page.wait_for_timeout(1000 * given.seconds)
    after, wall = _spent(session, server), time.perf_counter() - started
    if given.trace:
        told = {
            one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]
        }
        print({name: round(told[name], 2) for name in told if name.endswith("Duration")})
    return frames[0] - first, wall, [b - a for a, b in zip(before, after, strict=True)]


def _spent(session: Any, server: int) -> list[float]:
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return [_of_process(server), told["TaskDuration"], _of_chromium()]


def _of_chromium() -> float:
    """Return the processor seconds of all Chromium processes that this process started."""
    parents = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                parents[int(path.name)] = int(
                    (path / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue

    def descends(process: int) -> bool:
        while process in parents:
            process = parents[process]
            if process == os.getpid():
                return True
        return False

    return sum(_of_process(one) for one in parents if descends(one) and _is_chromium(one))


def _is_chromium(process: int) -> bool:
    try:
        return "chrom" in Path(f"/proc/{process}/comm").read_text()
    except OSError:
        return False


def _of_process(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
