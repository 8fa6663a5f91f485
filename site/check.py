"""Checks the built site: `python site/check.py build/site` names what is wrong, if anything is.

Every link within the site leads somewhere, nothing is loaded from other hosts, and no page with all
that it loads is larger than a megabyte, but for the recorded stream of the playground.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

MAX_BYTES = 1_000_000
MAX_BYTES_RECORDED = 1_300_000  # of a page of the playground with a recorded stream
# What a browser loads by itself; it follows other links only when told to.
LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "link": "href",
}
IN_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)")


@dataclass
class Page(HTMLParser):
    """A page: what it loads, where it leads, and the places within it."""

    path: Path
    loads: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read the page."""
        super().__init__()
        self.feed(self.path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what a tag loads, where it leads, and its name."""
        found = {name: value for name, value in attributes if value}
        self.places |= {found[name] for name in ("id", "name") if name in found}
        if tag == "link" and found.get("rel") in {"next", "prev", "index", "search", "author"}:
            self.links.add(found["href"])
        elif LOADED.get(tag) in found:
            self.loads.add(found[LOADED[tag]])
        elif tag == "a" and "href" in found:
            self.links.add(found["href"])

    def target(self, link: str) -> Path:
        """Return the file that a link within the site leads to."""
        path = unquote(urlsplit(link).path)
        return (self.path.parent / path).resolve() if path else self.path


def main(folder: Path) -> int:
    """Check all pages; print what is wrong."""
    pages = {path: Page(path) for path in sorted(folder.resolve().rglob("*.html"))}
    problems = [problem for page in pages.values() for problem in problems_of(page, pages)]
    problems += [f"{path}: loads {url}" for path in folder.rglob("*.css") for url in foreign(path)]
    print(*problems, sep="\n", file=sys.stderr, end="\n" if problems else "")
    largest = max(pages.values(), key=weight)
    print(
        f"{len(pages)} pages, {len(problems)} problems; the largest with all that it loads is"
        f" {largest.path.relative_to(folder.resolve())} ({weight(largest) / 1000:,.0f} kB)."
    )
    return 1 if problems or not pages else 0


def problems_of(page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    """Yield what is wrong with a page, in sentences."""
    for url in sorted(page.loads):
        if is_elsewhere(url):
            yield f"{page.path}: loads {url} from another host"
        elif not url.startswith("data:") and not page.target(url).is_file():
            yield f"{page.path}: loads {url}, which is not there"
    for link in sorted(page.links):
        place = unquote(urlsplit(link).fragment)
        target = page.target(link)
        if is_elsewhere(link):
            continue
        if not target.is_file():
            yield f"{page.path}: leads to {link}, which is not there"
        elif "=" not in place and place and target in pages and place not in pages[target].places:
            yield f"{page.path}: leads to {link}, but nothing there has this name"
    most = MAX_BYTES_RECORDED if page.path.match("playground/stream*.html") else MAX_BYTES
    if weight(page) > most:
        yield f"{page.path}: {weight(page):,} bytes with all that it loads, over {most:,}"


def is_elsewhere(url: str) -> bool:
    """Tell whether a link leads out of the site."""
    return bool(urlsplit(url).netloc) or urlsplit(url).scheme in {"mailto", "javascript"}


def weight(page: Page) -> int:
    """Return the bytes of a page and of all that it loads."""
    loaded = {page.target(url) for url in page.loads if not url.startswith("data:")}
    return sum(size(path) for path in {page.path, *loaded} if path.is_file())


@cache
def size(path: Path) -> int:
    """Return the bytes of a file."""
    return path.stat().st_size


def foreign(path: Path) -> Iterator[str]:
    """Yield what a style sheet loads from other hosts."""
    yield from filter(is_elsewhere, IN_STYLES.findall(path.read_text()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
