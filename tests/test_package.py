"""The package itself: `import madaline` is cheap and offers what it lists."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import madaline
from madaline.errors import InputError

HEAVY = {"joblib", "narwhals", "pandas", "polars", "pyarrow", "rich", "safetensors", "sklearn"}


def test_import_loads_nothing_heavy():
    code = "import sys, madaline; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "madaline" in loaded
    assert not HEAVY & set(loaded)


def test_every_public_name_is_there_and_explained():
    assert set(madaline.__all__) <= set(dir(madaline))
    assert [name for name in madaline.__all__ if not getattr(madaline, name).__doc__] == []


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'AdaptiveClasifier'"):
        _ = madaline.AdaptiveClasifier


@pytest.mark.parametrize(
    ("package", "use"),
    [
        ("mlflow", lambda module: module.autolog()),
        ("mlflow", lambda module: module.log_model(madaline.OnlineClassifier())),
        ("mlflow", lambda module: module.load_model("models:/name/1")),
        ("skl2onnx", lambda module: module.register_converters()),
    ],
)
def test_what_needs_another_package_says_how_to_install_it(package, use, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    module = importlib.import_module(f"madaline.{package}")
    with pytest.raises(
        InputError, match=f"needs {package}: install it with `pip install {package}`"
    ):
        use(module)


PACKAGE = Path(madaline.__file__).parent
MAX_PUBLIC_NAMES = 200

# All that is public: other names begin with an underscore, or are in modules that do.
PUBLIC = {
    "madaline": """
        AdaptiveClassifier AdaptiveRegressor FittedModel Imputer ManyModels NeuralNetwork
        OnlineClassifier OnlineRegressor Sampler check_gradient check_layer check_loss check_network
        compare fit_many load look sequences sounds
    """,
    "madaline.errors": """
        BrokenFileError ClusterError EarlierRowsWarning GroupsWarning ImagesChangedWarning
        InputError InterruptedFitWarning KindGuessedWarning LaterRowsWarning LeakWarning
        MadalineError MemoryWarning ModelFileError NoPastWarning NothingLearnedWarning
        OneProcessWarning OpenClusterWarning RowsLeftOutWarning SoundsChangedWarning TextReadWarning
        WorkerLostWarning
    """,
    "madaline.mlflow": "autolog load_model log_model save_model",
    "madaline.nn.arrays": "Array BLOCK Parameters Rng Workspace row_blocks",
    "madaline.nn.gradcheck": "GradientError check_gradient check_layer check_loss check_network",
    "madaline.nn.initializers": """
        Initializer he_normal lecun_normal near_zero standard_normal uniform zeros
    """,
    "madaline.nn.layers": """
        Activation Backward BatchNormalization Branches Convolution Dropout ELU GELU Identity LAYERS
        Layer LeakyReLU LeakySiLU Linear MaxPooling MeanPooling Mish Pooling ReLU SELU ScaledLinear
        SiLU Sigmoid Softplus Tanh Trees layer_from_config
    """,
    "madaline.nn.losses": """
        Absolute BinaryCrossEntropy CrossEntropy Huber LOSSES Loss Poisson Quantile Quantiles
        Squared loss_from_config
    """,
    "madaline.nn.network": "Network write_gradient",
    "madaline.nn.optimizers": """
        Adam Bounds GradientDescent Optimizer ScheduleFreeAdamW StepSize weights_only
    """,
    "madaline.nn.population": "Kind Layout Population Slot",
    "madaline.river": "OnlineClassifier OnlineRegressor",
    "madaline.skl2onnx": "register_converters",
    "madaline.plots": """
        plot_calibration plot_comparison plot_confusion plot_decision_boundary plot_effect
        plot_errors plot_explanation plot_forecast plot_hidden_units plot_history plot_importances
        plot_map plot_network plot_over_time plot_precision plot_roc plot_truth plot_watch
    """,
    "madaline.records.decision": "Decision Decisions",
    "madaline.records.history": "Epoch Epochs History Record",
    "madaline.records.model_decisions": """
        ADJUSTED ANEW AS_IT_IS Calibrated LeadChanged MemberRemoved Pruned
        QuantilesMoved ThresholdChosen UnitsRemoved Updated WentBack
    """,
    "madaline.records.race_decisions": """
        AugmentationSettled CheaperPlan Dropped DroppedForTime EpochLimitReached FirstAnswer
        Grown Interrupted LearnedFromProbabilities LearningRateLowered PresetChosen
        RaceEnded RecipesLeftOut Restored SampleDrawn Simplified SnapshotKept Solved Stopped
        StoppedByCallback TimeLimitReached TrainingEnded TreesCompared TreesLeftOut
        WarpedFurther
    """,
    "madaline.records.reading": "AnyDecision DECISION TYPES",
    "madaline.records.regimes": """
        Regime RegimeReturned Regimes Stretches format_stretches letter long_stretches
    """,
    "madaline.runtime": "Predictor load",
    "madaline.serving": "Settings make_app",
}


def test_public_names_are_those_listed():
    found = {module: " ".join(sorted(names)) for module, names in public_names()}
    listed = {module: " ".join(names.split()) for module, names in PUBLIC.items()}
    assert found == listed, "list the public names of each module in PUBLIC in this file"
    assert sum(len(names.split()) for names in PUBLIC.values()) <= MAX_PUBLIC_NAMES


def public_names() -> Iterator[tuple[str, set[str]]]:
    """Yield each module without an underscore in its path that has public names, and these."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        names = {name for name in defined(path.read_text()) if not name.startswith("_")}
        if names and not any(part.startswith("_") for part in parts):
            yield ".".join(parts), names


def defined(source: str) -> Iterator[str]:
    """Yield the names that a module defines, lists in ``__all__``, or imports ``as`` they are."""
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=listed)):
                yield from map(ast.literal_eval, listed)
            case ast.Assign(targets=targets):
                nodes = (part for target in targets for part in ast.walk(target))
                yield from (part.id for part in nodes if isinstance(part, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.ImportFrom(names=aliases):
                yield from (alias.name for alias in aliases if alias.asname == alias.name)
