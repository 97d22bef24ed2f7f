"""A policy, a schema that it is for, and what a command wrote."""

import json
from typing import Any

from tests.worker.building import column, references, schema_of, table, unique

CUSTOMERS = table(
    "customers",
    column("id", "bigint", not_null=True),
    column("email", not_null=True),
    column("created_at", "timestamp with time zone"),
    oid=1,
    rows=2_260_000,
    size=3_000_000_000,
    uniques=(unique("customers_pkey", "id"), unique("customers_email_key", "email")),
)
ORDERS = table("orders", column("id", "bigint"), column("email"), oid=2, rows=5_000)
SCHEMA = schema_of(
    CUSTOMERS,
    ORDERS,
    table("audit", column("row"), oid=3),
    foreign_keys=(references(ORDERS, "email", CUSTOMERS, "email"),),
    partitions={("public", "orders_2024"): "orders"},
)
POLICY = """\
version: 1
before: [{sql: SELECT 1}]
defaults:
  - {match: {column: "*_at"}, rule: keep}
tables:
  customers: {columns: {id: keep, email: email}}
  orders: {columns: {id: keep}}
  aud*: truncate
  tmp_*: truncate
"""


class Said:
    """What a command wrote, and its exit code."""

    def __init__(self, code: int, captured: Any) -> None:
        self.code, self.out, self.err = code, captured.out, captured.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)
