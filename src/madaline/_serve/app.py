"""The application: its paths, and what each of them answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, final

from madaline._engine.blas import one_threaded_products
from madaline._extras import load_extra
from madaline._language.choice import speaking
from madaline._serve import binary_tensors, inference_shape, json_shape, mlflow_shape
from madaline._serve.answers import Answer, Extras, RowsRequest
from madaline._serve.guard import Bodies, Guard, Turns, error_handlers, run_here
from madaline._serve.messages import (
    Refusal,
    RequestedRows,
    binary_response,
    json_response,
    large_json_response,
    page_response,
    read_json,
    shortened,
    text_response,
)
from madaline._serve.metrics import CONTENT_TYPE, Metrics
from madaline._serve.models import ServedModel
from madaline._serve.openapi import describe
from madaline._serve.page import index_page, model_page, read_form
from madaline._serve.registry import Registry
from madaline._serve.settings import Settings
from madaline._serve.watching import Watcher
from madaline.errors import InputError
from madaline.version import __version__

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


Task: TypeAlias = Callable[[], Coroutine[Any, Any, None]]  # what goes on beside the requests
_Read: TypeAlias = Callable[[bytes], Any]  # from a body to a JSON value


class _Shape(Protocol):
    """A module that reads rows from the JSON of requests, and writes answers as JSON."""

    def read_request(self, value: Any, kinds: Mapping[str, str], max_rows: int, /) -> RowsRequest:
        """Return what is asked; `InputError` if it is something else."""

    def write_answer(
        self, served: ServedModel, answer: Answer, request: RowsRequest, /
    ) -> dict[str, Any]:
        """Return an answer as a JSON value."""


def make_app(settings: Settings, log: Callable[[str], object] = print, *tasks: Task) -> Guard:
    """Return an ASGI application that serves models, which any server of that interface runs.

    Parameters
    ----------
    settings : Settings
        The models and the limits; host and port are for who runs the application.
    log : callable, default=print
        Gets a sentence of what happens to models and files.
    *tasks : callable
        Functions without arguments whose coroutines run while the application does.

    Returns
    -------
    Guard
        The application. One that mounts it must run its `lifespan`, in which files that change are
        read again, and the matrix library keeps to one thread.

    Raises
    ------
    InputError
        If a model cannot be read or served, or a package is missing.

    Examples
    --------
    >>> from madaline.serving import Settings, make_app
    >>> app = make_app(Settings({"sales": "missing.madaline"}))
    Traceback (most recent call last):
    madaline.errors.ModelFileError: There is no file missing.madaline: check the name.
    """
    applications = load_extra("starlette.applications", extra="serve", purpose="madaline serve")
    endpoints = _Endpoints(settings, log)
    registry = endpoints.registry
    lifespan = lifespan_of(
        lambda: registry.follow(settings.reload_seconds), *tasks, close=registry.close
    )
    app = applications.Starlette(
        routes=_routes(endpoints), exception_handlers=error_handlers(), lifespan=lifespan
    )
    app.router.redirect_slashes = False  # it would lead to any host that a request names
    return Guard(app, settings, endpoints.metrics, lifespan)


def _routes(endpoints: _Endpoints) -> list[Any]:
    """Return the paths; what is asked most often is first."""
    from starlette.routing import Route

    paths: list[tuple[str, str, Callable[..., Any]]] = []
    for start in ("", "/models/{name}"):
        paths += [
            ("POST", f"{start}/predict", endpoints.predict),
            ("POST", f"{start}/forecast", endpoints.forecast),
            ("POST", f"{start}/invocations", endpoints.invocations),
            ("POST", f"{start}/labels", endpoints.labels),
            ("GET", f"{start}/alarms", endpoints.alarms),
            ("GET", f"{start}/report", endpoints.report),
            ("GET", f"{start}/story", endpoints.story),
        ]
    for model in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        paths += [
            ("POST", f"{model}/infer", endpoints.infer),
            ("GET", f"{model}/ready", endpoints.model_ready),
            ("GET", model, endpoints.model_metadata),
        ]
    paths += [
        ("GET", "/ping", endpoints.ping),
        ("GET", "/health", endpoints.ping),
        ("GET", "/version", endpoints.version),
        ("GET POST", "/", endpoints.page),
        ("GET POST", "/models/{name}", endpoints.page),
        ("GET", "/v2", endpoints.server_metadata),
        ("GET", "/v2/health/live", endpoints.live),
        ("GET", "/v2/health/ready", endpoints.ready),
        ("GET", "/openapi.json", endpoints.openapi),
        ("GET", "/metrics", endpoints.metrics_text),
    ]
    return [Route(path, endpoint, methods=methods.split()) for methods, path, endpoint in paths]


def lifespan_of(
    *tasks: Task,
    close: Callable[[], None],
    # what holds meanwhile: of an application that computes, products on one thread
    limit: Callable[[], AbstractContextManager[None]] = one_threaded_products,
) -> Any:
    """Return what runs while an application does: its tasks, within a limit."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        with limit():
            running = [asyncio.create_task(task()) for task in tasks]
            yield
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            close()

    return lifespan


@final
class _Endpoints:
    """The answers to all requests; metrics name each by its method."""

    def __init__(self, settings: Settings, log: Callable[[str], object]) -> None:
        self.settings, self.metrics = settings, Metrics()
        self.registry = Registry(settings, self.metrics, log)
        self.bodies, self.turns = Bodies(settings.max_bytes), Turns(settings.max_cells)

    async def predict(self, request: Request) -> Response:
        """Answer rows as people write them; each by the model of its group, if there are many."""
        many = self.registry.groups(self._name(request))
        partial_rows = json_shape.read_missing(request.query_params.get("missing"))
        if many is None:
            return await self._predicted(request, json_shape, partial_rows=partial_rows)
        async with self.bodies.of(request) as body:
            async with self.turns.turn(body, len(many.models.index.columns), 1) as run:
                told, n_rows, unseen = await run(
                    lambda: many.answer(
                        read_json(body), self._max_rows(many.first), partial=partial_rows
                    )
                )
            self.metrics.predicted(many.name, n_rows, unseen)
        return await asyncio.to_thread(large_json_response, told)

    async def forecast(self, request: Request) -> Response:
        """Answer with the rows that come next, by a model with lags."""
        async with self.bodies.of(request) as body:
            served = self._served(request)
            async with self.turns.turn(body, len(served.kinds), served.n_outputs):
                answer = await asyncio.to_thread(self._forecasts, body, served)
        self.metrics.predicted(served.name, len(answer["forecasts"]), {})
        return await asyncio.to_thread(large_json_response, answer)

    def _forecasts(self, body: bytes, served: ServedModel) -> dict[str, Any]:
        most = self._max_rows(served)
        asked = json_shape.read_forecast(read_json(body), served.kinds, most, served.known)
        return asked.answer(served, most)

    async def invocations(self, request: Request) -> Response:
        """Answer in MLflow's shapes, of which one is CSV."""
        if not request.headers.get("content-type", "").startswith("text/csv"):
            return await self._predicted(request, mlflow_shape)
        read = partial(mlflow_shape.read_csv, max_values=self.settings.max_cells)
        return await self._predicted(request, mlflow_shape, read, 0)

    async def infer(self, request: Request) -> Response:
        """Answer tensors of the Open Inference Protocol, in JSON or in bytes behind it."""
        length = request.headers.get(binary_tensors.LENGTH_HEADER)
        if length is None:
            return await self._predicted(request, inference_shape)
        if not (length.isascii() and length.isdecimal()):
            raise InputError(
                f"Inference-Header-Content-Length is {length!r}: give a count of bytes."
            )
        size, most = int(length), self.settings.max_cells
        read = partial(binary_tensors.read_body, json_length=size, max_values=most)
        return await self._predicted(request, inference_shape, read, size)

    async def labels(self, request: Request) -> Response:
        """Take in labels of rows that were predicted under a key."""
        async with self.bodies.of(request) as body:
            served = self._served(request)
            async with self.turns.turn(body, 1, 1) as run:
                keys, labels = await run(
                    lambda: json_shape.read_labels(read_json(body), self.settings.max_rows)
                )
        alarms = await _watcher(served).learn(keys, labels)
        return json_response(json_shape.write_alarms(served, alarms))

    async def alarms(self, request: Request) -> Response:
        """Tell what changed since the model is watched."""
        served = self._served(request)
        alarms = _watcher(served).monitor.alarms
        return await asyncio.to_thread(
            lambda: large_json_response(json_shape.write_alarms(served, alarms))
        )

    async def server_metadata(self, _: Request) -> Response:
        """Tell what the server is."""
        return json_response(inference_shape.server_metadata())

    async def model_metadata(self, request: Request) -> Response:
        """Tell what a model needs and answers."""
        return json_response(inference_shape.model_metadata(self._served(request)))

    async def ping(self, _: Request) -> Response:
        """Tell that the server answers, as MLflow's and SageMaker's servers do."""
        return text_response("\n")

    async def version(self, _: Request) -> Response:
        """Tell the version of madaline, where MLflow's server tells its own."""
        return text_response(__version__)

    async def live(self, _: Request) -> Response:
        """Tell that the server runs."""
        return json_response({"live": True})

    async def ready(self, _: Request) -> Response:
        """Tell that all models answer, and which of them are older than their files."""
        return json_response({"ready": True, "problems": self.registry.problems})

    async def model_ready(self, request: Request) -> Response:
        """Tell that a model answers."""
        return json_response({"name": self._served(request).name, "ready": True})

    async def page(self, request: Request) -> Response:
        """Show a form for one row, and the answer to it, in the language of the process."""
        with speaking(None):
            return await self._page(request)

    async def _page(self, request: Request) -> Response:
        if self._name(request) is None:
            models, problems = self.registry.models, dict(self.registry.problems)
            root = _root(request)
            return page_response(await asyncio.to_thread(index_page, models, problems, root))
        path = request.url.path
        if request.method == "POST":
            async with self.bodies.of(request) as body:
                return await self._filled_in(body, request, path)
        served, typical = self._served(request), "typical" in request.query_params
        root = _root(request)
        page = await asyncio.to_thread(model_page, served, root, path=path, typical=typical)
        return page_response(page)

    async def report(self, request: Request) -> Response:
        """Show the report of a model."""
        served = self._served(request)
        if self.settings.report is not None:
            return page_response(await asyncio.to_thread(self.settings.report.read_text, "utf-8"))
        with speaking(None):
            return page_response(await asyncio.to_thread(lambda: served.report))

    async def story(self, request: Request) -> Response:
        """Tell how a model was found."""
        story = self._served(request).model.story
        with speaking(None):
            return text_response(f"{await asyncio.to_thread(lambda: str(story()))}\n")

    async def openapi(self, request: Request) -> Response:
        """Describe all paths."""
        given = self.registry.models, self.settings, _root(request)
        return await asyncio.to_thread(lambda: large_json_response(describe(*given)))

    async def metrics_text(self, _: Request) -> Response:
        """Tell what was counted."""
        return text_response(self.metrics.text(), CONTENT_TYPE)

    async def _filled_in(self, body: bytes, request: Request, path: str) -> Response:
        """Show the answer to a form, or what is wrong with it."""
        served = self._served(request)
        given = await asyncio.to_thread(read_form, body, served)
        show = partial(model_page, served, _root(request), path=path, given=given)
        try:
            rows = json_shape.read_request([given], served.kinds).rows
            alone = len(served.outputs) == 1
            answer = await self._answer(served, rows, Extras(explain=alone, coverage=0.9))
        except Refusal:
            raise
        except InputError as error:
            return page_response(await asyncio.to_thread(show, error=shortened(str(error))), 400)
        return page_response(await asyncio.to_thread(show, answer=answer))

    async def _predicted(
        self,
        request: Request,
        shape: _Shape,
        read: _Read | None = None,
        json_length: int | None = None,
        *,
        partial_rows: bool = False,
    ) -> Response:
        """Answer the rows of a request in one of the shapes.

        Of a body that is JSON up to a length alone, `read` returns a JSON value.
        """
        async with self.bodies.of(request) as body:
            served = self._served(request)
            width = len(served.kinds), served.n_outputs
            async with self.turns.turn(body, *width, json_length) as run:
                asked = await run(self._asked, shape, read, body, served, partial_rows)
                if asked.keys is not None:
                    _watcher(served)
                answer = await self._answer(served, asked.rows, asked.extras)
                served.observe(asked.rows, asked.keys, len(body))
                respond = json_response if run is run_here else large_json_response
                return await run(
                    lambda: _written(shape.write_answer(served, answer, asked), respond)
                )

    def _asked(
        self,
        shape: _Shape,
        read: _Read | None,
        body: bytes,
        served: ServedModel,
        partial_rows: bool,
    ) -> RowsRequest:
        """Return what a body asks, with as many rows as columns and outputs allow."""
        value, most = (read or read_json)(body), self._max_rows(served)
        if shape is json_shape:
            given = value, served.kinds, most, served.known
            return json_shape.read_request(*given, partial=partial_rows)
        return shape.read_request(value, served.kinds, most)

    def _max_rows(self, served: ServedModel) -> int:
        width = max(1, len(served.kinds), served.n_outputs)
        return max(1, min(self.settings.max_rows, self.settings.max_cells // width))

    async def _answer(self, served: ServedModel, rows: RequestedRows, extras: Extras) -> Answer:
        answer = await served.answer(rows, extras)
        self.metrics.predicted(served.name, rows.n_rows, answer.unseen)
        return answer

    def _served(self, request: Request) -> ServedModel:
        """Return the model that a path names, or the only one."""
        name = self._name(request)
        if name is None:
            names = " or ".join(f"/models/{name}" for name in self.registry.names[:2])
            raise Refusal(404, f"There are several models: name one in the path, such as {names}.")
        served = self.registry.get(name)
        if request.path_params.get("version", served.version) != served.version:
            raise Refusal(404, f"The version of {name} is {served.version}, and there is no other.")
        return served

    def _name(self, request: Request) -> str | None:
        name: str | None = request.path_params.get("name", self.settings.only)
        return name


def _root(request: Request) -> str:
    """Return the path that this application is mounted at; empty if it is not."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _written(value: dict[str, Any], respond: Callable[[Any], Response]) -> Response:
    """Return the response of an answer, with the bytes of its tensors if it has such."""
    rest = binary_tensors.take_bytes(value) if "outputs" in value else b""
    if not rest:
        return respond(value)
    return binary_response(value, rest, binary_tensors.LENGTH_HEADER)


def _watcher(served: ServedModel) -> Watcher:
    """Return what watches a model; `Refusal` if nothing does."""
    if served.watcher is None:
        raise Refusal(404, "Nothing is watched: start the server with --watch FOLDER.")
    return served.watcher
