# SQL keeps its own lines.
# ruff: noqa: E501
"""Masks for what opens doors: UUIDs, tokens and password hashes."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal

from services.anonymize.worker.masks.base import (
    UNIQUE_TRAITS,
    Example,
    MaskContext,
    TextMask,
    Trait,
    short_type,
)
from services.anonymize.worker.masks.permuting import LOWER, PIECE, UPPER
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import (
    KEY_SETTING,
    NamedType,
    Purpose,
    TextElement,
    function_statement,
    keyed_hex,
    text_literal,
    work_function,
)


class Uuid(TextMask):
    """A random UUID (version 4)."""

    word: ClassVar[str] = "uuid"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.UUID, Family.TEXT})
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.LENGTH, Trait.FORMAT}
    preserves: ClassVar[str] = "hyphens or none"
    loses: ClassVar[str] = "the version, and with it the time that versions 1, 6 and 7 tell"
    example: ClassVar[Example] = Example(
        "uuid", "018f4e1c-9b2a-7c3d-8e4f-5a6b7c8d9e0f", "720e5baf-6cc4-46ff-ab9f-8802e8478dc1", "uuid"
    )
    one_case: ClassVar[bool] = True
    needs: ClassVar[int] = 36
    needs_for: ClassVar[str] = "a UUID"

    def normal(self, value: TextElement) -> TextElement | None:
        return func.lower(func.replace(cast(value, Text), literal("-"), literal("")), type_=Text)

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return 122

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        bare = func.lower(func.replace(value, literal("-"), literal("")), type_=Text)
        drawn = keyed_hex(bare, Purpose.ACCESS)
        variant = func.substr(literal("89ab"), cast(self._quarter(drawn), Integer), 1, type_=Text)
        made = (
            func.left(drawn, 12, type_=Text)
            + literal("4")
            + func.substr(drawn, 14, 3, type_=Text)
            + variant
            + func.substr(drawn, 18, 15, type_=Text)
        )
        hyphens = func.regexp_replace(
            made, literal("(.{8})(.{4})(.{4})(.{4})(.{12})"), literal("\\1-\\2-\\3-\\4-\\5"), type_=Text
        )
        return case((func.strpos(value, literal("-")) > literal(0), hyphens), else_=made)

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        if column.family is not Family.UUID:
            return super().masked(value, column, context)
        return cast(self.fake(cast(value, Text), None, context), NamedType("uuid"))

    @staticmethod
    def _quarter(drawn: TextElement) -> ColumnElement[int]:
        place = func.strpos(literal("0123456789abcdef"), func.substr(drawn, 17, 1))
        return func.div(place + literal(3), literal(4))


# As many letters and digits as wanted, from one digest after the other.
FAKE_TOKEN = function_statement(
    "fake_token",
    "original text, wanted integer",
    "text",
    "plpgsql",
    f"""
DECLARE
  alphabet text := CASE WHEN original ~ '^[0-9]+$' THEN '0123456789' WHEN original ~ '^[0-9a-f-]+$' THEN '0123456789abcdef'
    WHEN original ~ '^[0-9A-F-]+$' THEN '0123456789ABCDEF' WHEN original ~ '^[0-9A-Z-]+$' THEN {text_literal("0123456789" + UPPER)}
    ELSE {text_literal("0123456789" + LOWER + UPPER)} END;
  digest bytea := ''; made text := ''; part text := ''; size integer := length(alphabet);
BEGIN
  IF length(original) > {PIECE} THEN original := encode(sha256(convert_to(original, 'UTF8')), 'hex'); END IF;
  FOR n IN 0..wanted - 1 LOOP
    IF n % 16 = 0 THEN
      made := made || part; part := '';
      digest := sha256(convert_to(current_setting('{KEY_SETTING}') || ':{Purpose.ACCESS.value}:' || n || ':' || original, 'UTF8'));
    END IF;
    part := part || substr(alphabet, 1 + (get_byte(digest, 2 * (n % 16)) * 256 + get_byte(digest, 2 * (n % 16) + 1)) % size, 1);
  END LOOP;
  RETURN made || part;
END
""",
)  # fmt: skip


class Token(TextMask):
    """Random letters and digits of the original's kind (digits, hexadecimal, capitals, any) and length."""

    word: ClassVar[str] = "token"
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.LENGTH, Trait.FORMAT}
    preserves: ClassVar[str] = "the kind of characters"
    loses: ClassVar[str] = "separators"
    instead_for_unique: ClassVar[str] = "length: 32, "
    example: ClassVar[Example] = Example(
        "{mask: token, prefix: 8}", "sk_live_9aF3kQ7bX2", "sk_live_kEvtSRgCeu"
    )

    length: Annotated[int, Field(ge=8, le=512)] | None = Field(
        None,
        description="characters of every fake, for columns that must stay unique; default: as before",
    )
    prefix: int = Field(
        0,
        ge=0,
        le=16,
        description="characters at the start that stay, such as sk_live_; a token that has no more is masked"
        " as a whole",
    )

    @model_validator(mode="after")
    def _something_drawn(self) -> Self:
        if self.length is not None and self.length <= self.prefix:
            raise ValueError("length must be more than prefix, or nothing is masked")
        return self

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        if column.length is not None and self.length is not None and column.length < self.length:
            yield f"{short_type(column)} cannot hold a token of {self.length} characters"

    def functions(self) -> tuple[str, ...]:
        return (FAKE_TOKEN,)

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        # digits are the fewest: 3.3 bits each; capitals and small letters may meet where case is ignored
        return None if self.length is None else int(3.3 * (self.length - self.prefix))

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        wanted = func.length(value) if self.length is None else literal(self.length, Integer)
        whole = work_function("fake_token", value, wanted)
        if not self.prefix:
            return whole
        rest = work_function("fake_token", func.substr(value, self.prefix + 1), wanted - literal(self.prefix))
        started = func.left(value, self.prefix, type_=Text) + rest
        return case((func.length(value) > literal(self.prefix), started), else_=whole)


UNUSABLE = {
    # a bcrypt hash whose digest is all zeros: libraries read it, and no password is known to give it
    "bcrypt": "$2y$10$" + "." * 53,
    "argon2": "$argon2id$v=19$m=65536,t=4,p=1$" + "A" * 22 + "$" + "A" * 43,
    "locked": "!",
}


class PasswordHash(TextMask):
    """One fixed hash that no password opens, the same in every row."""

    word: ClassVar[str] = "password_hash"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.NULLS})
    preserves: ClassVar[str] = "a form that login code can read"
    loses: ClassVar[str] = "every password"
    example: ClassVar[Example] = Example(
        "password_hash",
        "$2y$12$kkQz7rV0Zl1G8gkq9fWZUe",
        "$2y$10$.....................................................",
        "varchar(100)",
    )

    form: Literal["bcrypt", "argon2", "locked"] = Field(
        "bcrypt", description="which hash; locked is `!`, as in /etc/shadow"
    )

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        needed = len(UNUSABLE[self.form])
        if column.length is not None and column.length < needed:
            yield f"{short_type(column)} cannot hold a {self.form} hash (needs {needed}); form: locked needs 1"

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        return literal(UNUSABLE[self.form], Text)
