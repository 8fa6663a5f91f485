"""MLflow's client of servers asks `madaline serve`."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mlflow", reason="mlflow is not installed")
pytest.importorskip("starlette", reason="the extra serve is not installed")
pandas = pytest.importorskip("pandas", reason="pandas is not installed")

from tests.serve.conftest import serving  # noqa: E402

import madaline  # noqa: E402

# What MLflow and its packages warn of is not of this project.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def client(fittings):
    """A client of a server of a model of two classes."""
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    with serving({"binary": fittings["binary"][1]}) as server:
        yield ScoringServerClient("127.0.0.1", server.port)


@pytest.fixture
def frame(make_columns):
    """New rows with missing values."""
    columns, _ = make_columns("binary", 20, 1)
    del columns["note"]
    return pandas.DataFrame(columns | {"day": list(map(str, columns["day"]))})


def test_the_client_asks_whether_the_server_answers(client):
    client.ping()
    client.wait_server_ready()
    assert client.get_version() == madaline.__version__


@pytest.mark.parametrize("params", [None, {"threshold": 0.5}])
def test_frames_are_answered_as_in_python(client, fittings, frame, params):
    assert frame.isna().to_numpy().any()
    answer = client.invoke(frame, params).get_predictions()
    wanted = fittings["binary"][0].model().predict(frame)
    np.testing.assert_array_equal(answer.to_numpy().ravel(), wanted)


def test_lists_and_arrays_are_answered(client, fittings, frame):
    rows = frame.to_dict("records")
    wanted = fittings["binary"][0].model().predict(frame)
    for data in (rows, frame.to_numpy(dtype=object)):
        answer = client.invoke(data).get_predictions()
        np.testing.assert_array_equal(answer.to_numpy().ravel(), wanted)
