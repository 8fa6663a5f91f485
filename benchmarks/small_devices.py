"""What do small networks cost? Compares them with the models that they learned from, on test rows.

Each table is split at random for each seed: a model is fitted to four fifths, a network that fits
into so many bytes learns from the same rows, and both predict the rest. A line has the loss of the
network as a multiple of the model's, what `madaline export --max-bytes` says of it, and the bytes
that compilers make of it.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from shutil import which

import numpy as np

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._apps.export import write_small_program
from tables import DEFAULT_FOLDER, load_table

COMPILERS = {"gcc": "size", "arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb": "arm-none-eabi-size"}
SETS = ("concrete", "churn", "phoneme", "wine_quality_white", "credit_g", "abalone")


def main() -> None:
    """Print a line for each table and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data")
    parser.add_argument("--sets", nargs="+", default=SETS, help="tables")
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2), help="splits")
    parser.add_argument("--max-bytes", default="32k", help="bytes of flash")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for seed in options.seeds:
        for name in options.sets:
            print(name, seed, measured(options.folder, name, seed, options.max_bytes), flush=True)


def measured(folder: Path, name: str, seed: int, max_bytes: str) -> str:
    """Return what a network of a table costs."""
    import pandas as pd

    table = load_table(folder, name)
    x = pd.concat([table.x_train, table.x_test], ignore_index=True)
    y = np.concatenate([table.y_train, table.y_test])
    order = np.random.default_rng(seed).permutation(len(x))
    train, test = np.split(order, [len(x) - len(x) // 5])
    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    model = kind(random_state=seed).fit(x.iloc[train].reset_index(drop=True), y[train])._model()
    predictor, rows = model.predictor, model.predictor.table(x.iloc[train])
    truth = predictor.target_encoder.matrix(y[test]).astype(np.float64)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "model.c")
        _, found = write_small_program(model, path, rows, max_bytes, max_loss=1e9, seed=seed)
        sizes = [flash(path, *names) for names in COMPILERS.items() if which(names[0].split()[0])]
    small = replace(predictor, parts=(found.part,), temperature=1.0)
    whole, own = (
        float(one.loss.mean(one.output(x.iloc[test]), truth)) for one in (predictor, small)
    )
    return f"{own / whole:.3f}, said {found.loss:.3f} ± {found.error:.3f}, bytes {sizes}"


def flash(path: Path, compiler: str, size: str) -> int:
    """Return the bytes of a source when compiled."""
    command = [*compiler.split(), "-std=c99", "-Os", "-c", path.name, "-o", "model.o"]
    subprocess.run(command, cwd=path.parent, check=True)
    told = subprocess.run([size, "model.o"], cwd=path.parent, check=True, capture_output=True)
    return sum(map(int, told.stdout.decode().splitlines()[1].split()[:2]))


if __name__ == "__main__":
    main()
