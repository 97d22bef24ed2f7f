"""Masking against its floors and its peers: the same tables, the same machine, in turn within one run.

SIZE= customers (each has 1.5 addresses, 0.6 newsletter subscriptions and 3 orders), ROUNDS= of the main
contest, ENGINE=mariadb for MariaDB; PUBLISH=1 writes the figures that docs/speed.md and the README show.
"""

import json
import os
from pathlib import Path
from typing import Any

from benchmarks.masking import mariadb, measuring, picture, results
from benchmarks.masking.competing import PeerError, Programs
from benchmarks.masking.server import running
from benchmarks.masking.shop import build

DOCS = Path(__file__).parent.parent.parent / "docs"
FIGURES, DRAWING, PAGE = DOCS / "figures" / "speed.json", DOCS / "figures" / "speed.svg", DOCS / "speed.md"
MARIADB = DOCS / "figures" / "speed_mariadb.json"
SIZE, ROUNDS = 100_000, 3
PEER_SHARE = 10


def masking() -> dict[str, Any]:
    """Measure everything, print the table and return the figures."""
    size, rounds = int(os.environ.get("SIZE") or SIZE), int(os.environ.get("ROUNDS") or ROUNDS)
    print(f"masking: {size:,} customers, {rounds} rounds", flush=True)
    if os.environ.get("ENGINE") == "mariadb":
        told = mariadb.masking(size, rounds)
        if os.environ.get("PUBLISH"):
            MARIADB.write_text(json.dumps(told, indent=2) + "\n")
            PAGE.write_text(picture.written_of_mariadb(PAGE.read_text(), told))
        return told
    few = max(1000, size // PEER_SHARE)
    with running() as server:
        for name, customers in (("peers", few), ("quarter", size // 4), ("half", size // 2), ("whole", size)):
            build(server, f"template_{name}", customers)
        with server.admin() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        version = str(row[0]).split()[0] if row else ""
        main = measuring.measure(server, "template_whole", measuring.main_contest(), rounds)
        whole = measuring.measure(server, "template_whole", measuring.whole_contest(), 1)
        growth = {
            customers: measuring.measure(server, template, measuring.growth_contest(), 1)
            for template, customers in (("template_quarter", size // 4), ("template_half", size // 2))
        }
        try:
            contest = measuring.peer_contest(Programs.installed(), few)
        except PeerError as error:
            print(f"  the peers could not be installed: {error}")
            peers: dict[str, list[measuring.Once] | str] = {"peers": f"could not be installed: {error}"}
        else:
            peers = measuring.measure(server, "template_peers", contest, 1)
    told = results.summary(size, version, main, whole, growth, (few, peers))
    print(results.table(told))
    if os.environ.get("PUBLISH"):
        publish(told)
    return told


def publish(told: dict[str, Any]) -> None:
    """Write the figures, the picture and the page's tables."""
    FIGURES.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    DRAWING.write_text(picture.drawn(told))
    PAGE.write_text(picture.written(PAGE.read_text(), told))
    print(f"written: {FIGURES.name}, {DRAWING.name}, {PAGE.name}")
