"""When a recipe has not improved for a while, more epochs would only fit noise: stop it.

But what fits noise in one network may cancel in the mean of many. So a recipe goes on, flat as it
is by itself, while the mix of all gets better by what it says now.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from madaline.race.policies.policy import Policy
from madaline.race.state import Candidate, Standing
from madaline.records.decision import Decision


@dataclass(frozen=True)
class StoppingPolicy(Policy):
    """Stop recipes whose out-of-fold loss is flat, unless the mix of all gains from their going on.

    The loss is watched, not the score: it moves earlier and in smaller steps. A tie is no
    improvement. If the mix gains, what the recipe's networks are now is kept for it.

    Parameters
    ----------
    patience : int
        Epochs without improvement after which a recipe is flat.
    patience_of_copies : int
        The same for recipes that went on from another's best epoch: they start near their own best.
    epochs : int
        How often a network may see the table, at most.
    least_gain : float
        By what share of its loss the mix must gain; 1 never keeps anything.
    """

    patience: int
    patience_of_copies: int
    epochs: int
    least_gain: float

    def decide(self, standing: Standing) -> list[Decision]:
        """Return a stop for every racing recipe that has trained as long as it may or is flat.

        Instead of a stop, a flat recipe gets a keep if the mix gains.
        """
        late = [one for one in standing.racing if one.seen(standing.epoch) >= self.epochs]
        flat = [one for one in standing.racing if self._is_flat(one, standing.epoch)]
        hopeful = [one for one in flat if one not in late and self._may_help(one)]
        before = standing.mixed_loss() if hopeful else 0.0
        after = {one.name: standing.mixed_loss(one.now) for one in hopeful}
        kept = [one for one in hopeful if after[one.name] < (1 - self.least_gain) * before]
        return [
            *(self._out_of_time(one, standing.epoch) for one in late if one not in flat),
            *(self._stop(one, standing) for one in flat if one not in kept),
            *(self._keep(one, before, after[one.name], standing.epoch) for one in kept),
        ]

    def _is_flat(self, candidate: Candidate, epoch: int) -> bool:
        patience = self.patience_of_copies if candidate.inherited else self.patience
        return epoch - max(candidate.epoch, candidate.entered, candidate.kept) >= patience

    def _may_help(self, candidate: Candidate) -> bool:
        return self.least_gain < 1 and candidate.epoch > 0 and isfinite(candidate.latest)

    def _keep(self, candidate: Candidate, before: float, after: float, epoch: int) -> Decision:
        return Decision(
            epoch,
            "keep",
            candidate.name,
            "No better by itself than at epoch {best:.0f} (loss {loss:.4f}), but with what it says"
            " now the mix of all comes to {after:.4f} instead of {before:.4f}: that is kept for the"
            " mix, and it goes on.",
            {"best": candidate.epoch, "loss": candidate.loss, "before": before, "after": after},
        )

    def _stop(self, candidate: Candidate, standing: Standing) -> Decision:
        since = max(candidate.epoch, candidate.entered)
        evidence = {"loss": candidate.loss, "best": since, "flat": standing.epoch - since}
        reason = "Flat: no better than at epoch {best:.0f} (loss {loss:.4f}) for {flat:.0f} epochs"
        parent = standing.candidates.get(candidate.parent)
        if parent is None:
            reason += ", so it stops, and that epoch is kept."
        else:
            evidence["before"] = parent.loss
            verdict = "it paid" if candidate.loss < parent.loss else "it did not pay"
            reason += f"; before the change it was {{before:.4f}}: {verdict}."
        return Decision(standing.epoch, "stop", candidate.name, reason, evidence)

    def _out_of_time(self, candidate: Candidate, epoch: int) -> Decision:
        return Decision(
            epoch,
            "stop",
            candidate.name,
            "It has seen the table as often as it may (effort {epochs:.0f}), with a loss of"
            " {loss:.4f} at best: it stops, though it might still get better.",
            {"epochs": self.epochs, "loss": candidate.loss},
        )
