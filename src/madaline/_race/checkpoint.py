"""A checkpoint is the whole state of a race after an epoch: a killed run goes on where it was.

Random numbers are drawn anew for every epoch from the seed and the epoch's number, so they need no
state. What is resumed ends in the same bits as what was never interrupted.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, final

import numpy as np

from madaline._base.codec import Items, Stored, check_of
from madaline._base.json_checks import Malformed, Number, OneOf, Text, Whole
from madaline._base.words import warn
from madaline._race.architecture import build_network, build_training_network
from madaline._race.cohort import Cohort
from madaline._race.dataset import Dataset
from madaline._race.race import Race
from madaline._race.recipe import AnyRecipe, Recipe
from madaline._race.state import Candidate
from madaline._tables.io import tensor_file
from madaline._tables.io.atomic import remove_leftovers
from madaline._tables.io.spill import Rows, spill_to_disk
from madaline._tables.media.files import open_regular
from madaline.errors import InputError, ModelFileError
from madaline.nn._engine.numpy_backend import backend_named
from madaline.nn.arrays import Array
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.reading import AnyDecision
from madaline.version import __version__

FORMAT = 2
"""Changes whenever the state of a race is written in another way."""

CHECKPOINT_SECONDS = 5.0
"""Seconds between two checkpoints, at least. The result does not depend on it."""

CHECKPOINT_SHARE = 0.05
"""Share of the time that saving may take."""


@final
class CheckpointFile:
    """Saves the state of a race in a file, if a path is given."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.epoch = path, 0  # the last epoch saved; zero before
        self._saved, self._cost = time.monotonic(), 0.0

    def resume(self, race: Race) -> tuple[list[Record], list[Decision]]:
        """Restore the race of an interrupted fit of the same table; return its records."""
        if self.path is None or not self.path.exists():
            return [], []
        try:
            found = resume(self.path, race) or ([], [])
            self.epoch = race.epoch
            return found
        except ModelFileError as error:
            sentence = error.english.rstrip(".")
            warn("{sentence}; the fit starts from the beginning.", sentence=sentence)
            return [], []

    def start(self) -> None:
        """Start the clock."""
        self._saved, self._cost = time.monotonic(), 0.0

    def save_if_due(
        self, race: Race, records: Sequence[Record], decisions: Sequence[Decision]
    ) -> None:
        """Save the state if enough time has passed; if that fails, warn and continue."""
        wait = max(CHECKPOINT_SECONDS, self._cost / CHECKPOINT_SHARE)
        if self.path is None or time.monotonic() - self._saved <= wait:
            return
        started = time.monotonic()
        try:
            save_checkpoint(self.path, race, records, decisions)
            self.epoch = race.epoch
        except (OSError, InputError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            warn(
                "The fit goes on, but cannot be resumed if it is interrupted: {path} cannot be written ({reason}).",
                path=self.path,
                reason=reason,
            )
            self.path = None
        self._saved = time.monotonic()
        self._cost = self._saved - started

    def discard(self) -> None:
        """Remove the file, and what killed runs left of it."""
        if self.path:
            self.path.unlink(missing_ok=True)
            remove_leftovers(self.path)


_Epoch = Annotated[int, Whole(0, 2**31)]
_Recipes = Annotated[tuple[AnyRecipe, ...], Items(least=1, most=1000)]


@dataclass(frozen=True)
class _CandidateFacts(Stored):
    """The fields of a candidate but its network and arrays."""

    recipe_id: Annotated[str, Text(100)]
    recipe: AnyRecipe
    loss: float
    epoch: _Epoch
    record: Record | None
    entered: _Epoch
    inherited_epochs: _Epoch
    parent_id: Annotated[str, Text(100)]
    snapshot_epoch: _Epoch
    snapshot: bool
    racing: bool
    gained_loss: float = np.inf
    gained_epoch: _Epoch | None = None

    @classmethod
    def of(cls, candidate: Candidate) -> _CandidateFacts:
        """Return those of a candidate."""
        return cls(**{field.name: getattr(candidate, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class _Description(Stored):
    """All that a checkpoint holds but arrays."""

    format: Annotated[int, Whole(0, 1000)]
    fingerprint: Annotated[str, Text(100)]
    backend: Annotated[str, OneOf(("numpy", "numba"))]
    epoch: _Epoch
    multiply_adds: Annotated[float, Number(0)]
    cohorts: Annotated[tuple[_Recipes, ...], Items(most=1000)]
    candidates: Annotated[tuple[_CandidateFacts, ...], Items(least=1, most=10_000)]
    records: tuple[Record, ...]
    decisions: tuple[AnyDecision, ...]


def save_checkpoint(
    path: str | os.PathLike[str],
    race: Race,
    records: Sequence[Record],
    decisions: Sequence[Decision],
) -> None:
    """Write the state of a race, and what happened so far, to a file."""
    arrays: dict[str, Rows] = {}
    for number, cohort in enumerate(race.cohorts):
        arrays |= _population_arrays(f"cohort{number}", cohort)
    for number, candidate in enumerate(race.candidates.values()):
        arrays[f"candidate{number}.theta"] = candidate.theta
        arrays[f"candidate{number}.output"] = candidate.output
    description = _Description(
        FORMAT,
        fingerprint(race),
        race.backend.name,
        race.epoch,
        race.multiply_adds,
        tuple(tuple(cohort.recipes) for cohort in race.cohorts),
        tuple(map(_CandidateFacts.of, race.candidates.values())),
        tuple(records),
        tuple(decisions),
    )
    check = check_of(_Description)
    tensor_file.write_tensor_file(
        path,
        tensor_file.CHECKPOINT,
        description.to_json(),
        arrays,
        check=lambda written, _: check(written),
        key=user_key(),
    )


def resume(path: str | os.PathLike[str], race: Race) -> tuple[list[Record], list[Decision]] | None:
    """Put a race that has not begun into the state that a checkpoint holds.

    It returns what happened before; None, and the race as it was, if the checkpoint is of another
    race. `ModelFileError` if the file is no checkpoint or is damaged.
    """
    description, arrays = tensor_file.read_tensor_file(path, tensor_file.CHECKPOINT, key=user_key())
    with tensor_file.refusing_malformed(path, tensor_file.CHECKPOINT):
        if type(description) is not dict:
            raise Malformed("describes no race")
        if description.get("format") != FORMAT:
            warn(
                "{path} was written by another version of madaline, so the interrupted fit cannot be resumed: it starts from the beginning.",
                path=path,
            )
            return None
        if description.get("fingerprint") != fingerprint(race):
            return None
        check_of(_Description)(description)
        told = _Description.from_json(description)
        cohorts, candidates = _contenders(told, arrays, race)
    _use_backend(race, told.backend)
    race.epoch, race.multiply_adds = told.epoch, told.multiply_adds
    race.cohorts = cohorts
    race.candidates = {candidate.key: candidate for candidate in candidates}
    return list(told.records), list(told.decisions)


def _contenders(
    told: _Description, arrays: Mapping[str, Array], race: Race
) -> tuple[list[Cohort], list[Candidate]]:
    """Return the cohorts and the candidates of a checkpoint; `Malformed` if they are none."""
    cohorts = [
        _cohort(f"cohort{number}", recipes, arrays, race)
        for number, recipes in enumerate(told.cohorts)
    ]
    candidates = [
        _candidate(f"candidate{number}", facts, arrays, race.dataset)
        for number, facts in enumerate(told.candidates)
    ]
    _check_race(told.epoch, cohorts, candidates, race.plan.recipes)
    return cohorts, candidates


def _use_backend(race: Race, name: str) -> None:
    """Go on with the backend that the fit was started with; where it is missing, say so."""
    if name == race.backend.name:
        return
    try:
        race.backend = backend_named(name)
    except ImportError:
        warn(
            "The interrupted fit was started with {name}, which is not installed: it goes on with {other}, and may end with slightly different networks.",
            name=name,
            other=race.backend.name,
        )


def fingerprint(race: Race) -> str:
    """Return a text that is the same only for the same plan, seed, rows and version."""
    rows = race.dataset.digest if race.blocks is None else race.blocks.rows.digest
    facts = f"{__version__} {race.plan!r} {race.seed} {race.dataset.digest} {rows}"
    return hashlib.sha256(facts.encode()).hexdigest()


def _population_arrays(prefix: str, cohort: Cohort) -> dict[str, Array]:
    population = cohort.population
    return (
        {f"{prefix}.theta": population.theta}
        | {f"{prefix}.memory.{name}": matrix for name, matrix in population.memory.items()}
        | {f"{prefix}.columns.{name}": column for name, column in population.columns.items()}
    )


def _cohort(
    prefix: str, recipes: Sequence[Recipe], arrays: Mapping[str, Array], race: Race
) -> Cohort:
    theta = arrays.get(f"{prefix}.theta")
    size = build_training_network(
        recipes[0], race.dataset.inputs, race.dataset.n_outputs
    ).layout.size
    _check_shape(theta, (len(recipes), race.dataset.rows.n_networks, size), f"{prefix}.theta")
    rngs = [np.random.default_rng(0) for _ in recipes]
    cohort = Cohort.start(list(recipes), race.dataset, race.plan.batch_size, rngs)
    for name, matrix in _population_arrays(prefix, cohort).items():
        matrix[...] = _check_shape(arrays.get(name), matrix.shape, name)
    return cohort


def _candidate(
    prefix: str, facts: _CandidateFacts, arrays: Mapping[str, Array], dataset: Dataset
) -> Candidate:
    network = build_network(facts.recipe, dataset.inputs, dataset.n_outputs)
    has_learned = facts.epoch > 0
    theta = (dataset.rows.n_networks, network.layout.size) if has_learned else (0,)
    output = (dataset.rows.n_evaluated, dataset.n_outputs) if has_learned else (0,)
    for name, shape in ((f"{prefix}.theta", theta), (f"{prefix}.output", output)):
        _check_shape(arrays.get(name), shape, name)
    candidate = Candidate(
        network=network,
        theta=arrays[f"{prefix}.theta"],
        output=spill_to_disk(arrays[f"{prefix}.output"]),
        **{field.name: getattr(facts, field.name) for field in fields(facts)},
    )
    _check_candidate(candidate, dataset)
    return candidate


def _check_shape(array: Array | None, shape: tuple[int, ...], name: str) -> Array:
    """Return an array of float32 if it has a shape, else raise `Malformed`."""
    if array is None or array.dtype != np.float32 or array.shape != shape:
        raise Malformed("is no array of float32 of the shape {shape}", shape=shape).within(name)
    return array


def _check_race(
    epoch: int, cohorts: Sequence[Cohort], candidates: Sequence[Candidate], plan: Sequence[Recipe]
) -> None:
    """Raise `Malformed` unless cohorts and candidates are those of one race of a plan."""
    for problem in _problems(epoch, cohorts, candidates, plan):
        raise Malformed(problem)


def _check_candidate(candidate: Candidate, dataset: Dataset) -> None:
    """Raise `Malformed` unless a candidate's outputs have the loss that is told of them."""
    if not candidate.epoch:
        return
    loss = dataset.validation_loss(candidate.output[:])
    if not np.isclose(loss, candidate.loss, rtol=1e-3, atol=1e-6):
        raise Malformed(
            "has outputs of a loss of {loss:.4g}, not {stored:.4g}",
            loss=loss,
            stored=candidate.loss,
        )
    if not np.isfinite(candidate.theta).all():
        raise Malformed("has parameters that are no finite numbers")


def _problems(
    epoch: int, cohorts: Sequence[Cohort], candidates: Sequence[Candidate], plan: Sequence[Recipe]
) -> Iterator[str]:
    training = Counter(recipe for cohort in cohorts for recipe in cohort.recipes)
    if training != Counter(candidate.recipe for candidate in candidates if candidate.racing):
        yield "trains other recipes than race"
    if not set(plan) <= {candidate.recipe for candidate in candidates}:
        yield "lacks recipes of the plan"
    if len({candidate.key for candidate in candidates}) < len(candidates):
        yield "has two candidates of one name"
    if any(
        max(candidate.epoch, candidate.entered, candidate.snapshot_epoch) > epoch
        for candidate in candidates
    ):
        yield "has candidates of later epochs"
    if any(
        candidate.racing
        and (candidate.snapshot or (epoch > candidate.entered) != bool(candidate.record))
        for candidate in candidates
    ):
        yield "has candidates that race without a record"


KEY_LENGTH = 32


def user_key() -> bytes:
    """Return the key of this user on this machine, made when first needed.

    The checksum of a checkpoint is made with it, because an interrupted fit goes on with whatever
    networks the checkpoint holds: one that came with a table from a stranger must not decide them.
    It is empty where there is no place to keep one, such as in a container without a home folder:
    then a checkpoint is protected from damage alone.
    """
    try:
        path = _key_folder() / "checkpoint.key"
        if not path.exists():
            _make_key(path)
        with open_regular(path) as file:
            key = file.read(KEY_LENGTH + 1)
    except (OSError, RuntimeError):  # RuntimeError: nobody knows where the home folder is
        return b""
    return key if len(key) == KEY_LENGTH else b""


def _key_folder() -> Path:
    """Return the folder for what programs keep between their runs."""
    given = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return base / "madaline"


def _make_key(path: Path) -> None:
    """Write a new key, whole or not at all, unless another process is faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable for its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_LENGTH))
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
