from __future__ import annotations

import gc

import numpy as np
import pytest

from madaline.race import shared_memory
from madaline.race.shared_memory import SMALL, Attached, SharedMemory


class Box:
    """Something that others may know: an array and a friend."""

    def __init__(self, array=None, friend=None):
        self.array, self.friend = array, friend


@pytest.fixture
def memory():
    memory = SharedMemory(1000)
    yield memory
    memory.close()


def test_who_writes_into_a_part_of_an_array_writes_for_all(memory):
    matrix = memory.place(np.arange(24.0, dtype=np.float32).reshape(4, 3, 2))
    part = matrix[1:3, ::2, 1]
    seen = Attached(memory.folder).read(memory.write(part))
    np.testing.assert_array_equal(seen, part)
    seen[1, 1] = 99
    assert matrix[2, 2, 1] == 99
    matrix[1, 0, 1] = 77
    assert seen[0, 0] == 77


def test_an_array_without_elements_and_a_small_one_come_along(memory):
    empty = memory.place(np.empty((3, 0), np.float32))
    seen = Attached(memory.folder).read(memory.write([empty, np.arange(3)]))
    assert seen[0].shape == (3, 0)
    np.testing.assert_array_equal(seen[1], [0, 1, 2])
    assert not list(memory.folder.iterdir())


def test_a_large_array_is_written_once_and_not_sent(memory):
    large = np.arange(SMALL)
    first, second = (memory.write(large) for _ in range(2))
    assert first == second
    assert len(first) < 1000
    np.testing.assert_array_equal(Attached(memory.folder).read(first), large)
    assert len(list(memory.folder.iterdir())) == 1


def test_what_is_kept_is_the_same_object_every_time(memory):
    friend = Box(memory.place(np.zeros(2)))
    box = Box(friend=friend)
    memory.keep(friend)
    memory.keep(box)
    attached = Attached(memory.folder)
    first, second = (attached.read(memory.write([box, friend])) for _ in range(2))
    assert first[0] is second[0]
    assert first[0].friend is first[1] is second[1]


def test_an_object_that_is_kept_again_is_seen_as_it_is_now(memory):
    box = Box(1)
    memory.keep(box)
    attached = Attached(memory.folder)
    before = attached.read(memory.write(box))
    box.array = 2
    memory.keep(box)
    after = attached.read(memory.write(box))
    assert (before.array, after.array) == (1, 2)
    assert len(memory.numbers) == len(list(memory.folder.iterdir())) == 1


def test_others_may_get_something_else_for_an_object(memory):
    box = Box(lambda: 0)  # cannot be sent
    memory.keep(box, Box(3))
    assert Attached(memory.folder).read(memory.write(box)).array == 3


def test_what_nobody_refers_to_is_removed_on_both_sides(memory):
    array = memory.place(np.zeros(5))
    box = Box(array[1:])
    memory.keep(box)
    attached = Attached(memory.folder)
    attached.read(memory.write(box))
    del array
    gc.collect()
    assert len(list(memory.folder.iterdir())) == 2  # the box still has a part of it
    del box
    gc.collect()
    assert not list(memory.folder.iterdir())
    attached.forget_all_but(memory.numbers)
    assert not attached._objects
    assert not list(attached._arrays)


def test_closing_removes_the_folder_and_leaves_arrays_as_they_are(memory):
    array = memory.place(np.arange(4))
    memory.close()
    assert not memory.folder.exists()
    np.testing.assert_array_equal(array, [0, 1, 2, 3])


def test_a_forgotten_memory_removes_its_folder():
    memory = SharedMemory(1000)
    folder = memory.folder
    assert folder.exists()
    del memory
    gc.collect()
    assert not folder.exists()


def test_what_has_no_room_in_memory_goes_to_the_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_memory.tempfile, "tempdir", str(tmp_path))
    memory = SharedMemory(2**60)
    assert memory.folder.parent == tmp_path
    memory.close()
