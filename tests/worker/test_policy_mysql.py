"""The policy commands' questions to MySQL and MariaDB: a first policy, a plan from a schema file, a preview."""

# ruff: noqa: E501 - rules are said as they are

from collections.abc import Iterator

import pytest

from services.anonymize.worker.connecting import Address
from services.anonymize.worker.engines import preview, sampling_of
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.policy import load_policy, resolve
from services.anonymize.worker.preflight import check_schema
from services.anonymize.worker.schema import Schema
from services.anonymize.worker.schema_file import read_schema, write_schema
from services.anonymize.worker.suggestion import suggested
from tests.mariadb import MariaDBServer

TABLES = """
CREATE TABLE people (id bigint PRIMARY KEY, email varchar(200) NOT NULL UNIQUE, contact text, ean varchar(20), city varchar(80), born date);
INSERT INTO people VALUES (1, 'jean@free.fr', '06 12 34 56 78', '3012345678901', 'Lyon', '1980-01-31'),
    (2, 'zoe@free.fr', NULL, NULL, 'Nice', NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, email varchar(200), FOREIGN KEY (email) REFERENCES people (email));
INSERT INTO orders VALUES (7, 'jean@free.fr')
"""
POLICY = """
version: 1
defaults: [{match: {type: [number, date]}, rule: keep}]
tables:
  people: {columns: {email: email, contact: "null", ean: keep, city: shuffle}}
  orders: {columns: {}}
"""


@pytest.fixture
def address(mariadb_server: MariaDBServer) -> Iterator[Address]:
    with mariadb_server.fresh_database(TABLES) as name:
        server = mariadb_server
        yield Address(server.host, server.port, server.user, name, server.password, "disable", "mysql")


def schema_of(address: Address) -> Schema:
    with sampling_of(address) as (schema, _):
        return schema


def test_a_first_policy_plans_and_masks_what_looks_personal(address: Address) -> None:
    text = suggested(address)
    assert "email: email" in text
    assert "contact: phone" in text
    assert "ean: {mask: keep, not_phones: true}" in text
    policy = load_policy(text, "policy.yaml")
    assert check_schema(policy, "mysql", schema_of(address)).problems == ()


def test_a_plan_is_the_same_from_a_schema_file(address: Address) -> None:
    schema = schema_of(address)
    assert read_schema(write_schema("mysql", schema)) == ("mysql", schema)
    checked = check_schema(load_policy(POLICY, "policy.yaml"), "mysql", schema)
    assert checked.problems == ()
    (orders,) = [rule for (_, name), rule in checked.policy.tables.items() if name == "orders"]
    assert orders.columns["email"].by.startswith("foreign key orders_ibfk_1, like policy.yaml:5:29")


def test_a_preview_reads_only_and_refuses_what_would_stay(address: Address) -> None:
    schema = schema_of(address)
    policy = resolve(load_policy(POLICY, "policy.yaml"), schema)
    people = next(table for table in schema.tables if table.name == "people")
    shown = preview(address, policy, schema, people, ["email", "contact", "id"], 1)
    (row,) = shown
    assert row["email"][0] == "jean@free.fr"
    assert str(row["email"][1]).endswith("@example.invalid")
    assert row["contact"] == ("06 12 34 56 78", None)
    assert row["id"] == ("1", "1")
    assert preview(address, policy, schema, people, ["email", "contact", "id"], 1) == shown
    with pytest.raises(
        MaskingError, match=r"people: city \(shuffle\) would leave functions or tables behind"
    ):
        preview(address, policy, schema, people, ["email", "city"], 1)
