"""The command that writes a model in a form that runs without Python."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from madaline._apps.cli.console import check_destination, say_json, say_lines, tell, writing
from madaline._apps.cli.options import MODEL, READING, SEED, Command, Option, above_zero
from madaline._apps.cli.reading import load_model, read_rows
from madaline._apps.export import ENDINGS, lower, write_onnx, write_program, write_small_program
from madaline._apps.export.distilling import MAX_LOSS
from madaline._apps.export.graph import load_onnx
from madaline._apps.export.program import Program
from madaline._base.language import _
from madaline._base.words import format_count, format_list, format_size
from madaline._models.model import FittedModel
from madaline.errors import InputError

# fmt: off
EXPORT = Command(
    """
    Writes a model as a file that runs without Python and madaline; its ending says
    which. It holds the whole pipeline, from the columns of a table to labels and
    probabilities, or numbers.

    .c is C99 and a header beside it: it needs math.h alone, and allocates nothing.
    Dates are days since 1970, levels are numbers, missing values are NAN; intervals
    are in it. Columns of texts, images, sequences and sounds are refused.

    With --max-bytes, .c holds one small network instead, which learns what the model
    predicts from the rows of --data: those of the training table, or more of the kind,
    with labels or without. It says how much loss that costs, or refuses.

    .js is one ES module without dependencies, for browsers and node. .html is a page
    to mail, in English and Chinese: it predicts rows that one types or a CSV file, with
    intervals, in the browser, and asks no host. Both refuse the same columns.

    .onnx runs in ONNX Runtime. It has one input for each column; the metadata of the
    file describe them: missing numbers are NaN, dates are seconds since 1970.
    Intervals and sets are not in the file. Needs the extra onnx: pip install onnx.

    examples:
      madaline export penguins.madaline penguins.c
      madaline export penguins.madaline penguins.c --max-bytes 32k --data penguins.csv
      madaline export penguins.madaline penguins.html
      madaline export penguins.madaline --program
      madaline export penguins.madaline penguins.onnx
      madaline export reviews.madaline reviews.onnx --without text
    """,
    (
        *MODEL,
        Option("FILE", "where to write, a name that ends in .c, .js, .html or .onnx (default: MODEL.onnx, here)", nargs="?"),
        Option("-o --output FILE", "the same"),
        Option("--program", "print the model as a program, step by step, and write nothing"),
        Option("--max-bytes SIZE", "of .c: write one small network that takes no more flash, such as 32k"),
        Option("--data TABLE", "of --max-bytes: the rows that it learns from"),
        Option("--max-loss RATIO", "of --max-bytes: write nothing if its loss on held-out rows is more than so many times the model's (default: %(default)s)", type=above_zero, default=MAX_LOSS),
        SEED,
        *READING,
        Option("--without COLUMN ...", "of .onnx, columns of texts and sounds to leave out: the file predicts as if they were empty"),
        Option("--float32", "of .onnx: numbers enter as float32, rounded to seven digits"),
        Option("--json", "of .onnx: print one JSON object with the inputs and outputs, too"),
    ),
    usage="madaline export MODEL [FILE] [--program] [--max-bytes SIZE --data TABLE] [--without COLUMN ...] [--float32] [--json]",
)
# fmt: on


def run_export(arguments: Namespace) -> None:
    if arguments.program:
        say_lines(lower(load_model(arguments)).lines())
        return
    path = _path_of(arguments)
    check_destination(path, sources=[arguments.model])
    model = load_model(arguments)
    if path.suffix == ".onnx":
        _write_onnx(model, path, arguments)
        return
    if arguments.max_bytes is not None:
        program = _write_small(model, path, arguments)
    else:
        with writing(path):
            program = write_program(model, path)
    tell(
        _("Wrote {path} ({size}): {columns} in, {steps} of {constants}.").format(
            path=path,
            size=format_size(path.stat().st_size),
            columns=format_count(len(program.columns), "column"),
            steps=format_count(len(program.steps), "step"),
            constants=format_count(program.n_constants, "constant"),
        )
    )


def _write_small(model: FittedModel, path: Path, arguments: Namespace) -> Program:
    """Write one network that learned from a model, and say what it costs."""
    where = Namespace(**vars(arguments), table=arguments.data, root=None, skip_broken=False)
    check_destination(path, sources=[arguments.data])
    rows = read_rows(where, model, also=model.target_names).table
    with writing(path):
        program, distilled = write_small_program(
            model,
            path,
            rows,
            arguments.max_bytes,
            max_loss=arguments.max_loss,
            seed=arguments.seed,
        )
    tell(distilled.sentence)
    return program


def _path_of(arguments: Namespace) -> Path:
    """Return where to write; `InputError` if that, or another option, does not go with it."""
    if arguments.output and arguments.file:
        raise InputError("FILE and --output name a file each: give one of them.")
    path = Path(arguments.output or arguments.file or f"{Path(arguments.model).stem}.onnx")
    endings = [*ENDINGS, ".onnx"]
    if path.suffix not in endings:
        raise InputError(
            "{path} does not end in {endings}: choose another name.",
            path=path,
            endings=_(" or ").join([_(", ").join(endings[:-1]), endings[-1]]),
        )
    if path.suffix == ".onnx":
        load_onnx()
    if arguments.max_bytes is None and (arguments.data or arguments.max_loss != MAX_LOSS):
        raise InputError("--data and --max-loss are for --max-bytes: give that, too.")
    if arguments.max_bytes is not None and (path.suffix != ".c" or not arguments.data):
        raise InputError(
            "--max-bytes writes a file that ends in .c, and needs rows to learn from: give them, such as --data table.csv."
        )
    if path.suffix != ".onnx" and (arguments.without or arguments.float32 or arguments.json):
        raise InputError("--without, --float32 and --json are for .onnx alone: leave them out.")
    return path


def _write_onnx(model: FittedModel, path: Path, arguments: Namespace) -> None:
    with writing(path):
        proto = write_onnx(model, path, without=arguments.without, float32=arguments.float32)
    outputs = [output.name for output in proto.graph.output]
    if arguments.json:
        metadata = {entry.key: entry.value for entry in proto.metadata_props}
        say_json({"output": str(path), "outputs": outputs, "metadata": metadata})
    tell(
        _("Wrote {path} ({size}): {inputs}, one for each column; it returns {outputs}.").format(
            path=path,
            size=format_size(path.stat().st_size),
            inputs=format_count(len(proto.graph.input), "input"),
            outputs=format_list(outputs),
        )
    )
