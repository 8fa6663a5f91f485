"""The playground: pages on which networks learn while one watches (extra `serve`).

The engine trains in this process, and a page drives it: it asks for the next frame and draws it, so
that nothing runs while no page asks.

To add a page:

1. Write ``NAME.py`` with a function ``NAME_page(tables) -> Page`` (`page.py`): its path, its
   title in the navigation, the template of its content, its script, and
   the paths that the script asks. Such a path is a function of ``asked``, whose type is a dataclass
   of what is asked, to an `ArrayFrame` or a JSON value; `Sessions` keeps what goes on between
   requests.
2. Add the function to ``PAGES`` in `app.py`.
3. Write ``templates/NAME.html`` (``{% extends "shell.html" %}``, ``{% block content %}``), in which
   sentences are ``{{ t("One network") }}``. The styles are in ``templates/playground.css``
   and in the other ``.css`` files beside it: each page gets all of them.
4. Write ``static/NAME.js``, an ES module: ``base.js`` has ``t``, ``post``, ``element`` and the
   state in the address; ``plane.js`` draws maps, boundaries and points.
5. Write the Chinese sentences into ``_base/language/zh/playground.po``.
"""

from __future__ import annotations

from madaline._apps.playground.app import make_app as make_app
from madaline._apps.playground.export import write_folder as write_folder
from madaline._apps.playground.run import run_playground as run_playground
from madaline._apps.playground.settings import PlaygroundSettings as PlaygroundSettings
