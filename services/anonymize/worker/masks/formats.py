# SQL keeps its own lines.
# ruff: noqa: E501
"""What official identifiers look like: which of their characters are free, and how the rest follows from those.

A fake is another number of the same format, by a permutation of the format's own space: a valid number becomes a valid
one, and no two become one. What is not valid as it stands is scrambled, and stays invalid: the two never meet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from services.anonymize.worker.masks.permuting import MOST_LOOKED_UP, looked_up
from services.anonymize.worker.sql import WORK_SCHEMA, function_statement, qualified, text_literal

CONTROL = "'TRWAGMYFPDXBNJZSQVHLCKE'"


@dataclass(frozen=True)
class Format:
    """One format. `rank` reads the free part of `plain` as a number below `size`; `made` writes the whole identifier
    from `number`, with what else stays of `plain`. Both are SQL of a function's body, with `plain` free of the
    prefix, which a value may have or not."""

    name: str  # the permutation's: formats of one name permute alike, so that a SIREN and its VAT number still agree
    pattern: str  # what both `plain` and a fake look like
    size: int
    rank: str
    made: str
    prefix: str = ""
    only_if: str = "true"  # of `made`, where the pattern cannot say it
    kept: str = "''"  # what stays and has a permutation of its own
    permuted: str = ""
    dense: bool = False  # every number below the size makes one of the format

    def permutation(self, by_lookup: bool) -> str:
        """Statements that set `number` to its permutation."""
        if by_lookup and not self.permuted and self.kept == "''" and self.size <= MOST_LOOKED_UP:
            return looked_up("number", self.size, self.name)
        made = self.permuted or f"permuted(number, {self.size}, {text_literal(self.name)} || {self.kept})"
        return f"number := {_call(' ' + made)};"


def _call(text: str) -> str:
    """SQL with the worker's own functions called by their whole names."""
    for name in (
        "luhn",
        "with_luhn",
        "with_nir_key",
        "with_codice_letter",
        "weighted",
        "mod_11_10",
        "permuted",
    ):
        text = text.replace(f" {name}(", f" {WORK_SCHEMA}.{name}(").replace(
            f"({name}(", f"({WORK_SCHEMA}.{name}("
        )
    return text


def _digits(width: int, number: str = "number") -> str:
    return f"lpad(({number})::text, {width}, '0')"


def _eleven(body: str, weights: str) -> str:
    """The check digit that makes a weighted sum divisible by eleven; 10 stands for none."""
    return f"{body} || ((11 - weighted({body}, '{{{weights}}}') % 11) % 11)::text"


def _ten(body: str, weights: str) -> str:
    """The check digit that makes a weighted sum divisible by ten."""
    return f"{body} || ((10 - weighted({body}, '{{{weights}}}') % 10) % 10)::text"


def _second(body: str, weights: str, others: str) -> str:
    """A weighted sum's rest by eleven, with other weights where that is ten."""
    return (
        f"{body} || (CASE weighted({body}, '{{{weights}}}') % 11 WHEN 10"
        f" THEN weighted({body}, '{{{others}}}') % 11 % 10 ELSE weighted({body}, '{{{weights}}}') % 11 END)::text"
    )


_CYPRIOT_SUM = " + ".join(
    f"('{{1,0,5,7,9,13,15,17,19,21}}'::integer[])[1 + (number / {10 ** (7 - place)} % 10)::integer]"
    if place % 2 == 0
    else f"(number / {10 ** (7 - place)} % 10)::integer"
    for place in range(8)
)

# A check number of two digits may be written with its modulus added; how it is written stays.
_TWO = "((right(plain, 2)::integer + {0}) / {1})"


def _two(width: int, total: str, modulus: int) -> str:
    """The body and its check number; ## for one that has not two digits, which no pattern matches."""
    check = f"({modulus} * {_TWO.format(modulus - 1, modulus)} - ({total}) % {modulus})"
    return f"{_digits(width)} || (CASE WHEN {check} BETWEEN 0 AND 99 THEN lpad({check}::text, 2, '0') ELSE '##' END)"


_BRITISH_REST = "((weighted(left(whole, 7), '{8,7,6,5,4,3,2}') + right(whole, 2)::integer) % 97)"

_SIREN = f"with_luhn({_digits(8)})"
_CIF_BODY = _digits(7)
_CIF = (
    f"left(plain, 1) || {_CIF_BODY} || CASE WHEN right(plain, 1) ~ '[0-9]' THEN luhn({_CIF_BODY})"
    f" ELSE substr('JABCDEFGHI', 1 + (luhn({_CIF_BODY}))::integer, 1) END"
)

SIREN = Format("siren", "^[0-9]{9}$", 10**8, "left(plain, 8)", _SIREN, dense=True)
SIRET = Format(
    "siret", "^[0-9]{14}$", 10**12, "left(plain, 8) || substr(plain, 10, 4)",
    # a SIRET is its company's SIREN with an establishment behind it, and so is its fake
    f"with_luhn(with_luhn({_digits(8, 'number / 10000')}) || {_digits(4, 'number % 10000')})",
    permuted="permuted(number / 10000, 100000000, 'siren') * 10000"
    " + permuted(number % 10000, 10000, 'siret:' || number / 10000)",
)  # fmt: skip
FRENCH_VAT = Format(
    "siren", "^[0-9]{11}$", 10**8, "substr(plain, 3, 8)",
    f"lpad(((({_SIREN}) || '12')::bigint % 97)::text, 2, '0') || {_SIREN}", "FR",
    dense=True,
)  # fmt: skip
# Year, month, département (2A and 2B take the places of 00 and 20, which are no départements), commune and order are
# free; the sex stays. People write it with its key and without.
_NIR_RANK = (
    "substr(plain, 2, 2)::bigint * 1200000000 + (substr(plain, 4, 2)::bigint - 1) * 100000000"
    " + (CASE substr(plain, 6, 2) WHEN '2A' THEN '00' WHEN '2B' THEN '20' ELSE substr(plain, 6, 2) END"
    " || substr(plain, 8, 6))::bigint"
)
_NIR_BODY = (
    f"left(plain, 1) || {_digits(2, 'number / 1200000000')} || {_digits(2, 'number / 100000000 % 12 + 1')}"
    f" || CASE number / 1000000 % 100 WHEN 0 THEN '2A' WHEN 20 THEN '2B' ELSE {_digits(2, 'number / 1000000 % 100')} END"
    f" || {_digits(6, 'number % 1000000')}"
)
_NIR_PATTERN = "^[1-478][0-9]{2}(?:0[1-9]|1[0-2])(?:[0-9]{2}|2[AB])[0-9]"
NIR = (
    Format("nir", _NIR_PATTERN + "{8}$", 12 * 10**10, _NIR_RANK,
           f"with_nir_key({_NIR_BODY})", kept="left(plain, 1)"),
    Format("nir", _NIR_PATTERN + "{6}$", 12 * 10**10, _NIR_RANK, _NIR_BODY, kept="left(plain, 1)"),
)  # fmt: skip
DNI = Format("dni", "^[0-9]{8}[A-Z]$", 10**8, "left(plain, 8)",
             f"{_digits(8)} || substr({CONTROL}, 1 + (number % 23)::integer, 1)", "ES", dense=True)  # fmt: skip
NIE = Format("nie", "^[XYZ][0-9]{7}[A-Z]$", 3 * 10**7, "translate(left(plain, 8), 'XYZ', '012')",
             f"translate(left({_digits(8)}, 1), '012', 'XYZ') || right({_digits(8)}, 7)"
             f" || substr({CONTROL}, 1 + (number % 23)::integer, 1)", "ES", dense=True)  # fmt: skip
FORMER_NIF = Format("klm", "^[KLM][0-9]{7}[A-Z]$", 10**7, "substr(plain, 2, 7)",
                    f"left(plain, 1) || {_digits(7)} || substr({CONTROL}, 1 + (number % 23)::integer, 1)", "ES",
                    kept="left(plain, 1)", dense=True)  # fmt: skip
CIF = Format("cif", "^[A-HJNP-SUVW][0-9]{7}[0-9A-J]$", 10**7, "substr(plain, 2, 7)", _CIF, "ES",
             kept="left(plain, 1)", dense=True)  # fmt: skip
ITALIAN_VAT = Format(
    "iva", "^(?!0000000)[0-9]{7}(?:00[1-9]|0[1-9][0-9]|100|120|121|888|999)[0-9]$", 10**7, "left(plain, 7)",
    f"{_digits(7)} || substr(plain, 8, 3) || luhn({_digits(7)} || substr(plain, 8, 3))", "IT",
    kept="substr(plain, 8, 3)",
)  # fmt: skip
STEUER_ID = Format(
    # exactly one of the first ten digits comes twice or three times, every other one once at most
    "idnr", "^[1-9][0-9]{10}$", 10**10, "left(plain, 10)", f"{_digits(10)} || mod_11_10({_digits(10)})",
    only_if="(SELECT string_agg(times::text, '' ORDER BY times DESC) ~ '^[23]1+$' FROM (SELECT count(*) AS times"
    " FROM unnest(string_to_array(left(made, 10), NULL)) AS digit GROUP BY digit) AS counted)",
)  # fmt: skip
VAT = (
    FRENCH_VAT, DNI, NIE, FORMER_NIF, CIF, ITALIAN_VAT,
    Format("de_vat", "^[1-9][0-9]{8}$", 10**8, "left(plain, 8)", f"{_digits(8)} || mod_11_10({_digits(8)})", "DE"),
    Format("pt_vat", "^[1-9][0-9]{8}$", 10**7, "substr(plain, 2, 7)",
           f"left(plain, 1) || {_digits(7)} || ((11 - weighted(left(plain, 1) || {_digits(7)}, '{{9,8,7,6,5,4,3,2}}') % 11)"
           " % 11 % 10)::text", "PT", kept="left(plain, 1)"),
    Format("be_vat", "^[01][0-9]{9}$", 2 * 10**7, "left(plain, 8)", _two(8, "number", 97), "BE", kept=_TWO.format(96, 97)),
    Format("at_vat", "^U[0-9]{8}$", 10**7, "substr(plain, 2, 7)",
           f"'U' || {_digits(7)} || ((6 + (luhn({_digits(7)} || '0'))::integer) % 10)::text", "AT"),
    Format("lu_vat", "^[0-9]{8}$", 10**6, "left(plain, 6)", f"{_digits(6)} || lpad((number % 89)::text, 2, '0')", "LU"),
    Format("ie_vat", "^[0-9]{7}[A-W][A-IW]?$", 10**7, "left(plain, 7)",
           f"{_digits(7)} || substr('WABCDEFGHIJKLMNOPQRSTUV', 1 + (weighted({_digits(7)}, '{{8,7,6,5,4,3,2}}')"
           " + 9 * greatest(strpos('WABCDEFGHI', substr(plain, 9)) - 1, 0)) % 23, 1) || substr(plain, 9)", "IE",
           kept="substr(plain, 9)"),
    Format("nl_vat", "^(?!0{9})[0-9]{9}B(?!00)[0-9]{2}$", 10**8, "left(plain, 8)",
           f"{_digits(8)} || (weighted({_digits(8)}, '{{9,8,7,6,5,4,3,2}}') % 11)::text || substr(plain, 10)", "NL",
           kept="substr(plain, 10)"),
    # a sole trader's number, whose first nine digits are no citizen's
    Format("nl_sole", "^(?!0{9})[0-9]{9}B(?!00)[0-9]{2}$", 10**9, "left(plain, 9)",
           f"{_digits(9)} || 'B' || lpad((98 - ('2321' || {_digits(9)} || '1100')::numeric % 97)::text, 2, '0')", "NL",
           only_if="(weighted(left(made, 8), '{9,8,7,6,5,4,3,2}') % 11)::text <> substr(made, 9, 1)"),
    Format("pl_vat", "^[0-9]{10}$", 10**9, "left(plain, 9)",
           f"{_digits(9)} || (weighted({_digits(9)}, '{{6,5,7,2,3,4,5,6,7}}') % 11)::text", "PL"),
    Format("se_vat", "^[0-9]{10}01$", 10**9, "left(plain, 9)", f"{_digits(9)} || luhn({_digits(9)}) || '01'", "SE"),
    Format("fi_vat", "^[0-9]{8}$", 10**7, "left(plain, 7)", _eleven(_digits(7), "7,9,10,5,8,4,2"), "FI"),
    Format("dk_vat", "^[1-9][0-9]{7}$", 10**7, "left(plain, 7)", _eleven(_digits(7), "2,7,6,5,4,3,2"), "DK"),
    Format("el_vat", "^[0-9]{9}$", 10**8, "left(plain, 8)",
           f"{_digits(8)} || (weighted({_digits(8)}, '{{256,128,64,32,16,8,4,2}}') % 11 % 10)::text", "EL"),
    # from here on companies' numbers only, where persons have their own number for one
    Format("bg_vat", "^[0-9]{9}$", 10**8, "left(plain, 8)", _second(_digits(8), "1,2,3,4,5,6,7,8", "3,4,5,6,7,8,9,10"), "BG"),
    Format("cy_vat", "^(?!12)[0-9]{8}[A-Z]$", 10**8, "left(plain, 8)",
           f"{_digits(8)} || chr(65 + ({_CYPRIOT_SUM}) % 26)", "CY"),
    Format("cz_vat", "^[0-8][0-9]{7}$", 10**7, "left(plain, 7)",
           f"{_digits(7)} || (coalesce(nullif((11 - weighted({_digits(7)}, '{{8,7,6,5,4,3,2}}') % 11) % 11, 0), 1) % 10)::text", "CZ"),
    Format("ee_vat", "^[0-9]{9}$", 10**8, "left(plain, 8)", _ten(_digits(8), "3,7,1,3,7,1,3,7"), "EE"),
    Format("hr_vat", "^[0-9]{11}$", 10**10, "left(plain, 10)", f"{_digits(10)} || mod_11_10({_digits(10)})", "HR"),
    Format("hu_vat", "^[0-9]{8}$", 10**7, "left(plain, 7)", _ten(_digits(7), "9,7,3,1,9,7,3"), "HU"),
    Format("lt_vat", "^[0-9]{7}1[0-9]$", 10**7, "left(plain, 7)",
           _second(f"({_digits(7)} || '1')", "1,2,3,4,5,6,7,8", "3,4,5,6,7,8,9,1"), "LT"),
    Format("lt_long", "^[0-9]{10}1[0-9]$", 10**10, "left(plain, 10)",
           _second(f"({_digits(10)} || '1')", "1,2,3,4,5,6,7,8,9,1,2", "3,4,5,6,7,8,9,1,2,3,4"), "LT"),
    Format("lv_vat", "^[4-9][0-9]{10}$", 10**10, "left(plain, 10)",
           f"{_digits(10)} || ((14 - weighted({_digits(10)}, '{{9,1,4,8,3,10,2,5,7,6}}') % 11) % 11)::text", "LV"),
    Format("mt_vat", "^[1-9][0-9]{7}$", 10**6, "left(plain, 6)",
           _two(6, f"weighted({_digits(6)}, '{{3,4,6,7,8,9}}')", 37), "MT", kept=_TWO.format(36, 37)),
    Format("ro_vat", "^[1-9][0-9]{1,9}$", 10**9, "left(plain, length(plain) - 1)",
           f"lpad(number::text, length(plain) - 1, '0') || (weighted({_digits(9)}, '{{7,5,3,2,1,7,5,3,2}}') * 10 % 11 % 10)::text",
           "RO", permuted="permuted(number, (10::numeric ^ (length(plain) - 1))::bigint, 'ro_vat:' || length(plain))"),
    Format("si_vat", "^[1-9][0-9]{7}$", 10**7, "left(plain, 7)",
           f"{_digits(7)} || (CASE weighted({_digits(7)}, '{{8,7,6,5,4,3,2}}') % 11 WHEN 1 THEN 0"
           f" ELSE 11 - weighted({_digits(7)}, '{{8,7,6,5,4,3,2}}') % 11 END)::text", "SI"),
    Format("sk_vat", "^[1-9][0-9][234789][0-9]{7}$", 10**9, "left(plain, 9)", f"{_digits(9)} || (number % 11)::text", "SK"),
    *(Format("gb_vat", "^[0-9]{9}$", 10**7, "left(plain, 7)",
             # the rest by 97 stays, and with it which numbers of a range these are: old ones 0, newer ones 42 or 55
             f"{_digits(7)} || lpad((({_BRITISH_REST.replace('whole', 'plain')} + 97 - weighted({_digits(7)}, '{{8,7,6,5,4,3,2}}') % 97)"
             " % 97 + right(plain, 2)::integer / 97 * 97)::text, 2, '0')", country,
             only_if=f"({_BRITISH_REST.replace('whole', 'made')} = 0 OR {_BRITISH_REST.replace('whole', 'made')} IN (42, 55) AND made >= '1')",
             kept=f"{_BRITISH_REST.replace('whole', 'plain')} || ':' || right(plain, 2)::integer / 97")
      for country in ("XI", "GB")),
)  # fmt: skip
NIF = (DNI, NIE, FORMER_NIF, CIF)

_MONTHS = "'ABCDEHLMPRST'"
_DAY = "(number / 26000 % 62)"
_LETTER = "chr(65 + (number / {} % 26)::integer)"
CODICE_FISCALE = (
    Format(
        "codice", "^[A-Z]{6}[0-9]{2}[ABCDEHLMPRST](?:[04][1-9]|[1256][0-9]|[37][01])[A-Z][0-9]{3}[A-Z]$",
        26**6 * 100 * 12 * 62 * 26000,
        "(" + " + ".join(f"(ascii(substr(plain, {n}, 1)) - 65) * {26 ** (6 - n)}::bigint" for n in range(1, 7)) + ")"
        f" * {100 * 12 * 62 * 26000} + substr(plain, 7, 2)::bigint * {12 * 62 * 26000}"
        f" + (strpos({_MONTHS}, substr(plain, 9, 1)) - 1) * {62 * 26000}::bigint"
        " + (substr(plain, 10, 2)::integer - CASE WHEN substr(plain, 10, 2) > '40' THEN 10 ELSE 1 END) * 26000"
        " + (ascii(substr(plain, 12, 1)) - 65) * 1000 + substr(plain, 13, 3)::integer",
        "with_codice_letter("
        + " || ".join(_LETTER.format(26**n * 100 * 12 * 62 * 26000) for n in range(5, -1, -1))
        + f" || lpad((number / {12 * 62 * 26000} % 100)::text, 2, '0') || substr({_MONTHS}, 1 + (number / {62 * 26000} % 12)::integer, 1)"
        f" || lpad(({_DAY} + CASE WHEN {_DAY} > 30 THEN 10 ELSE 1 END)::text, 2, '0')"
        f" || {_LETTER.format(1000)} || lpad((number % 1000)::text, 3, '0'))",
        # 30 February is no day; 29 February is one in every fourth year, 1900 aside
        only_if="substr(made, 10, 2)::integer % 40 <= CASE WHEN substr(made, 9, 1) = 'B' THEN"
        " CASE WHEN substr(made, 7, 2)::integer % 4 = 0 THEN 29 ELSE 28 END"
        " WHEN substr(made, 9, 1) IN ('D', 'H', 'P', 'S') THEN 30 ELSE 31 END",
    ),
    ITALIAN_VAT,
)  # fmt: skip

CARDS = tuple(
    Format(f"card{length}", f"^[1-9][0-9]{{{length - 1}}}$", 10 ** (length - 2), f"substr(plain, 2, {length - 2})",
           f"left(plain, 1) || {_digits(length - 2)} || luhn(left(plain, 1) || {_digits(length - 2)})",
           kept="left(plain, 1)")
    for length in range(12, 20)
)  # fmt: skip


def statements(
    word: str, formats: tuple[Format, ...], head: str = "''", *, by_lookup: bool = True
) -> tuple[str, ...]:
    """The two functions of a kind of identifier: which of its formats a value has, and its fake.

    `head` is SQL for the start of an invalid `original` that stays. Permutations go `by_lookup` where an engine
    keeps arrays in its plans.
    """
    reading = _of_each(formats, lambda place, _: f"RETURN {place};")
    faking = _of_each(formats, lambda _, one: _faked(one, by_lookup))
    format_of = qualified(WORK_SCHEMA, f"format_of_{word}")
    scrambled = f"{WORK_SCHEMA}.scrambled(substr(made, length(head) + 1), {text_literal(word)} || head)"
    declared = "plain text; number bigint; one integer; two integer; made text; prefixed boolean;"
    return (
        function_statement(
            f"format_of_{word}", "whole text, home text", "integer", "plpgsql",
            f"DECLARE {declared} BEGIN {reading} RETURN 0; END",
        ),
        function_statement(
            f"fake_{word}", "original text, home text", "text", "plpgsql",
            f"DECLARE whole text := {WORK_SCHEMA}.compact(original); head text; {declared} BEGIN {faking}"
            f" head := {head}; made := original; LOOP made := head || {scrambled};"
            f" EXIT WHEN {format_of}({WORK_SCHEMA}.compact(made), home) = 0; END LOOP; RETURN made; END",
        ),
    )  # fmt: skip


def _of_each(formats: tuple[Format, ...], then: Callable[[int, Format], str]) -> str:
    """Statements that find a value's format, and what is done then with its `number` and `plain`."""
    found = []
    numbered = enumerate(formats, start=1)
    for prefix, group in groupby(numbered, key=lambda pair: pair[1].prefix):
        tests = [
            f"IF plain ~ {text_literal(one.pattern)} THEN number := ({_call(' ' + one.rank)})::bigint; made := {_call(' ' + one.made)};"
            f" IF made = plain{_only_if(one)} THEN {then(place, one)} END IF; END IF;"
            for place, one in group
        ]
        if prefix:
            # most formats are of other countries: one cheap test passes them over
            name = text_literal(prefix)
            found.append(
                f"prefixed := starts_with(whole, {name}); IF prefixed OR home IN ('', {name}) THEN"
                f" plain := CASE WHEN prefixed THEN substr(whole, {len(prefix) + 1}) ELSE whole END; {' '.join(tests)} END IF;"
            )
        else:
            found.append(f"plain := whole; {' '.join(tests)}")
    return " ".join(found)


def _faked(one: Format, by_lookup: bool) -> str:
    """Statements that return the fake of a value of a format."""
    permuted = f"{one.permutation(by_lookup)} made := {_call(' ' + one.made)};"
    if not one.dense:
        permuted = f"LOOP {permuted} EXIT WHEN made ~ {text_literal(one.pattern)}{_only_if(one)}; END LOOP;"
    prefixed = f"IF prefixed THEN made := {text_literal(one.prefix)} || made; END IF;" if one.prefix else ""
    poured = f"CASE WHEN original = whole THEN made ELSE {WORK_SCHEMA}.poured(made, original) END"
    return f"{permuted} {prefixed} RETURN {poured};"


def _only_if(one: Format) -> str:
    return "" if one.only_if == "true" else f" AND ({_call(' ' + one.only_if)})"
