"""A checkpoint is the whole state of a race after an epoch: a killed run goes on where it was.

Random numbers are drawn anew for every epoch from the seed and the epoch's number, so they need no
state. What is resumed ends in the same bits as what was never interrupted.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from madaline._data.io.spill import Rows, spill_to_disk
from madaline._data.io.tensor_file import (
    CHECKPOINT,
    read_tensor_file,
    refusing_malformed,
    write_tensor_file,
)
from madaline._data.json_checks import Malformed
from madaline._data.media.files import open_regular
from madaline._engine.backend import backend_named
from madaline._race.architecture import build_network, build_training_network
from madaline._race.cohort import Cohort
from madaline._race.dataset import Dataset
from madaline._race.file_checks import (
    CHECKPOINT_FILE,
    check_candidate,
    check_race,
    check_shape,
)
from madaline._race.race import Race
from madaline._race.recipe import Recipe
from madaline._race.state import Candidate
from madaline.nn.arrays import Array
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.reading import read_decision
from madaline.version import __version__

FORMAT = 2
"""Changes whenever the state of a race is written in another way."""


def save_checkpoint(
    path: str | os.PathLike[str],
    race: Race,
    records: Sequence[Record],
    decisions: Sequence[Decision],
) -> None:
    """Write the state of a race, and what happened so far, to a file.

    Parameters
    ----------
    path : path
        Where to write.
    race : Race
        Between two epochs.
    records : sequence of Record
        Its records so far.
    decisions : sequence of Decision
        Its decisions so far.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    arrays: dict[str, Rows] = {}
    for number, cohort in enumerate(race.cohorts):
        arrays |= _population_arrays(f"cohort{number}", cohort)
    for number, candidate in enumerate(race.candidates.values()):
        arrays[f"candidate{number}.theta"] = candidate.theta
        arrays[f"candidate{number}.output"] = candidate.output
    description = {
        "format": FORMAT,
        "fingerprint": fingerprint(race),
        "backend": race.backend.name,
        "epoch": race.epoch,
        "multiply_adds": race.multiply_adds,
        "cohorts": [[recipe.to_json() for recipe in cohort.recipes] for cohort in race.cohorts],
        "candidates": [_candidate_json(candidate) for candidate in race.candidates.values()],
        "records": [record.to_json() for record in records],
        "decisions": [decision.to_json() for decision in decisions],
    }
    write_tensor_file(
        path,
        CHECKPOINT,
        description,
        arrays,
        check=lambda written, _: CHECKPOINT_FILE(written),
        key=user_key(),
    )


def resume(path: str | os.PathLike[str], race: Race) -> tuple[list[Record], list[Decision]] | None:
    """Put a race that has not begun into the state that a checkpoint holds.

    Parameters
    ----------
    path : path
        A file that `save_checkpoint` wrote.
    race : Race
        A race of the same plan, rows and seed.

    Returns
    -------
    (list of Record, list of Decision) or None
        What happened before; None, and the race as it was, if the checkpoint is of another race.

    Raises
    ------
    ModelFileError
        If the file is no checkpoint or is damaged.
    """
    description, arrays = read_tensor_file(path, CHECKPOINT, key=user_key())
    with refusing_malformed(path, CHECKPOINT):
        if type(description) is not dict:
            raise Malformed("describes no race")
        if description.get("format") != FORMAT:
            warnings.warn(
                f"{path} was written by another version of madaline, so the interrupted fit cannot"
                " be resumed: it starts from the beginning.",
                stacklevel=3,
            )
            return None
        if description.get("fingerprint") != fingerprint(race):
            return None
        CHECKPOINT_FILE(description)
        cohorts, candidates = _contenders(description, arrays, race)
    _use_backend(race, description["backend"])
    race.epoch, race.multiply_adds = description["epoch"], description["multiply_adds"]
    race.cohorts = cohorts
    race.candidates = {candidate.key: candidate for candidate in candidates}
    return (
        [Record.from_json(record) for record in description["records"]],
        [read_decision(decision) for decision in description["decisions"]],
    )


def _contenders(
    description: Mapping[str, Any], arrays: Mapping[str, Array], race: Race
) -> tuple[list[Cohort], list[Candidate]]:
    """Return the cohorts and the candidates of a checkpoint; `Malformed` if they are none."""
    cohorts = [
        _cohort(f"cohort{number}", recipes, arrays, race)
        for number, recipes in enumerate(description["cohorts"])
    ]
    candidates = [
        _candidate(f"candidate{number}", values, arrays, race.dataset)
        for number, values in enumerate(description["candidates"])
    ]
    check_race(description["epoch"], cohorts, candidates, race.plan.recipes)
    return cohorts, candidates


def _use_backend(race: Race, name: str) -> None:
    """Go on with the backend that the fit was started with; where it is missing, say so."""
    if name == race.backend.name:
        return
    try:
        race.backend = backend_named(name)
    except ImportError:
        warnings.warn(
            f"The interrupted fit was started with {name}, which is not installed: it goes on with"
            f" {race.backend.name}, and may end with slightly different networks.",
            stacklevel=4,
        )


def fingerprint(race: Race) -> str:
    """Return a text that is the same only for the same plan, seed, rows and version."""
    facts = f"{__version__} {race.plan!r} {race.seed} {race.dataset.digest}"
    return hashlib.sha256(facts.encode()).hexdigest()


def _population_arrays(prefix: str, cohort: Cohort) -> dict[str, Array]:
    population = cohort.population
    return (
        {f"{prefix}.theta": population.theta}
        | {f"{prefix}.memory.{name}": matrix for name, matrix in population.memory.items()}
        | {f"{prefix}.columns.{name}": column for name, column in population.columns.items()}
    )


def _cohort(
    prefix: str, recipes: list[dict[str, Any]], arrays: Mapping[str, Array], race: Race
) -> Cohort:
    known = [Recipe.from_json(values) for values in recipes]
    theta = arrays.get(f"{prefix}.theta")
    size = build_training_network(known[0], race.dataset).layout.size
    check_shape(theta, (len(known), race.dataset.rows.n_folds, size), f"{prefix}.theta")
    rngs = [np.random.default_rng(0) for _ in known]
    cohort = Cohort.start(known, race.dataset, race.plan.batch_size, rngs)
    for name, matrix in _population_arrays(prefix, cohort).items():
        matrix[...] = check_shape(arrays.get(name), matrix.shape, name)
    return cohort


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "recipe_id": candidate.recipe_id,
        "recipe": candidate.recipe.to_json(),
        "loss": candidate.loss,
        "epoch": candidate.epoch,
        "record": candidate.record.to_json() if candidate.record else None,
        "entered": candidate.entered,
        "inherited_epochs": candidate.inherited_epochs,
        "parent_id": candidate.parent_id,
        "snapshot_epoch": candidate.snapshot_epoch,
        "snapshot": candidate.snapshot,
        "racing": candidate.racing,
    }


def _candidate(
    prefix: str, values: dict[str, Any], arrays: Mapping[str, Array], dataset: Dataset
) -> Candidate:
    recipe = Recipe.from_json(values["recipe"])
    network = build_network(recipe, dataset)
    has_learned = values["epoch"] > 0
    theta = (dataset.rows.n_folds, network.layout.size) if has_learned else (0,)
    output = (dataset.rows.n_evaluated, dataset.n_outputs) if has_learned else (0,)
    for name, shape in ((f"{prefix}.theta", theta), (f"{prefix}.output", output)):
        check_shape(arrays.get(name), shape, name)
    candidate = Candidate(
        values["recipe_id"],
        recipe,
        network,
        loss=values["loss"],
        epoch=values["epoch"],
        theta=arrays[f"{prefix}.theta"],
        output=spill_to_disk(arrays[f"{prefix}.output"]),
        record=Record.from_json(values["record"]) if values["record"] else None,
        entered=values["entered"],
        inherited_epochs=values["inherited_epochs"],
        parent_id=values["parent_id"],
        snapshot_epoch=values["snapshot_epoch"],
        snapshot=values["snapshot"],
        racing=values["racing"],
    )
    check_candidate(candidate, dataset)
    return candidate


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
