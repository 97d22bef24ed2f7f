# SQL keeps its own lines.
# ruff: noqa: E501
"""Functions that the worker makes in its own schema, for masks that need intermediate values.

A single expression would look for every shape in every text, and repeat the text for each.
"""

from services.anonymize.worker.shapes import ACCOUNT, DIGITS, EMAIL, IBAN, IPV4, PHONE, URL
from services.anonymize.worker.sql import function_statement, text_literal

# In this order: an address may stand inside a URL, and an IP address begins like some telephone numbers. A pattern's
# states are made anew in every execution, so a cheap test goes before each long one. A name's own pattern would have to
# be compiled in every row, so that a name between two places that are no part of a word is found by its place.
_WORD = "'[[:alnum:]_]'"
# A telephone number with the words that it may be a part of: the long pattern sees no more of a text.
_RUN = f"[[:alnum:]_+(]*{DIGITS}[[:alnum:]_]*"
# Most of these are one number from end to end, which lengths and first digits tell: the long pattern costs 15
# microseconds. What they do not tell is left to it.
_GROUPED = "^[+]?[0-9]{2}(?:[ ./-]?[0-9])+$"
_IS_NUMBER = """CASE left(plain, 1)
        WHEN '+' THEN length(plain) BETWEEN 9 AND 15 AND substr(plain, 2, 1) <> '0'
        WHEN '0' THEN length(plain) BETWEEN 9 AND 12 AND substr(plain, 2, 1) <> '0'
          AND (strpos('./-', substr(run, 3, 1)) = 0 OR strpos('./-', substr(run, 6, 1)) = 0)  -- no date
        WHEN '3' THEN length(plain) BETWEEN 9 AND 10 AND strpos(' ./-', substr(run, 3, 1)) = 0
        WHEN '1' THEN false WHEN '2' THEN false WHEN '4' THEN false WHEN '5' THEN false
        ELSE length(plain) = 9 AND strpos(' ./-', substr(run, 3, 1)) = 0 END"""
REDACTED = function_statement(
    "redacted",
    "original text, names text[], patterns text[]",
    "text",
    "plpgsql",
    f"""
DECLARE
  kept text := original;
  lowered text; name text; run text; plain text; before text; done text; place integer; long integer;
BEGIN
  FOREACH name IN ARRAY coalesce(patterns, '{{}}') LOOP kept := regexp_replace(kept, name, '[redacted]', 'g'); END LOOP;
  IF strpos(kept, '://') > 0 THEN kept := regexp_replace(kept, {text_literal(URL)}, '[url]', 'gi'); END IF;
  IF strpos(kept, '@') > 0 THEN kept := regexp_replace(kept, {text_literal(EMAIL)}, '[email]', 'g'); END IF;
  IF kept ~ '[0-9]' THEN
    IF kept ~ '{ACCOUNT}' THEN kept := regexp_replace(kept, {text_literal(IBAN)}, '[iban]', 'g'); END IF;
    IF kept ~ '[0-9][0-9 ./()-]{{5,}}' THEN
      IF kept ~ '[0-9][.][0-9]' THEN kept := regexp_replace(kept, {text_literal(IPV4)}, '[ip]', 'g'); END IF;
      done := '';
      LOOP
        run := substring(kept from '{_RUN}');
        EXIT WHEN run IS NULL;
        place := strpos(kept, run);
        done := done || left(kept, place - 1);
        kept := substr(kept, place + length(run));
        IF run ~ '{_GROUPED}' THEN
          plain := translate(run, ' ./-', '');
          IF ({_IS_NUMBER}) THEN done := done || '[phone]'; CONTINUE; END IF;
        END IF;
        done := done || regexp_replace(run, {text_literal(PHONE)}, '[phone]', 'g');
      END LOOP;
      kept := done || kept;
    END IF;
  END IF;
  IF names IS NULL THEN RETURN kept; END IF;
  lowered := lower(kept);
  FOREACH name IN ARRAY names LOOP
    name := btrim(name);
    long := length(name);
    CONTINUE WHEN long < 2;  -- one letter would take every such letter for a name
    place := strpos(lowered, lower(name));
    CONTINUE WHEN place = 0 OR place IS NULL;
    IF length(lowered) <> length(kept) OR length(lower(name)) <> long
       OR left(name, 1) !~ {_WORD} OR right(name, 1) !~ {_WORD} THEN
      kept := regexp_replace(kept, '\\m' || regexp_replace(name, '([^[:alnum:][:space:]])', '\\\\\\1', 'g') || '\\M',
        '[name]', 'gi');
      lowered := lower(kept);
      CONTINUE;
    END IF;
    name := lower(name); done := ''; before := '';
    LOOP
      IF place > 1 THEN before := substr(kept, place - 1, 1); END IF;
      IF before ~ {_WORD} OR substr(kept, place + long, 1) ~ {_WORD} THEN
        done := done || left(kept, place);
        before := substr(kept, place, 1);
        place := place + 1;
      ELSE
        done := done || left(kept, place - 1) || '[name]';
        place := place + long;
        before := ' ';
      END IF;
      kept := substr(kept, place);
      lowered := substr(lowered, place);
      place := strpos(lowered, name);
      EXIT WHEN place = 0;
    END LOOP;
    kept := done || kept;
    lowered := lower(kept);
  END LOOP;
  RETURN kept;
END
""",
)
