"""How good madaline is on images, sounds, sequences and texts, beside its peers.

Every contender learns the training part in a process of its own; madaline with default arguments.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from measuring import THREAD_VARIABLES, UNSET_VARIABLES, append, read_so_far
from sensing.task import Outcome, Task
from tables import DEFAULT_FOLDER
from timing.clocks import PeakMemory, timed
from timing.tables_of_text import TextTable, digits, put_into_page
from timing.workers import processors, use_processors

DATA_SETS = ("mnist", "fsdd", "fsdd_speakers", "vowels", "reviews", "reviews_splits")
WORKER_FLAG = "--worker"
PAGES = Path(__file__).resolve().parents[1] / "docs" / "trust"


@dataclass(frozen=True)
class Result:
    """What came of one contender: a row of the file of results."""

    data: str
    contender: str
    threads: int
    accuracy: float
    log_loss: float
    wall_s: float
    cpu_s: float
    peak_mb: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, print a table for each data set; 0 if nothing failed."""
    options = _parse(arguments)
    results = read_so_far(options.output, Result)
    failed = False
    for name in options.data:
        task_name, contenders = _names(name, options.folder)
        wanted = [one for one in contenders if options.only is None or one in options.only]
        for contender in wanted:
            if not any((one.data, one.contender) == (task_name, contender) for one in results):
                result = _in_new_process(name, contender, options)
                failed |= result is None
                if result is not None:
                    results.append(result)
                    append(options.output, result)
        table = _table(task_name, [one for one in results if one.data == task_name])
        print(table.plain(), flush=True)
        if options.markdown:
            page = PAGES / ("series.md" if name == "vowels" else "senses.md")
            page.write_text(put_into_page(page.read_text("utf-8"), name, table.markdown()), "utf-8")
    return int(failed)


def work(name: str, contender: str, folder: str, threads: int) -> Result:
    """Let one contender learn, in this process; return what came of it."""
    use_processors(threads)
    module = _module(name)
    task = module.load(Path(folder))
    fit = _contenders(module, task)[contender]
    outcomes: list[Outcome] = []
    memory = PeakMemory()
    seconds = timed(lambda: outcomes.append(fit()))
    return Result(
        task.name,
        contender,
        threads,
        outcomes[0].accuracy,
        outcomes[0].log_loss,
        round(seconds.wall, 1),
        round(seconds.cpu, 1),
        round(memory.bytes() / 2**20, 1),
    )


def _module(name: str) -> ModuleType:
    return import_module(f"sensing.{name}")


def _contenders(module: ModuleType, task: Task) -> dict[str, Callable[[], Outcome]]:
    return dict(module.contenders(task))


def _names(name: str, folder: Path) -> tuple[str, list[str]]:
    """Return what a data set is called and who contends."""
    module = _module(name)
    task = module.load(folder)
    return task.name, list(_contenders(module, task))


def _in_new_process(name: str, contender: str, options: argparse.Namespace) -> Result | None:
    environment = {key: value for key, value in os.environ.items() if key not in UNSET_VARIABLES}
    environment |= dict.fromkeys(THREAD_VARIABLES, str(options.threads))
    request = [name, contender, str(options.folder.resolve()), str(options.threads)]
    print(f"{contender} on {name} ...", file=sys.stderr, flush=True)
    process = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), WORKER_FLAG, *request],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode == 0:
        return Result(**json.loads(process.stdout.splitlines()[-1]))
    last_words = process.stderr.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
    print(f"{contender} on {name} failed: {last_words[0]}", file=sys.stderr)
    return None


def _table(title: str, results: Sequence[Result]) -> TextTable:
    heads = ("contender", "right", "log loss", "wall s", "processor s", "MiB")
    lines = [
        (
            one.contender,
            f"{one.accuracy:.2%}",
            "-" if one.log_loss != one.log_loss else digits(one.log_loss),
            digits(one.wall_s),
            digits(one.cpu_s),
            digits(one.peak_mb),
        )
        for one in results
    ]
    return TextTable(title, heads, lines)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    there = [name for name in DATA_SETS if (Path(__file__).parent / f"sensing/{name}.py").exists()]
    parser.add_argument(
        "data",
        nargs="*",
        metavar="DATA",
        choices=[[], *there],
        help=f"of {', '.join(there)}; default: all",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these contenders only")
    parser.add_argument("--threads", type=int, default=min(2, processors()))
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="results to go on with: a CSV file"
    )
    parser.add_argument("--markdown", action="store_true", help="put the tables into docs/trust")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    options = parser.parse_args(arguments)
    options.data = options.data or there
    return options


if __name__ == "__main__":
    if WORKER_FLAG in sys.argv[1:2]:
        name, contender, folder, threads = sys.argv[2:]
        print("\n" + json.dumps(asdict(work(name, contender, folder, int(threads)))))
        sys.exit(0)
    sys.exit(main())
