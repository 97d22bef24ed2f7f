# SQL keeps its own lines.
# ruff: noqa: E501, S608
"""Keyed permutations in the worker's own schema: what keeps different values different without a word about them.

A permutation of a format's own space can make no two values equal, however many rows there are, and needs no more
room than the original had.
"""

import math

from services.anonymize.worker.sql import KEY_SETTING, WORK_SCHEMA, function_statement, text_literal

UPPER, LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
ACCENTED_UPPER, ACCENTED = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ", "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ"

# A Feistel network over two halves of nearly equal size (alternating, unbalanced), four rounds of SHA-256 under the
# run's key; what falls outside of the size is permuted again, until it falls inside. Bijective by construction.
_SECRET = f"convert_to(current_setting('{KEY_SETTING}') || ':permuted:' || tweak || ':', 'UTF8')"
_DRAWN = "('x' || encode(substr(sha256(secret || int8send(HALF)), FIRST, 7), 'hex'))::bit(56)::bigint"


def _drawn(half: str, first: str) -> str:
    """SQL for what a round adds to one half because of the other."""
    return _DRAWN.replace("HALF", half).replace("FIRST", first)


PERMUTED = function_statement(
    "permuted",
    "value bigint, size bigint, tweak text",
    "bigint",
    "plpgsql",
    f"""
DECLARE
  secret bytea := {_SECRET};
  high bigint := ceil(sqrt(size::double precision))::bigint + 1;
  low bigint := (size + high - 1) / high;
  here bigint := value; one bigint; two bigint;
BEGIN
  LOOP
    one := here / low; two := here % low;
    one := (one + {_drawn("two", "1")}) % high;
    two := (two + {_drawn("one", "8")}) % low;
    one := (one + {_drawn("two", "15")}) % high;
    two := (two + {_drawn("one", "22")}) % low;
    here := one * low + two;
    EXIT WHEN (here >= size) IS NOT TRUE;  -- of NULL too, or there is no end
  END LOOP;
  RETURN here;
END
""",
)

# What a round of that network adds, for each value of the other half: a format that is known beforehand looks it up
# instead of hashing in every row. The array is made when a statement is planned and stays in the session's memory.
ROUND = function_statement(
    "permuting_round",
    "tweak text, place integer, size integer, below integer",
    "integer[]",
    "plpgsql",
    f"""
DECLARE
  secret bytea := {_SECRET};
BEGIN
  RETURN ARRAY(SELECT ({_drawn("half::bigint", "1 + 7 * place")} % below)::integer FROM generate_series(0, size - 1) AS half
    ORDER BY half);
END
""",
    constant=True,
)
MOST_LOOKED_UP = 10**9  # a network of four rounds then has 126,000 entries, half a megabyte


def halves(size: int) -> tuple[int, int]:
    """How many values the network's two halves have for a size."""
    high = math.ceil(math.sqrt(size)) + 1
    return high, (size + high - 1) // high


def looked_up(number: str, size: int, tweak: str) -> str:
    """Statements that set `number` to what `permuted` makes of it, with `one` and `two` at hand."""
    high, low = halves(size)

    def added(place: int, half: str) -> str:
        sizes = (low, high) if place % 2 == 0 else (high, low)
        made = f"{WORK_SCHEMA}.permuting_round({text_literal(tweak)}, {place}, {sizes[0]}, {sizes[1]})"
        return f"({made})[1 + {half}]"

    network = (
        f"one := {number} / {low}; two := {number} % {low};"
        f" one := (one + {added(0, 'two')}) % {high}; two := (two + {added(1, 'one')}) % {low};"
        f" one := (one + {added(2, 'two')}) % {high}; two := (two + {added(3, 'one')}) % {low};"
        f" {number} := one * {low} + two;"
    )
    return network if high * low == size else f"LOOP {network} EXIT WHEN {number} < {size}; END LOOP;"


# Every letter becomes a letter of its kind and every digit a digit; case, punctuation and spaces stay. Chunks of up
# to 10^15 combinations are permuted one after the other, each under everything that stands before it, so that the
# whole is a permutation of the texts of one shape. Letters beyond Latin-1 move within their block of 32 code points: all of
# Unicode but punctuation, symbols and what has no meaning by itself (surrogates, private use).
LETTERS = " OR ".join(
    f"code BETWEEN {first} AND {last}"
    for first, last in (
        (0x0100, 0x1FFF), (0x2C00, 0x2DFF), (0x3040, 0xD79F), (0xF900, 0xFDBF), (0xFF00, 0xFFDF),
        (0x10000, 0x1CFFF), (0x1D400, 0x1EFFF), (0x20000, 0x3FFFF),
    )
)  # fmt: skip
# A long text goes piece by piece, each under a digest of those before it: a text's signs are found by counting from its
# start, which in one go takes seconds for 40,000 of them.
PIECE = 256
SCRAMBLED = function_statement(
    "scrambled",
    "original text, tweak text",
    "text",
    "plpgsql",
    f"""
DECLARE
  plain text := translate(original, {text_literal(UPPER + ACCENTED_UPPER)}, {text_literal(LOWER + ACCENTED)});
  alphabets text[] := ARRAY['0123456789', {text_literal(LOWER)}, {text_literal(ACCENTED)}];
  shape text := translate(plain, {text_literal("0123456789" + LOWER + ACCENTED)}, {text_literal("9" * 10 + "a" * 26 + "é" * len(ACCENTED))});
  letter text; code integer; kind integer; radix bigint; place integer; value bigint := 0; size bigint := 1;
  first integer := 1; fake text := ''; part text; letters text[] := string_to_array(plain, NULL);
  kinds integer[] := '{{}}'; bases integer[] := '{{}}'; total integer := length(plain);
BEGIN
  IF total > {PIECE} THEN
    shape := '';
    FOR i IN 0..(total - 1) / {PIECE} LOOP
      part := substr(plain, 1 + {PIECE} * i, {PIECE});
      fake := fake || {WORK_SCHEMA}.scrambled(substr(original, 1 + {PIECE} * i, {PIECE}), tweak || ':' || total || ':' || shape);
      shape := encode(sha256(convert_to(shape || part, 'UTF8')), 'hex');
    END LOOP;
    RETURN fake;
  END IF;
  FOR i IN 1..total LOOP
    letter := letters[i];
    code := ascii(letter);
    kind := CASE WHEN code BETWEEN 48 AND 57 THEN 1 WHEN code BETWEEN 97 AND 122 THEN 2
                 WHEN strpos(alphabets[3], letter) > 0 THEN 3
                 WHEN {LETTERS} THEN 4 ELSE 0 END;
    place := CASE kind WHEN 0 THEN 0 WHEN 1 THEN code - 48 WHEN 2 THEN code - 97 WHEN 4 THEN code % 32
             ELSE strpos(alphabets[3], letter) - 1 END;
    radix := (ARRAY[1, 10, 26, length(alphabets[3]), 32])[1 + kind];
    kinds[i] := kind;
    bases[i] := code - CASE kind WHEN 4 THEN place ELSE 0 END;
    IF kind = 4 THEN shape := overlay(shape placing chr(bases[i]) from i for 1); END IF;
    value := value * radix + place;
    size := size * radix;
    IF size > 100000000000000 OR i = total THEN
      IF size > 1 THEN
        value := {{permuted}}(value, size, 'scrambled:' || tweak || ':' || left(shape, i) || ':' || total || ':' || left(plain, first - 1));
      END IF;
      part := '';
      FOR j IN REVERSE i..first LOOP
        radix := (ARRAY[1, 10, 26, length(alphabets[3]), 32])[1 + kinds[j]];
        part := CASE kinds[j] WHEN 0 THEN letters[j] WHEN 4 THEN chr(bases[j] + (value % 32)::integer)
                ELSE substr(alphabets[kinds[j]], 1 + (value % radix)::integer, 1) END || part;
        value := value / radix;
      END LOOP;
      fake := fake || part;
      first := i + 1; value := 0; size := 1;
    END IF;
  END LOOP;
  IF plain = original THEN RETURN fake; END IF;
  RETURN (SELECT string_agg(CASE WHEN substr(plain, n, 1) <> substr(original, n, 1)
    THEN translate(substr(fake, n, 1), {text_literal(LOWER + ACCENTED)}, {text_literal(UPPER + ACCENTED_UPPER)}) ELSE substr(fake, n, 1) END, '' ORDER BY n)
    FROM generate_series(1, total) AS n);
END
""".replace("{permuted}", '"snapveil_work"."permuted"'),
)

# An identifier's letters and digits as they are compared, and a fake's letters and digits in an original's writing.
COMPACT = function_statement(
    "compact",
    "original text",
    "text",
    "sql",
    "SELECT CASE WHEN original ~ '^[A-Z0-9]*$' THEN original ELSE"
    f" regexp_replace(translate(original, {text_literal(LOWER)}, {text_literal(UPPER)}), '[^A-Z0-9]', '', 'g') END",
)

POURED = function_statement(
    "poured",
    "fake text, original text",
    "text",
    "plpgsql",
    f"""
DECLARE
  made text := ''; letter text; place integer := 0;
BEGIN
  IF original ~ '^[A-Z0-9]*$' THEN RETURN fake; END IF;
  FOREACH letter IN ARRAY string_to_array(original, NULL) LOOP
    IF strpos({text_literal("0123456789" + UPPER)}, letter) > 0 THEN
      place := place + 1;
      made := made || substr(fake, place, 1);
    ELSIF strpos({text_literal(LOWER)}, letter) > 0 THEN
      place := place + 1;
      made := made || lower(substr(fake, place, 1));
    ELSE
      made := made || letter;
    END IF;
  END LOOP;
  RETURN made;
END
""",
)

# One expression over at most 18 digits: a loop would cost as much as the permutation.
_DOUBLED = "('{0,2,4,6,8,1,3,5,7,9}'::integer[])[1 + (number / POWER % 10)::integer]"
_SINGLE = "number / POWER % 10"
_LUHN_SUM = " + ".join(
    (_SINGLE if place % 2 else _DOUBLED).replace("POWER", str(10**place)) for place in range(18)
)
LUHN = function_statement(
    "luhn",
    "body text",
    "text",
    "plpgsql",
    f"DECLARE number bigint := body::bigint; BEGIN RETURN ((10 - ({_LUHN_SUM}) % 10) % 10)::text; END",
)

WEIGHTED = function_statement(
    "weighted",
    "body text, weights integer[]",
    "integer",
    "plpgsql",
    """
DECLARE
  total integer := 0;
BEGIN
  FOR i IN 1..length(body) LOOP total := total + (ascii(substr(body, i, 1)) - 48) * weights[i]; END LOOP;
  RETURN total;
END
""",
)

WITH_LUHN = function_statement(
    "with_luhn", "body text", "text", "plpgsql", f"BEGIN RETURN body || {WORK_SCHEMA}.luhn(body); END"
)

# France's social security key: Corsica's letters count as 19 and 18.
WITH_NIR_KEY = function_statement(
    "with_nir_key",
    "body text",
    "text",
    "plpgsql",
    "BEGIN RETURN body || lpad((97 - replace(replace(body, '2A', '19'), '2B', '18')::bigint % 97)::text, 2, '0'); END",
)

# Italy's check letter: characters count differently in odd and even places.
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_ODD_WORTH = ",".join(map(str, (*_ODD[:10], *_ODD)))
_EVEN_WORTH = ",".join(map(str, (*range(10), *range(26))))
_CODICE_SUM = " + ".join(
    f"('{{{_ODD_WORTH if place % 2 else _EVEN_WORTH}}}'::integer[])[strpos('{_SIGNS}', substr(body, {place}, 1))]"
    for place in range(1, 16)
)
WITH_CODICE_LETTER = function_statement(
    "with_codice_letter",
    "body text",
    "text",
    "plpgsql",
    f"BEGIN RETURN body || chr(65 + ({_CODICE_SUM}) % 26); END",
)

# ISO 7064 MOD 11,10: Germany's tax numbers.
MOD_11_10 = function_statement(
    "mod_11_10",
    "body text",
    "text",
    "plpgsql",
    """
DECLARE
  carried integer := 5;
BEGIN
  FOR i IN 1..length(body) LOOP
    carried := ((CASE carried WHEN 0 THEN 10 ELSE carried END) * 2) % 11;
    carried := (carried + ascii(substr(body, i, 1)) - 48) % 10;
  END LOOP;
  RETURN ((1 - ((CASE carried WHEN 0 THEN 10 ELSE carried END) * 2) % 11 + 10) % 10)::text;
END
""",
)


# A whole number becomes another of as many digits, which its type holds too.
SCRAMBLED_NUMBER = function_statement(
    "scrambled_number",
    "original bigint, most bigint",
    "bigint",
    "plpgsql",
    """
DECLARE
  width integer := length(ltrim(original::text, '-'));
  low bigint := (10::numeric ^ (width - 1))::bigint;
  size bigint := least(10::numeric ^ width - 1, most)::bigint - low + 1;
BEGIN
  IF original IN (0, -9223372036854775808) OR abs(original) > most THEN RETURN original; END IF;
  RETURN sign(original)::bigint * ({permuted}(abs(original) - low, size, 'number:' || width) + low);
END
""".replace("{permuted}", '"snapveil_work"."permuted"'),
)

PERMUTING = (
    PERMUTED, ROUND, SCRAMBLED, COMPACT, POURED, LUHN, WITH_LUHN, WITH_NIR_KEY, WITH_CODICE_LETTER, WEIGHTED, MOD_11_10,
)  # fmt: skip
