"""The application: the pages, their files, and the paths that they ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from importlib.resources import files
from typing import Any

from madaline._apps.playground.network import network_page
from madaline._apps.playground.page import Page, endpoint_of
from madaline._apps.playground.race import race_page
from madaline._apps.playground.settings import PlaygroundSettings, choose_language
from madaline._apps.playground.stream import stream_page
from madaline._apps.playground.tables import Tables
from madaline._apps.serve.app import Task, lifespan_of
from madaline._apps.serve.guard import Bodies, Guard, error_handlers
from madaline._apps.serve.messages import Refusal, error_response, page_response, text_response
from madaline._apps.serve.metrics import Metrics
from madaline._base.extras import load_extra
from madaline._base.language import _, catalog, languages
from madaline._tell.report.page import render
from madaline.nn._engine.blas import one_threaded_products

PAGES: tuple[Callable[[Tables], Page], ...] = (network_page, race_page, stream_page)
"""The pages in the order of the navigation."""

PACKAGE = "madaline._apps.playground"
_TYPES = {".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def make_app(
    settings: PlaygroundSettings,
    *tasks: Task,
    pages: Sequence[Callable[[Tables], Page]] = PAGES,
    computes: bool = True,
) -> Guard:
    """Return the application of a playground; `InputError` if its table cannot be read.

    Where pages only look at what another thread computes, products of matrices stay as they are.
    """
    applications = load_extra("starlette.applications", extra="serve", purpose="The playground")
    from starlette.exceptions import HTTPException

    limit = one_threaded_products if computes else nullcontext
    lifespan = lifespan_of(*tasks, close=lambda: None, limit=limit)
    handlers = {**error_handlers(), HTTPException: _no_such_path}
    tables = Tables(settings.table)
    routes = _routes([make(tables) for make in pages], settings)
    app = applications.Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    app.router.redirect_slashes = False
    return Guard(app, settings, Metrics(), lifespan)


def _routes(pages: list[Page], settings: PlaygroundSettings) -> list[Any]:
    from starlette.routing import Route

    bodies = Bodies(settings.max_bytes)
    language_of = partial(choose_language, settings=settings)
    routes = [Route("/static/{name}", _static, methods=["GET"])]
    for page in pages:
        show = partial(_show, page=page, pages=pages, settings=settings)
        routes.append(Route(page.path, show, methods=["GET"]))
        routes += [
            Route(path, endpoint_of(answer, bodies, language_of), methods=["POST"])
            for path, answer in (*page.routes.items(), *page.uploads.items())
        ]
    return routes


async def _show(
    request: Any, *, page: Page, pages: list[Page], settings: PlaygroundSettings
) -> Any:
    """Answer with a page in the language that is wanted."""
    language = choose_language(request, settings)
    view = view_of(page, pages, language, lambda other, code: f"{other.path}?lang={code}")
    view["facts"]["max_bytes"] = settings.max_bytes
    return page_response(render(page.template, view, package=PACKAGE))


def view_of(
    page: Page, pages: Sequence[Page], language: str, address_of: Callable[[Page, str], str]
) -> dict[str, Any]:
    """Return what the template of a page gets; links are addresses of a page in a language."""
    texts = catalog("playground", language)
    return {
        "t": lambda sentence: texts.get(sentence, sentence),
        "catalog": texts,
        "facts": {**page.facts()},
        "language": language,
        "languages": languages(),
        "page": page,
        "pages": pages,
        "address_of": address_of,
        "script": "",  # in the page, where it opens from a folder
    }


async def _static(request: Any) -> Any:
    """Answer with a file of `static/`."""
    name = request.path_params["name"]
    kind = _TYPES.get(name[name.rfind(".") :])
    file = files(PACKAGE) / "static" / name
    if kind is None or "\\" in name or not file.is_file():
        raise Refusal(404, "There is no file {name}.", name=name)
    return text_response(file.read_bytes(), kind)


async def _no_such_path(request: Any, error: Any) -> Any:
    sentence = _("The playground has nothing at {path} for {method}.").format(
        path=request.url.path, method=request.method
    )
    return error_response(error.status_code, sentence)
