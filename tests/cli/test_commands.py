"""The command line: what it takes, what it refuses, and how fast it says so."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from tests.cli.conftest import Server


def run(*arguments: str) -> int:
    """Run a command in this process."""
    return main(list(arguments))


def test_help_lists_every_command_without_loading_any() -> None:
    heavy = "boto3 moto psycopg sqlalchemy pydantic rich"
    script = (
        "import sys; from cli.main import main; code = main(['--help']);"
        f"print([name for name in '{heavy}'.split() if name in sys.modules]); sys.exit(code)"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines()[-1] == "[]"
    for command in ("demo", "try", "policy", "local", "status"):
        assert f"\n  {command} " in finished.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["nothing"], {}, "No such command"),
        (["demo", "--size", "0"], {}, "Invalid value for '--size'"),
        (["demo"], {"SIZE": "many"}, "Invalid value for '--size'"),
        (["demo"], {"SOURCE": "cloud"}, "Invalid value for '--source'"),
        (["demo"], {"ENGINE": "oracle"}, "Invalid value for '--engine'"),
        (["demo"], {"ENGINE": "mariadb", "SOURCE": "cluster"}, "mariadb is the engine of an RDS instance"),
        (["demo", "--engine", "aurora-mysql"], {"SOURCE": "instance"}, "of an Aurora cluster: leave SOURCE"),
        (["demo"], {"KEEP": "perhaps"}, "Invalid value for '--keep'"),
        (["try"], {}, "name a database, like postgresql://me@localhost/mydb, or set DATABASE_URL"),
    ],
)
def test_what_a_command_does_not_take_is_unusable_input(
    arguments: list[str],
    environment: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SIZE", "SOURCE", "ENGINE", "KEEP", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_empty_variable_of_make_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Makefile exports SIZE, SOURCE, ENGINE and KEEP, set or not."""
    from cli.demo import command

    for name in ("SIZE", "SOURCE", "ENGINE", "KEEP"):
        monkeypatch.setenv(name, "")
    parameters = command.make_context("demo", []).params
    assert (parameters["size"], parameters["source"], parameters["engine"]) == (20_000, None, None)
    assert parameters["keep"] is False


def test_a_demo_without_its_engine_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from local.engines import mariadb, server_programs

    monkeypatch.setattr(server_programs, "installed", lambda _: None)
    monkeypatch.setattr(server_programs, "HOME", tmp_path / "nowhere")
    monkeypatch.setattr(server_programs.shutil, "which", lambda _: None)
    monkeypatch.setattr(mariadb, "find_programs", server_programs.unpacked)
    assert run("demo", "--engine", "mariadb", "--directory", str(tmp_path)) == 1
    assert "There is no MariaDB server here: install version 10.6" in capsys.readouterr().err


@pytest.mark.parametrize("keep", ["1", "yes", "true"])
def test_keep_is_a_switch(keep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.demo import command

    monkeypatch.setenv("KEEP", keep)
    assert command.make_context("demo", ["--no-keep"]).params["keep"] is False
    assert command.make_context("demo", []).params["keep"] is True


def test_local_down_with_nothing_to_do_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("local", "down", "--directory", str(tmp_path / "none")) == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_status_without_an_account_is_unusable_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    from shared import aws

    aws.client.cache_clear()
    try:
        assert run("status") == 2
    finally:
        aws.client.cache_clear()
    assert "the ledger snapveil-ledger cannot be read" in capsys.readouterr().err


POLICY = """\
version: 1
tables:
  people:
    columns:
      id: keep
      "First Name": first_name
      lastName: last_name
      email: email
      phone: phone
      tags: keep
      settings: keep
      profile: {mask: json, paths: {nickname: first_name}, others: drop}
      born: {mask: date_shift, days: 30}
  hr.staff: {columns: {person_id: keep, work_email: email, boss: keep, home: keep}}
  "Sales.Order Lines": keep
  audit: truncate
"""


@pytest.mark.engines
@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("      email: email", "      emial: email"), "policy.yaml:8:"),
        (("  hr.staff:", "  hr.stuff:"), "policy.yaml:14:"),
        (("{mask: date_shift, days: 30}", "first_name"), "policy.yaml:13:"),
        (("      phone: phone\n", ""), "policy.yaml:5:"),
        (("phone: phone", "phone: fone"), "policy.yaml:9:"),
        (("version: 1", "version: 1\ndatabase: another"), "policy.yaml:2:"),
    ],
    ids=["column", "table", "type", "unnamed", "mask", "database"],
)
def test_a_policy_that_does_not_fit_is_refused_at_its_line_and_nothing_is_started(
    change: tuple[str, str],
    line: str,
    torture: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert change[0] in POLICY
    Path("policy.yaml").write_text(POLICY.replace(*change))
    assert run("try", torture) == 2
    said = capsys.readouterr()
    assert any(found.startswith(f"snapveil: {line}") for found in said.err.splitlines()), said.err
    assert said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["policy.yaml"]
    assert run("policy", "check", torture) == 1
    assert line in capsys.readouterr().out


@pytest.mark.engines
def test_a_wrong_password_or_a_missing_policy_is_refused_and_nothing_is_started(
    server: Server,
    torture: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("try", torture) == 2
    assert "policy.yaml is not there" in capsys.readouterr().err
    Path("policy.yaml").write_text(POLICY)
    refused = "refused the user or the password", "wrong user or password"
    for arguments in (["try"], ["policy", "check"], ["policy", "init", "-o", "new.yaml"]):
        assert run(*arguments, torture.replace(server.password, "wrong")) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert any(words in said for words in refused)
    assert [path.name for path in tmp_path.iterdir()] == ["policy.yaml"]


@pytest.mark.engines
def test_a_first_policy_is_written_once_and_fits(
    torture: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("policy", "init", torture) == 0
    written = Path("policy.yaml").read_text()
    assert "email: email" in written
    assert run("policy", "check", torture) == 0
    assert run("policy", "init", torture) == 2
    assert "--force" in capsys.readouterr().err
    assert run("policy", "init", torture, "--force") == 0
