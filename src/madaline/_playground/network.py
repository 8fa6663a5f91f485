"""The page of one network."""

from __future__ import annotations

from madaline._playground.page import Page
from madaline._playground.settings import Settings


def network_page(settings: Settings) -> Page:
    """Return the page on which one network learns."""
    del settings
    return Page(path="/", title="One network", template="network.html", script="network.js")
