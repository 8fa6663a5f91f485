"""Files as people have them: each of the corpus is read as it is meant, or refused by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("polars")
sys.path.insert(0, str(Path(__file__).parent))

from corpus.files import all_files
from corpus.further import NOT_RIGHT, further_files
from corpus.reading import RIGHT, WRONG, outcome
from tests.grids import some

FILES = {f"{file.group}: {file.name}": file for file in [*all_files(), *further_files()]}


@pytest.mark.parametrize("name", some(FILES, 75))
def test_a_file_is_read_as_it_is_meant(name, tmp_path):
    result, shown = outcome(FILES[name], tmp_path)
    assert result == NOT_RIGHT.get(FILES[name].name.removesuffix(".csv"), RIGHT), shown


def test_a_wrong_reading_is_noticed(tmp_path):
    (file, *_) = (file for file in FILES.values() if file.group == "money")
    file.columns["income"].values[0] += 1
    assert outcome(file, tmp_path)[0] == WRONG
