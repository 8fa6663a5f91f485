"""Rows like those of a table: a sampler learns what ties columns together, and draws new rows."""

from madaline._apps.sampling.sampler import Sampler as Sampler
