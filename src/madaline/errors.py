"""What can go wrong, as exceptions whose message says what to do about it."""

from typing import Any

from madaline._base.language import _, translate
from madaline._base.language.choice import speaking


class MadalineError(Exception):
    """Anything madaline refuses to do, with the reason and the remedy in one sentence."""

    def __init__(self, sentence: str = "", /, **values: Any) -> None:
        super().__init__(_(sentence).format(**values) if values else sentence)

    @property
    def english(self) -> str:
        """The sentence in English, for other sentences made of it, and for files."""
        with speaking("en"):
            return str(self)

    def __str__(self) -> str:
        """Return the sentence in the language that people read."""
        return translate(self.args[0] if self.args else "")


class InputError(MadalineError, ValueError):
    """The table, the target or an argument cannot be used as it is."""


class ModelFileError(InputError):
    """A model file cannot be read: it is not one, it is damaged, or it is from a newer version."""


class BrokenFileError(InputError):
    """A file of an image or a sound that is not there, or cannot be used; others may be."""


class OneProcessWarning(UserWarning):
    """More processes than one were asked for and cannot be had; the result is the same."""


class NothingLearnedWarning(UserWarning):
    """Networks that are not clearly better than the baseline."""


class LaterRowsWarning(UserWarning):
    """Scores of later rows that nobody asked for, or that the last known value reaches as well."""


class MemoryWarning(UserWarning):
    """A fit would take more memory than allowed, and goes on with a cheaper plan."""


class LeakWarning(UserWarning):
    """A column that gives the target away, or that all rests on: make sure when it is known."""


class KindGuessedWarning(UserWarning):
    """Arrays that may be images, sequences or counts of words, and what they were taken for."""


class TextReadWarning(UserWarning):
    """Columns of text that were read as numbers or dates, or that look so and were not."""


class RowsLeftOutWarning(UserWarning):
    """Rows that have no target, so that nothing can be learned from them."""


class NoPastWarning(UserWarning):
    """Rows further ahead of what is known than a model with lags learned to predict."""


class SoundsChangedWarning(UserWarning):
    """Sounds of so low a sampling rate that they lack frequencies which a model uses."""


class GroupsWarning(UserWarning):
    """Groups of rows that have no model of their own, or whose fits warn of something."""


class ImagesChangedWarning(UserWarning):
    """Images were resized, filled in where missing, or stand on another scale than learned from."""


class EarlierRowsWarning(UserWarning):
    """Rows of an update that are no later than the last row that the model learned from."""


class InterruptedFitWarning(UserWarning):
    """A fit that the user interrupted: the model is the best so far."""


class ClusterError(MadalineError):
    """A cluster cannot be reached, was lost, or has workers that cannot be used."""


class WorkerLostWarning(UserWarning):
    """A worker of a cluster was lost: its tasks run on others, and the result is the same."""


class OpenClusterWarning(UserWarning):
    """A cluster on which whoever reaches it can run any code."""
