"""Every mask on every type that it takes: nothing stays nothing and ends, equal values stay equal, what the
type's ends become fits it, and what a plan takes for kept apart is."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from services.anonymize.worker.masks import MASKS, Mask
from services.anonymize.worker.masks.base import Trait
from services.anonymize.worker.masks.places import PlaceMask
from services.anonymize.worker.schema import Column, Family
from tests.mariadb import ON_MYSQL
from tests.worker.building import column as column_of
from tests.worker.masking import apply, context

TEXTS = ("é'\"\\ x", "A" * 60, "0612345678", "FR76 3000 6000 0112 3456 7890 189", "😀", "+", "a@b.fr", "::1")
VALUES: dict[str, tuple[str, ...]] = {
    "text": TEXTS,
    "character varying(70)": TEXTS,
    "smallint": ("32767", "-32767", "0", "1"),
    "integer": ("2147483647", "-2147483647", "0", "7"),
    "bigint": ("9223372036854775807", "-9223372036854775807", "0", "12"),
    "numeric(8,2)": ("999999.99", "-999999.99", "0", "0.01"),
    "double precision": ("1e15", "-1e15", "0", "1e-9"),
    "boolean": ("true", "false"),
    "date": ("1000-01-01", "2024-02-29", "1899-12-31"),
    "timestamp without time zone": ("1000-01-01 23:59:59", "2024-02-29 00:00:00"),
    "uuid": ("018f4e1c-9b2a-7c3d-8e4f-5a6b7c8d9e0f", "00000000-0000-0000-0000-000000000000"),
    "inet": ("::1", "2001:db8::ffff"),
    "bytea": ("\\x00ff", "\\x20"),
    "jsonb": ('{"a": "x"}', '{"b": [null]}'),
}
ONLY_POSTGRESQL: dict[str, tuple[str, ...]] = {
    "date": ("infinity", "-infinity", "0044-03-15 BC"),
    "inet": ("10.0.0.0/8", "2001:db8::/32"),
    "macaddr": ("00:1b:44:11:3a:b7", "ff:ff:ff:ff:ff:ff"),
    "point": ("(180,90)", "(-180,-90)", "(0,0)"),
    "text[]": ("{}", "{NULL}", "{a,NULL,b}"),
    "inet[]": ("{NULL,10.0.0.1}",),
}
ONLY_MARIADB = {"uuid", "inet"}
WAYS: dict[str, tuple[dict[str, Any], ...]] = {
    "array": ({"of": MASKS["ip"](range="any")},),
    "between": ({"low": 1, "high": 9}, {"low": "2020-01-01", "high": "2020-03-01", "by": "country"}),
    "bucket": ({"size": 7}, {"size": 7, "at": "middle"}),
    "choice": ({}, {"of": ("1", "0"), "by": "country"}),
    "constant": ({"value": "1"},),
    "date_shift": ({"days": 400}, {"days": 400, "by": "country"}),
    "geo_jitter": ({}, {"axis": "longitude", "latitude_from": "country"}),
    "geo_place": ({}, {"by": "country", "country_from": "country"}),
    "ip": ({}, {"version": "4"}, {"range": "any"}),
    "json": ({"paths": {"a": MASKS["email"]()}},),
    "noise": ({"percent": 100}, {"amount": 1e6, "by": "country"}),
    "number_shift": ({"amount": 10**6, "by": "country"},),
    "password_hash": ({"form": "locked"},),
    "round": ({"to": 7},),
    "token": ({}, {"length": 32}, {"length": 32, "prefix": 3}, {"prefix": 16}),
    **{word: ({}, {"range": "any"}) for word in ("card", "iban", "mac", "phone")},
}
ELSEWHERE = {"keep", "script", "expression", "shuffle", "sample"}  # of other rows, or the customer's own
ON_EVERY_TYPE = [
    (word, way) for word in MASKS if word not in ELSEWHERE for way in range(len(WAYS.get(word, ({},))))
]
ROW = {"geo_jitter": "45"}


def mask_of(word: str, way: int) -> Mask:
    return MASKS[word](**WAYS.get(word, ({},))[way])


def on_postgresql(session: Any) -> bool:
    return isinstance(session, psycopg.Connection)


@contextmanager
def ending(session: Any) -> Iterator[None]:
    """A mask that has no end fails."""
    if on_postgresql(session):
        session.execute("SET statement_timeout = '20s'")
    yield
    if on_postgresql(session):
        session.execute("RESET statement_timeout")


def taken(session: Any, mask: Mask) -> Iterator[tuple[Column, tuple[str, ...]]]:
    """Columns that a mask takes, with values of theirs."""
    types = [VALUES, *([ONLY_POSTGRESQL] if on_postgresql(session) else [])]
    for type_, values in itertools.chain.from_iterable(one.items() for one in types):
        if ON_MYSQL and not on_postgresql(session) and type_ in ONLY_MARIADB:
            continue
        part = column_of("v", type_)
        if isinstance(mask, PlaceMask) and part.family is Family.NUMBER:
            yield part, ("45", "-90", "0")
            continue
        constant = mask.word == "constant" and part.family not in {Family.TEXT, Family.NUMBER}
        if not constant and not list(mask.complaints(part)):
            yield part, values


def masked(session: Any, mask: Mask, part: Column, values: list[str | None]) -> list[Any]:
    if on_postgresql(session):
        for function in mask.column_functions(part, context()):
            session.execute(function.encode())
    row = {"country": [ROW.get(mask.word, "FR")] * len(values)}
    return apply(session, mask, part, values, row=row, shown=True)


@pytest.mark.parametrize(("word", "way"), ON_EVERY_TYPE)
def test_on_every_type_nothing_stays_nothing_and_equal_values_stay_equal(mask_session, word, way):
    mask = mask_of(word, way)
    found = list(taken(mask_session, mask))
    for part, values in found:
        with ending(mask_session):
            fakes = masked(mask_session, mask, part, [None, *values, *values, None])
        assert (fakes[0], fakes[-1]) == (None, None), part.type
        if Trait.JOINS in mask.keeps:
            assert fakes[1 : len(values) + 1] == fakes[len(values) + 1 : -1], part.type
        if word != "null":
            assert None not in fakes[1:-1], part.type
    assert found or word in {"array", "mac"}


LINES = [f"{chr(65 + n % 26)}b-{n:03}@x{n}" for n in range(400)]
APART = {
    "text": LINES, "character varying(70)": LINES, "bigint": list(map(str, range(-200, 200))),
    "uuid": [f"00000000-0000-4000-8000-{n:012}" for n in range(400)],
    "inet": [f"2001:db8::{n:x}" for n in range(400)], "bytea": [f"\\x{n:04x}" for n in range(400)],
}  # fmt: skip


@pytest.mark.parametrize(("word", "way"), ON_EVERY_TYPE)
def test_what_a_plan_takes_for_kept_apart_is(mask_session, word, way):
    mask = mask_of(word, way)
    for type_, values in APART.items():
        if ON_MYSQL and not on_postgresql(mask_session) and type_ in ONLY_MARIADB:
            continue
        part = column_of("v", type_)
        if list(mask.complaints(part)) or word == "null" or mask.injective_bits(part, context()) is None:
            continue
        fakes = masked(mask_session, mask, part, list(values))
        assert len(set(fakes)) == len(values), type_


ORDERED = {
    "integer": list(map(str, range(-300, 300, 7))), "numeric(8,2)": [f"{n}.5" for n in range(-50, 50)],
    "date": [f"{year}-0{month}-28" for year in range(1890, 2030, 9) for month in (1, 5, 9)],
}  # fmt: skip


@pytest.mark.parametrize("word", [word for word, mask in MASKS.items() if Trait.ORDER in mask.keeps])
def test_what_keeps_order_does(mask_session, word):
    for type_, values in ORDERED.items():
        mask, part = mask_of(word, 0) if word != "keep" else None, column_of("v", type_)
        if mask is not None and not list(mask.complaints(part)):
            row = {"country": ["45"] * len(values)}
            fakes = apply(mask_session, mask, part, values, row=row)
            assert fakes == sorted(fakes), type_
