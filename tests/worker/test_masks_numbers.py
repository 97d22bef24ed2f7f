"""Numbers, dates and places: how far they move, what order they keep, and that they fit their types."""

import datetime
import math
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.masks.places import GEO_COUNTRIES, METERS_PER_DEGREE, _places
from tests.worker.building import column as column_of
from tests.worker.masking import another_key, apply

BATCH = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WHOLE = st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=80)
PRICES = st.lists(st.decimals(-99999999, 99999999, places=2), min_size=1, max_size=80)
DATES = st.lists(st.dates(datetime.date(1, 1, 1), datetime.date(2100, 1, 1)), min_size=1, max_size=80)


@pytest.mark.parametrize("type_", ["smallint", "integer", "bigint", "numeric(10,2)", "double precision"])
@pytest.mark.parametrize(
    ("word", "parameters"),
    [("noise", {"percent": 50}), ("noise", {"amount": 1000}), ("bucket", {"size": 7}), ("round", {"to": 9})],
)
def test_numbers_fit_their_type_at_its_ends_and_nothing_stays_nothing(mask_session, type_, word, parameters):
    most = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}.get(type_, 99999999)
    part = TYPES[type_]
    values = [str(most), str(-most), "0", None]
    mask = MASKS[word](**parameters)
    fakes = apply(mask_session, mask, part, values)
    assert fakes[3] is None
    assert all(abs(fake) < (most + 1) * (2 if type_ == "double precision" else 1) for fake in fakes[:3])
    assert fakes == apply(mask_session, mask, part, values)


TYPES = {
    "smallint": column_of("v", "smallint"),
    "integer": column_of("v", "integer"), "bigint": column_of("v", "bigint"),
    "numeric(10,2)": column_of("v", "numeric(10,2)"), "double precision": column_of("v", "double precision"),
}  # fmt: skip


@BATCH
@given(values=PRICES)
def test_noise_moves_by_at_most_its_share_and_keeps_signs(mask_session, values):
    fakes = apply(mask_session, MASKS["noise"](percent=10), TYPES["numeric(10,2)"], list(map(str, values)))
    for value, fake in zip(values, fakes, strict=True):
        assert abs(fake - value) <= abs(value) / 10 + Decimal("0.005")
        assert fake == 0 or (fake > 0) == (value > 0)


def test_noise_by_a_column_differs_for_equal_numbers_and_by_key(mask_session):
    part, mask = TYPES["integer"], MASKS["noise"](amount=500, by="id")
    row = {"id": [str(n) for n in range(50)]}
    fakes = apply(mask_session, mask, part, ["1000"] * 50, row=row)
    assert len(set(fakes)) > 30
    assert all(500 <= fake <= 1500 for fake in fakes)
    with another_key(mask_session):
        assert apply(mask_session, mask, part, ["1000"] * 50, row=row) != fakes


@BATCH
@given(values=WHOLE, size=st.integers(2, 10**6))
def test_buckets_and_multiples_keep_order(mask_session, values, size):
    ordered = sorted(values)
    texts = list(map(str, ordered))
    low = apply(mask_session, MASKS["bucket"](size=size), TYPES["bigint"], texts)
    near = apply(mask_session, MASKS["round"](to=size), TYPES["bigint"], texts)
    assert low == [value // size * size for value in ordered]
    assert near == sorted(near)
    assert all(
        abs(fake - value) <= size / 2 and fake % size == 0 for value, fake in zip(ordered, near, strict=True)
    )


@BATCH
@given(values=DATES)
def test_dates_are_cut_to_month_and_year_and_band(mask_session, values):
    texts = [value.isoformat() for value in values]
    part = column_of("v", "date")
    assert apply(mask_session, MASKS["date_truncate"](to="month"), part, texts) == [
        v.replace(day=1) for v in values
    ]
    assert apply(mask_session, MASKS["date_truncate"](to="year"), part, texts) == [
        v.replace(day=1, month=1) for v in values
    ]
    later = [value for value in values if value.year >= 10]
    bands = apply(mask_session, MASKS["age_band"](), part, [value.isoformat() for value in later])
    assert bands == [datetime.date(value.year // 10 * 10, 1, 1) for value in later]


def test_ages_fall_into_bands_and_moments_keep_their_type(mask_session):
    assert apply(mask_session, MASKS["age_band"](years=5), TYPES["integer"], ["39", "40", None]) == [
        35,
        40,
        None,
    ]
    (moment,) = apply(
        mask_session,
        MASKS["date_truncate"](),
        column_of("v", "timestamp with time zone"),
        ["2020-05-17 12:34:56+00"],
    )
    assert moment.astimezone(datetime.UTC) == datetime.datetime(2020, 5, 1, tzinfo=datetime.UTC)


def test_a_persons_dates_move_together_and_keep_their_intervals(mask_session):
    row = {"customer": ["7"] * 3 + ["8"] * 3}
    texts = ["2020-01-01", "2020-01-08", "2021-01-01"] * 2
    mask = MASKS["date_shift"](days=300, by="customer")
    fakes = apply(mask_session, mask, column_of("v", "date"), texts, row=row)
    assert [(fakes[1] - fakes[0]).days, (fakes[2] - fakes[0]).days] == [7, 366]
    assert fakes[0] != fakes[3]


POINTS = st.lists(
    st.tuples(st.floats(-179, 179, width=32), st.floats(-85, 85, width=32)), min_size=1, max_size=60
)


@BATCH
@given(points=POINTS, meters=st.integers(1, 5000))
def test_places_move_by_at_most_so_many_metres_each_way(mask_session, points, meters):
    part = column_of("v", "point")
    texts = [f"({x},{y})" for x, y in points]
    fakes = [
        tuple(map(float, fake.strip("()").split(",")))
        for fake in apply(mask_session, MASKS["geo_jitter"](meters=meters), part, texts, shown=True)
    ]
    for (x, y), (east, north) in zip(points, fakes, strict=True):
        assert abs(north - y) * METERS_PER_DEGREE <= meters * 1.001
        assert abs(east - x) * METERS_PER_DEGREE * math.cos(math.radians(y)) <= meters * 1.001


def test_columns_of_degrees_move_like_a_point_does_in_its_place(mask_session):
    part = column_of("v", "numeric(9,6)")
    (north,) = apply(mask_session, MASKS["geo_jitter"](meters=2000), part, ["45.764043"])
    mask = MASKS["geo_jitter"](meters=2000, axis="longitude", latitude_from="lat")
    (east,) = apply(mask_session, mask, part, ["4.835659"], row={"lat": ["45.764043"]})
    assert 0 < abs(float(north) - 45.764043) < 0.019
    assert 0 < abs(float(east) - 4.835659) < 0.027
    with pytest.raises(ValidationError, match="give latitude_from with axis: longitude"):
        MASKS["geo_jitter"](axis="longitude")


@pytest.mark.parametrize("country", GEO_COUNTRIES)
def test_a_town_is_one_of_the_rows_country_in_both_columns(mask_session, country):
    part, row = column_of("v", "numeric(9,6)"), {"id": ["5"]}
    found = []
    for axis in ("latitude", "longitude"):
        mask = MASKS["geo_place"](axis=axis, country_from="country", by="id")
        found += apply(mask_session, mask, part, ["1.5"], country, row=row)
    assert tuple(map(float, found)) in {(float(lat), float(lon)) for lat, lon in _places(country)}


def test_rounded_places_keep_their_decimals(mask_session):
    part = column_of("v", "point")
    assert apply(mask_session, MASKS["geo_round"](decimals=1), part, ["(4.86,45.74)", None], shown=True) == [
        "(4.9,45.7)",
        None,
    ]


def test_a_persons_numbers_move_together_and_never_stay(mask_session):
    row = {"customer": ["7"] * 4 + ["8"] * 4}
    values = ["0", "100", "-2", None] * 2
    mask = MASKS["number_shift"](amount=50, by="customer")
    for type_ in ("integer", "numeric(10,2)", "double precision"):
        fakes = apply(mask_session, mask, TYPES[type_], values, row=row)
        assert [fakes[1] - fakes[0], fakes[2] - fakes[0], fakes[3]] == [100, -2, None]
        assert 0 < abs(fakes[0]) <= 50
        assert fakes[0] != fakes[4]
    ends = apply(mask_session, mask, TYPES["smallint"], ["32767", "-32768"], row={"customer": ["7", "7"]})
    assert all(-32768 <= fake <= 32767 for fake in ends)


BOUNDS = [
    ("integer", 18, 21), ("numeric(10,2)", -0.5, 1.25), ("double precision", "0.5", 2),
    ("date", "1999-12-30", "2000-01-02"),
    ("timestamp with time zone", "2020-01-01 10:00", "2020-01-01 10:01:30"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "low", "high"), BOUNDS)
def test_what_lies_between_reaches_both_bounds_and_repeats(mask_session, type_, low, high):
    part = column_of("v", type_)
    shown = ["7"] if part.family.value == "number" else ["2020-05-17"]
    row = {"id": [str(n) for n in range(2000)]}
    mask = MASKS["between"](low=low, high=high, by="id")
    fakes = apply(mask_session, mask, part, shown * 2000, row=row)
    ends = mask_session.execute(
        f"SELECT CAST('{low}' AS {type_}), CAST('{high}' AS {type_})".encode()
    ).fetchone()
    assert (min(fakes), max(fakes)) == ends
    assert fakes == apply(mask_session, mask, part, shown * 2000, row=row)
    assert apply(mask_session, MASKS["between"](low=low, high=high), part, [None]) == [None]


def test_bounds_that_do_not_fit_are_told():
    with pytest.raises(ValidationError, match="low must be less than high"):
        MASKS["between"](low=5, high=5)
    with pytest.raises(ValidationError, match="give two numbers, or two dates"):
        MASKS["between"](low=5, high="2020-01-01")
    small = column_of("v", "numeric(4,2)")
    assert list(MASKS["between"](low=1, high=100).complaints(small)) == ["numeric(4,2) cannot hold 100"]
    said = "date lies between two dates, not 1 and 100"
    assert list(MASKS["between"](low=1, high=100).complaints(column_of("v", "date"))) == [said]
