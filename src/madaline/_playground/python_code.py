"""The lines of Python that do what a page does, to take away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madaline._playground.features import FEATURES
from madaline._playground.learning import Change, Data, training_options
from madaline._playground.options import ACTIVATIONS, NetworkOptions
from madaline._playground.pandas_code import reading_lines
from madaline._playground.tables import UserTable


def python_code(
    options: NetworkOptions,
    data: Data,
    table: UserTable | None,
    epochs: int,
    changes: Sequence[Change] = (),
) -> str:
    """Return a script that makes the same data and trains the same network for as many epochs."""
    made = _of_table(options, data, table) if table is not None else _of_dataset(options)
    imports, lines = made
    if data.plane is not None:
        imports.append("from sklearn.preprocessing import StandardScaler")
        lines.append("x = StandardScaler().fit_transform(x)")
        if options.ordered_features != ("x1", "x2"):
            columns = ", ".join(FEATURES[name].code for name in options.ordered_features)
            lines.append(f"x = np.column_stack([{columns}])")
    activation = ACTIVATIONS[options.activation].__name__
    imports += [
        "from madaline import NeuralNetwork",
        f"from madaline.nn.layers import {activation}",
    ]
    settings = f"activation={activation}()"
    if not data.classes:
        imports.append("from madaline.nn.losses import Squared")
        settings += ", loss=Squared()"
    shape = f"{data.x.shape[1]}, {list(options.hidden)}, {data.n_outputs}"
    lines.append(f"network = NeuralNetwork({shape}, {settings}, random_state={options.seed})")
    lines += _training(options, epochs, changes)
    needs_numpy = any("np." in line for line in lines)
    head = ["import numpy as np"] if needs_numpy else []
    head += sorted(set(imports), key=_import_order)
    return "\n".join([*head, "", *lines]) + "\n"


def _training(options: NetworkOptions, epochs: int, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the lines that train, and print the losses."""
    yield from (f"{one.code}  # by hand" for one in changes if not one.epoch)
    named = training_options(options)
    named = {"epochs": max(1, epochs), "learning_rate": options.learning_rate, **named}
    yield f"settings = dict({', '.join(f'{name}={value!r}' for name, value in named.items())})"
    later = [one for one in changes if one.epoch]
    if options.l1 or later:
        yield "for epoch in network.training(x, y, **settings):"
    else:
        yield "network.train(x, y, **settings)"
    if options.l1:
        yield f"    threshold = {options.l1!r} * epoch.learning_rate"
        yield "    for weights in network.weights:  # L1: toward zero by the threshold"
        yield "        weights -= np.clip(weights, -threshold, threshold)"
    for one in later:
        yield f"    if len(network.history_) == {one.epoch}:  # by hand"
        yield f"        {one.code}"
    yield 'print(f"loss {network.loss_:.3f}")'
    if options.held_out:
        yield 'print(f"loss on held-out rows {network.validation_loss_:.3f}")'
    if options.adaptive:
        yield "print(*network.decisions_, sep='\\n')"


def _of_dataset(options: NetworkOptions) -> tuple[list[str], list[str]]:
    made = options.dataset
    assert made is not None
    values = {
        "rows": min(options.rows, made.max_rows),
        "noise": options.noise,
        "seed": options.seed,
    }
    return list(made.imports), [line.format(**values) for line in made.lines]


def _of_table(
    options: NetworkOptions, data: Data, table: UserTable | None
) -> tuple[list[str], list[str]]:
    """Return the lines that read two columns of a file and its target with pandas."""
    assert table is not None
    names = [*options.columns, options.target]
    lines = [*reading_lines(table, names), f"table = table[{names!r}].dropna()"]
    lines.append(
        f"rows = np.random.default_rng({options.seed}).permutation(len(table))[:{options.rows}]"
    )
    for name in options.columns:
        if name in data.notes["codes"]:
            codes = f'table[{name!r}].astype(str).astype("category").cat.codes'
            lines.append(f"table[{name!r}] = {codes}")
    lines.append(f"x = table[{list(options.columns)!r}].to_numpy(float)[rows]")
    if data.classes and data.y.dtype.kind in "iuf":
        lines.append(f"y = table[{options.target!r}].to_numpy()[rows]")
    elif data.classes:
        lines.append(f"y = table[{options.target!r}].astype(str).to_numpy(object)[rows]")
    else:
        lines.append(f"y = table[{options.target!r}].to_numpy(float)[rows]")
        lines.append("y = (y - y.mean()) / y.std()")
    return ["import pandas as pd"], lines


def _import_order(line: str) -> tuple[bool, bool, str]:
    return ("madaline" in line, not line.startswith("import"), line)
