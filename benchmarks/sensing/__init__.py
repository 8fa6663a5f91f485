"""A module for each data set of ``senses.py``: images, sounds, sequences and texts."""
