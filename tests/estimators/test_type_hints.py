"""What a type checker tells users: `mypy --strict` on a script of right and of wrong lines."""

import re
import sys
from inspect import getdoc

import pytest

import madaline

RIGHT = """
import numpy as np
from madaline import AdaptiveClassifier, AdaptiveRegressor, Imputer, NeuralNetwork
from madaline import OnlineClassifier, OnlineRegressor, load

X = np.zeros((10, 2))
y = np.array(["no", "yes"] * 5)
model = AdaptiveClassifier(preset="quick", members="networks", class_weight="balanced").fit(X, y)
first: str = model.classes_[0]
names: list[str] = model.classes_.tolist()
score: float = model.score(X, y)
model.set_params(**model.get_params()).fit(X, y).predict_proba(X)
regressor = AdaptiveRegressor(loss="poisson", metric="r2", random_state=0).fit(X, X[:, 0])
regressor.predict_interval(X)
Imputer().fit_transform(X)
OnlineClassifier().score(X, y)
NeuralNetwork(2, 3, 2).fit(X, y).score(X, y)
load("m.madaline").predict(X)
"""
WRONG = """
AdaptiveClassifier(preset="fastest")  # arg-type
AdaptiveClassifier(members="forest")  # arg-type
AdaptiveClassifier(class_weight="balance")  # arg-type
AdaptiveClassifier(efort=3)  # call-arg
AdaptiveRegressor(loss="hinge")  # arg-type
model.no_such_method()  # attr-defined
model.no_such_attribute_  # attr-defined
regressor.predict_proba(X)  # attr-defined
Imputer().fit_transfrm(X)  # attr-defined
OnlineClassifier().learn_everything(X)  # attr-defined
NeuralNetwork(2, 3, 2).learn(X, y)  # attr-defined
from madaline import AdaptiveClasifier  # attr-defined
"""


@pytest.mark.slow
def test_right_lines_pass_and_wrong_ones_are_named(tmp_path, capfd):
    mypy = pytest.importorskip("mypy.api")
    documented = [
        f"{name}().{attribute}"
        for name in ("AdaptiveClassifier", "AdaptiveRegressor", "Imputer", "OnlineClassifier")
        for attribute in _attributes(getattr(madaline, name))
    ]
    assert len(documented) > 30
    script = tmp_path / "script.py"
    script.write_text("\n".join([*RIGHT.splitlines(), *documented, *WRONG.splitlines()]))
    options = ["--strict", "--python-executable", sys.executable, "--cache-dir", str(tmp_path)]
    out, err, _ = mypy.run([*options, str(script)])
    assert err == ""
    found = re.findall(r":(\d+): error: .*\[([a-z-]+)\]", out)
    lines = script.read_text().splitlines()
    expected = [(str(n), line.split("# ")[1]) for n, line in enumerate(lines, 1) if "  # " in line]
    assert found == expected, out


def _attributes(kind):
    """Return the attributes that a docstring lists."""
    listed = (getdoc(kind) or "").partition("Attributes\n----------\n")[2]
    listed = re.split(r"\n[A-Z][\w ]+\n---", listed)[0]
    return re.findall(r"^(\w+)(?:, \w+)* : ", listed, re.MULTILINE)
