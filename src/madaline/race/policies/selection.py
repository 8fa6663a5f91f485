"""Losers leave the race, and the time they would have taken goes to the others."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.errors import MadalineError
from madaline.race.policies.policy import Policy
from madaline.race.state import Candidate, Standing
from madaline.records.decision import Decision


@dataclass(frozen=True)
class SelectionPolicy(Policy):
    """At a few cuts, keep the recipes that the best mix of all of them uses most.

    A recipe that is worse alone may still help a mix, because it errs elsewhere. The single best
    recipe always stays, and so do those that joined later. What is dropped keeps its best epoch and
    may still be part of the final mix.

    Parameters
    ----------
    cuts : tuple of (int, int)
        After which epochs losers are dropped, and how many recipes stay.
    """

    cuts: tuple[tuple[int, int], ...]

    def decide(self, standing: Standing) -> list[Decision]:
        """Return a drop for every loser if this epoch is a cut."""
        keep = dict(self.cuts).get(standing.epoch)
        racing = [one for one in standing.racing if not one.entered]
        if keep is None or len(racing) <= keep:
            return []
        shares = mix_shares(standing)
        best = min(racing, key=lambda one: one.loss)
        ranked = sorted(racing, key=lambda one: (one is not best, -shares[one.name], one.loss))
        return [self._drop(one, best, shares[one.name], standing.epoch) for one in ranked[keep:]]

    def _drop(self, loser: Candidate, best: Candidate, share: float, epoch: int) -> Decision:
        return Decision(
            epoch,
            "drop",
            loser.name,
            "A loss of {loss:.4f} against {best:.4f} of the best, and {share:.0%} of the best mix:"
            " it leaves the race.",
            {"loss": loser.loss, "best": best.loss, "share": share},
        )


def mix_shares(standing: Standing) -> dict[str, float]:
    """Return the share of every recipe in the best mix of all recipes at their best epochs."""
    judged = [one for one in standing.candidates.values() if one.epoch]
    if not judged:
        raise MadalineError(
            "No network could be trained: all losses are infinite. Look for extreme numbers in the"
            " table or its target, and take their logarithm or clip them."
        )
    shares = standing.examples.best_mix([one.output for one in judged])
    return {one.name: float(share) for one, share in zip(judged, shares, strict=True)}
