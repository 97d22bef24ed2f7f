"""The zips of the Lambdas: lean, complete by themselves, and the same whenever they are built."""

import zipfile
from pathlib import Path

import pytest

from infra.artifacts import lambdas
from infra.artifacts.closure import BuildError, closure_of
from infra.artifacts.distributions import is_needed
from infra.artifacts.isolation import check_clients, run_isolated
from infra.artifacts.lambdas import Built, Cold, build
from infra.artifacts.lock import part_of_lock, read_lock
from infra.artifacts.parts import BOUNDS, LAMBDAS

NEVER = {
    "sqlalchemy",
    "faker",
    "moto",
    "flask",
    "local",
    "cli",
    "examples",
    "infra",
    "tests",
    "aws_cdk",
    "pip",
}
OTHERS = {name: sorted(set(LAMBDAS) - {name}) for name in LAMBDAS}


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """The four zips, made from what is installed here."""
    out = tmp_path_factory.mktemp("zips")
    return {name: build(part, out, host=True) for name, part in LAMBDAS.items()}


def names_in(built: Built) -> list[str]:
    return zipfile.ZipFile(built.path).namelist()


@pytest.fixture(params=LAMBDAS)
def built(request: pytest.FixtureRequest, zips: dict[str, Built]) -> Built:
    return zips[request.param]


def test_a_zip_stays_within_its_bounds(built: Built) -> None:
    assert built.too_large() == []


def test_a_handler_needs_nothing_but_its_zip(built: Built, tmp_path: Path) -> None:
    zipfile.ZipFile(built.path).extractall(tmp_path)
    late = ", ".join(closure_of(built.part).modules)
    code = f"import sys; sys.path.append(sys.argv[1]); import {built.part.module} as it, {late}; it.handler"
    ended = run_isolated(tmp_path, "-c", code, str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    check_clients(tmp_path, closure_of(built.part).apis)


def test_a_zip_holds_no_other_service_and_nothing_that_is_for_people_or_tests(built: Built) -> None:
    names = names_in(built)
    others = tuple(f"services/{other}/" for other in [*OTHERS[built.part.name], "anonymize/worker"])
    assert not NEVER.intersection(name.split("/")[0] for name in names)
    assert not [name for name in names if name.startswith(others)]
    assert not [name for name in names if name.endswith(".pyc") or "/tests/" in name]


@pytest.mark.parametrize("driver", ["psycopg/", "pymysql/"])
def test_only_the_receiver_brings_drivers(zips: dict[str, Built], driver: str) -> None:
    with_driver = {
        name for name, built in zips.items() if any(file.startswith(driver) for file in names_in(built))
    }
    assert with_driver == {"receiver"}


def test_what_a_driver_would_like_to_have_and_does_not_need_is_left_out(zips: dict[str, Built]) -> None:
    assert not [name for name in names_in(zips["receiver"]) if name.startswith("cryptography")]


def test_a_zip_describes_only_the_apis_that_its_service_calls(built: Built) -> None:
    files = [name.split("/") for name in names_in(built) if name.startswith("botocore/data/")]
    described = {api for _, _, api, *rest in files if rest}
    assert described == set(closure_of(built.part).apis)
    assert "rds" not in described or built.part.name != "anonymize"


def test_a_zip_brings_its_own_boto3_because_lambdas_lags_behind(built: Built) -> None:
    locked = read_lock()
    for name in ("boto3", "botocore"):
        assert f"{name}-{locked[name].version}.dist-info/METADATA" in names_in(built)


def test_the_same_sources_make_the_same_zip_byte_for_byte(zips: dict[str, Built], tmp_path: Path) -> None:
    again = build(LAMBDAS["anonymize"], tmp_path, host=True)
    assert again.digest == zips["anonymize"].digest
    assert again.path.read_bytes() == zips["anonymize"].path.read_bytes()


def test_a_zip_that_grew_or_a_handler_that_slowed_down_is_named_with_its_bound() -> None:
    part = LAMBDAS["restore"]
    large = Built(part, Path("restore.zip"), "0" * 64, BOUNDS["restore"].zipped + 1, 1)
    assert large.too_large() == ["restore.zip: zipped 8.0 MB, above 8.0 MB (infra/artifacts/parts.py)"]
    (line,) = Cold(part, 1.0, BOUNDS["restore"].cold_import + 1).too_slow()
    assert line.startswith("importing services.restore.handler takes 2.40 times as long as boto3")


def test_a_distribution_that_is_not_locked_cannot_be_shipped() -> None:
    with pytest.raises(BuildError, match=r"does not hold left-pad; add it to pyproject\.toml"):
        part_of_lock(["boto3", "left-pad"])


def test_an_installed_distribution_that_is_not_the_locked_one_cannot_be_shipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.metadata.Distribution.version", "0.0.1")
    with pytest.raises(BuildError, match=r"0\.0\.1 is installed, .* is locked; run `make setup`"):
        lambdas.from_this_machine(["boto3"], tmp_path)


@pytest.mark.parametrize(
    ("file", "needed"),
    [
        ("botocore/data/sqs/2012-11-05/service-2.json.gz", True),
        ("botocore/data/sqs/2012-11-05/examples-1.json.gz", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/data/endpoints.json.gz", True),
        ("boto3/data/sqs/2012-11-05/resources-1.json", False),
        ("psycopg-3.3.9.dist-info/METADATA", True),
        ("psycopg-3.3.9.dist-info/RECORD", False),
        ("pydantic/__pycache__/main.cpython-313.pyc", False),
    ],
)
def test_of_a_distribution_only_what_runs_is_shipped(file: str, needed: bool) -> None:
    assert is_needed(lambdas.PurePosixPath(file), {"sqs"}) is needed
