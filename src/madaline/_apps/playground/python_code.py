"""The lines of Python that do what a page does, to take away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from madaline._apps.playground.learning import Change, NetworkRun, training_options
from madaline._apps.playground.learning_data import LearningData
from madaline._apps.playground.options import ACTIVATIONS, FEATURES, NetworkOptions
from madaline._apps.playground.pandas_code import reading_lines
from madaline._apps.playground.tables import UserTable


def script(imports: Iterable[str], lines: Sequence[str]) -> str:
    """Return a script: what it imports, NumPy if a line needs it, and its lines."""
    numpy = ["import numpy as np"] if any("np." in line for line in lines) else []
    head = sorted(set(imports), key=lambda line: ("madaline" in line, line[0] != "i", line))
    return "\n".join([*numpy, *head, "", *lines]) + "\n"


def python_code(run: NetworkRun) -> str:
    """Return a script that makes the same data and trains the same network for as many epochs."""
    options, data = run.options, run.data
    if options.dataset is None:
        assert data.table is not None
        imports = ["import pandas as pd"]
        lines = [*_table_lines(options, data, data.table)]
    else:
        imports, lines = options.dataset.python(options.rows, options.noise, options.seed)
    if data.plane is not None:
        imports.append("from sklearn.preprocessing import StandardScaler")
        lines.append("x = StandardScaler().fit_transform(x)")
        if options.ordered_features != ("x1", "x2"):
            columns = ", ".join(FEATURES[name].code for name in options.ordered_features)
            lines.append(f"x = np.column_stack([{columns}])")
    activation = ACTIVATIONS[options.activation].__name__
    imports.append("from madaline import NeuralNetwork")
    imports.append(f"from madaline.nn.layers import {activation}")
    settings = f"activation={activation}()"
    if not data.classes:
        imports.append("from madaline.nn.losses import Squared")
        settings += ", loss=Squared()"
    shape = f"{data.x.shape[1]}, {list(options.hidden)}, {data.n_outputs}"
    lines.append(f"network = NeuralNetwork({shape}, {settings}, random_state={options.seed})")
    return script(imports, [*lines, *_training(options, run.epochs_begun, run.changes)])


def _training(options: NetworkOptions, epochs: int, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the lines that train, and print the losses."""
    yield from (f"{change.code}  # by hand" for change in changes if not change.epoch)
    named = {
        "epochs": max(1, epochs),
        "learning_rate": options.learning_rate,
        **training_options(options),
    }
    yield f"settings = dict({', '.join(f'{name}={value!r}' for name, value in named.items())})"
    later = [change for change in changes if change.epoch]
    if options.l1 or later:
        yield "for epoch in network.training(x, y, **settings):"
    else:
        yield "network.train(x, y, **settings)"
    if options.l1:
        yield f"    threshold = {options.l1!r} * epoch.learning_rate"
        yield "    for weights in network.weights:  # L1: toward zero by the threshold"
        yield "        weights -= np.clip(weights, -threshold, threshold)"
    for change in later:
        yield f"    if len(network.history_) == {change.epoch}:  # by hand"
        yield f"        {change.code}"
    yield 'print(f"loss {network.loss_:.3f}")'
    if options.held_out:
        yield 'print(f"loss on held-out rows {network.validation_loss_:.3f}")'
    if options.adaptive:
        yield "print(*network.decisions_, sep='\\n')"


def _table_lines(options: NetworkOptions, data: LearningData, table: UserTable) -> Iterator[str]:
    """Yield the lines that read two columns of a file and its target with pandas."""
    target = repr(options.target)
    names = [*options.columns, options.target]
    yield from reading_lines(table, names)
    yield f"table = table[{names!r}].dropna()"
    yield f"rows = np.random.default_rng({options.seed}).permutation(len(table))[:{options.rows}]"
    for name in options.columns:
        if name in data.notes["codes"]:
            codes = f'table[{name!r}].astype(str).astype("category").cat.codes'
            yield f"table[{name!r}] = {codes}"
    yield f"x = table[{list(options.columns)!r}].to_numpy(float)[rows]"
    if data.classes and data.y.dtype.kind in "iuf":
        yield f"y = table[{target}].to_numpy()[rows]"
    elif data.classes:
        yield f"y = table[{target}].astype(str).to_numpy(object)[rows]"
    else:
        yield f"y = table[{target}].to_numpy(float)[rows]"
        yield "y = (y - y.mean()) / y.std()"
