"""KServe's client asks `madaline serve`, in JSON and in binary."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("kserve", reason="kserve is not installed")

from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from tests.serve.conftest import serving

DATATYPES = {"city": "BYTES", "day": "BYTES", "checked": "BOOL"}


@pytest.fixture(scope="module")
def server(fittings):
    """The address of a server of a model of two classes."""
    with serving({"binary": fittings["binary"][1]}) as client:
        yield f"http://127.0.0.1:{client.port}"


def ask(method, *arguments, **options):
    """Return what the client answers."""

    async def answer():
        client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=60))
        try:
            return await getattr(client, method)(*arguments, **options)
        finally:
            await client.close()

    return asyncio.run(answer())


def inputs(columns, *, binary):
    """Return tensors of columns; a missing number is NaN."""
    tensors = []
    for name in ("width", "length", "count", "city", "checked", "day"):
        datatype = DATATYPES.get(name, "FP64")
        values = columns[name] if datatype != "BYTES" else list(map(str, columns[name]))
        array = np.array(values, object if datatype == "BYTES" else None)
        array = array.astype(float) if datatype == "FP64" else array
        tensor = InferInput(name, [len(array)], datatype)
        tensor.set_data_from_numpy(array, binary_data=binary)
        tensors.append(tensor)
    return tensors


@pytest.mark.parametrize("binary_inputs", [True, False])
@pytest.mark.parametrize("binary_outputs", [True, False])
def test_tensors_are_answered_as_in_python(
    server, fittings, make_columns, binary_inputs, binary_outputs
):
    columns, _ = make_columns("binary", 20, 1)
    columns["city"] = ["Kiel"] * 20  # None is text in tensors of this client
    assert np.isnan(columns["width"]).any()
    request = InferRequest(
        "binary",
        inputs(columns, binary=binary_inputs),
        request_outputs=[
            RequestedOutput("target", {"binary_data": binary_outputs}),
            RequestedOutput("probabilities", {"binary_data": binary_outputs}),
        ],
    )
    answer = ask("infer", server, request, model_name="binary")
    model = fittings["binary"][0].model()
    labels, shares = (output.as_numpy() for output in answer.outputs)
    told = [label.decode() if isinstance(label, bytes) else str(label) for label in labels]
    assert told == model.predict(columns).tolist()
    np.testing.assert_allclose(shares, model.predict_proba(columns), atol=1e-5)


def test_health_is_told(server):
    assert ask("is_server_live", server)
    assert ask("is_server_ready", server)
    assert ask("is_model_ready", server, "binary")


def test_the_files_of_the_example_have_the_fields_of_kserve():
    import yaml
    from kserve import V1alpha1ServingRuntime, V1beta1InferenceService

    example = Path(__file__).resolve().parents[2] / "examples" / "deployment" / "kserve.yaml"
    documents = yaml.safe_load_all(example.read_text())
    kinds = (V1alpha1ServingRuntime, V1beta1InferenceService)
    for kind, document in zip(kinds, documents, strict=True):
        assert kind.__name__.endswith(document["kind"])
        check_fields(document, kind.__name__)


def check_fields(value, kind):
    """Check that an object has only fields that its kind knows, and those below it."""
    import kserve

    found = getattr(kserve, kind, None) or getattr(kserve.models, kind, None)
    if found is None:  # of Kubernetes itself
        return
    types = {found.attribute_map[name]: type_ for name, type_ in found.openapi_types.items()}
    assert set(value) <= set(types), kind
    for name, inner in value.items():
        type_ = types[name]
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict):
                check_fields(one, type_.removeprefix("list[").removesuffix("]"))
