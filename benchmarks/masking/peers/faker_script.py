# A script as it is written first.
# ruff: noqa: E501, S608
"""The script that everybody writes first: Faker and psycopg, row by row or in batches of a thousand.

    python faker_script.py CONNINFO rows|batches ROWS

It masks the first ROWS rows of customers and as many times 1.5 and 0.6 of addresses and newsletter, and prints
the rows that it masked. Rows commit one by one, batches one by one.
"""

import hashlib
import json
import sys
from typing import Any

import psycopg
from faker import Faker

fake = Faker("fr_FR")
BATCH = 1000


def email(value: str) -> str:
    return hashlib.md5(value.lower().encode()).hexdigest()[:20] + "@example.invalid"  # noqa: S324 - what such scripts do


def customer(row: tuple[Any, ...]) -> tuple[Any, ...]:
    key, address, has_phone, has_mobile, has_company, has_notes = row
    profile = {
        "nickname": fake.first_name(),
        "contact": {"email": email(address), "phone": fake.phone_number()},
    }
    return (
        email(address), fake.first_name(), fake.last_name(), fake.phone_number() if has_phone else None,
        fake.phone_number() if has_mobile else None, fake.date_of_birth(), fake.bothify("########?"), fake.iban(),
        fake.ipv4_private(), fake.company() if has_company else None, fake.sentence() if has_notes else None,
        json.dumps(profile), key,
    )  # fmt: skip


def address(row: tuple[Any, ...]) -> tuple[Any, ...]:
    key, has_company, has_complement, has_phone = row
    return (
        fake.name(), fake.company() if has_company else None, fake.street_address(),
        fake.word() if has_complement else None, fake.postcode(), fake.city(),
        fake.phone_number() if has_phone else None, key,
    )  # fmt: skip


def subscriber(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return email(row[1]), fake.first_name(), fake.ipv4_private(), row[0]


TABLES = {
    "customers": (
        "SELECT id, email, phone IS NOT NULL, mobile IS NOT NULL, company IS NOT NULL, notes IS NOT NULL",
        customer,
        {"email": "text", "first_name": "text", "last_name": "text", "phone": "text", "mobile": "text",
         "birth_date": "date", "tax_id": "text", "iban": "text", "last_ip": "inet", "company": "text", "notes": "text",
         "profile": "jsonb"},
        1.0,
    ),
    "addresses": (
        "SELECT id, company IS NOT NULL, complement IS NOT NULL, phone IS NOT NULL",
        address,
        dict.fromkeys(("recipient", "company", "street", "complement", "postcode", "city", "phone"), "text"),
        1.5,
    ),
    "newsletter": (
        "SELECT id, email",
        subscriber,
        {"email": "text", "first_name": "text", "consent_ip": "inet"},
        0.6,
    ),
}  # fmt: skip


def main() -> None:
    conninfo, mode, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    masked = 0
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for table, (select, made, columns, share) in TABLES.items():
            found = connection.execute(
                f"{select} FROM {table} ORDER BY id LIMIT %s", [int(rows * share)]
            ).fetchall()
            size = 1 if mode == "rows" else BATCH
            for start in range(0, len(found), size):
                fakes = [made(row) for row in found[start : start + size]]
                if mode == "rows":
                    assigned = ", ".join(f"{column} = %s::{kind}" for column, kind in columns.items())
                    connection.execute(f"UPDATE {table} SET {assigned} WHERE id = %s", fakes[0])
                    continue
                assigned = ", ".join(f"{column} = v.{column}::{kind}" for column, kind in columns.items())
                line = "(" + ", ".join(["%s::text"] * len(columns) + ["%s::bigint"]) + ")"
                values = ", ".join([line] * len(fakes))
                names = ", ".join([*columns, "id"])
                connection.execute(
                    f"UPDATE {table} t SET {assigned} FROM (VALUES {values}) AS v({names}) WHERE t.id = v.id",
                    [value for one in fakes for value in one],
                )
            masked += len(found)
    print(masked)


if __name__ == "__main__":
    main()
