"""Shim."""

from madaline._language.messages import translate as translate
from madaline._language.messages import translate_word as translate_word
