"""Names: the same run everywhere, within RDS's limits, and nothing that is not ours."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import names

SOURCES = st.from_regex(rf"\A{names.SOURCE_PATTERN}\Z").filter(lambda name: len(name) <= 20)
MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
LIMIT = 63


@given(SOURCES, st.text(), MOMENTS, st.text())
def test_every_name_of_a_run_fits_rds_and_leads_back_to_it(
    source: str, snapshot: str, created_at: datetime, digest: str
) -> None:
    run = names.run_id(source, snapshot, created_at, digest)
    assert names.source_of(run) == source
    assert names.data_of(run) == created_at.replace(second=0, microsecond=0)
    for name in (
        names.temporary_database(run),
        names.masked_snapshot(run),
        names.shared_snapshot(run),
        names.development_copy(run),
    ):
        assert len(f"{name}-1") <= LIMIT
        assert "--" not in name
        assert names.run_of(name) == run
        assert names.run_of(f"arn:aws:rds:eu-west-3:111111111111:snapshot:{name}") == run
        assert name.startswith(names.PREFIX)


@given(SOURCES, MOMENTS)
def test_another_snapshot_or_policy_makes_another_run(source: str, created_at: datetime) -> None:
    made = {
        names.run_id(source, snapshot, created_at, digest)
        for snapshot in ("rds:a", "rds:b")
        for digest in ("0" * 64, "1" * 64)
    }
    assert len(made) == 4


@pytest.mark.parametrize(
    "name", ["shop-fr-prod", "snapveil-tmp-", "snapveil-tmp-shop", "rds:shop-2026", "", "x" * 99]
)
def test_what_no_run_made_names_no_run(name: str) -> None:
    assert names.run_of(name) is None
