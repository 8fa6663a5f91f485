"""A look at a table before a fit."""

from madaline._look.look import Look as Look
from madaline._look.looking import look as look
