"""Rows are predicted by compiled kernels with the bits of NumPy's passes."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

import numpy as np
import pytest
from untrained import networks_of

from madaline.data.table import Table
from madaline.nn import row_kernels
from madaline.nn.arrays import Array
from madaline.nn.compiled import SIGNATURES, Kernel, compiled_row_kernels
from madaline.runtime.desk import Desk

NUMBERS = ("gaps", "even", "extreme")
needs_numba = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="numba is not installed: nothing is compiled"
)


@pytest.fixture(params=["interpreted", pytest.param("compiled", marks=needs_numba)])
def compiled(request: pytest.FixtureRequest) -> Mapping[Kernel, Kernel] | None:
    return (
        compiled_row_kernels() if request.param == "compiled" else {one: one for one in SIGNATURES}
    )


@pytest.fixture(scope="module")
def columns() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    gaps = rng.standard_normal(300)
    gaps[rng.random(300) < 0.3] = np.nan
    extreme = rng.choice([1e300, -1e300, 5e-324, 0.0, 1.0], 300)
    return {"gaps": gaps, "even": rng.random(300), "extreme": extreme, "two": gaps > 0.5}


@pytest.mark.parametrize("n_rows", [1, 8, 72, 192])
@pytest.mark.parametrize("used", [(0,), (16,), (64, 64, 16, 0), (0, 16, 64, 0)])
@pytest.mark.parametrize("names", [NUMBERS, (*NUMBERS, "two")])
def test_compiled_kernels_predict_the_same_bits(
    columns: dict[str, Array],
    compiled: Mapping[Kernel, Kernel] | None,
    names: tuple[str, ...],
    used: tuple[int, ...],
    n_rows: int,
) -> None:
    own = {name: columns[name] for name in names}
    networks, _, encoder = networks_of(own, used)
    encoded = encoder.encode(Table.from_columns(own))
    office, rows = networks._of_folds, slice(3, 3 + n_rows)
    said = [
        Desk(office._networks, office._means, encoder.joined, n_rows, kernels).ask(encoded, rows)
        for kernels in (None, compiled)
    ]
    assert said[0].tobytes() == said[1].tobytes()
    assert np.isfinite(said[0]).all()


def test_every_kernel_of_rows_is_used(columns: dict[str, Array]) -> None:
    used = set()
    noting = {
        kernel: lambda *arrays, own=kernel: used.add(own) or own(*arrays) for kernel in SIGNATURES
    }
    networks, _, encoder = networks_of(columns, (16,))
    office = networks._of_all
    Desk(office._networks, office._means, encoder.joined, 1, noting)
    assert used >= {kernel for kernel in SIGNATURES if kernel.__module__ == row_kernels.__name__}


@needs_numba
def test_large_tables_are_worth_compiled_kernels(
    columns: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    networks, _, encoder = networks_of(columns, (0, 16))
    encoded = encoder.encode(Table.from_columns(columns))
    monkeypatch.setattr("madaline.runtime.networks.compiled_row_kernels", _never)
    plain = networks.output(encoded)
    monkeypatch.undo()
    monkeypatch.setattr("madaline.runtime.networks.WORTH_COMPILING", 1)
    assert networks.output(encoded).tobytes() == plain.tobytes()
    assert {compiled for _, compiled in networks._of_all._free} == {False, True}


class _Never:
    """Kernels that are not there."""

    class cache_info:
        currsize = 0


_never = _Never()
