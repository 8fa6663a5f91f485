"""A measurement is one fit in a fresh process with one thread: its losses and processor seconds."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING, asdict, dataclass, fields
from math import copysign, hypot, inf
from pathlib import Path
from typing import Any

import numpy as np

from tables import Table, load_table, log_loss, scaled_rmse

WORKER_FLAG = "--worker"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# They force a kernel or a cache size on OpenBLAS, so timings would not be those of a plain machine.
UNSET_VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@dataclass(frozen=True)
class Job:
    """One fit to do: which method, on which set of which folder, with which seed and arguments."""

    name: str
    method: str
    seed: int
    folder: str
    arguments: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, int, str]:
        """The key of this job in a file of measurements."""
        return self.name, self.method, self.seed, json.dumps(self.arguments, sort_keys=True)


class Outcome:
    """What comes of a `Job` (abstract); subclasses are dataclasses of texts and numbers."""

    name: str
    method: str
    seed: int
    arguments: str

    @property
    def key(self) -> tuple[str, str, int, str]:
        """The key of this outcome, like `Job.key`."""
        return self.name, self.method, self.seed, self.arguments


class Promise(Outcome):
    """What comes of a `Job` whose loss was promised (abstract); errors are standard errors."""

    loss: float
    error: float
    promised: float | None
    promised_error: float | None

    @property
    def distance(self) -> float:
        """Standard errors of both from the promised loss to that of the test rows."""
        if self.promised is None or self.promised_error is None:
            raise ValueError(f"{self.method} promises no loss.")
        return errors_apart(self.promised, self.loss, hypot(self.error, self.promised_error))


def errors_apart(promised: float, met: float, error: float) -> float:
    """Return the distance in standard errors; of equal values that have none, it is zero."""
    difference = met - promised
    return difference / error if error else copysign(inf, difference) if difference else 0.0


@dataclass(frozen=True)
class Measurement(Outcome):
    """What came of one fit; a row of a file of measurements.

    `log_loss` and `error` are set for classification, `rmse` (divided by the standard deviation of
    the test target) for regression; lower is better. `cpu_s` is the processor seconds of fit and
    prediction.
    """

    name: str
    method: str
    n_train: int
    log_loss: float | None
    error: float | None
    rmse: float | None
    cpu_s: float
    seed: int = 0
    arguments: str = "{}"

    @property
    def loss(self) -> float:
        """The loss that methods are compared on: `log_loss`, for regression `rmse`."""
        loss = self.rmse if self.log_loss is None else self.log_loss
        if loss is None:
            raise ValueError(f"The measurement of {self.method} on {self.name} has no loss.")
        return loss


@dataclass(frozen=True)
class Failure:
    """A fit that crashed, with the last words of its process."""

    job: Job
    message: str


def read_measurements(path: Path, kind: type[Any] = Measurement) -> list[Any]:
    """Read a file of measurements; columns that it lacks (seed, arguments) get their defaults."""
    if not path.is_file():
        raise SystemExit(f"There is no file of measurements at {path}.")
    with path.open(newline="", encoding="utf-8") as file:
        return [_row(line, kind) for line in csv.DictReader(file)]


def read_so_far(path: Path | None, kind: type[Any]) -> list[Any]:
    """Read what is to be gone on with; nothing where there is no file yet."""
    return [] if path is None or not path.exists() else read_measurements(path, kind)


def append(path: Path | None, measurement: Any) -> None:
    """Write a row below those of a file of measurements, if there is to be one."""
    if path is None:
        return
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(measurement)])
        if is_new:
            writer.writeheader()
        writer.writerow(asdict(measurement))


def measure_all(
    jobs: Sequence[Job],
    *,
    script: Path,
    output: Path | None = None,
    parallel: int = 1,
    kind: type[Any] = Measurement,
) -> Iterator[Any]:
    """Measure the jobs that `output` lacks, each in its own process, and yield all.

    Parameters
    ----------
    jobs : sequence of Job
        What to measure.
    script : Path
        The script to start for each job; it calls `run_worker_if_asked`.
    output : Path, optional
        The file of measurements to go on with: what it holds is not measured again, what is new
        is appended.
    parallel : int
        How many processes at a time. Timings are best taken with one.
    kind : type, default=Measurement
        What a fit comes to: an `Outcome`.

    Yields
    ------
    Measurement (or what `kind` is) or Failure
        First what the file held already, then the new ones.
    """
    known = read_so_far(output, kind)
    keys = {job.key for job in jobs}
    yield from (measurement for measurement in known if measurement.key in keys)
    done = {measurement.key for measurement in known}
    missing = [job for job in jobs if job.key not in done]
    with ThreadPoolExecutor(parallel) as pool:
        for outcome in pool.map(lambda job: _in_new_process(job, script, kind), missing):
            if not isinstance(outcome, Failure):
                append(output, outcome)
            yield outcome


def measure_and_tell(
    jobs: Sequence[Job], tell: Callable[[Any], str], **options: Any
) -> tuple[list[Any], int]:
    """Return what `measure_all` measures and how many fits failed; a line tells of each."""
    measured, n_failed = [], 0
    for outcome in measure_all(jobs, **options):
        if isinstance(outcome, Failure):
            n_failed += 1
            print(f"{outcome.job} failed: {outcome.message}", file=sys.stderr)
        else:
            measured.append(outcome)
            print(tell(outcome), file=sys.stderr, flush=True)
    return measured, n_failed


def run_worker_if_asked(
    build: Callable[[Job, Any], Any],
    measure: Callable[[Job, Any, Any], Any] | None = None,
    load: Callable[[Job], Any] | None = None,
) -> None:
    """In a process started by `measure_all`, do the one fit, print its measurement and exit.

    Parameters
    ----------
    build : callable
        Given the job and the table, returns the estimator; its imports are not timed.
    measure : callable, optional
        Given the job, the table and the estimator, fits it and returns the measurement; by default
        its loss and its time.
    load : callable, optional
        Given the job, returns the table; by default that of its name in the data folder.
    """
    if WORKER_FLAG not in sys.argv[1:2]:
        return
    job = Job(**json.loads(sys.argv[2]))
    table = load_table(Path(job.folder), job.name) if load is None else load(job)
    measurement = (measure or _measure)(job, table, build(job, table))
    print("\n" + json.dumps(asdict(measurement)))
    sys.exit(0)


def _measure(job: Job, table: Table, estimator: Any) -> Measurement:
    start = time.process_time()
    estimator.fit(table.x_train, table.y_train)
    if table.is_classification:
        prediction = np.asarray(estimator.predict_proba(table.x_test))
    else:
        prediction = np.asarray(estimator.predict(table.x_test)).ravel()
    cpu_s = time.process_time() - start
    losses = _losses(table, prediction, getattr(estimator, "classes_", None))
    name, method, seed, arguments = job.key
    return Measurement(
        name,
        method,
        len(table.y_train),
        *losses,
        cpu_s=round(cpu_s, 3),
        seed=seed,
        arguments=arguments,
    )


def score(table: Table, prediction: Any, classes: Any) -> float:
    """Return the loss that methods are compared on: log-loss, or scaled error."""
    log_loss_of_classes, _, rmse = _losses(table, np.asarray(prediction), classes)
    return float(log_loss_of_classes if table.is_classification else rmse)  # type: ignore[arg-type]


def _losses(
    table: Table, prediction: Any, classes: Any
) -> tuple[float | None, float | None, float | None]:
    if not np.isfinite(prediction).all():
        raise ValueError("A prediction is not finite.")
    if not table.is_classification:
        return None, None, scaled_rmse(table.y_test, prediction)
    most_probable = np.asarray(classes)[prediction.argmax(axis=1)]  # (n_test,)
    error = float(np.mean(most_probable != table.y_test))
    return log_loss(table.y_test, prediction, classes), error, None


def _in_new_process(job: Job, script: Path, kind: type[Any]) -> Any:
    environment = {key: value for key, value in os.environ.items() if key not in UNSET_VARIABLES}
    environment |= dict.fromkeys(THREAD_VARIABLES, "1")
    process = subprocess.run(
        [sys.executable, str(script), WORKER_FLAG, json.dumps(asdict(job))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode == 0:
        return kind(**json.loads(process.stdout.splitlines()[-1]))
    last_words = process.stderr.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
    return Failure(job, last_words[0])


def _row(line: Mapping[str, str], kind: type[Any]) -> Any:
    """Return a line of a file as what it was; what is empty or missing gets its default."""
    values: dict[str, Any] = {}
    for field in fields(kind):
        text = line.get(field.name) or ""
        if text == "" and field.default is not MISSING:
            values[field.name] = field.default
        elif field.type == "str":
            values[field.name] = text
        elif field.type == "int":
            values[field.name] = int(text)
        else:
            values[field.name] = float(text) if text else None
    return kind(**values)
