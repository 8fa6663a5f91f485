"""A look at a table before a fit."""

from madaline._tell.look.look import Look as Look
from madaline._tell.look.looking import look as look
