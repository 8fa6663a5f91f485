import numpy as np
import pytest

from madaline._tables.io.part_files import PartFile
from madaline._tables.io.table_files import read_file
from madaline.errors import InputError

pl = pytest.importorskip("polars")


def columns(start, stop):
    numbers = np.arange(start, stop)
    texts = np.array([f"row {n}" if n % 3 else None for n in numbers], object)
    return {"n": numbers.astype(float), "text": texts}


ENDINGS = [".csv", ".tsv", ".jsonl", ".parquet", ".feather", ".csv.gz", ".jsonl.zst", ".csv.xz"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_parts_become_one_file(tmp_path, ending):
    path = tmp_path / f"out{ending}"
    path.write_bytes(b"older")
    file = PartFile(path, {"a": 1})
    for start, stop in ((0, 1), (1, 4), (4, 10)):
        file.write(columns(start, stop), {"n_rows": stop - start})
    assert path.read_bytes() == b"older"
    file.finish()
    table = read_file(path).table
    assert table["n"].tolist() == list(range(10))
    assert table["text"].tolist() == columns(0, 10)["text"].tolist()
    assert list(tmp_path.iterdir()) == [path]


def test_parts_of_the_same_are_kept_and_others_are_not(tmp_path):
    path = tmp_path / "out.csv"
    file = PartFile(path, {"a": 1})
    for start in range(3):
        file.write(columns(start, start + 1), {"start": start})
    assert PartFile(path, {"a": 1}).notes == [{"start": 0}, {"start": 1}, {"start": 2}]
    (file.folder / "000001.json").write_text("{")
    again = PartFile(path, {"a": 1})
    assert again.notes == [{"start": 0}]
    for start in (1, 2):
        again.write(columns(start, start + 1), {"start": start})
    again.finish()
    assert path.read_text().splitlines() == ["n,text", "0.0,", "1.0,row 1", "2.0,row 2"]
    PartFile(path, {"a": 1}).write(columns(0, 1), {})
    assert PartFile(path, {"a": 2}).notes == []


def test_binary_files_are_not_compressed_again(tmp_path):
    with pytest.raises(InputError, match=r"give out\.parquet"):
        PartFile(tmp_path / "out.parquet.gz", {})
