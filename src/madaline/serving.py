"""Serves fitted models inside other ASGI servers and applications (extra `serve`)."""

from madaline._apps.serve.app import make_app as make_app
from madaline._apps.serve.settings import Settings as Settings
