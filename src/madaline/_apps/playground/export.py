"""The playground as a folder: pages that a browser opens without a server, and that ask no host.

Their scripts are those of the pages that a server has, in one classic script each, as a browser
loads no modules from a file. Where a page asks, ``static/folder.js`` answers.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

from madaline._apps.playground.app import PACKAGE, view_of
from madaline._apps.playground.datasets import DATASETS
from madaline._apps.playground.network import network_page
from madaline._apps.playground.options import FEATURES
from madaline._apps.playground.page import Page
from madaline._apps.playground.race import race_page
from madaline._apps.playground.recording import RecordedRace, RecordedStream, packed
from madaline._apps.playground.stream import stream_page
from madaline._apps.playground.tables import Tables
from madaline._base.language import choice, languages
from madaline._base.language.catalogs import catalog_of
from madaline._tables.io.atomic import write_document
from madaline._tell.report.page import check_jinja, render
from madaline.errors import InputError

_RACES = ("moons", "spirals", "hill")  # data whose races are recorded
_WORDS = "folder_words.js"  # whose templates are those of the Python
_IMPORT = re.compile(r'^import \{ (.*) \} from "\./(.*)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)

_Facts = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def write_folder(folder: str | Path, *, language: str | None = None) -> Path:
    """Write the pages into a folder, in each language, and return the one to open, index.html.

    Parameters
    ----------
    folder : str or Path
        It is made if it is not there; pages that it has from before are replaced.
    language : str, optional
        Of index.html; each page links to the other languages. By default that of the process.

    Raises
    ------
    InputError
        If jinja2 is not installed, or the folder has a page of the same name and of other origin.
    OSError
        If the folder cannot be written.
    """
    check_jinja()
    folder, first = Path(folder), language or choice.language()
    folder.mkdir(parents=True, exist_ok=True)
    _check_pages(folder)
    tables = Tables()
    race = {name: RecordedRace.of(name) for name in _RACES}
    stream = {"world": RecordedStream.of(0)}
    parts: list[tuple[Page, _Facts, tuple[str, ...]]] = [
        (network_page(tables), _network_facts, ("engine.js", "folder.js")),
        (race_page(tables), partial(_recorded, race), ("folder_runs.js",)),
        (stream_page(tables), partial(_recorded, stream), ("folder_runs.js",)),
    ]
    pages = [page for page, *_ in parts]
    for code, (page, facts, scripts) in product(languages(), parts):
        with choice.speaking(code):
            view = view_of(page, pages, code, lambda other, code: _name(other, code, first))
            text = _page(page, view, facts(view["facts"]), (*scripts, page.script))
        write_document(folder / _name(page, code, first), text)
    return folder / "index.html"


def _check_pages(folder: Path) -> None:
    """Raise `InputError` if a page that would be replaced is of other origin."""
    for path in folder.glob("*.html"):
        is_ours = b"madalineAnswers" in path.read_bytes()
        if path.name.split(".")[0] in ("index", "race", "stream") and not is_ours:
            raise InputError(
                "{path} is not a page of the playground: name another folder.", path=path
            )


def _name(page: Page, language: str, first: str) -> str:
    """Return the file of a page: race.html, or race.zh.html in another language than the first."""
    stem = page.path.strip("/") or "index"
    return f"{stem}.html" if language == first else f"{stem}.{language}.html"


def _page(
    page: Page, view: dict[str, Any], facts: Mapping[str, Any], scripts: Sequence[str]
) -> str:
    script = bundle(scripts)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    view["facts"] |= facts
    view["catalog"] |= _sentences_of_words(view["language"])
    return render(page.template, view | {"script": script, "script_hash": digest}, package=PACKAGE)


def _recorded(
    runs: Mapping[str, RecordedRace | RecordedStream], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return recorded runs, and the data that the page can choose of them."""
    datasets = [made for made in facts.get("datasets", ()) if made["name"] in runs]
    recorded = {name: packed(run.frames()) for name, run in runs.items()}
    return {"datasets": datasets, "recorded": recorded}


def _network_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes data, and the Python that does, where no server answers."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    letters = {"pixels": digits.data, "classes": digits.target}
    made = [(told, DATASETS[told["name"]]) for told in facts["datasets"]]
    return {
        "datasets": [told | {"code": one.code, "max_rows": one.max_rows} for told, one in made],
        "features": {key: {"label": one.label, "code": one.code} for key, one in FEATURES.items()},
        "digits": {
            name: (values.ravel() + ord("a")).astype("uint8").tobytes().decode()
            for name, values in letters.items()
        },
    }


def _sentences_of_words(language: str) -> dict[str, str]:
    """Return the translations of the templates that the script of words has."""
    entries = catalog_of(language)
    found = re.findall(r'"((?:[^"\\]|\\.)*)"', _script(_WORDS))
    return {text: told for text in found if (told := entries.sentence(text, None))}


def bundle(names: Sequence[str]) -> str:
    """Return scripts, and the modules that they import, as one classic script."""
    order = dict.fromkeys(each for name in names for each in _order(name))
    parts = "\n".join(map(_part, order))
    assert "</script" not in parts
    return f"(async () => {{\nconst modules = {{}};\n{parts}\n}})();\n"


def _order(name: str) -> Iterator[str]:
    """Yield the modules that a module imports, and then itself."""
    for _, other in _IMPORT.findall(_script(name)):
        yield from _order(other)
    yield name


def _part(name: str) -> str:
    """Return a module as a function of its own, whose exports are kept by its name."""
    text = _IMPORT.sub(_taken, _script(name))
    exported = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", text)
    return f'modules["{name}"] = await (async () => {{\n{body}return {{ {exported} }};\n}})();'


def _taken(found: re.Match[str]) -> str:
    return f'const {{ {found[1]} }} = modules["{found[2]}"];'


@cache
def _script(name: str) -> str:
    return (files(PACKAGE) / "static" / name).read_text("utf-8")
