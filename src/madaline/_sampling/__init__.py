"""Rows like those of a table: a sampler learns what ties columns together, and draws new rows."""

from madaline._sampling.sampler import Sampler as Sampler
