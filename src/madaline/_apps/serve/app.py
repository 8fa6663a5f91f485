"""The application: its paths, and what each of them answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, final

from madaline._apps.serve import binary_tensors, inference_shape, json_shape, mlflow_shape
from madaline._apps.serve.answers import Answer, Extras
from madaline._apps.serve.guard import Bodies, Guard, Turns, error_handlers
from madaline._apps.serve.inference_shape import Inference, Inferred, Live, Ready
from madaline._apps.serve.json_shape import Forecasts, Labels, Question, RaisedAlarms
from madaline._apps.serve.messages import (
    Needs,
    Refusal,
    RequestedRows,
    binary_response,
    json_response,
    page_response,
    read_json,
    shortened,
    text_response,
)
from madaline._apps.serve.metrics import CONTENT_TYPE, Metrics
from madaline._apps.serve.mlflow_shape import Invocation
from madaline._apps.serve.models import PredictionRequest, ServedModel
from madaline._apps.serve.openapi import Path, describe
from madaline._apps.serve.page import index_page, model_page, read_form
from madaline._apps.serve.registry import Registry
from madaline._apps.serve.settings import Settings
from madaline._apps.serve.watching import Watcher
from madaline._base.extras import load_extra
from madaline._base.language import _
from madaline._base.language.choice import speaking
from madaline.errors import InputError
from madaline.nn._engine.blas import one_threaded_products
from madaline.version import __version__

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


Task: TypeAlias = Callable[[], Coroutine[Any, Any, None]]  # what goes on beside the requests
_Read: TypeAlias = Callable[[bytes], Any]  # from a body to a JSON value

_MODEL = "/v2/models/{name}"
_VERSION = f"{_MODEL}/versions/{{version}}"


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
    from starlette import routing

    endpoints = _Endpoints(settings, log)
    registry = endpoints.registry
    lifespan = lifespan_of(
        lambda: registry.follow(settings.reload_seconds), *tasks, close=registry.close
    )
    routes = [
        routing.Route(path, getattr(endpoints, answers.__name__), methods=route.method.split())
        for route, answers in _paths()
        for path in route.routes()
    ]
    handlers = error_handlers()
    app = applications.Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    app.router.redirect_slashes = False  # it would lead to any host that a request names
    return Guard(app, settings, endpoints.metrics, lifespan)


def _paths() -> list[tuple[Path, Callable[..., Any]]]:
    """Return all paths, each with what answers it; what is asked most often is first."""
    endpoints = vars(_Endpoints).values()
    return [(path, endpoint) for endpoint in endpoints for path in getattr(endpoint, "answers", ())]


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
        self.settings = settings
        self.metrics = Metrics()
        self.registry = Registry(settings, self.metrics, log)
        self.bodies = Bodies(settings.max_bytes)
        self.turns = Turns(settings.max_cells)

    @Path("POST", "predict", ".answer", ".question")
    async def predict(self, request: Request) -> Response:
        """Predict rows, which are objects.

        With missing=allow in the query, columns that all rows lack count as missing.
        """
        many = self.registry.groups(self._name(request))
        partial_rows = json_shape.read_missing(request.query_params.get("missing"))
        if many is None:
            return await self._predicted(request, Question, partial_rows=partial_rows)
        async with self.bodies.of(request) as body:
            async with self.turns.turn(body, len(many.models.index.columns), 1) as run:
                most = self._max_rows(many.first)
                answers = await run(
                    lambda: many.answer(read_json(body), most, partial=partial_rows)
                )
            self.metrics.predicted(many.name, len(answers.predictions), answers.unseen or {})
        return await asyncio.to_thread(json_response, answers.to_json())

    @Path("POST", "forecast", Forecasts, ".ahead", needs="known")
    async def forecast(self, request: Request) -> Response:
        """Predict the rows that come next."""
        async with self.bodies.of(request) as body:
            served = self._served(request)
            async with self.turns.turn(body, len(served.kinds), served.n_outputs):
                most = self._max_rows(served)
                answer = await asyncio.to_thread(
                    lambda: json_shape.forecast(read_json(body), served, most)
                )
        self.metrics.predicted(served.name, len(answer["forecasts"]), {})
        return await asyncio.to_thread(json_response, answer)

    @Path("POST", "invocations", ".predictions", ".invocation")
    async def invocations(self, request: Request) -> Response:
        """Predict, in MLflow's shapes; tables in CSV (text/csv) are read, too."""
        if not request.headers.get("content-type", "").startswith("text/csv"):
            return await self._predicted(request, Invocation)
        read = partial(mlflow_shape.read_csv, max_values=self.settings.max_cells)
        return await self._predicted(request, Invocation, read, 0)

    @Path("POST", f"{_MODEL}/infer", Inferred, ".tensors")
    @Path("POST", f"{_VERSION}/infer")
    async def infer(self, request: Request) -> Response:
        """Predict tensors, in JSON, or in binary behind it."""
        length = request.headers.get(binary_tensors.LENGTH_HEADER)
        if length is None:
            return await self._predicted(request, Inference)
        if not (length.isascii() and length.isdecimal()):
            raise InputError(
                "Inference-Header-Content-Length is {length!r}: give a count of bytes.",
                length=length,
            )
        read = partial(
            binary_tensors.read_body, json_length=int(length), max_values=self.settings.max_cells
        )
        return await self._predicted(request, Inference, read, int(length))

    @Path("POST", "labels", RaisedAlarms, Labels, needs="watcher")
    async def labels(self, request: Request) -> Response:
        """Take in labels of rows that were predicted, one a key."""
        async with self.bodies.of(request) as body:
            served = self._served(request)
            async with self.turns.turn(body, 1, 1) as run:
                known = await run(
                    lambda: json_shape.read_labels(read_json(body), self.settings.max_rows)
                )
        watcher = _watcher(served)
        alarms = await watcher.learn(known.keys, known.labels)
        return json_response(json_shape.write_alarms(served.name, watcher.monitor, alarms))

    @Path("GET", "alarms", RaisedAlarms, needs="watcher")
    async def alarms(self, request: Request) -> Response:
        """Tell what changed since the model is watched."""
        served = self._served(request)
        monitor = _watcher(served).monitor
        return await asyncio.to_thread(
            lambda: json_response(json_shape.write_alarms(served.name, monitor, monitor.alarms))
        )

    @Path("GET", "/v2", "application/json")
    async def server_metadata(self, _: Request) -> Response:
        """Tell what the server is."""
        extensions = ["binary_tensor_data"]
        facts = {"name": "madaline", "version": __version__, "extensions": extensions}
        return json_response(facts)

    @Path("GET", _MODEL, "application/json")
    @Path("GET", _VERSION)
    async def model_metadata(self, request: Request) -> Response:
        """Tell what a model needs and answers."""
        return json_response(inference_shape.model_metadata(self._served(request)))

    @Path("GET", "/ping", "text/plain")
    @Path("GET", "/health", "text/plain")
    async def ping(self, _: Request) -> Response:
        """Tell that the server answers, as MLflow's and SageMaker's servers do."""
        return text_response("\n")

    @Path("GET", "/version", "text/plain")
    async def version(self, _: Request) -> Response:
        """Tell the version of madaline, where MLflow's server tells its own."""
        return text_response(__version__)

    @Path("GET", "/v2/health/live", Live)
    async def live(self, _: Request) -> Response:
        """Tell that the server runs."""
        return json_response(Live(True).to_json())

    @Path("GET", "/v2/health/ready", Ready)
    async def ready(self, _: Request) -> Response:
        """Tell that all models answer, and which of them are older than their files."""
        return json_response(Ready(True, problems=self.registry.problems).to_json())

    @Path("GET", f"{_MODEL}/ready", Ready)
    @Path("GET", f"{_VERSION}/ready")
    async def model_ready(self, request: Request) -> Response:
        """Tell that a model answers."""
        return json_response(Ready(True, self._served(request).name).to_json())

    @Path("GET POST", "/")
    @Path("GET POST", "/models/{name}")
    async def page(self, request: Request) -> Response:
        """Show a form for one row, and the answer to it, in the language of the process."""
        with speaking(None):
            return await self._page(request)

    async def _page(self, request: Request) -> Response:
        if self._name(request) is None:
            show = partial(index_page, self.registry.models, dict(self.registry.problems))
            return page_response(await asyncio.to_thread(show, _root(request)))
        path = request.url.path
        if request.method == "POST":
            async with self.bodies.of(request) as body:
                return await self._filled_in(body, request, path)
        show = partial(model_page, self._served(request), _root(request), path=path)
        typical = "typical" in request.query_params
        return page_response(await asyncio.to_thread(show, typical=typical))

    @Path("GET", "report", "text/html")
    async def report(self, request: Request) -> Response:
        """Show the report of a model."""
        served = self._served(request)
        if self.settings.report is not None:
            return page_response(await asyncio.to_thread(self.settings.report.read_text, "utf-8"))
        with speaking(None):
            return page_response(await asyncio.to_thread(lambda: served.report))

    @Path("GET", "story", "text/plain")
    async def story(self, request: Request) -> Response:
        """Tell how a model was found."""
        story = self._served(request).model.story
        with speaking(None):
            return text_response(f"{await asyncio.to_thread(lambda: str(story(full=True)))}\n")

    @Path("GET", "/openapi.json")
    async def openapi(self, request: Request) -> Response:
        """Describe all paths."""
        given = _paths(), self.registry.models, self.settings, _root(request)
        return await asyncio.to_thread(lambda: json_response(describe(*given)))

    @Path("GET", "/metrics", "text/plain")
    async def metrics_text(self, _: Request) -> Response:
        """Tell what was counted."""
        return text_response(self.metrics.text(), CONTENT_TYPE)

    async def _filled_in(self, body: bytes, request: Request, path: str) -> Response:
        """Show the answer to a form, or what is wrong with it."""
        served = self._served(request)
        texts = await asyncio.to_thread(read_form, body, served)
        show = partial(model_page, served, _root(request), path=path, given=texts)
        try:
            rows = Question([texts]).rows_for(Needs(served.kinds))
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
        shape: type[PredictionRequest],
        read: _Read | None = None,
        json_length: int | None = None,
        *,
        partial_rows: bool = False,
    ) -> Response:
        """Answer the rows of a request in one of the shapes.

        Of a body that is JSON up to a length alone, `read` returns a JSON value.
        """

        def read_all() -> tuple[PredictionRequest, RequestedRows]:
            question = shape.read((read or read_json)(body))
            most = self._max_rows(served)
            return question, question.rows_for(
                Needs(served.kinds, most, served.known, partial_rows)
            )

        async with self.bodies.of(request) as body:
            served = self._served(request)
            width = len(served.kinds), served.n_outputs
            async with self.turns.turn(body, *width, json_length) as run:
                question, rows = await run(read_all)
                if question.keys is not None:
                    _watcher(served)
                answer = await self._answer(served, rows, question.extras)
                served.observe(rows, question.keys, len(body))
                response: Response = await run(
                    lambda: _written(question.answer(served, answer, rows))
                )
                return response

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
            names = _(" or ").join(f"/models/{name}" for name in self.registry.names[:2])
            raise Refusal(
                404, "There are several models: name one in the path, such as {names}.", names=names
            )
        served = self.registry.get(name)
        if request.path_params.get("version", served.version) != served.version:
            raise Refusal(
                404,
                "The version of {name} is {version}, and there is no other.",
                name=name,
                version=served.version,
            )
        return served

    def _name(self, request: Request) -> str | None:
        name: str | None = request.path_params.get("name", self.settings.only)
        return name


def _root(request: Request) -> str:
    """Return the path that this application is mounted at; empty if it is not."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _written(value: dict[str, Any]) -> Response:
    """Return the response of an answer, with the bytes of its tensors if it has such."""
    rest = binary_tensors.take_bytes(value) if "outputs" in value else b""
    if not rest:
        return json_response(value)
    return binary_response(value, rest, binary_tensors.LENGTH_HEADER)


def _watcher(served: ServedModel) -> Watcher:
    """Return what watches a model; `Refusal` if nothing does."""
    if served.watcher is None:
        raise Refusal(404, "Nothing is watched: start the server with --watch FOLDER.")
    return served.watcher
