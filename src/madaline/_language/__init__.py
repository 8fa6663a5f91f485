"""The language that people read: English, or Chinese by catalogs of sentences."""

from madaline._language.catalogs import LANGUAGES as LANGUAGES
from madaline._language.catalogs import catalog as catalog
