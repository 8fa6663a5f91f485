"""Tables whose columns are aligned by spaces, as R, pandas and old archives write them."""

import numpy as np
import pytest

from madaline._tables.io import source_parts
from madaline._tables.io.source_parts import TextPart
from madaline._tables.io.table_files import read_file
from madaline.errors import InputError

pl = pytest.importorskip("polars")

DIVORCE = """       id        heduc   mixed     years   div
       9   12-15 years      No    10.546    No
      11    < 12 years      No    34.943   Yes
    1713     16+ years     Yes     2.834   Yes
"""  # as divorce.dat of lifelines
AUTO = """mpg\tcylinders\thorsepower weight\tname
18.0   8   130.0      3504.\t"chevrolet  chevelle"
25.0   4   ?          2046.      "ford pinto"
15.0   8   165.0      3693.\t"buick skylark 320"
17.0   8   150.0      3436.\t"plymouth satellite"
"""  # as Auto.data of ISLP


def _written(tmp_path, text):
    path = tmp_path / "table.dat"
    path.write_text(text)
    return path


def test_values_with_a_space_stay_whole_where_two_separate_columns(tmp_path):
    file = read_file(_written(tmp_path, DIVORCE))
    assert file.table.names == ("id", "heduc", "mixed", "years", "div")
    assert file.table["heduc"].tolist() == ["12-15 years", "< 12 years", "16+ years"]
    np.testing.assert_array_equal(file.table["id"], [9, 11, 1713])
    assert file.notes[0] == "Read as a table whose columns are aligned by two spaces or more."


def test_tabs_in_the_first_line_and_spaces_in_the_rows(tmp_path):
    table = read_file(_written(tmp_path, AUTO)).table
    assert table.names == ("mpg", "cylinders", "horsepower", "weight", "name")
    assert table["name"].tolist()[:2] == ["chevrolet  chevelle", "ford pinto"]  # as it is quoted
    np.testing.assert_array_equal(table["weight"], [3504, 2046, 3693, 3436])


def test_a_frame_of_pandas_as_it_is_printed(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"size": [1.5, 20.25, 3], "town": ["Bonn", "Bad Ems", "Ulm"]})
    table = read_file(_written(tmp_path, frame.to_string())).table
    assert table.names == ("row_names", "size", "town")
    assert table["town"].tolist() == ["Bonn", "Bad Ems", "Ulm"]


def test_words_alone_are_columns_where_two_spaces_separate_them(tmp_path):
    table = read_file(_written(tmp_path, "color      size\nred      very big\nblue     small\n"))
    assert table.table["size"].tolist() == ["very big", "small"]


def test_what_spaces_do_not_split_alike_is_refused(tmp_path):
    text = DIVORCE.replace("      No    34.943", "            34.943")
    with pytest.raises(InputError, match="by spaces, but line 2 has 6 values where the fir"):
        read_file(_written(tmp_path, text))
    text = DIVORCE.replace("   2.834   Yes", "     Yes")
    with pytest.raises(InputError, match="by spaces, but line 4 has 4 values where the fir"):
        read_file(_written(tmp_path, text))


def test_a_later_line_without_a_value_is_named(tmp_path):
    rows = "".join(f"{n}   {n}.5   blue\n" for n in range(70))
    with pytest.raises(InputError, match="line 72 has 2 values where the first line has 3"):
        read_file(_written(tmp_path, f"a   b   color\n{rows}70   1.5\n"))


def test_text_with_two_spaces_between_sentences_stays_text(tmp_path):
    text = "review\nGood.  Very good.\nBad.  It broke.\nFine.\n"
    assert read_file(_written(tmp_path, text)).table.names == ("review",)


def test_a_large_file_is_read_in_blocks_alike(tmp_path, monkeypatch):
    monkeypatch.setattr(source_parts, "_TEXT_BYTES", 100)
    rows = "".join(f"{n:5}   city {n % 3}   {n / 4:8.2f}\n" for n in range(40))
    path = _written(tmp_path, f"    n     town       size\n{rows}")
    frames = list(
        TextPart(path, is_json=False, encoding=None, otherwise=None).frames(["n", "town", "size"])
    )
    assert len(frames) > 3
    joined = pl.concat(frames)
    assert joined["town"].to_list() == [f"city {n % 3}" for n in range(40)]
    assert joined["n"].to_list() == [str(n) for n in range(40)]
