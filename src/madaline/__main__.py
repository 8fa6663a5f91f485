"""Lets `python -m madaline` do what `madaline` does."""

import sys

from madaline._apps.cli import main

if __name__ == "__main__":
    sys.exit(main())
