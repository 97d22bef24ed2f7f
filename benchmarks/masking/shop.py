"""Fills a database with the measured shop, two tables at a time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from benchmarks.masking.server import MASTER, Server

SHOP = Path(__file__).with_name("shop.sql")
MARKER = "-- part: "


def build(server: Server, name: str, customers: int) -> None:
    """Make the shop as a template that nobody connects to, so that copies of it can be made."""
    common, *marked = SHOP.read_text().split(MARKER)
    parts = dict(part.split("\n", 1) for part in marked)
    with server.admin() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {MASTER}")

    def run(part: str) -> None:
        with psycopg.connect(server.conninfo(name), autocommit=True) as connection:
            connection.execute("SELECT set_config('bench.customers', %s, false)", [str(customers)])
            connection.execute(common.encode())
            connection.execute(parts[part].encode())

    run("countries")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, ("customers", "orders", "addresses", "newsletter")))
    run("keys")
    with server.admin() as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("CHECKPOINT")
