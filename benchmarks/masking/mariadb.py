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

from benchmarks.masking.results import bound
from local.engines.mariadb import MariaDBEngines
from local.engines.port import NewDatabase, Volume
from local.engines.served import HOST
from services.anonymize.worker.engines.mysql.copying import KEY

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
FLOOR, FLOOR_LATER = "copy, indexes in place", "copy, indexes afterwards"
OURS, OURS_2, PLAIN = "ours, 1 connection", "ours, 2 connections", "ours, plainest masks, 1 connection"
UPDATE_SAME, UPDATE = "UPDATE, our masks", "UPDATE, cheapest masks"

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

    def floor_later(self, port: int) -> None:
        """The same, with the indexes made from the whole table once its rows are there, as ours are."""
        with self._session(port) as connection, connection.cursor() as cursor:
            cursor.execute("SET foreign_key_checks = 0")
            for table in MASKED:
                made, filled, *swapped = (part.format(table) for part in COPY)
                cursor.execute(made)
                cursor.execute(f"SHOW CREATE TABLE {table}_copy")
                keys = [found for line in cursor.fetchall()[0][1].split("\n") if (found := KEY.match(line))]
                cursor.execute(f"ALTER TABLE {table}_copy {', '.join(f'DROP KEY {key[2]}' for key in keys)}")
                cursor.execute(filled)
                cursor.execute(f"ALTER TABLE {table}_copy {', '.join(f'ADD {key[1]}' for key in keys)}")
                for statement in swapped:
                    cursor.execute(statement)

    def update(self, port: int) -> None:
        """One UPDATE for each table with the cheapest possible masks."""
        self._run(port, UPDATES)

    def ours(self, connections: int, *options: str) -> Callable[[int], dict[str, Any]]:
        """Ours in a process of its own; its seconds are those of the mask step. The options are the process's."""

        def run(port: int) -> dict[str, Any]:
            said = self._process(port, "ours", str(connections), "quick", *options)
            return {"seconds": said["seconds"]["masking"], "memory_bytes": said["memory_bytes"]}

        return run

    def update_same(self, port: int) -> dict[str, Any]:
        """UPDATE by the same expressions as ours."""
        return self._process(port, "updating")

    def _process(self, port: int, module: str, *arguments: str) -> dict[str, Any]:
        url = f"mysql://{MASTER}:{self._password}@{HOST}:{port}/{DATABASE}"
        command = [sys.executable, "-m", f"benchmarks.masking.{module}", url, *arguments]
        finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not finished.stdout:
            raise RuntimeError((finished.stderr.strip().splitlines() or ["no word"])[-1])
        said: dict[str, Any] = json.loads(finished.stdout)
        return said

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
        ways = {
            FLOOR: shop.floor, FLOOR_LATER: shop.floor_later, OURS: shop.ours(1), OURS_2: shop.ours(2),
            PLAIN: shop.ours(1, "plain"), UPDATE_SAME: shop.update_same, UPDATE: shop.update,
        }  # fmt: skip
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
    floor = min(statistics.median(found[way]) for way in (FLOOR, FLOOR_LATER))
    told: dict[str, Any] = {"engine": "mariadb", "customers": size, "cores": os.cpu_count(), "ways": {}}
    for name, seconds in found.items():
        told["ways"][name] = (
            {"not_measured": failed[name]} if name in failed else {
                "seconds": round(statistics.median(seconds), 2),
                "rows_per_second": round(size * ROWS / statistics.median(seconds)),
                "times_the_floor": round(statistics.median(seconds) / floor, 2),
            }
        )  # fmt: skip
        print(f"{name:<36}{told['ways'][name]}")
    told["targets"] = _targets(told["ways"])
    return told


def _targets(ways: dict[str, Any]) -> dict[str, Any]:
    """Each target with what was measured; `None` where one of both was not."""

    def times(one: str, other: str) -> float | None:
        if "seconds" not in ways[one] or "seconds" not in ways[other]:
            return None
        return round(float(ways[one]["seconds"]) / float(ways[other]["seconds"]), 2)

    return {
        "one connection, times the floor": bound(ways[OURS].get("times_the_floor"), most=2.0),
        "plainest masks, times the floor": bound(ways[PLAIN].get("times_the_floor"), most=2.0),
        "UPDATE with our masks, times ours": bound(times(UPDATE_SAME, OURS), least=2.5),
    }
