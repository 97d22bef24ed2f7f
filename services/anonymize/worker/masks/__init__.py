"""The masks, by the word that the policy uses for them."""

from collections.abc import Mapping
from types import MappingProxyType

from services.anonymize.worker.masks.arrays import Array
from services.anonymize.worker.masks.banking import Iban
from services.anonymize.worker.masks.base import Mask, MaskContext, TextMask
from services.anonymize.worker.masks.between import Between
from services.anonymize.worker.masks.binary import Placeholder
from services.anonymize.worker.masks.choices import Choice
from services.anonymize.worker.masks.contact import Email, Phone
from services.anonymize.worker.masks.custom import Expression
from services.anonymize.worker.masks.dates import AgeBand, DateShift, DateTruncate
from services.anonymize.worker.masks.documents import Json
from services.anonymize.worker.masks.identifiers import IDENTIFIERS
from services.anonymize.worker.masks.names import (
    City,
    Company,
    Country,
    FirstName,
    FullName,
    Job,
    LastName,
    Postcode,
    Region,
    Street,
)
from services.anonymize.worker.masks.numbers import Bucket, Noise, NumberShift, Round
from services.anonymize.worker.masks.places import GeoJitter, GeoPlace, GeoRound
from services.anonymize.worker.masks.plain import ByScript, Constant, Hash, Keep, Null
from services.anonymize.worker.masks.rows import Sample, Shuffle
from services.anonymize.worker.masks.text import Generalize, Lorem, Redact, Scramble
from services.anonymize.worker.masks.tokens import PasswordHash, Token, Uuid
from services.anonymize.worker.masks.web import Ip, Login, Mac, Url, UserAgent

PEOPLE: tuple[type[Mask], ...] = (
    FirstName,
    LastName,
    FullName,
    Job,
    Company,
    Street,
    Postcode,
    City,
    Region,
    Country,
)
CONTACT: tuple[type[Mask], ...] = (Email, Phone, Login, Url)
MACHINES: tuple[type[Mask], ...] = (Ip, Mac, UserAgent, Uuid, Token, PasswordHash, Hash)
DATES: tuple[type[Mask], ...] = (DateShift, DateTruncate, AgeBand)
NUMBERS: tuple[type[Mask], ...] = (Noise, NumberShift, Bucket, Round)
PLACES: tuple[type[Mask], ...] = (GeoRound, GeoJitter, GeoPlace)
TEXTS: tuple[type[Mask], ...] = (Redact, Lorem, Scramble, Generalize, Json, Array)
ROWS: tuple[type[Mask], ...] = (Shuffle, Sample)
ANYTHING: tuple[type[Mask], ...] = (Choice, Between, Placeholder, Constant, Null, Keep, Expression, ByScript)

_ALL: tuple[type[Mask], ...] = (
    *PEOPLE, *CONTACT, Iban, *IDENTIFIERS, *MACHINES, *DATES, *NUMBERS, *PLACES, *TEXTS, *ROWS, *ANYTHING,
)  # fmt: skip

MASKS: Mapping[str, type[Mask]] = MappingProxyType({mask.word: mask for mask in _ALL})

__all__ = ["MASKS", "Mask", "MaskContext", "TextMask"]
