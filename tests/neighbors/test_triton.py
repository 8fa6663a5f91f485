"""Triton's client asks `madaline serve`, with its defaults and with what it can do besides."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tritonclient", reason="tritonclient is not installed")
http = pytest.importorskip("tritonclient.http", reason="tritonclient[http] is not installed")

from tests.serve.conftest import serving  # noqa: E402
from tritonclient.utils import InferenceServerException, np_to_triton_dtype  # noqa: E402


@pytest.fixture(scope="module")
def triton(fittings):
    """A client of a server of a model of each task."""
    with serving({task: path for task, (_, path) in fittings.items()}) as server:
        client = http.InferenceServerClient(f"127.0.0.1:{server.port}")
        yield client
        client.close()


@pytest.fixture
def columns(make_columns):
    """New rows as arrays of NumPy: missing numbers are NaN."""
    columns, _ = make_columns("binary", 20, 1)
    del columns["note"]
    columns["city"] = ["Ulm"] * 19 + [""]
    return {
        name: np.array(list(map(str, values)) if name in ("city", "day") else values)
        for name, values in columns.items()
    }


def tensors(columns, **options):
    """Return columns as tensors of the client."""
    found = []
    for name, values in columns.items():
        array = values.astype(object) if values.dtype.kind == "U" else values
        tensor = http.InferInput(name, array.shape, np_to_triton_dtype(array.dtype))
        found.append(tensor.set_data_from_numpy(array, **options))
    return found


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_defaults_of_the_client_work(triton, fittings, columns, task):
    model = fittings[task][0].model()
    rows = {name: values.tolist() for name, values in columns.items()}
    rows["city"][-1] = None
    answer = triton.infer(task, tensors(columns))
    told = answer.as_numpy(model.summary.target)
    if task == "regression":
        np.testing.assert_allclose(told, model.predict(rows), rtol=1e-5)
        return
    labels = [label.decode() if isinstance(label, bytes) else label for label in told]
    assert labels == model.predict(rows).tolist()
    shares = answer.as_numpy("probabilities")
    np.testing.assert_allclose(shares, model.predict_proba(rows), atol=1e-5)


@pytest.mark.parametrize("compression", ["gzip", "deflate"])
def test_compressed_requests_are_answered_alike(triton, columns, compression):
    plain = triton.infer("binary", tensors(columns), request_id="7")
    packed = triton.infer(
        "binary",
        tensors(columns),
        request_compression_algorithm=compression,
        response_compression_algorithm=compression,
    )
    assert plain.get_response()["id"] == "7"
    np.testing.assert_array_equal(*(one.as_numpy("probabilities") for one in (plain, packed)))


def test_each_output_may_be_in_binary_or_json(triton, columns):
    wanted = [
        http.InferRequestedOutput("probabilities", binary_data=True),
        http.InferRequestedOutput("target", binary_data=False),
    ]
    answer = triton.infer("binary", tensors(columns), outputs=wanted)
    assert "data" not in answer.get_output("probabilities")
    assert set(answer.get_output("target")["data"]) <= {"yes", "no"}
    assert answer.as_numpy("probabilities").shape == (20, 2)


def test_numbers_of_any_width_are_read(triton, columns):
    whole = columns | {"count": columns["count"].astype(np.int32)}
    narrow = whole | {"length": columns["length"].astype(np.float32)}
    answers = [triton.infer("binary", tensors(one)) for one in (whole, narrow)]
    np.testing.assert_allclose(*(answer.as_numpy("probabilities") for answer in answers), atol=1e-4)


def test_rows_in_the_background(triton, columns):
    plain = triton.infer("binary", tensors(columns)).as_numpy("probabilities")
    later = triton.async_infer("binary", tensors(columns)).get_result()
    np.testing.assert_allclose(later.as_numpy("probabilities"), plain, atol=1e-6)


def test_health_and_metadata_are_told(triton, fittings):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("binary")
    assert "binary_tensor_data" in triton.get_server_metadata()["extensions"]
    described = triton.get_model_metadata("binary")
    columns = fittings["binary"][0].model().predictor.encoder.columns
    assert [one["name"] for one in described["inputs"]] == list(columns)


def test_what_is_wrong_is_told_in_a_sentence(triton, columns):
    days = columns["day"].astype("datetime64[s]").astype(np.int64)
    with pytest.raises(InferenceServerException, match="'day' holds dates"):
        triton.infer("binary", tensors(columns | {"day": days}))
    with pytest.raises(InferenceServerException, match="lack a column that the model needs: 'day'"):
        triton.infer("binary", tensors({name: columns[name] for name in columns if name != "day"}))
