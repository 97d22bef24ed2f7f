# SQL keeps its own lines.
# ruff: noqa: E501
"""Functions that the worker makes in its own schema, for masks that need intermediate values.

A single expression would look for every shape in every text, and repeat the text for each.
"""

from services.anonymize.worker.shapes import EMAIL, IBAN, IPV4, PHONE, URL
from services.anonymize.worker.sql import function_statement, text_literal

# In this order: an address may stand inside a URL, and an IP address begins like some telephone numbers. Each cheap test
# saves an expensive pattern; the pattern of a name is new in every row and has to be compiled, so it comes last.
REDACTED = function_statement(
    "redacted",
    "original text, names text[], patterns text[]",
    "text",
    "plpgsql",
    f"""
DECLARE
  kept text := original;
  lowered text;
  name text;
BEGIN
  FOREACH name IN ARRAY coalesce(patterns, '{{}}') LOOP kept := regexp_replace(kept, name, '[redacted]', 'g'); END LOOP;
  IF strpos(kept, '://') > 0 THEN kept := regexp_replace(kept, {text_literal(URL)}, '[url]', 'gi'); END IF;
  IF strpos(kept, '@') > 0 THEN kept := regexp_replace(kept, {text_literal(EMAIL)}, '[email]', 'g'); END IF;
  IF kept ~ '[0-9][0-9]' THEN
    kept := regexp_replace(kept, {text_literal(IBAN)}, '[iban]', 'g');
    IF strpos(kept, '.') > 0 THEN kept := regexp_replace(kept, {text_literal(IPV4)}, '[ip]', 'g'); END IF;
    kept := regexp_replace(kept, {text_literal(PHONE)}, '[phone]', 'g');
  END IF;
  IF names IS NULL THEN RETURN kept; END IF;
  lowered := lower(kept);
  FOREACH name IN ARRAY names LOOP
    -- one letter would take every such letter for a name
    IF length(btrim(name)) > 1 AND strpos(lowered, lower(btrim(name))) > 0 THEN
      kept := regexp_replace(kept,
        '\\m' || regexp_replace(btrim(name), '([^[:alnum:][:space:]])', '\\\\\\1', 'g') || '\\M', '[name]', 'gi');
    END IF;
  END LOOP;
  RETURN kept;
END
""",
)
