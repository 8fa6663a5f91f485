"""What a column of a table can be taken for."""

from __future__ import annotations

NUMBER, CATEGORY, BOOLEAN, DATETIME = "number", "category", "boolean", "datetime"
IMAGE, TEXT, SEQUENCE, SOUND = "image", "text", "sequence", "sound"
DROPPED = "dropped"
KINDS = (NUMBER, CATEGORY, BOOLEAN, DATETIME, IMAGE, TEXT, SEQUENCE, SOUND, DROPPED)
"""What a column can be taken for."""

OF_MANY_VALUES = (IMAGE, TEXT, SEQUENCE, SOUND)
"""Kinds of columns that hold many values a row."""
