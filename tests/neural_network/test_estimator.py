"""A network has the methods of scikit-learn, and a file."""

from __future__ import annotations

import json
from zipfile import ZipFile

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import madaline
from madaline import NeuralNetwork, runtime
from madaline.errors import InputError, ModelFileError
from madaline.nn.layers import LeakyReLU
from madaline.nn.losses import Squared

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]


def pipeline(**settings):
    given = {"hidden_size": 4, "output_size": 3, "random_state": 0}
    return make_pipeline(StandardScaler(), NeuralNetwork(input_size=4, **(given | settings)))


def test_it_ends_a_pipeline():
    model = pipeline()
    with pytest.raises(NotFittedError):
        model.predict(X)
    model.fit(X, NAMES, neuralnetwork__epochs=100)
    assert model.score(X, NAMES) == np.mean(model.predict(X) == NAMES) > 0.9
    probabilities = model.predict_proba(X)
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert is_classifier(model)
    scores = cross_val_score(model, X, Y, cv=3, params={"neuralnetwork__epochs": 100})
    assert scores.min() > 0.8


def test_it_is_searched_and_copied():
    search = GridSearchCV(pipeline(), {"neuralnetwork__hidden_size": [1, [3, 2]]}, cv=2)
    search.fit(X, Y, neuralnetwork__epochs=20)
    network = search.best_estimator_[-1]
    assert network.get_params()["hidden_size"] in (1, [3, 2])
    assert clone(network).loss_ is None
    with pytest.raises(InputError, match="'units' is no argument: there are 'input_size', "):
        network.set_params(units=3)


def test_to_fit_again_begins_anew_and_to_train_goes_on():
    network = NeuralNetwork(4, 3, 3, random_state=0)
    network.weights[0][:] = 0.1  # what was set by hand is where the first fit begins
    by_hand = network.fit(X, Y, epochs=5).history_[0].loss
    first = network.fit(X, Y, epochs=5).forward(X)
    assert network.history_[0].loss != by_hand
    np.testing.assert_array_equal(network.fit(X, Y, epochs=5).forward(X), first)
    network.train(X, Y, epochs=5)
    assert len(network.history_) == 10


def test_numbers_have_a_score_and_no_probabilities():
    x, y = load_diabetes(return_X_y=True)
    network = NeuralNetwork(10, 3, 1, loss=Squared(), random_state=0)
    y = (y - y.mean()) / y.std()
    assert 0.3 < network.fit(x * 20, y, epochs=300).score(x * 20, y) < 0.8
    assert not is_classifier(network)
    with pytest.raises(InputError, match=r"predicts numbers \(Squared\): call predict"):
        network.predict_proba(x)
    with pytest.raises(InputError, match=r"y has the shape \(3,\), but predictions have \(442,\)"):
        network.score(x, y[:3])


def test_two_classes_have_two_probabilities():
    network = NeuralNetwork(4, 2, 1, random_state=0).fit(X[:100], NAMES[:100], epochs=50)
    probabilities = network.predict_proba(X[:100])
    assert probabilities.shape == (100, 2)
    assert (network.classes_[probabilities.argmax(axis=1)] == network.predict(X[:100])).all()


def test_a_file_holds_all_that_predicts(tmp_path):
    network = NeuralNetwork(4, [3, 2], 3, activation=LeakyReLU(0.2), random_state=0)
    network.fit(X, NAMES, epochs=20)
    network.save(tmp_path / "iris.npz")
    copy = NeuralNetwork.load(tmp_path / "iris.npz")
    np.testing.assert_array_equal(copy.predict(X), network.predict(X))
    np.testing.assert_array_equal(copy.forward(X), network.forward(X))
    assert repr(copy) == repr(network).replace(" for 20 epochs", "")
    assert [path.name for path in tmp_path.iterdir()] == ["iris.npz"]
    with np.load(tmp_path / "iris.npz") as file:
        np.testing.assert_array_equal(file["weights[0]"], network.weights[0])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"weights"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"is not a network: give a file that"):
        NeuralNetwork.load(path)
    with pytest.raises(ModelFileError, match="There is no file"):
        NeuralNetwork.load(tmp_path / "none.npz")
    np.savez(path, weights=np.zeros(3))
    with pytest.raises(ModelFileError, match="is not a network"):
        NeuralNetwork.load(path)


def test_a_file_says_how_it_is_loaded(tmp_path):
    path = tmp_path / "network.madaline"
    NeuralNetwork(2, 3, 1, random_state=0).save(path)
    for read in (madaline.load, runtime.load):
        with pytest.raises(ModelFileError, match=r"is a file of NeuralNetwork: .*Network\.load\."):
            read(path)
    with pytest.raises(ModelFileError, match="cannot be read"):
        NeuralNetwork.load(tmp_path)
    for wrong in (tmp_path, tmp_path / "missing" / "file", path / "file"):
        with pytest.raises(InputError, match=r"cannot be written .* existing folder"):
            NeuralNetwork(2, 3, 1).save(wrong)
    assert [one.name for one in tmp_path.iterdir()] == ["network.madaline"]


def test_columns_of_a_frame_are_known_by_their_names(tmp_path):
    frame = load_iris(as_frame=True).data
    network = NeuralNetwork(4, 3, 3, random_state=0).fit(frame, NAMES, epochs=20)
    network.save(tmp_path / "iris.npz")
    turned = frame[frame.columns[::-1]].assign(other="text")
    for one in (network, NeuralNetwork.load(tmp_path / "iris.npz")):
        np.testing.assert_array_equal(one.predict_proba(turned), network.predict_proba(X))
        with pytest.raises(InputError, match="x lacks 'petal width \\(cm\\)', which the fit had"):
            one.predict(frame.drop(columns="petal width (cm)"))
    np.testing.assert_array_equal(network.fit(X, NAMES, epochs=2).predict(X), network.predict(X))


def test_to_fit_a_loaded_network_begins_anew(tmp_path):
    NeuralNetwork(4, 3, 3, random_state=0).fit(X, NAMES, epochs=20).save(tmp_path / "iris.npz")
    again = NeuralNetwork.load(tmp_path / "iris.npz").fit(X, np.char.upper(NAMES), epochs=20)
    anew = NeuralNetwork(4, 3, 3, random_state=0).fit(X, np.char.upper(NAMES), epochs=20)
    np.testing.assert_array_equal(again.forward(X), anew.forward(X))


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    """The arrays of a file of a network of three classes."""
    path = tmp_path_factory.mktemp("network") / "iris.npz"
    NeuralNetwork(4, [3, 2], 3, random_state=0).fit(X, NAMES, epochs=2).save(path)
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": np.array(["a", "b"])},
        {"classes": np.array([["a", "b", "c"]])},
        {"classes": np.array("a")},
        {"weights[0]": np.zeros(3)},
        {"weights[0]": np.array(1.0)},
        {"weights[1]": np.zeros((4, 2))},
        {"weights[0]": np.zeros((4, 3), complex)},
        {"weights[0]": np.full((4, 3), np.nan)},
        {"biases[0]": np.zeros(1)},
        {"biases[2]": np.array(["a", "b", "c"])},
        {"weights[2]": np.zeros((2, 2))},
        {"about": {"losses": [[1], "x"]}},
        {"about": {"losses": 3}},
        {"about": {"columns": ["a"]}},
        {"about": {"columns": [1, 2, 3, 4]}},
        {"about": {"activation": []}},
        {"about": {"loss": {"kind": "none"}}},
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_together_are_no_network(arrays, changes, tmp_path):
    about = json.loads(str(arrays["about"])) | changes.get("about", {})
    np.savez(tmp_path / "other.npz", **{**arrays, **changes, "about": json.dumps(about)})
    with pytest.raises(ModelFileError, match="is not a network"):
        NeuralNetwork.load(tmp_path / "other.npz")


def test_damaged_bytes_are_no_network_or_a_whole_one(arrays, tmp_path):
    path, rng = tmp_path / "iris.npz", np.random.default_rng(0)
    np.savez(path, **arrays)
    content = path.read_bytes()
    for _ in range(200):
        mutant = bytearray(content)
        start = int(rng.integers(len(mutant)))
        if rng.random() < 0.5:
            mutant[start : start + int(rng.integers(1, 9))] = rng.bytes(int(rng.integers(9)))
        else:
            del mutant[start:]
        path.write_bytes(mutant)
        try:
            network = NeuralNetwork.load(path)
        except ModelFileError:
            continue
        assert len(network.predict(X[:5])) == 5


def test_a_header_that_is_cut_is_no_network(arrays, tmp_path):
    path = tmp_path / "iris.npz"
    np.savez(path, **arrays)
    with ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    for old, new in ((b"'shape': (4, 3)", b"'shape': (4, 3,"), (b"{'descr'", b"('descr'")):
        with ZipFile(path, "w") as file:
            for name, content in members.items():
                file.writestr(name, content.replace(old, new))
        with pytest.raises(ModelFileError, match="is not a network"):
            NeuralNetwork.load(path)
