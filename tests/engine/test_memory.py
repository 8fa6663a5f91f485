from __future__ import annotations

import pytest

from madaline.errors import InputError
from madaline.nn._engine import memory
from madaline.nn._engine.memory import free_memory, memory_limit, read_size, used_memory

MEMINFO = "MemTotal: 16000000 kB\nMemFree: 1 kB\nMemAvailable:    8000000 kB\n"


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8_192_000_000),
        (
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "2000000000\n",
                "sys/fs/cgroup/memory.current": "700000000\n",
                "sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 200000000\n",
            },
            1_500_000_000,
        ),
        (
            {
                "proc/self/cgroup": "0::/user/one\n",
                "sys/fs/cgroup/user/memory.max": "1000000000\n",
                "sys/fs/cgroup/user/memory.current": "600000000\n",
                "sys/fs/cgroup/user/one/memory.max": "max\n",
                "sys/fs/cgroup/user/one/memory.current": "600000000\n",
            },
            400_000_000,
        ),
        (
            {
                "proc/self/cgroup": "5:cpu:/other\n9:memory:/docker/abc\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "3000000000\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000000000\n",
                "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 500\n",
            },
            2_000_000_500,
        ),
        (
            {
                "proc/self/cgroup": "9:memory:/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000000000\n",
            },
            8_192_000_000,
        ),
        (
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "100\n",
                "sys/fs/cgroup/memory.current": "200\n",
            },
            0,
        ),
    ],
    ids=["machine", "version 2", "a group above", "version 1", "no limit", "nothing left"],
)
def test_free_memory_is_that_of_the_machine_or_of_the_container(tmp_path, files, expected):
    write(tmp_path, {"proc/meminfo": MEMINFO} | files)
    assert free_memory(tmp_path) == expected


def test_free_memory_is_what_is_left_of_the_address_space(tmp_path, monkeypatch):
    write(tmp_path, {"proc/meminfo": MEMINFO})
    monkeypatch.setattr(memory, "used_memory", lambda: 50)
    for space, expected in ((60, 10), (40, 0)):
        monkeypatch.setattr(memory, "address_space", lambda space=space: space)
        assert free_memory(tmp_path) == expected


def test_an_address_space_too_small_for_polars_is_refused(monkeypatch):
    for space in (None, 10**10):
        monkeypatch.setattr(memory, "address_space", lambda space=space: space)
        memory.check_address_space()
    monkeypatch.setattr(memory, "address_space", lambda: 450 * 10**6)
    with pytest.raises(
        InputError, match=r"is limited to 450.0 MB, .* raise the limit \(ulimit -v\)"
    ):
        memory.check_address_space()


def test_limit_is_what_is_used_and_three_quarters_of_what_is_free(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 400)
    monkeypatch.setattr(memory, "used_memory", lambda: 50)
    assert memory_limit() == 350
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    assert memory_limit() is None


@pytest.mark.parametrize(
    ("size", "expected"),
    [("2GB", 2 * 10**9), ("500 mb", 5 * 10**8), ("1.5GiB", 3 * 2**29), ("7", 7), (7, 7)],
)
def test_sizes(size, expected):
    assert read_size(size) == expected


@pytest.mark.parametrize("size", ["", "GB", "-1GB", "0", 0, "2 cups", True, 0.5, None])
def test_what_is_no_size_is_refused(size):
    with pytest.raises(InputError, match="give a size such as 2GB"):
        read_size(size)


def test_more_memory_is_used_after_more_was_taken():
    before = used_memory()
    if before == 0:
        pytest.skip("this system does not tell how much memory a process uses")
    taken = b"x" * 2**26
    assert used_memory() >= before + len(taken) // 2
