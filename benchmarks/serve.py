"""How many rows a second `madaline serve` answers, how fast, and whether it endures.

    python benchmarks/serve.py MODEL TABLE                   # the most that one core answers
    python benchmarks/serve.py MODEL TABLE --rate 1300 --minutes 10
    python benchmarks/serve.py MODEL TABLE --malformed 1000

Each starts a server of its own, on one core, and sends the rows of the table one by one from
another core. The first prints rates and latencies for some numbers of clients, the second one line
of latencies and memory for each part of the time, the third the statuses of malformed requests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from madaline._models.model import FittedModel
from serving.client import Connection, as_fast_as_possible, at_a_rate, request
from serving.malformed import malformed_requests

CLIENTS = (1, 8, 64)
PARTS = 10
ROWS = 1000


def main() -> None:
    """Start a server, load it, and print what was measured."""
    arguments = parse_arguments()
    columns = FittedModel.load(arguments.model).predictor.encoder.columns
    rows = pl.read_parquet(arguments.table, columns=list(columns)).head(ROWS).to_dicts()
    with serving(arguments.model) as (port, process):
        pin(process.pid, 0)
        pin(0, 1)
        if arguments.malformed:
            asyncio.run(send_malformed(port, rows[0], Path(arguments.model).stem, arguments))
        elif arguments.rate:
            asyncio.run(endure(port, process.pid, rows, arguments.rate, arguments.minutes))
        else:
            asyncio.run(find_capacity(port, process.pid, rows, arguments.seconds))


def parse_arguments() -> argparse.Namespace:
    """Return what was typed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a file that `madaline fit` wrote")
    parser.add_argument("table", help="a Parquet file whose rows are sent")
    parser.add_argument("--seconds", type=float, default=10, help="for each number of clients")
    parser.add_argument("--rate", type=float, help="requests a second, at fixed moments")
    parser.add_argument("--minutes", type=float, default=1, help="how long, at that rate")
    parser.add_argument("--malformed", type=int, help="send so many malformed requests")
    return parser.parse_args()


async def find_capacity(port: int, pid: int, rows: list[dict[str, Any]], seconds: float) -> None:
    """Print the rate and the latencies for some numbers of clients."""
    messages = [request(json.dumps(row).encode()) for row in rows]
    await as_fast_as_possible(port, messages, 8, 1.0)
    for clients in CLIENTS:
        before, start = processor_seconds(pid), time.perf_counter()
        done = await as_fast_as_possible(port, messages, clients, seconds)
        busy, wall = processor_seconds(pid) - before, time.perf_counter() - start
        n_requests = len(done.seconds)
        print(
            f"{clients:3} clients: {n_requests / wall:,.0f} requests a second,"
            f" {1e3 * busy / n_requests:.3f} ms of processor each,"
            f" p50 {done.quantile(0.5):.1f} ms, p99 {done.quantile(0.99):.1f} ms,"
            f" statuses {dict(done.statuses)}",
            flush=True,
        )


async def endure(
    port: int, pid: int, rows: list[dict[str, Any]], rate: float, minutes: float
) -> None:
    """Print latencies and memory for each part of the time."""
    messages = [request(json.dumps(row).encode()) for row in rows]
    for part in range(PARTS):
        done = await at_a_rate(port, messages, rate, 60 * minutes / PARTS)
        print(
            f"{minutes * (part + 1) / PARTS:5.1f} min: {len(done.seconds):,} requests,"
            f" p50 {done.quantile(0.5):.1f} ms, p99 {done.quantile(0.99):.1f} ms,"
            f" largest {done.quantile(1):.0f} ms, {memory(pid):.1f} MB resident,"
            f" statuses {dict(done.statuses)}",
            flush=True,
        )


async def send_malformed(
    port: int, row: dict[str, Any], name: str, arguments: argparse.Namespace
) -> None:
    """Print how many malformed requests had each status, then that of a good one."""
    statuses: Counter[int] = Counter()
    for message in malformed_requests(row, name, arguments.malformed):
        connection = Connection(port)
        status = await connection.status(message)
        connection.close()
        if not 400 <= status < 500:
            print(status, message[:200])
        statuses[status] += 1
    print("malformed:", dict(sorted(statuses.items())))
    print("a good one:", await Connection(port).status(request(json.dumps(row).encode())))


@contextmanager
def serving(model: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Start a server and yield its port; end it, and tell if it did not end well."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "madaline", "serve", model, "--port", str(port)]
    process = subprocess.Popen(command)
    try:
        while not answers(port):
            if process.poll() is not None:
                raise SystemExit("The server did not start.")
            time.sleep(0.05)
        yield port, process
    finally:
        process.terminate()
        print("the server ended with", process.wait(30))


def answers(port: int) -> bool:
    """Return whether somebody listens at a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def pin(pid: int, core: int) -> None:
    """Keep a process, and its threads to come, on one core where the system can do that."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) < 2 and pid:
        return
    if cores:
        for thread in os.listdir(f"/proc/{pid or 'self'}/task"):
            os.sched_setaffinity(int(thread), {cores[core % len(cores)]})


def processor_seconds(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1000


if __name__ == "__main__":
    main()
