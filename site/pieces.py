"""The live pieces of the course, as HTML: their pictures, controls, numbers and data.

`static/live.js` moves them. The data are those of the chapters, so that a piece begins with the
numbers of the page around it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from html import escape
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

SCRIPT = Path(__file__).parent / "static" / "live.js"
ENGINE = Path(__file__).parents[1] / "src/madaline/_apps/playground/static/engine.js"
Translate = Callable[[str], str]
Points = Iterable[Iterable[float]]
WIDTH, HEIGHT = 300, 200  # of a picture, as the script has them


class Piece(NamedTuple):
    """What the script does with a piece, its parts, and its data."""

    kind: str
    pictures: list[str]
    panel: list[str]
    data: dict[str, Any]


def figure(name: str, translate: Translate) -> tuple[str, str]:
    """Return what stands before and after the caption of a piece.

    >>> before, after = figure("valley", lambda text: text)
    >>> before, after.endswith("</figure>")
    ('<figure class="live" data-piece="valley"><figcaption>', True)
    """
    piece = PIECES[name](translate)
    script = json.dumps(piece.data, ensure_ascii=False).replace("</", "<\\/")
    off = escape(translate("This needs JavaScript. The page says the same without it."))
    return (
        f'<figure class="live" data-piece="{piece.kind}"><figcaption>',
        f"<noscript><p>{off}</p></noscript></figcaption>"
        f'<div class="piece" hidden><div class="pictures">{"".join(piece.pictures)}</div>'
        f'<div class="panel">{"".join(piece.panel)}</div></div>'
        f'<script type="application/json">{script}</script></figure>',
    )


# The parts of a piece


def picture(
    label: str, across: list[float], up: list[float], below: str, beside: str, more: str = ""
) -> str:
    """Return a picture with two axes, which the script fills."""
    ends = ((38, 224, "", across[0]), (338, 224, "end", across[1]))
    ends += ((34, 208, "end", up[0]), (34, 18, "end", up[1]))
    marks = "".join(
        f'<text x="{x}" y="{y}" class="{kind}">{f"{end:g}".replace("-", "−")}</text>'
        for x, y, kind, end in ends
    )
    place = f'x="38" y="8" width="{WIDTH}" height="{HEIGHT}"'
    return (
        f'<div class="plot" data-across="{across}" data-up="{up}">'
        '<canvas width="75" height="50" aria-hidden="true"></canvas>'
        f'<svg viewBox="0 0 345 236" role="img" aria-label="{escape(label)}"><rect {place}/>{marks}'
        f'<text x="188" y="226" class="middle">{escape(below)}</text>'
        f'<text x="-108" y="14" class="middle" transform="rotate(-90)">{escape(beside)}</text>'
        f"<svg {place}>{more}</svg></svg></div>"
    )


def controls(*parts: str, title: str = "") -> str:
    """Return controls below each other, under a title if there is one."""
    legend = f"<legend>{escape(title)}</legend>" if title else ""
    tag = "fieldset" if title else "div"
    return f'<{tag} class="controls">{legend}{"".join(parts)}</{tag}>'


def slider(name: str, label: str, low: float, high: float, step: float, value: float) -> str:
    """Return a slider, with the place of its number."""
    limits = f'min="{low}" max="{high}" step="{step}" value="{value}"'
    control = f'<input type="range" name="{name}" {limits} autocomplete="off">'
    return f'<label><span>{escape(label)}</span>{control}<span aria-hidden="true"></span></label>'


def choice(name: str, label: str, options: Mapping[Any, str], chosen: Any) -> str:
    """Return a choice among values, each with its words."""
    listed = "".join(
        f'<option value="{escape(json.dumps(value))}"{" selected" * (value == chosen)}>'
        f"{escape(words)}</option>"
        for value, words in options.items()
    )
    select = f'<select name="{name}" autocomplete="off">{listed}</select>'
    return f"<label><span>{escape(label)}</span>{select}</label>"


def buttons(**names: str) -> str:
    """Return buttons, by the names of what they do; the one that plays has two texts."""
    made = "".join(
        f'<button type="button" name="{name}"{PLAYS.format(*texts) if texts[1:] else ""}>'
        f"{escape(texts[0])}</button>"
        for name, texts in ((name, words.split("|")) for name, words in names.items())
    )
    return f'<div class="buttons">{made}</div>'


PLAYS = ' data-play="{}" data-pause="{}"'


def numbers(*parts: tuple[str, str, int] | tuple[str, str, int, str]) -> str:
    """Return the places of numbers: words, name, digits and unit of each."""
    said = "".join(
        f'<span>{escape(words)} <data data-name="{name}" data-digits="{digits}"></data>'
        f"{''.join(unit)}</span> "
        for words, name, digits, *unit in parts
    )
    return f"<output>{said}</output>"


# The pieces


def sigmoid(_: Translate) -> Piece:
    """Return the activation of chapter 1."""
    label = _("The sigmoid, the place of z on it, and its slope there")
    losses = (_("loss if the target is 1:"), "one", 3), (_("loss if it is 0:"), "zero", 3)
    panel = [controls(slider("z", "z", -6, 6, 0.1, 1)), numbers(("p =", "p", 3), *losses)]
    return Piece("sigmoid", [picture(label, [-6, 6], [0, 1], "z", "p")], panel, {})


def neuron(_: Translate) -> Piece:
    """Return the neuron of chapter 1 with its irises."""
    from sklearn.datasets import load_iris

    iris = load_iris()
    petals = iris.data[50:, 2:]
    axes = _("length of the petal, from average (cm)"), _("width of the petal, from average (cm)")
    label = _("Flowers on the plane, what the neuron predicts there, and the line of a half")
    panel = [
        controls(
            *(slider(f"w{at}", w, -12, 12, 0.05, 0) for at, w in enumerate(("w1", "w2", "b")))
        ),
        buttons(step=_("One step"), steps=_("100 steps"), again=_("Start again")),
        numbers((_("loss"), "loss", 4), (_("right of 100:"), "right", 0)),
    ]
    data = by_hand(petals - petals.mean(axis=0), iris.target[50:] - 1, [], [1, 1, 0], _)
    return Piece("byHand", [picture(label, [-2.2, 2.2], [-0.9, 1.1], *axes)], panel, data)


def xor(_: Translate) -> Piece:
    """Return the three neurons of chapter 2."""
    first, second, either, both = _("first switch"), _("second switch"), _("either"), _("both")
    units = {
        either: {first: 0, second: 2, _("bias"): 6},
        both: {first: 1, second: 3, _("bias"): 7},
        _("lamp"): {either: 4, both: 5, _("bias"): 8},
    }
    kinds = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "none": _("none")}
    label = _("The four rows on the plane, what the network predicts there, and the line of a half")
    panel = [
        controls(
            *(slider(f"w{at}", words, -30, 30, 0.25, 0) for words, at in places.items()), title=unit
        )
        for unit, places in units.items()
    ]
    panel += [
        controls(choice("activation", _("activation of the hidden layer"), kinds, "sigmoid")),
        buttons(again=_("Weights by hand"), random=_("Weights by chance"), steps=_("100 steps")),
        numbers(*((f"{a}, {b}:", f"p{2 * a + b}", 3) for a, b in SWITCHES), (_("loss"), "loss", 4)),
    ]
    values = [20, 20, 20, 20, 20, -20, -10, -30, -10]
    data = by_hand(SWITCHES, [0, 1, 1, 0], [2], values, _)
    data["options"]["learning_rate"] = 2
    return Piece(
        "byHand", [picture(label, [-0.25, 1.25], [-0.25, 1.25], first, second)], panel, data
    )


SWITCHES = ((0, 0), (0, 1), (1, 0), (1, 1))


def slope(_: Translate) -> Piece:
    """Return the curve of chapter 3, and the way down."""
    label = _("The loss f(w), its slope at w, and the steps so far")
    rate = slider("rate", _("learning rate"), 0.05, 1.1, 0.05, 0.3)
    said = (_("step"), "step", 0), (_("loss"), "loss", 4)
    said += (_("slope by a nudge:"), "nudged", 4), (_("by the rule:"), "rule", 4)
    panel = [
        controls(slider("w", "w", -1, 7, 0.05, 0), rate),
        buttons(step=_("One step"), again=_("Start again")),
        numbers(*said),
    ]
    return Piece("slope", [picture(label, [-1, 7], [0, 16], "w", "f(w)")], panel, {})


def chain(_: Translate) -> Piece:
    """Return the chain of slopes of chapter 3."""
    sliders = (slider(n, n, -3, 3, 0.1, v) for n, v in (("x", 2), ("w", 0.4), ("b", -0.5)))
    said = ("z =", "z", 4), ("p =", "p", 4), (_("loss"), "loss", 4)
    said += (_("slope of z by w:"), "ofZ", 4), (_("slope of p by z:"), "ofP", 4)
    said += (_("slope of the loss by p:"), "ofLoss", 4), (_("their product:"), "product", 6)
    said += (_("error times input:"), "rule", 6), (_("slope by a nudge:"), "nudged", 6)
    panel = [
        controls(*sliders, choice("y", _("target"), {1: "1", 0: "0"}, 1)),
        numbers(*said),
    ]
    label = _("The loss by w, and its slope")
    return Piece("chain", [picture(label, [-3, 3], [0, 5], "w", _("loss"))], panel, {})


def valley(_: Translate) -> Piece:
    """Return the valley of chapter 6."""
    across, up = [-9, 3], [-1.6, 1.6]
    x, y = WIDTH / (across[1] - across[0]), HEIGHT / (up[1] - up[0])
    rings = "".join(
        f'<ellipse cx="{-across[0] * x}" cy="{up[1] * y}" rx="{sqrt(2 * loss) * x:.1f}" '
        f'ry="{sqrt(loss / 10) * y:.1f}"/>'
        for loss in range(2, 50, 4)
    )
    panel = [
        controls(
            choice("optimizer", _("optimizer"), optimizers(_), "sgd"),
            slider("rate", _("learning rate"), 0.001, 0.11, 0.001, 0.01),
            slider("steps", _("steps"), 0, 40, 1, 40),
        ),
        numbers((_("distance from the lowest point:"), "distance", 3), (_("loss"), "loss", 4)),
    ]
    label = _("Lines of equal loss in a valley, and the way down")
    rates = {"sgd": [0.11, 0.01], "momentum": [0.11, 0.01], "adam": [1, 0.5]}
    return Piece("valley", [picture(label, across, up, "w1", "w2", rings)], panel, {"rates": rates})


def moons(_: Translate) -> Piece:
    """Return the network of chapter 4, which learns its moons."""
    from sklearn.datasets import make_moons

    seeds = {0: _("random, seed 0"), 1: _("random, seed 1"), 2: _("random, seed 2")}
    choices = (
        choice("hidden", _("hidden units"), same(1, 2, 4, 8, 16), 8),
        choice("learning_rate", _("learning rate"), same(0.01, 0.1, 1, 10), 1),
        choice("seed", _("first weights"), seeds | {"same": _("all the same")}, 0),
    )
    data = learning(make_moons(300, noise=0.2, random_state=0), 200, epochs=1000)
    return training(_, choices, [-1.7, 2.7], [-1.2, 1.7], 1, _("new rows"), data)


def overfit(_: Translate) -> Piece:
    """Return the network of chapter 5, which is too strong."""
    from sklearn.datasets import make_moons

    choices = (
        choice("hidden", _("hidden units"), same(1, 2, 4, 8, 32), 32),
        choice("l2", _("weight decay"), same(0, 0.001, 0.003, 0.01, 0.1), 0),
    )
    x, y = make_moons(560, noise=0.3, random_state=2)
    data = learning((x[:160], y[:160]), 60, epochs=2000)
    return training(_, choices, [-1.9, 2.9], [-1.5, 1.9], 1.2, _("held-out rows"), data)


def circles(_: Translate) -> Piece:
    """Return two circles for chapter 6, and a network that learns too slowly."""
    from sklearn.datasets import make_circles

    choices = (
        choice("learning_rate", _("learning rate"), same(0.001, 0.01, 0.1, 1, 10, 100), 0.01),
        choice("batch_size", _("rows in a batch"), {0: _("all 200"), **same(50, 10)}, 0),
        choice("optimizer", _("optimizer"), optimizers(_), "sgd"),
    )
    rows = make_circles(300, noise=0.1, factor=0.5, random_state=0)
    data = learning(rows, 200, epochs=300, hidden=4)
    return training(_, choices, [-1.4, 1.4], [-1.4, 1.4], 1.2, _("new rows"), data)


def training(
    _: Translate,
    choices: Iterable[str],
    across: list[float],
    up: list[float],
    top: float,
    others: str,
    data: dict[str, Any],
) -> Piece:
    """Return a network that learns: the plane, and curves of its losses up to `top`."""
    plane = _("Rows on the plane, what the network predicts there, and the line of a half")
    curves = _("The losses so far: training rows solid, other rows dashed, the run before in gray")
    said = "".join(
        f'<path class="{kind}" d="M150 {y - 4}h24"/><text x="180" y="{y}">{escape(words)}</text>'
        for kind, y, words in (("losses", 18, _("training rows")), ("others", 34, others))
    )
    panel = [
        controls(*choices),
        buttons(play=f"{_('Play')}|{_('Pause')}", step=_("One epoch"), again=_("Start again")),
        numbers(
            (_("epoch"), "epoch", 0),
            (f"{_('training rows')}: {_('loss')}", "loss", 4),
            (_("right"), "right", 0, "%"),
            (f"{others}: {_('loss')}", "other", 4),
            (_("right"), "otherRight", 0, "%"),
        ),
    ]
    losses = picture(curves, [0, data["epochs"]], [0, top], _("epoch"), _("loss"), said)
    return Piece("training", [picture(plane, across, up, "x1", "x2"), losses], panel, data)


OPTIONS = {
    "activation": "tanh",
    "optimizer": "sgd",
    "learning_rate": 1,
    "batch_size": 0,
    "held_out": 0,
    "l2": 0,
    "seed": 0,
}
"""What the engine is asked for, where a piece says nothing else."""


def learning(
    rows: tuple[Points, Iterable[int]], n_train: int, *, epochs: int, hidden: int = 8
) -> dict[str, Any]:
    """Return the data of a network that learns the first rows, and is judged on the others."""
    x, target = listed(*rows)
    data = {"x": x[:n_train], "target": target[:n_train], "epochs": epochs, "pace": epochs // 100}
    data |= {"others": x[n_train:], "theirs": target[n_train:]}
    return {**data, "options": OPTIONS | {"hidden": hidden}}


def by_hand(
    x: Points, y: Iterable[int], hidden: list[int], values: list[float], _: Translate
) -> dict[str, Any]:
    """Return the data of a network whose weights a reader moves, and its first weights."""
    points, target = listed(x, y)
    options = OPTIONS | {"hidden": hidden, "activation": "sigmoid"}
    return {
        "x": points,
        "target": target,
        "options": options,
        "values": values,
        "slope": _("slope"),
    }


def listed(x: Points, y: Iterable[int]) -> tuple[list[list[float]], list[list[int]]]:
    """Return points and their targets as the engine takes them."""
    return [[float(value) for value in row] for row in x], [[int(value)] for value in y]


def same(*values: float) -> dict[Any, str]:
    """Return numbers as the words of a choice."""
    return {value: f"{value:,}" for value in values}


def optimizers(_: Translate) -> dict[Any, str]:
    """Return the rules that turn slopes into steps."""
    return {"sgd": _("gradient descent"), "momentum": _("momentum"), "adam": "Adam"}


PIECES: dict[str, Callable[[Translate], Piece]] = {
    piece.__name__: piece
    for piece in (sigmoid, neuron, xor, slope, chain, moons, overfit, valley, circles)
}
