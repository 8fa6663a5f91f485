"""How the site is built from `docs/`: run `make docs`, then open `build/site/index.html`."""

from __future__ import annotations

import logging
import os
import sys
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))
# Pages with cells run in the root of the project, as `kernel/` prepares them.
os.environ["IPYTHONDIR"] = str(HERE / "kernel")
# Several pages run at a time: more threads than processors would wait for one another.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import chinese  # noqa: E402
import pieces  # noqa: E402
import sources  # noqa: E402

from madaline import __version__  # noqa: E402


def digest() -> str:
    """Return a checksum of all that the outputs of a page depend on, beside the page itself."""
    whole = sha256()
    folders = ("src", "examples/data", "docs/course", "site/kernel", "requirements/docs.txt")
    for folder in folders:
        files = [ROOT / folder, *(ROOT / folder).rglob("*")]
        for path in sorted(path for path in files if path.suffix in {".py", ".csv", ".txt"}):
            whole.update(path.read_bytes())
    return whole.hexdigest()[:16]


logging.getLogger("traitlets").setLevel(logging.WARNING)  # what runs the cells tells too much

project = "madaline"
author = "the madaline authors"
copyright = "the madaline authors"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.linkcode",
    "access",
    "mathml",
    "sources",
    "docstrings",
    "notebooks",
    "live",
    "open_playground",
    "gallery",
    "command_line",
    "han_search",
    "chinese",
]
default_role = "obj"
suppress_warnings = [
    "config.cache",
    "misc.highlighting_failure",  # what is typed over several lines is no prompt
]

# Markdown
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_dmath_allow_space = False
myst_dmath_allow_digits = False

# Cells
outputs_depend_on = digest()
nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "site-cells" / outputs_depend_on)
nb_execution_timeout = 1800  # seconds by the clock for a cell: the machine may be busy
nb_execution_raise_on_error = True
nb_merge_streams = True
# CI runs two pages of the gallery and five guides, others after each change of the package.
# Its tests run the course.
nb_execution_excludepatterns = ["course/*.md"] if "CI" in os.environ else []
for folder, share in (("gallery", 2), ("guides", 5)) if "CI" in os.environ else ():
    pages = sorted(page.name for page in (ROOT / "docs" / folder).glob("*.md"))
    pages.remove("index.md")
    turn = int(outputs_depend_on, 16) % len(pages)
    left_out = (pages * 2)[turn + share : turn + len(pages)]
    nb_execution_excludepatterns += [f"{folder}/{page}" for page in left_out]
if nb_execution_excludepatterns:
    suppress_warnings.append("myst-nb.lexer")  # cells that do not run stay without colors

# Reference
linkcode_resolve = sources.link_to_code
autodoc_member_order = "bysource"
autodoc_typehints = "none"
# What these define is not documented: scikit-learn and Python do.
FOREIGN = "BaseEstimator, ClassifierMixin, RegressorMixin, Mapping, Exception, UserWarning, Base"
autodoc_default_options = {
    "inherited-members": FOREIGN,
    "members": True,
    "exclude-members": "get_metadata_routing, get_params, set_params, set_callbacks, set_output, "
    "set_fit_request, set_partial_fit_request, set_predict_request, set_score_request",
}
napoleon_google_docstring = False
toc_object_entries_show_parents = "hide"
napoleon_use_rtype = False

# Pages
html_theme = "furo"
html_title = f"madaline {release}"
html_static_path = ["static", str(pieces.ENGINE)]
html_css_files = ["madaline.css"]
html_show_sphinx = False
html_copy_source = False

# Chinese: the words of the theme; pages are translated by `chinese`, with their formulas.
exclude_patterns = [f"**{chinese.TWIN}.md"]
locale_dirs = [str(ROOT / "docs" / "locale")]
gettext_auto_build = False
templates_path = ["templates"]
html_theme_options = {"top_of_page_buttons": ["view"]}  # leads to the other language
if tags.has("zh"):  # noqa: F821
    language = "zh_CN"
    include_patterns, exclude_patterns = chinese.pages(), []
    # Links to pages in English: `site/check.py` looks whether they lead there.
    suppress_warnings += ["toc.excluded", "toc.not_readable", "myst.xref_missing"]
    myst_heading_slug_func = chinese.slug
    html_use_index = False
    parts = "brand search scroll-start navigation in_english scroll-end"
    html_sidebars = {"**": [f"sidebar/{part}.html" for part in parts.split()]}
    nb_code_prompt_show, nb_code_prompt_hide = "显示代码", "隐藏代码"


def setup(app) -> None:
    """Read pages with cells again when the package has changed."""
    app.add_config_value("outputs_depend_on", "", "env", types=frozenset({str}))
