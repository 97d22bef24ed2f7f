"""The masks, by the word that the policy uses for them."""

from collections.abc import Mapping
from types import MappingProxyType

from services.anonymize.worker.masks.banking import Iban
from services.anonymize.worker.masks.base import Mask, MaskContext, TextMask
from services.anonymize.worker.masks.contact import Email, Phone
from services.anonymize.worker.masks.documents import Json
from services.anonymize.worker.masks.names import (
    City,
    Company,
    FirstName,
    FullName,
    LastName,
    Postcode,
    Street,
)
from services.anonymize.worker.masks.plain import ByScript, Constant, DateShift, Hash, Ip, Keep, Null
from services.anonymize.worker.masks.text import Redact

MASKS: Mapping[str, type[Mask]] = MappingProxyType(
    {
        mask.word: mask
        for mask in (
            FirstName, LastName, FullName, Email, Phone, Street, City, Postcode, Company, Iban, Ip, DateShift,
            Constant, Null, Hash, Redact, Json, Keep, ByScript,
        )
    }
)  # fmt: skip

__all__ = ["MASKS", "Mask", "MaskContext", "TextMask"]
