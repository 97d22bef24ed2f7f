"""The policy commands say of a live database what they say of its schema file, on both families."""

# ruff: noqa: E501 - what commands say is said as it is

import pytest

from tests.cli.conftest import Server
from tests.mariadb import MariaDBServer


@pytest.mark.engines
def test_a_dump_of_a_database_checks_and_plans_as_the_database_does(policy, server: Server, torture: str):
    assert policy("dump", torture, "-o", "dumped.json").code == 0
    assert policy("init", torture, "-o", "first.yaml").code == 0
    for command in ("check", "explain"):
        live = policy(command, torture, "--policy", "first.yaml")
        assert live.out == policy(command, "--schema", "dumped.json", "--policy", "first.yaml").out
        assert live.code == 0
    assert policy("diff", torture, "--since", "dumped.json", "--policy", "first.yaml").code == 0


@pytest.mark.engines
def test_the_commands_do_the_same_on_mariadb(policy, mariadb_server: MariaDBServer):
    rows = "CREATE TABLE people (id int PRIMARY KEY, email varchar(190) UNIQUE, city text);\nINSERT INTO people VALUES (1, 'jean@free.fr', 'Lyon')"
    with mariadb_server.fresh_database(rows) as name:
        login = f"{mariadb_server.user}:{mariadb_server.password}@{mariadb_server.host}:{mariadb_server.port}"
        url = f"mysql://{login}/{name}?tls=disable"
        assert policy("init", url, "-o", "first.yaml").code == 0
        assert policy("dump", url, "-o", "maria.json").code == 0
        for command in ("check", "explain"):
            live = policy(command, url, "--policy", "first.yaml")
            assert live.code == 0, live.out
            assert live.out == policy(command, "--schema", "maria.json", "--policy", "first.yaml").out
        assert policy("diff", url, "--since", "maria.json", "--policy", "first.yaml").code == 0
        shown = policy(
            "preview", "people", url, "--policy", "first.yaml", "--columns", "email", "--format", "json"
        )
        (row,) = shown.json["rows"]
        assert row["email"]["before"] == "jean@free.fr"
        assert row["email"]["after"].endswith("@example.invalid")
