"""A server: fitted models answer over HTTP, in JSON and on a page (extra `serve`)."""

from __future__ import annotations

from madaline._serve.server import serve as serve
from madaline._serve.settings import Settings as Settings
