"""When a recipe has not improved for a while, more epochs would only fit noise: stop it."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.training.decisions import Decision
from madaline.training.policy import Policy
from madaline.training.standing import Candidate, Standing


@dataclass(frozen=True)
class StoppingPolicy(Policy):
    """Stop recipes whose out-of-fold loss is flat.

    The loss is watched, not the score: it moves earlier and in smaller steps. A tie is no
    improvement.

    Parameters
    ----------
    patience : int
        Epochs without improvement after which a recipe is flat.
    patience_of_copies : int
        The same for recipes that went on from another's best epoch: they start near their own best.
    epochs : int
        How often a network may see the table, at most.
    """

    patience: int
    patience_of_copies: int
    epochs: int

    def decide(self, standing: Standing) -> list[Decision]:
        """Return a stop for every racing recipe that is flat or has trained as long as it may."""
        decisions = []
        for one in standing.racing:
            patience = self.patience_of_copies if one.inherited else self.patience
            if standing.epoch - max(one.epoch, one.entered) >= patience:
                decisions.append(self._flat(one, standing))
            elif one.seen(standing.epoch) >= self.epochs:
                decisions.append(self._out_of_time(one, standing.epoch))
        return decisions

    def _flat(self, candidate: Candidate, standing: Standing) -> Decision:
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
