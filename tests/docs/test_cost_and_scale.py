"""The pages about cost and scale: their figures are the code's."""

import json
import re
from datetime import timedelta
from pathlib import Path

from benchmarks.scale import FIGURES
from benchmarks.scale import written as with_figures
from cli.cost.model import Case, hours_of
from cli.cost.page import written
from cli.cost.prices import read_prices
from shared.config import Deadlines
from shared.database.port import Kind

ROOT = Path(__file__).parents[2]
COST, SCALE = ROOT / "docs/cost.md", ROOT / "docs/scale.md"


def test_the_page_of_costs_shows_what_the_code_says() -> None:
    page = COST.read_text()
    assert "<!-- figures: " in page
    assert page == written(page, read_prices()), "run: .venv/bin/python -m cli.cost.page"
    assert "python -m cli.cost.page" in page


def test_an_estimate_counts_about_as_many_messages_and_calls_as_the_simulated_night() -> None:
    figures = json.loads(FIGURES.read_text())
    assumed = read_prices().assumptions
    calls = figures["calls_per_run_by_service"]
    pairs = {
        "messages": (assumed.messages, figures["messages_per_run"]),
        "ledger": (assumed.ledger_writes + assumed.ledger_reads, calls["dynamodb"]),
        "secrets": (assumed.secret_calls, calls["secretsmanager"]),
        "topic": (assumed.sns_messages, calls["sns"]),
    }
    for name, (ours, simulated) in pairs.items():
        assert 0.6 < ours / simulated < 1.7, name


def test_the_page_of_scale_shows_the_figures_that_its_command_wrote() -> None:
    page = SCALE.read_text()
    assert "make scale" in page
    assert "figures/scale.json" in page
    assert "<!-- figures -->" in page
    assert page == with_figures(page, json.loads(FIGURES.read_text())), "run: make scale"


def test_the_recorded_night_ended_well() -> None:
    figures = json.loads(FIGURES.read_text())
    assert figures["asked"]["sources"] == 100
    assert (
        figures["runs"]["ended"]
        == figures["runs"]["succeeded"] + figures["runs"]["failed_and_cleaned"]
        == 100
    )
    assert figures["left_over"] == {}
    quotas, most = figures["asked"]["quotas"], figures["most_at_once"]
    for name in ("instance_copies", "cluster_copies", "instance_snapshots", "cluster_snapshots"):
        assert max(most["production"][name], most["development"][name]) <= quotas[name]


def test_the_default_deadlines_carry_the_size_that_the_page_names() -> None:
    def fits(gb: float) -> bool:
        prices, deadlines = read_prices(), Deadlines()
        hours = hours_of(Case("shop", Kind.INSTANCE, gb, "", "", Kind.INSTANCE), prices)
        steps = (
            (deadlines.restore, hours.restore),
            (deadlines.anonymize, hours.worker),
            (deadlines.snapshot, hours.snapshot + hours.copy),
            (deadlines.receiver, hours.receive + hours.rebuild),
        )
        return all(needed < deadline / timedelta(hours=1) for deadline, needed in steps)

    named = re.search(r"The default deadlines carry about ([0-9.]+) TB", SCALE.read_text())
    assert named
    terabytes = float(named[1])
    assert fits(terabytes * 1024)
    assert not fits((terabytes + 0.2) * 1024)
