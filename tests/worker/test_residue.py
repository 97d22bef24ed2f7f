"""After masking not a byte of an original is left in the data directory; every part of cleaning is needed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.anonymize.worker.connecting import Database, address_of
from services.anonymize.worker.engines import cleaning
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import load_policy
from tests.worker.building import tell_nobody
from tests.worker.stopped import Engine, Yard, make_past, search, yard

HERE = Path(__file__).parent
KEY = RunKey(b"k" * 32)
POLICY = (HERE / "history.yaml").read_text()
PLACES = (
    "ol em dc tn to st am js ko kd so es ak pa pk in ch tt mv cm df vw ix ck fn tg po rl en pb pg lo"
    " ss um sb od tm sd ul pt phone"
)

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def place() -> Iterator[Yard]:
    with yard() as made:
        yield made


@pytest.fixture(scope="module")
def past(place: Yard) -> Path:
    return make_past(place, (HERE / "history.sql").read_text())


def work(engine: Engine, policy: str = POLICY) -> Outcome:
    with Database(address_of(engine.url()), KEY.settings()) as database:
        return anonymize(database, load_policy(policy, "policy.yaml"), {}, 2, tell_nobody)


def secrets() -> list[str]:
    return [value.lstrip("-") for value in KEY.settings().values()]


def test_the_search_finds_every_place_before_masking(past: Path) -> None:
    found = search(past)
    outside = {place.split()[0] for place in found if not place.endswith("pg_wal")}
    assert set(PLACES.split()) - outside == set()
    assert any(place.endswith("pg_wal") for place in found)


def test_after_masking_not_a_byte_of_an_original_is_left(place: Yard, past: Path) -> None:
    data = place.copy(past, "masked")
    with place.run(data) as engine:
        outcome = work(engine)
        assert [finding.detail for finding in outcome.findings if not finding.passed] == []
        assert outcome.cleaning.left + outcome.quarantined.left == ()
    assert search(data, *secrets()) == Counter()
    assert not [secret for secret in secrets() if secret in engine.log.read_text(errors="replace")]


@pytest.mark.parametrize(
    ("part", "stays"),
    [
        ("large objects", "lo"),
        ("tables", "ko kd ak pk in ch"),
        ("statistics", "es tt so"),
        ("catalogs", "cm df vw ix ck fn tg po rl en lo um ss am st"),
        ("shared catalogs", "sd sb"),
        ("other databases", "od"),
        ("statements", "pg"),
        ("write-ahead log", "lo mv ch"),
    ],
)
def test_without_one_part_of_cleaning_something_stays(
    place: Yard, past: Path, monkeypatch: pytest.MonkeyPatch, part: str, stays: str
) -> None:
    monkeypatch.setattr(cleaning, "PARTS", tuple(known for known in cleaning.PARTS if known.name != part))
    data = place.copy(past, f"without-{part.replace(' ', '-')}")
    with place.run(data) as engine:
        work(engine)
    found = search(data)
    print(part, found)
    assert set(stays.split()) <= {kind.split()[0] for kind in found}
