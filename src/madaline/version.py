"""The version of madaline, known to all and importing nothing."""

__version__ = "0.1.0"
