# Statements and tables keep their own lines.
# ruff: noqa: E501
"""What masking is compared with on the same tables: rewrites that mask nothing, and UPDATEs."""

import threading
from collections.abc import Callable, Iterable

import psycopg
from psycopg import sql

MASKED = ("customers", "addresses", "newsletter")
SHARES = (("customers",), ("addresses", "newsletter"))  # of two connections
IDENTITY = {"customers": "email", "addresses": "recipient", "newsletter": "first_name"}

# What masks of the same 22 columns cost at the least: a digest, a word of a list, digits of a hash, a cut. The bounds of
# the targets come from a prototype that masked so. Its fakes are no valid numbers, of one language, under no key.
_HASH = "(hashtextextended(VALUE, 0) & 9223372036854775807)"
_WORD = "('{Ada,Bruno,Clara,Dario,Elena,Fabio,Greta,Hugo}'::name[])[1 + (hashtextextended(VALUE, 1) & 7)::int]::text"
_DIGITS = "left(VALUE, 4) || lpad((" + _HASH + " % 100000000)::text, 8, '0')"
_EMAIL = (
    "'u' || left(encode(sha256(convert_to('key' || lower(VALUE), 'UTF8')), 'hex'), 20) || '@example.invalid'"
)
_IP = "'10.0.0.0'::inet + (hashinetextended(VALUE, 0) & 16777215)"
_LOREM = "left(repeat('lorem ipsum ', 40), length(VALUE))"
_CHEAPEST = {
    "customers": {
        "email": ("varchar(254)", _EMAIL), "first_name": ("varchar(80)", _WORD), "last_name": ("varchar(120)", _WORD),
        "phone": ("varchar(32)", _DIGITS), "mobile": ("varchar(32)", _DIGITS),
        "birth_date": ("date", "VALUE + (hashint8extended(VALUE - date '2000-01-01', 0) & 511)::int - 256"),
        "tax_id": ("varchar(16)", _DIGITS), "iban": ("varchar(42)", _DIGITS), "last_ip": ("inet", _IP),
        "company": ("text", _WORD), "notes": ("text", _LOREM),
        "profile": ("jsonb", "VALUE || jsonb_build_object('nickname', " + _WORD.replace("VALUE", "first_name") + ", 'contact',"
            " jsonb_build_object('email', " + _EMAIL.replace("VALUE", "email") + ", 'phone', " + _DIGITS.replace("VALUE", "phone")
            + "), 'devices', jsonb_build_array(jsonb_build_object('os', VALUE #> '{devices,0,os}', 'ip', '10.0.0.1')))"),
    },
    "addresses": {
        "recipient": ("text", _WORD), "company": ("text", _WORD), "street": ("text", _WORD), "complement": ("text", _LOREM),
        "postcode": ("varchar(10)", "left(VALUE, 2) || lpad((" + _HASH + " % 1000)::text, 3, '0')"),
        "city": ("text", _WORD), "phone": ("varchar(32)", _DIGITS),
    },
    "newsletter": {"email": ("varchar(254)", _EMAIL), "first_name": ("text", _WORD), "consent_ip": ("inet", _IP)},
}  # fmt: skip

Statement = Callable[[], psycopg.Connection]


def _run(connect: Statement, statements: Iterable[sql.SQL | sql.Composed]) -> None:
    with connect() as connection:
        for statement in statements:
            connection.execute(statement)


def vacuum_full(connect: Statement) -> None:
    """Rewrite the masked tables and all their indexes on one connection."""
    _run(connect, (sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(table)) for table in MASKED))


def vacuum_full_twice(connect: Statement) -> None:
    """The same on two connections."""
    shares = [
        threading.Thread(
            target=_run,
            args=(connect, [sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(table)) for table in share]),
        )
        for share in SHARES
    ]
    for share in shares:
        share.start()
    for share in shares:
        share.join()


def identity(connect: Statement) -> None:
    """Rewrite each table by an ALTER TABLE whose one expression gives what it takes."""
    types = {"customers": "varchar(254)", "addresses": "text", "newsletter": "text"}
    _run(
        connect,
        (
            sql.SQL("ALTER TABLE {} ALTER COLUMN {} TYPE {} USING {} || ''").format(
                sql.Identifier(table), sql.Identifier(column), sql.SQL(types[table]), sql.Identifier(column)
            )
            for table, column in IDENTITY.items()
        ),
    )


def copy_and_swap(connect: Statement) -> None:
    """Copy each table, index the copy, and put it in the table's place; foreign keys are checked anew."""
    with connect() as connection:
        for table in MASKED:
            _copy(connection, table)


def _copy(connection: psycopg.Connection, table: str) -> None:
    old, new = sql.Identifier(table), sql.Identifier(f"{table}_copy")
    keys = connection.execute(
        "SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,"
        " pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype = 'f'"
        " AND (conrelid = %s::regclass OR confrelid = %s::regclass)",
        [table, table],
    ).fetchall()
    made = connection.execute(
        "SELECT replace(pg_get_indexdef(indexrelid), format(' ON public.%%I ', %s::text),"
        " format(' ON public.%%I ', %s::text)) FROM pg_index WHERE indrelid = %s::regclass",
        [table, f"{table}_copy", table],
    ).fetchall()
    connection.execute(sql.SQL("CREATE TABLE {} AS SELECT * FROM {}").format(new, old))
    connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(old))
    for (index,) in made:
        connection.execute(index)
    connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(new, old))
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY USING INDEX {}").format(
        old, sql.Identifier(f"{table}_pkey")))  # fmt: skip
    for (key,) in keys:
        connection.execute(key)


def cheapest(connect: Statement) -> None:
    """One ALTER TABLE for each table with the cheapest possible masks."""
    _run(
        connect,
        (
            _statement("ALTER TABLE {} {}", table, "ALTER COLUMN {0} TYPE {1} USING {2}")
            for table in _CHEAPEST
        ),
    )


def update(connect: Statement) -> None:
    """One UPDATE for each table with the same masks."""
    _run(connect, (_statement("UPDATE {} SET {}", table, "{0} = {2}") for table in _CHEAPEST))


def _statement(whole: str, table: str, part: str) -> sql.Composed:
    parts = (
        part.format(column, kind, mask.replace("VALUE", column))
        for column, (kind, mask) in _CHEAPEST[table].items()
    )
    return sql.SQL(whole).format(sql.Identifier(table), sql.SQL(", ".join(parts)))


def one_column(connect: Statement) -> None:
    """One UPDATE for each table that sets one column without an index to a constant."""
    _run(
        connect,
        (
            sql.SQL("UPDATE customers SET company = 'x'"),
            sql.SQL("UPDATE addresses SET street = 'x'"),
            sql.SQL("UPDATE newsletter SET first_name = 'x'"),
        ),
    )
