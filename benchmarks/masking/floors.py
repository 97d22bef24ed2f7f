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


def update(connect: Statement) -> None:
    """One UPDATE for each table with the cheapest possible masks: a digest, a constant, a cut."""
    _run(connect, map(sql.SQL, UPDATES))


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


UPDATES = (
    "UPDATE customers SET email = left(md5(lower(email)), 20) || '@example.invalid', first_name = 'First',"
    " last_name = 'Last', phone = left(phone, 4) || '000000', mobile = left(mobile, 4) || '000000',"
    " birth_date = date_trunc('year', birth_date)::date, tax_id = left(md5(tax_id), 9), iban = left(md5(iban), 27),"
    " last_ip = '10.0.0.0'::inet + (id & 16777215), company = left(md5(company), 12),"
    " notes = left(repeat('lorem ', 60), length(notes)), profile = profile - 'contact' - 'devices' - 'nickname'",
    "UPDATE addresses SET recipient = 'First Last', company = left(md5(company), 12), street = left(md5(street), 20),"
    " complement = left(md5(complement), 10), postcode = left(postcode, 2) || '000', city = left(md5(city), 10),"
    " phone = left(phone, 4) || '000000'",
    "UPDATE newsletter SET email = left(md5(lower(email)), 20) || '@example.invalid', first_name = 'First',"
    " consent_ip = '10.0.0.0'::inet + (id & 16777215)",
)
