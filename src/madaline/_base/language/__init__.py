"""The language that people read: English, or another by its catalog of sentences."""

from madaline._base.language.catalogs import catalog as catalog
from madaline._base.language.catalogs import languages as languages
from madaline._base.language.messages import Message as Message
from madaline._base.language.messages import Names as Names
from madaline._base.language.messages import _ as _
from madaline._base.language.messages import ngettext as ngettext
from madaline._base.language.messages import translate as translate
from madaline._base.language.messages import translate_word as translate_word
from madaline._base.language.widths import tight as tight
