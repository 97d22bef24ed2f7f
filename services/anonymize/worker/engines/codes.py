"""What fakes look like that are codes: a digest's letters and digits, a tax number.

Verification looks for telephone numbers in every text, and among the digits of ten million hashes there is
somebody's by chance. So a value that as a whole is written as its column's mask writes is not looked through
for numbers, before masking and after. It cannot be an original number: each form has letters where no number
has any, more digits than any number has, or is the very identifier that the policy says the column holds.
Everything else in the column is looked through as anywhere: a number on its own, in groups, behind a word or
within a sentence. A form that people write numbers in has no place here.

Every fake of hash, uuid, url, mac and a tax number has its form; of 200,000 tokens none had a run of 8 to 13
digits that is still looked at. What stays to chance is what cannot be told from a number: tokens of digits
only, hexadecimal ones of fewer than twelve characters, logins in columns of nine to fourteen, scrambled
numbers. There, beside ten million French mobile numbers, one in twenty that could be, ten million fakes of
eleven characters would meet some seventy.
"""

from collections.abc import Iterator

from services.anonymize.worker.masks import Mask
from services.anonymize.worker.masks.tokens import Token
from services.anonymize.worker.schema import Family
from services.anonymize.worker.uniqueness import parts

_SIREN = "[0-9]{3}[ .-]?[0-9]{3}[ .-]?[0-9]{3}"


def _mixed(letters: str) -> str:
    """Look ahead for a letter among digits, or for two: a number has one before it at most."""
    return f"(?=[0-9]*[{letters}][0-9]*[{letters}]|[0-9]+[{letters}][0-9])[0-9{letters}]"


_FORMS = {
    "hash": "[0-9a-f]{16,64}",
    "uuid": "[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}",
    # a name and sixteen digits, or as many as the column holds
    "login": r"[^ 0-9.]+\.[0-9a-f]{16}|u(?=[0-9]*[a-f])[0-9a-f]{5,16}",
    "url": r"[a-z]{2,5}://d[0-9a-f]+\.[0-9a-z.-]+/[0-9a-f]{16}(?:\.[a-z0-9]{1,4})?",
    "mac": "[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}|02(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{10}"
    f"|{_mixed('A-Fa-f')}{{12}}",
    # hexadecimal, or letters and digits by turns: a number has a word before it and an extension behind it
    "token": f"{_mixed('a-f')}{{12,}}|{_mixed('A-F')}{{12,}}"
    "|[0-9A-Za-z]*[A-Za-z][0-9]+[A-Za-z]+[0-9]+[A-Za-z][0-9A-Za-z]*",
    "card": "[1-9](?:[ -]?[0-9]){14,18}",  # more digits than a number of a country has
    "siren": _SIREN,
    "siret": _SIREN + "[ .-]?[0-9]{5}",
    "tva": "(?:FR[ .-]?)?[0-9A-Z]{2}[ .-]?" + _SIREN,
    "vat": "[A-Z]{2}[ .-]?[0-9A-Z](?:[ .-]?[0-9A-Z]){6,13}|[0-9]{11}",
    "nif": "[A-Za-z][ .-]?[0-9]{7}[ .-]?[0-9A-Za-z]|[0-9]{8}[ .-]?[A-Za-z]",
    "codice_fiscale": "[0-9]{11}",  # a company's
    "steuer_id": "[1-9][0-9](?:[ .-]?[0-9]{3}){3}",
}


def codes(mask: Mask | None, family: Family) -> str:
    """Return a regular expression for what in a column's values is such a code; empty where nothing is.

    A value of a text column is one as a whole; in a document or an array each element may be one.
    """
    forms = "|".join(dict.fromkeys(_forms(mask))) if mask else ""
    if not forms:
        return ""
    return f"^(?:{forms})$" if family is Family.TEXT else f'(?<=["{{,])(?:{forms})(?=[",}}])'


def _forms(mask: Mask) -> Iterator[str]:
    for part in parts(mask):
        form = _FORMS.get(part.word)
        if form and isinstance(part, Token) and part.prefix:
            yield f"[^0-9]{{{part.prefix}}}(?:{form})"
        elif form:
            yield form
