"""What each path of the server answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from madaline.errors import InputError
from madaline.serve.answers import Answer, Wanted
from madaline.serve.form import read_form
from madaline.serve.json_text import read_json
from madaline.serve.limits import Bodies
from madaline.serve.metrics import CONTENT_TYPE, Metrics
from madaline.serve.openapi import describe
from madaline.serve.page import index_page, model_page
from madaline.serve.refusals import Refusal
from madaline.serve.registry import Registry
from madaline.serve.responses import json_response, page_response, text_response
from madaline.serve.rows import Rows
from madaline.serve.served import ServedModel
from madaline.serve.settings import Settings
from madaline.serve.shapes import inference, labels, mlflow, people
from madaline.serve.watching import Watcher

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


@dataclass(frozen=True, eq=False)
class Endpoints:
    """The answers to all requests (final).

    Parameters
    ----------
    settings : Settings
        Of the server.
    registry : Registry
        The models.
    metrics : Metrics
        What is counted.
    bodies : Bodies
        Reads the bodies of requests.
    """

    settings: Settings
    registry: Registry
    metrics: Metrics
    bodies: Bodies

    async def predict(self, request: Request) -> Response:
        """Answer rows as people write them."""
        body = read_json(await self.bodies.read(request))
        served = self._served(request)
        rows, wanted, keys = people.read_request(body, served.kinds)
        if keys is not None:
            _watcher(served)
        answer = await self._answer(served, rows, wanted)
        served.observe(rows, keys)
        return json_response(people.write_answer(served, answer))

    async def invocations(self, request: Request) -> Response:
        """Answer in MLflow's shapes."""
        body = read_json(await self.bodies.read(request))
        served = self._served(request)
        rows = mlflow.read_request(body, served.kinds)
        answer = await self._answer(served, rows, Wanted())
        served.observe(rows, None)
        return json_response(mlflow.write_answer(answer))

    async def infer(self, request: Request) -> Response:
        """Answer tensors of the Open Inference Protocol."""
        if "inference-header-content-length" in request.headers:
            raise Refusal(400, "Binary tensors are not read: send the data of inputs as JSON.")
        body = read_json(await self.bodies.read(request))
        served = self._served(request)
        rows = inference.read_request(body, served.kinds)
        answer = await self._answer(served, rows, Wanted())
        served.observe(rows, None)
        return json_response(inference.write_answer(served, answer, body))

    async def labels(self, request: Request) -> Response:
        """Take in labels of rows that were predicted under a key."""
        body = read_json(await self.bodies.read(request))
        served = self._served(request)
        keys, known = labels.read_request(body)
        found = await _watcher(served).learn(keys, known)
        return json_response(labels.write_alarms(served, found))

    async def alarms(self, request: Request) -> Response:
        """Tell what changed since the model is watched."""
        served = self._served(request)
        return json_response(labels.write_alarms(served, _watcher(served).monitor.alarms))

    async def server_metadata(self, _: Request) -> Response:
        """Tell what the server is."""
        return json_response(inference.server_metadata())

    async def model_metadata(self, request: Request) -> Response:
        """Tell what a model needs and answers."""
        return json_response(inference.model_metadata(self._served(request)))

    async def live(self, _: Request) -> Response:
        """Tell that the server runs."""
        return json_response({"live": True})

    async def ready(self, _: Request) -> Response:
        """Tell that all models answer, and which of them are older than their files."""
        return json_response({"ready": True, "problems": self._problems()})

    async def model_ready(self, request: Request) -> Response:
        """Tell that a model answers."""
        served = self._served(request)
        return json_response({"name": served.name, "ready": True})

    async def page(self, request: Request) -> Response:
        """Show a form for one row, and the answer to it."""
        if self._name(request) is None:
            page = await asyncio.to_thread(index_page, self._all(), self._problems())
            return page_response(page)
        path = request.url.path
        if request.method == "POST":
            return await self._filled_in(await self.bodies.read(request), request, path)
        served, typical = self._served(request), "typical" in request.query_params
        page = await asyncio.to_thread(model_page, served, path=path, typical=typical)
        return page_response(page)

    async def report(self, request: Request) -> Response:
        """Show the report of a model."""
        served = self._served(request)
        if self.settings.report is not None:
            return page_response(await asyncio.to_thread(self.settings.report.read_text, "utf-8"))
        return page_response(await asyncio.to_thread(lambda: served.report))

    async def story(self, request: Request) -> Response:
        """Tell how a model was found."""
        return text_response(f"{self._served(request).model.story()}\n")

    async def openapi(self, _: Request) -> Response:
        """Describe all paths."""
        return json_response(describe(self._all(), self.settings))

    async def metrics_text(self, _: Request) -> Response:
        """Tell what was counted."""
        return text_response(self.metrics.text(), CONTENT_TYPE)

    async def _filled_in(self, body: bytes, request: Request, path: str) -> Response:
        """Show the answer to a form, or what is wrong with it."""
        served = self._served(request)
        given = read_form(body, served)
        show = partial(model_page, served, path=path, given=given)
        try:
            rows = people.read_request([given], served.kinds)[0]
            answer = await self._answer(served, rows, Wanted(explain=True, coverage=0.9))
        except Refusal:
            raise
        except InputError as error:
            return page_response(await asyncio.to_thread(show, error=str(error)), 400)
        return page_response(await asyncio.to_thread(show, answer=answer))

    async def _answer(self, served: ServedModel, rows: Rows, wanted: Wanted) -> Answer:
        if rows.n_rows > self.settings.max_rows:
            raise Refusal(
                413,
                f"{rows.n_rows:,} rows are too many: send {self.settings.max_rows:,} at a time.",
            )
        answer = await served.answer(rows, wanted)
        self.metrics.predicted(served.name, rows.n_rows, answer.unseen)
        return answer

    def _served(self, request: Request) -> ServedModel:
        """Return the model that a path names, or the only one."""
        name = self._name(request)
        if name is None:
            names = " or ".join(f"/models/{one}" for one in self.registry.names[:2])
            raise Refusal(404, f"There are several models: name one in the path, such as {names}.")
        served = self.registry.get(name)
        if request.path_params.get("version", served.version) != served.version:
            raise Refusal(404, f"The version of {name} is {served.version}, and there is no other.")
        return served

    def _name(self, request: Request) -> str | None:
        name: str | None = request.path_params.get("name", self.settings.only)
        return name

    def _all(self) -> list[ServedModel]:
        return [self.registry.get(name) for name in self.registry.names]

    def _problems(self) -> dict[str, str]:
        return dict(self.registry.problems)


def _watcher(served: ServedModel) -> Watcher:
    """Return what watches a model; `Refusal` if nothing does."""
    if served.watcher is None:
        raise Refusal(404, "Nothing is watched: start the server with --watch FOLDER.")
    return served.watcher
