# Statements keep their own lines.
# ruff: noqa: E501, S608
"""The same contest over MariaDB: ours, a copy with its indexes that masks nothing, and UPDATE."""

import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from time import monotonic
from typing import Any

import pymysql

from local.engines.mariadb import MariaDBEngines
from local.engines.port import NewDatabase, Volume
from local.engines.served import HOST

ROOT = Path(__file__).parent.parent.parent
SHOP = Path(__file__).with_name("shop_mariadb.sql")
MASTER, DATABASE = "master", "shop"
MASKED = ("customers", "addresses", "newsletter")
ROWS = 3.1
PATIENCE = 3600

# RDS's defaults where they matter for speed; the buffer pool as PostgreSQL's shared buffers are.
SETTINGS = {
    "innodb_buffer_pool_size": "4G",
    "innodb_log_file_size": "128M",
    "innodb_flush_log_at_trx_commit": "1",
    "innodb_flush_method": "O_DIRECT",
    "innodb_doublewrite": "ON",
}
FLOOR, OURS, OURS_2, UPDATE = (
    "copy with indexes",
    "ours, 1 connection",
    "ours, 2 connections",
    "UPDATE, cheapest masks",
)

COPY = (
    "CREATE TABLE {0}_copy LIKE {0}",
    "INSERT INTO {0}_copy SELECT * FROM {0}",
    "RENAME TABLE {0} TO {0}_old, {0}_copy TO {0}",
    "DROP TABLE {0}_old",
)
UPDATES = (
    "UPDATE customers SET company = LEFT(MD5(company), 12), first_name = 'First', last_name = 'Last', phone = CONCAT(LEFT(phone, 4), '000000'),"
    " mobile = CONCAT(LEFT(mobile, 4), '000000'), birth_date = DATE_FORMAT(birth_date, '%Y-01-01'), tax_id = LEFT(MD5(tax_id), 9),"
    " iban = LEFT(MD5(iban), 27), last_ip = '10.0.0.1', notes = LEFT(REPEAT('lorem ', 60), CHAR_LENGTH(notes)),"
    " profile = JSON_REMOVE(profile, '$.contact', '$.devices', '$.nickname'), email = CONCAT(LEFT(MD5(LOWER(email)), 20), '@example.invalid')",
    "UPDATE addresses SET recipient = 'First Last', company = LEFT(MD5(company), 12), street = LEFT(MD5(street), 20),"
    " complement = LEFT(MD5(complement), 10), postcode = CONCAT(LEFT(postcode, 2), '000'), city = LEFT(MD5(city), 10),"
    " phone = CONCAT(LEFT(phone, 4), '000000')",
    "UPDATE newsletter SET first_name = 'First', consent_ip = '10.0.0.1', email = CONCAT(LEFT(MD5(LOWER(email)), 20), '@example.invalid')",
)


class _Shop:
    """A stopped volume with the shop; every run is on a copy of it, in a server of its own."""

    def __init__(self, engines: MariaDBEngines, customers: int) -> None:
        self._engines = engines
        self._password = secrets.token_hex(16)
        volume = engines.create(NewDatabase(MASTER, self._password, DATABASE, "mariadb"))
        port = engines.start(volume, engines.reserve_port()).port
        counts = {
            "customers": customers,
            "addresses": customers * 3 // 2,
            "subscriptions": customers * 3 // 5,
            "orders": customers * 3,
        }
        text = SHOP.read_text()
        for name, count in counts.items():
            text = text.replace(f"{{{name}}}", str(count))
        with self._session(port) as connection, connection.cursor() as cursor:
            for statement in filter(str.strip, text.split(";\n")):
                cursor.execute(statement)
        engines.stop(volume)
        self._snapshot: Volume = engines.snapshot(volume)
        engines.remove(volume)

    def timed(self, run: Callable[[int], dict[str, Any] | None]) -> dict[str, Any]:
        """Run something on a copy whose tables were read once; `seconds` is the clock's unless it says its own."""
        volume = self._engines.restore(self._snapshot)
        port = self._engines.start(volume, self._engines.reserve_port()).port
        try:
            with self._session(port) as connection, connection.cursor() as cursor:
                for table in (*MASKED, "orders"):
                    cursor.execute(f"SELECT count(*) FROM {table} IGNORE INDEX FOR ORDER BY (PRIMARY)")
            began = monotonic()
            said = run(port) or {}
            return {"seconds": monotonic() - began, **said}
        finally:
            self._engines.remove(volume)

    def floor(self, port: int) -> None:
        """Copy each table with its indexes and put the copy in its place."""
        self._run(
            port, ("SET foreign_key_checks = 0", *(part.format(table) for table in MASKED for part in COPY))
        )

    def update(self, port: int) -> None:
        """One UPDATE for each table with the cheapest possible masks."""
        self._run(port, UPDATES)

    def ours(self, connections: int) -> Callable[[int], dict[str, Any]]:
        """Ours in a process of its own; its seconds are those of the mask step."""

        def run(port: int) -> dict[str, Any]:
            url = f"mysql://{MASTER}:{self._password}@{HOST}:{port}/{DATABASE}"
            command = [sys.executable, "-m", "benchmarks.masking.ours", url, str(connections), "quick"]
            finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if not finished.stdout:
                raise RuntimeError((finished.stderr.strip().splitlines() or ["no word"])[-1])
            said: dict[str, Any] = json.loads(finished.stdout)
            return {"seconds": said["seconds"]["masking"], "memory_bytes": said["memory_bytes"]}

        return run

    def _run(self, port: int, statements: tuple[str, ...]) -> None:
        with self._session(port) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _session(self, port: int) -> "pymysql.Connection[Any]":
        return pymysql.connect(host=HOST, port=port, user=MASTER, password=self._password, database=DATABASE,
                               charset="utf8mb4", autocommit=True, read_timeout=PATIENCE)  # fmt: skip


def masking(size: int, rounds: int) -> dict[str, Any]:
    """Measure, print and return the figures; a way that cannot run is named with its reason."""
    root = Path(tempfile.mkdtemp(prefix="snapveil-bench-"))
    root.chmod(0o755)
    engines = MariaDBEngines(root, settings=SETTINGS)
    try:
        shop = _Shop(engines, size)
        ways = {FLOOR: shop.floor, OURS: shop.ours(1), OURS_2: shop.ours(2), UPDATE: shop.update}
        found: dict[str, list[float]] = {name: [] for name in ways}
        failed: dict[str, str] = {}
        for place in range(rounds):
            for name, run in ways.items():
                if name in failed:
                    continue
                try:
                    found[name].append(shop.timed(run)["seconds"])
                except RuntimeError as error:
                    failed[name] = str(error)
                    print(f"  {name}: {error}")
                else:
                    print(f"  round {place + 1}  {name:<30}{found[name][-1]:>9.2f} s", flush=True)
    finally:
        engines.close()
        rmtree(root, ignore_errors=True)
    floor = statistics.median(found[FLOOR])
    told: dict[str, Any] = {"engine": "mariadb", "customers": size, "cores": os.cpu_count(), "ways": {}}
    for name, seconds in found.items():
        told["ways"][name] = (
            {"not_measured": failed[name]} if name in failed else {
                "seconds": round(statistics.median(seconds), 2),
                "rows_per_second": round(size * ROWS / statistics.median(seconds)),
                "times_the_floor": round(statistics.median(seconds) / floor, 2),
            }
        )  # fmt: skip
        print(f"{name:<30}{told['ways'][name]}")
    return told
