"""Whatever ends a fit, its processes end, too, and nothing is left in shared memory."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from multiprocessing import Pipe, get_context
from pathlib import Path
from threading import Timer

import pytest

from madaline.race.channel import SOON, Channel
from madaline.race.crew import Crew

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")

FIT = """
import json, sys
import numpy as np
from madaline.cli.exits import exit_code
from madaline.data.table import Table
from madaline.fitting import Fitting
from madaline.race import workers

workers.WORTH_PROCESSES = workers.SOON_OVER = 0.0
x = np.random.default_rng(0).standard_normal((400, 3))
fitting = Fitting(Table.from_columns(dict(zip("abc", x.T))), x[:, 0] * x[:, 1], effort=1000,
                  n_jobs=3, adjust=lambda plan: plan.__class__(**{**vars(plan), "patience": 999}))

def fit():
    told = False
    for _ in fitting:
        crew = fitting.race.workers._crew
        if crew is not None and not told:
            told = True
            pids = list(crew._executor._processes)
            print(json.dumps([str(crew.memory.folder), pids]), flush=True)

sys.exit(exit_code(fit))
"""


@pytest.fixture
def fit():
    """Return a running fit, the folder of its shared memory, and its two other processes."""
    running = subprocess.Popen(
        [sys.executable, "-c", FIT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    folder, pids = json.loads(running.stdout.readline())
    assert Path(folder).exists()
    assert len(pids) == 2
    yield running, Path(folder), pids
    running.kill()
    running.communicate()


def alive(pid):
    """Return whether a process still runs; one that is over but not yet fetched does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return "State:\tZ" not in status.read_text() if status.exists() else True


def wait_until_all_is_gone(folder, pids):
    end = time.monotonic() + 60
    while folder.exists() or any(map(alive, pids)):
        assert time.monotonic() < end, "processes or shared memory are left"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_a_fit_stops_all_processes_with_one_sentence(fit, number):
    running, folder, pids = fit
    if number == signal.SIGINT:
        os.killpg(running.pid, number)  # Ctrl-C reaches all processes of a terminal
    else:
        running.send_signal(number)
    errors = running.communicate(timeout=60)[1]
    assert errors == "madaline: Stopped before it was done.\n"
    assert running.returncode == 2
    wait_until_all_is_gone(folder, pids)


def test_a_worker_that_is_killed_ends_the_fit_with_one_sentence(fit):
    running, folder, pids = fit
    os.kill(pids[0], signal.SIGKILL)
    errors = running.communicate(timeout=60)[1]
    assert errors.startswith("madaline: A process that trained networks was ended from outside")
    assert errors.count("\n") == 1
    assert running.returncode == 2
    wait_until_all_is_gone(folder, pids)


def test_processes_end_soon_after_the_one_they_work_for_was_killed(fit):
    running, folder, pids = fit
    running.kill()
    wait_until_all_is_gone(folder, pids)


def test_what_is_cleaned_up_after_a_crash_is_not_listed():
    crash = """
import os
from madaline.race.crew import Crew
crew = Crew(1, 0)
crew.run([int, str])
print(crew.memory.folder, flush=True)
os._exit(3)
"""
    done = subprocess.run(
        [sys.executable, "-c", crash], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, "")
    wait_until_all_is_gone(Path(done.stdout.strip()), [])


@pytest.mark.parametrize("tasks", [[abs, int], [int, abs]], ids=["here", "there"])
def test_an_error_in_a_task_closes_the_crew(tasks):
    crew = Crew(1, 0)
    with pytest.raises(TypeError):
        crew.run(tasks)  # `abs` wants a number
    assert not crew.memory.folder.exists()


def test_an_error_that_cannot_be_sent_is_told_in_its_own_words():
    crew = Crew(1, 0)
    task = partial(exec, "class Own(Exception): pass\nraise Own('no room on the shelf')", {})
    with pytest.raises(RuntimeError, match="Own: no room on the shelf"):
        crew.run([int, task])
    assert not crew.memory.folder.exists()


def test_everybody_works_this_process_too():
    crew = Crew(2, 0)
    for _ in range(3):
        pids = crew.run([os.getpid] * 3)
        assert pids[0] == os.getpid()
        assert set(pids[1:]) == set(crew._executor._processes)
    assert crew.run([os.getpid]) == [os.getpid()]
    crew.close()


def test_a_task_is_sent_once_and_called_with_what_is_new():
    crew = Crew(1, 0)
    seen, task = [], partial(sum, start=1)
    for number in range(3):
        assert crew.run([seen.append, task], (number, 1)) == [None, number + 2]
        assert len(list(crew.memory.folder.glob("*.object"))) == 1
    assert seen == [(0, 1), (1, 1), (2, 1)]
    del task
    assert crew.run([len, ascii], "abc") == [3, "'abc'"]
    assert len(list(crew.memory.folder.glob("*.object"))) == 1
    crew.close()


@pytest.mark.parametrize("system", ["has poll", "has none"])
def test_a_channel_waits_where_the_system_cannot_be_asked_for_one_connection(system, monkeypatch):
    if system == "has none":
        monkeypatch.delattr(select, "poll")
    here, there = map(Channel, Pipe())
    sender = Timer(100 * SOON, there.send, [b"late"])
    sender.start()
    assert here.receive() == b"late"
    here.send(b"soon")
    assert there.receive() == b"soon"
    sender.join()


def test_an_answer_that_takes_long_is_waited_for():
    crew = Crew(1, 0)
    assert crew.run([int, partial(time.sleep, 100 * SOON)]) == [0, None]
    assert crew.run([partial(time.sleep, 100 * SOON), str]) == [None, ""]
    crew.close()


def test_where_processes_cannot_be_made_nothing_is_left_open(monkeypatch):
    made = []

    def none_left(*_, **__):
        made.extend(Path(tempfile.gettempdir()).glob(f"madaline-{os.getpid()}-*"))
        made.extend(Path("/dev/shm").glob(f"madaline-{os.getpid()}-*"))
        raise OSError("no processes left")

    executor = "joblib.externals.loky.process_executor.ProcessPoolExecutor"
    monkeypatch.setattr(executor, none_left)
    with pytest.raises(OSError, match="no processes left"):
        Crew(2, 0)
    assert made
    assert not any(folder.exists() for folder in made)


def test_a_crew_that_is_forgotten_is_closed():
    crew = Crew(1, 0)
    assert crew.run([int, str]) == [0, ""]
    folder, processes = crew.memory.folder, list(crew._executor._processes.values())
    del crew
    assert not folder.exists()
    assert not any(process.is_alive() for process in processes)


OPEN_AT_THE_END = """
import time
from threading import Event, Thread
from joblib import Parallel, delayed
from madaline.race.crew import Crew

left, begun = Crew(1, 0), Event()

def work(crew):
    assert crew.run([int, int]) == [0, 0]
    print(crew.memory.folder, flush=True)

def work_on():
    crew = Crew(1, 0)
    work(crew)
    begun.set()
    while not left.closed:
        time.sleep(0.01)
    work(crew)
    crew.close()

work(left)
Thread(target=work_on).start()
begun.wait()
Parallel(2)(delayed(int)() for _ in range(2))
"""


def test_a_process_ends_with_open_crews_and_lets_other_threads_finish():
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AT_THE_END],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    folders = list(map(Path, done.stdout.split()))
    assert len(folders) == 3
    assert not any(folder.exists() for folder in folders)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_that_was_forked_does_not_close_the_crew_as_it_ends():
    crew = Crew(1, 0)
    assert crew.run([int, str]) == [0, ""]
    child = get_context("fork").Process(target=int)
    child.start()
    child.join()
    assert child.exitcode == 0
    assert crew.run([int, list]) == [0, []]
    crew.close()


def test_a_crew_that_is_closed_before_its_workers_came_waits_for_them_no_more():
    crew = Crew(1, 0)
    crew.close()
    crew._door.join(60)
    assert not crew._door.is_alive()
