"""The files for clusters in examples/: what they name exists, and what can run here does."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from madaline._apps.cli import main
from madaline._apps.cli.parser import build_parser
from madaline.nn._engine.executors import choice

yaml = pytest.importorskip("yaml", reason="PyYAML reads the files for Kubernetes")

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "cluster"
IMAGE = "registry.example.org/madaline:0.1"


def read(name):
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


def parse(command):
    """Return the arguments of a command `madaline fit ...` as the command itself reads them."""
    program, *arguments = shlex.split(command)
    assert program == "madaline"
    return build_parser().parse_args(arguments)


def containers_of(value):
    """Yield all containers in a file."""
    if isinstance(value, dict):
        yield from value.get("containers", [])
        for part in value.values():
            yield from containers_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from containers_of(part)


def check_volume(container, volumes):
    """Check that what a fit reads and keeps for another pod is in a volume."""
    (mount,), (kept,) = container["volumeMounts"], container["env"]
    assert [volume["name"] for volume in volumes] == [mount["name"]]
    assert kept["name"] == "XDG_STATE_HOME"
    assert kept["value"].startswith(f"{mount['mountPath']}/")


def test_the_job_of_ray_fits_on_its_cluster_with_a_token():
    (job,) = read("kuberay.yaml")
    cluster = job["spec"]["rayClusterSpec"]
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert parse(job["spec"]["entrypoint"]).on == "ray"
    assert cluster["authOptions"] == {"mode": "token"}
    assert tuple(map(int, cluster["rayVersion"].split("."))) >= (2, 52, 0)
    containers = list(containers_of(job))
    assert [one["image"] for one in containers] == [IMAGE] * 2
    check_volume(containers[0], cluster["headGroupSpec"]["template"]["spec"]["volumes"])


def test_the_job_of_dask_fits_on_its_scheduler_which_others_cannot_reach():
    job, policy = read("dask-operator.yaml")
    name, cluster = job["metadata"]["name"], job["spec"]["cluster"]["spec"]
    assert (job["apiVersion"], job["kind"]) == ("kubernetes.dask.org/v1", "DaskJob")
    (runner,) = job["spec"]["job"]["spec"]["containers"]
    check_volume(runner, job["spec"]["job"]["spec"]["volumes"])
    fit = next(line for line in runner["args"][0].splitlines() if line.startswith("madaline"))
    assert parse(fit).on == f"dask://{name}-scheduler:8786"
    assert choice._ADDRESS.fullmatch(parse(fit).on)
    assert {one["image"] for one in containers_of(job)} == {IMAGE}
    selector = cluster["scheduler"]["service"]["selector"]
    assert selector["dask.org/cluster-name"] == name
    ports = [one["port"] for one in cluster["scheduler"]["service"]["ports"]]
    (scheduler,) = cluster["scheduler"]["spec"]["containers"]
    assert ports == [one["containerPort"] for one in scheduler["ports"]]
    allowed = {"dask.org/cluster-name": name}
    assert policy["spec"]["podSelector"]["matchLabels"] == allowed
    assert policy["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"] == allowed


@pytest.mark.parametrize("part", ["scheduler", "worker"])
def test_the_commands_of_dask_exist(part):
    command = pytest.importorskip(f"distributed.cli.dask_{part}", reason="without the extra dask")
    job, _ = read("dask-operator.yaml")
    (container,) = job["spec"]["cluster"]["spec"][part]["spec"]["containers"]
    assert container["args"][:2] == ["dask", part]
    known = {option for one in command.main.params for option in one.opts + one.secondary_opts}
    assert {one for one in container["args"] if one.startswith("--")} <= known


def test_the_image_installs_what_the_files_use():
    recipe = (FOLDER / "Dockerfile").read_text()
    assert IMAGE in recipe
    assert "[cli,dask,fast,ray]" in recipe


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_the_slurm_script_fits_on_two_processes(tmp_path, penguins, monkeypatch):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    srun = tmp_path / "srun"
    srun.write_text('#!/bin/bash\nfor task in 1 2; do "$@" & done\nwait\n')
    srun.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]])
    fit = [
        str(penguins),
        "--target",
        "species",
        "--effort",
        "1",
        "--members",
        "networks",
        "-q",
        "-o",
    ]
    done = subprocess.run(
        ["bash", str(FOLDER / "slurm.sh"), *fit, "cluster.madaline"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "SLURM_SUBMIT_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cluster.madaline", "srun"]
    monkeypatch.chdir(tmp_path)
    assert main(["fit", *fit, "here.madaline"]) == 0
    assert Path("cluster.madaline").read_bytes() == Path("here.madaline").read_bytes()
