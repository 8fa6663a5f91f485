"""What a page draws of a run: maps of the plane, weights, pictures, as small arrays."""

from __future__ import annotations

import numpy as np

from madaline._apps.playground.learning import NetworkRun, finite
from madaline._apps.playground.learning_data import Coordinates
from madaline._apps.playground.options import FEATURES, features_of
from madaline._apps.playground.page import ArrayFrame
from madaline._base.language import translate
from madaline.nn.arrays import Array
from madaline.nn.layers import ReLU, Sigmoid
from madaline.records.history import Epoch

SIDE = 72  # points along each side of the map
_STEP = 3  # every third of them is in the map of a unit
_FARTHEST = 3.5  # standard deviations that are shown, at most
_DIGITS_SHOWN = 60


def first_frame(run: NetworkRun, key: str) -> ArrayFrame:
    """Return all of a run that stays the same, and its state."""
    data = run.data
    state = frame_of(run, [])
    is_held_out = np.zeros(len(data.x), np.uint8)
    is_held_out[run.held_out] = 1
    shown = _digits(run) if data.plane is None else _plane(run, data.plane)
    header = {
        "run": key,
        "classes": data.classes,
        "notes": data.notes,
        "baseline": run.baseline(),
        "range": data.range,
    }
    header = {**state.header, **header, **shown.header}
    return ArrayFrame(header, {**state.arrays, "held_out": is_held_out, **shown.arrays})


def _plane(run: NetworkRun, plane: Coordinates) -> ArrayFrame:
    """Return the points on a plane, its axes, and a map of each feature."""
    codes = run.data.codes
    reach = reach_of(plane.points)
    values = codes if run.data.classes else codes / _largest(codes)
    grid = features_of(grid_points(reach, SIDE), tuple(FEATURES))
    header = {
        "features": [FEATURES[name].label for name in run.options.ordered_features],
        "reach": reach,
        "ends": [
            [float(mean - reach * spread), float(mean + reach * spread)]
            for mean, spread in zip(plane.mean, plane.spread, strict=True)
        ],
        "all_features": {name: feature.label for name, feature in FEATURES.items()},
    }
    arrays = {
        "points": (plane.points / reach).astype(np.float32),
        "values": values.astype(np.float32),
        "inputs": _units(grid / np.abs(grid).max(axis=0)),
    }
    return ArrayFrame(header, arrays)


def frame_of(run: NetworkRun, epochs: list[Epoch]) -> ArrayFrame:
    """Return the state of a run: figures, what is new since the last frame, and maps."""
    network = run.network
    train_loss, held_out_loss = run.losses()
    train_score, held_out_score = run.scores()
    header = {
        "epoch": run.epoch,
        "ended": run.ended,
        "layers": [len(network.weights[0]), *(len(bias) for bias in network.biases)],
        "losses": [
            [epoch.epoch - 1, finite(epoch.loss), finite(epoch.validation_loss)] for epoch in epochs
        ],
        "loss": [train_loss, held_out_loss],
        "score": [train_score, held_out_score],
        "learning_rate": epochs[-1].learning_rate if epochs else run.options.learning_rate,
        "decisions": [
            [at, decision.epoch, translate(decision.sentence)] for at, decision in run.news()
        ],
    }
    arrays = {
        "weights": np.concatenate([matrix.ravel() for matrix in network.weights]).astype(
            np.float32
        ),
        "biases": np.concatenate(network.biases).astype(np.float32),
    }
    with np.errstate(all="ignore"):
        plane = run.data.plane
        arrays |= _digit_arrays(run) if plane is None else _maps(run, plane)
    return ArrayFrame(header, arrays)


def reach_of(plane: Array) -> float:
    """Return how far from the middle the plane is shown, in standard deviations."""
    return float(min(_FARTHEST, 1.08 * np.abs(plane).max()))


def grid_points(reach: float, side: int) -> Array:
    """Return the middles of a square's cells, row by row from the top; (side**2, 2).

    >>> grid_points(1, 2).tolist()
    [[-0.5, 0.5], [0.5, 0.5], [-0.5, -0.5], [0.5, -0.5]]
    """
    middles = reach * ((2 * np.arange(side) + 1) / side - 1)
    across, up = np.meshgrid(middles, middles[::-1])
    return np.column_stack([across.ravel(), up.ravel()])


def _maps(run: NetworkRun, plane: Coordinates) -> dict[str, Array]:
    """Return the map of the prediction, and of each hidden unit."""
    grid = grid_points(reach_of(plane.points), SIDE)
    seen = features_of(grid, run.options.ordered_features)
    hidden = run.network.hidden_outputs(seen)
    last = hidden[-1] if hidden else seen
    prediction = run.network._loss.prediction(
        last @ run.network.weights[-1] + run.network.biases[-1]
    )
    if not run.data.classes:
        prediction = prediction / (2 * _largest(run.data.codes)) + 0.5
    image = _bytes(prediction).T.reshape(-1, SIDE, SIDE)
    shown = [_between(run, units) for units in hidden]
    units = np.concatenate(shown, axis=1) if shown else np.empty((SIDE**2, 0))
    return {"map": image[0] if len(image) == 1 else image, "units": _units(units)}


def _between(run: NetworkRun, units: Array) -> Array:
    """Return outputs of a layer between -1 and 1, to be seen."""
    match run.network._activation:
        case Sigmoid():
            return np.asarray(2 * units - 1)
        case ReLU():
            return np.asarray(units / np.maximum(units.max(axis=0), 1e-9))
    return units


def _units(outputs: Array) -> Array:
    """Return small maps of outputs between -1 and 1; (n_units, side, side)."""
    small = outputs.T.reshape(-1, SIDE, SIDE)[:, 1::_STEP, 1::_STEP]
    return _bytes((small + 1) / 2)


def _digits(run: NetworkRun) -> ArrayFrame:
    """Return the first held-out digits as pictures (uint8), with their classes."""
    rows = _shown_digits(run)
    pictures = run.data.x[rows].reshape(-1, 8, 8)
    classes = run.data.codes[rows].astype(np.uint8)
    return ArrayFrame({"features": []}, {"digits": _bytes(pictures), "digit_classes": classes})


def _digit_arrays(run: NetworkRun) -> dict[str, Array]:
    """Return what the network predicts for the shown digits, and the weights of its units."""
    rows = _shown_digits(run)
    first = run.network.weights[0]
    pictures = (first / np.maximum(np.abs(first).max(axis=0), 1e-9)).T.reshape(-1, 8, 8)
    probabilities = run.network.forward(run.data.x[rows])
    return {"pictures": _bytes((pictures + 1) / 2), "probabilities": _bytes(probabilities)}


def _shown_digits(run: NetworkRun) -> Array:
    rows = run.held_out if len(run.held_out) else run.rows
    return rows[:_DIGITS_SHOWN]


def _bytes(shares: Array) -> Array:
    """Return shares from 0 to 1 as 0 to 255; what is no number is in the middle."""
    plain = np.nan_to_num(shares, nan=0.5, posinf=1.0, neginf=0.0)
    return np.asarray(np.clip(plain * 255 + 0.5, 0, 255), np.uint8)


def _largest(numbers: Array) -> float:
    return float(np.abs(numbers).max()) or 1.0
