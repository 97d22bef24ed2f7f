"""Whether this very server finds what verification looks for: examples of each shape, before any proof.

A server reads regular expressions in its own way, and one that found nothing would pass whatever it holds.
"""

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.findings import KINDS
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.patterns import FITS
from services.anonymize.worker.engines.mysql.personal import ORIGINALS, digest, letter_of
from services.anonymize.worker.engines.mysql.searching import Search, Searched, found
from services.anonymize.worker.engines.mysql.sql import text_literal
from services.anonymize.worker.failures import MaskingError

# what stands in a text, what kind it is, and its normal form
PLANTED = (
    ("<Anna.Doe+x@Mail.Free.fr>,", "email", "anna.doe+x@mail.free.fr"),
    ("Zoë_Ö@bücher.de", "email", "zoë_ö@bücher.de"),
    ("+33 (0)6.12.34.56.78", "phone", "0612345678"),
    ("0034 612 34 56 77", "phone", "612345677"),
    ("06 12 34 56 76", "phone", "0612345676"),
    ("(02) 1234567", "phone", "021234567"),
    ("347/1234567", "phone", "3471234567"),
    ("612 34 56 75", "phone", "612345675"),
    ("(415) 556-2671", "phone", "4155562671"),
    ("33612345674", "phone", "0612345674"),
    ("fr76 3000 6000 0112 3456 7890 189", "iban", "FR7630006000011234567890189"),
    ("ES9121000418450200051332", "iban", "ES9121000418450200051332"),
)
_AROUND = f"REPEAT({text_literal('é 😀, 1 2 3. ')}, {FITS // 10})"  # more than a piece


def prove_search(database: Database) -> None:
    """Raise MaskingError if the server misses an original where one is planted, or finds another."""
    texts = [text_literal(f"{text} ; ") for text, _, _ in PLANTED]
    texts.append(f"CONCAT({', '.join(f'{_AROUND}, {text}' for text in texts)})")
    relation = f"({' UNION ALL '.join(f'SELECT {text} AS value' for text in texts)})"
    search = Search(relation, (Searched("value", "planted", frozenset(KINDS), "redact"),))
    wanted = " UNION ALL ".join(
        f"SELECT '{kind}', UNHEX({digest(text_literal(normal), text_literal(letter_of(kind)))})"
        for _, kind, normal in PLANTED
    )
    with database.begin() as connection:
        looked_for = found(search, wanted=ORIGINALS, is_mariadb=database.is_mariadb)
        there = sorted(map(tuple, query(connection, looked_for)))
        expected = sorted(map(tuple, query(connection, wanted)))
    if there != sorted(2 * expected):
        raise MaskingError(
            "this server does not find e-mails, telephone numbers and IBANs where they are planted;"
            " no verification would prove anything on it"
        )
