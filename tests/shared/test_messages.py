"""Messages: what a service understands, and what it refuses with a reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events
from shared.events import MessageError, RefreshRequested, SnapshotReceived, StageFailed, dump, parse
from tests.builders import DEVELOPMENT, DIGEST, PRODUCTION, RESOURCE_ID, RUN_ID

ALL = [
    RefreshRequested(source="shop-fr", requested_by="operator"),
    events.DatabaseRestored(run_id=RUN_ID, attempt=2, resource_id=RESOURCE_ID),
    events.DatabaseAnonymized(run_id=RUN_ID, resource_id=RESOURCE_ID, policy_digest=DIGEST),
    events.SnapshotShared(
        run_id=RUN_ID,
        kind="cluster",
        snapshot_arn=f"arn:aws:rds:eu-west-3:{PRODUCTION}:cluster-snapshot:snapveil-shr-{RUN_ID}",
        policy_digest=DIGEST,
    ),
    SnapshotReceived(run_id=RUN_ID),
    events.TargetReplaced(run_id=RUN_ID, target="snapveil-dev-shop-fr"),
    StageFailed(run_id=RUN_ID, stage="anonymize", reason="no"),
    events.RemovalRequested(run_id=RUN_ID, reason="late"),
    events.SweepRequested(),
    events.ContinueRequested(subject=f"{RUN_ID}#1", step="restore.removal", token="a" * 32, after="b" * 32),
]


def an_envelope(message: object, account: str = DEVELOPMENT, **changes: object) -> str:
    detail = json.loads(dump(message))  # type: ignore[arg-type]
    envelope = {
        "version": "0",
        "id": "1",
        "detail-type": detail["type"],
        "source": "snapveil",
        "account": account,
        "time": "2026-11-23T04:00:00Z",
        "region": "eu-west-3",
        "resources": [],
        "detail": detail,
    }
    return json.dumps(envelope | changes)


@pytest.mark.parametrize("message", ALL, ids=lambda message: message.type)
def test_what_is_written_is_read_back(message: events.Message) -> None:
    assert parse(dump(message)) == message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "no JSON"),
        ("[]", "no JSON object"),
        ("[" * 100_000, "more than 16384 bytes"),
        ("[" * 10_000, "no JSON"),
        ('{"type": "DropDatabase"}', "DropDatabase"),
        ('{"type": "RefreshRequested"}', "source"),
        ('{"type": "RefreshRequested", "source": "shop-fr", "version": 2}', "version"),
        ('{"type": "RefreshRequested", "source": "shop-fr", "extra": 1}', "extra"),
        ('{"type": "RefreshRequested", "source": "shop; DROP TABLE x"}', "source"),
        ('{"type": "RefreshRequested", "source": "shop\\n"}', "source"),
        ('{"type": "RefreshRequested", "source": "-shop"}', "source"),
        (f'{{"type": "SnapshotReceived", "run_id": "{RUN_ID}$(id)"}}', "run_id"),
        (f'{{"type": "SnapshotReceived", "run_id": "{RUN_ID}\\n"}}', "run_id"),
        (
            f'{{"type": "DatabaseRestored", "run_id": "{RUN_ID}", "attempt": 1e99, "resource_id": "x"}}',
            "attempt",
        ),
    ],
)
def test_anything_else_is_refused_with_a_reason(body: str, reason: str) -> None:
    with pytest.raises(MessageError) as refused:
        parse(body)
    assert reason in refused.value.reason


@given(st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
def test_no_body_makes_the_parser_fail_in_another_way(body: str) -> None:
    with pytest.raises(MessageError):
        parse(body)


class TestAnEventOfAnotherAccount:
    TRUSTED = frozenset({DEVELOPMENT})

    def test_is_read_out_of_its_envelope(self) -> None:
        message = SnapshotReceived(run_id=RUN_ID)
        assert parse(an_envelope(message), accounts=self.TRUSTED) == message

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (an_envelope(SnapshotReceived(run_id=RUN_ID), account="999999999999"), "not trusted"),
            (an_envelope(SnapshotReceived(run_id=RUN_ID), source="aws.rds"), "source"),
            (
                an_envelope(SnapshotReceived(run_id=RUN_ID), **{"detail-type": "SnapshotShared"}),
                "detail-type",
            ),
            (an_envelope(SnapshotReceived(run_id=RUN_ID), detail=None), "detail-type"),
            (an_envelope(RefreshRequested(source="shop-fr")), "may not come from another account"),
            (
                an_envelope(StageFailed(run_id=RUN_ID, stage="restore", reason="forged")),
                "only that the receiver failed",
            ),
        ],
    )
    def test_is_refused_unless_all_of_it_is_right(self, body: str, reason: str) -> None:
        with pytest.raises(MessageError) as refused:
            parse(body, accounts=self.TRUSTED)
        assert reason in refused.value.reason

    def test_is_refused_where_no_account_is_trusted(self) -> None:
        with pytest.raises(MessageError):
            parse(an_envelope(SnapshotReceived(run_id=RUN_ID)))
