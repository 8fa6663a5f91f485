"""Lets `python -m madaline` do what `madaline` does."""

import sys

from madaline._cli import main

if __name__ == "__main__":
    sys.exit(main())
