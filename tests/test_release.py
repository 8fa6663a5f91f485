"""What a release says of itself agrees with the package: `make release-check` tries the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from madaline import __version__

yaml = pytest.importorskip("yaml", reason="PyYAML reads the files")

PROJECT = Path(__file__).resolve().parents[1]


def test_the_citation_names_the_version() -> None:
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert citation["license"] == "BSD-3-Clause"
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_the_workflow_runs_what_must_pass_and_checks_every_python() -> None:
    workflow = yaml.safe_load((PROJECT / ".github" / "workflows" / "checks.yml").read_text())
    assert {"run": ".ci/run"} in workflow["jobs"]["all"]["steps"]
    release = workflow["jobs"]["release"]
    classifiers = (PROJECT / "pyproject.toml").read_text()
    for version in release["strategy"]["matrix"]["python"]:
        assert f"Python :: {version}" in classifiers
    assert any("make release-check" in step.get("run", "") for step in release["steps"])


def test_the_workflow_runs_quick_tests_on_other_systems() -> None:
    workflow = yaml.safe_load((PROJECT / ".github" / "workflows" / "checks.yml").read_text())
    quick = workflow["jobs"]["quick"]
    assert quick["strategy"]["matrix"]["system"] == ["windows-latest", "macos-latest"]
    assert quick["steps"][-1]["run"].startswith("python -m pytest -m quick")


def test_what_must_pass_runs_every_test_once() -> None:
    script = (PROJECT / ".ci" / "run").read_text().splitlines()
    assert script[-2:] == ["make test", 'make test-all ARGS="-m slow"']
    makefile = (PROJECT / "Makefile").read_text()
    assert '-m pytest $(parallel) -m "not slow" $(ARGS)' in makefile


@pytest.mark.parametrize("name", ["bug.yml", "idea.yml"])
def test_the_forms_of_issues_ask_for_something(name: str) -> None:
    form = yaml.safe_load((PROJECT / ".github" / "ISSUE_TEMPLATE" / name).read_text())
    asked = [field["id"] for field in form["body"]]
    assert len(asked) == len(set(asked)) >= 2
    assert form["name"]
    assert form["description"]
