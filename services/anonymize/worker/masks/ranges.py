# SQL keeps its own lines.
# ruff: noqa: E501
"""Permutations of whole ranges, for columns that must stay unique: all telephone numbers, IBANs, IP and MAC addresses.

A range that belongs to nobody is too small for a permutation, so that a fake may be somebody's. What is not of the
format as it stands is scrambled within its own shape and stays so: the two never meet.
"""

from typing import Literal

from services.anonymize.worker.masks.iban import IBAN_ACCOUNT, WHOLE_IBAN
from services.anonymize.worker.masks.permuting import COMPACT, PERMUTED, POURED, SCRAMBLED
from services.anonymize.worker.sql import KEY_SETTING, WORK_SCHEMA, Purpose, function_statement

ReservedOrAny = Literal["reserved", "any"]
RANGE = (
    "reserved: fakes belong to nobody; any: unique, over the whole range, so that a fake may be somebody's"
)

# Calling codes of ITU-T E.164, of one digit, of two and of three. PostgreSQL takes the longest match, so that these
# must not overlap.
_CALLING = (
    "^(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    "|(?:2[1-689]|3[578]|42|5[09]|6[789]|8[035789]|9[679])[0-9])"
)

# Calling code, trunk zeros and the first digit behind them stay: the country, and mobile or not. Writing says nothing
# about the permutation, so that +33 6 12 34 56 78 and 06 12 34 56 78 stay one number.
ANY_PHONE = function_statement(
    "fake_any_phone",
    "original text",
    "text",
    "plpgsql",
    f"""
DECLARE
  digits text := regexp_replace(original, '[^0-9]', '', 'g');
  head text := ''; kept text; tail text;
BEGIN
  IF original !~ '^[ (]*[+]?[0-9 ./()\t\u00a0-]+$' OR length(digits) NOT BETWEEN 6 AND 18 THEN
    RETURN {WORK_SCHEMA}.scrambled(original, 'phone');
  END IF;
  IF strpos(original, '+') > 0 THEN head := coalesce(substring(digits from '{_CALLING}'), '');
  ELSIF left(digits, 2) = '00' THEN head := '00' || coalesce(substring(substr(digits, 3) from '{_CALLING}'), '');
  END IF;
  kept := substring(substr(digits, length(head) + 1) from '^0*[1-9]?');
  tail := substr(digits, length(head) + length(kept) + 1);
  IF tail = '' THEN RETURN original; END IF;
  RETURN {WORK_SCHEMA}.poured(head || kept || lpad({WORK_SCHEMA}.permuted(tail::bigint, (10::numeric ^ length(tail))::bigint,
    'phone:' || ltrim(kept, '0') || ':' || length(tail))::text, length(tail), '0'), original);
END
""",
)
ANY_PHONE_FUNCTIONS = (PERMUTED, SCRAMBLED, POURED, ANY_PHONE)

ANY_IBAN = function_statement(
    "fake_any_iban",
    "original text",
    "text",
    "plpgsql",
    f"""
DECLARE
  plain text := {WORK_SCHEMA}.compact(original);
  account text := {WORK_SCHEMA}.iban_account(plain);
  made text := original;
BEGIN
  IF account IS NOT NULL THEN
    made := {WORK_SCHEMA}.whole_iban(left(plain, 2), {WORK_SCHEMA}.scrambled(account, 'iban:' || left(plain, 2)));
    RETURN {WORK_SCHEMA}.poured(made, original);
  END IF;
  LOOP
    made := {WORK_SCHEMA}.scrambled(made, 'iban');
    EXIT WHEN {WORK_SCHEMA}.iban_account({WORK_SCHEMA}.compact(made)) IS NULL;
  END LOOP;
  RETURN made;
END
""",
)
ANY_IBAN_FUNCTIONS = (PERMUTED, SCRAMBLED, COMPACT, POURED, WHOLE_IBAN, IBAN_ACCOUNT, ANY_IBAN)

# IPv4 is permuted as a whole; of 2001:db8::/32 there are 96 bits to hash into, which is as good.
IPV6_BITS = 96
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_FOUR = rf"^{_OCTET}(?:[.]{_OCTET}){{3}}$"
_SIX = "^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$"
ANY_IP = function_statement(
    "fake_any_ip",
    "original text, room integer",
    "text",
    "plpgsql",
    f"""
DECLARE
  made text := original;
BEGIN
  IF original IS NULL THEN RETURN NULL; END IF;  -- or the loop has no end
  IF original ~ '{_FOUR}' THEN
    RETURN host('0.0.0.0'::inet + {WORK_SCHEMA}.permuted(original::inet - '0.0.0.0'::inet, 4294967296, 'ipv4'));
  END IF;
  IF original ~ '{_SIX}' AND room >= 39 THEN
    RETURN host(('2001:db8' || regexp_replace(encode(substr(sha256(convert_to(
      current_setting('{KEY_SETTING}') || ':{Purpose.IP.value}:' || lower(original), 'UTF8')), 1, {IPV6_BITS // 8}), 'hex'),
      '(....)', ':\\1', 'g'))::inet);
  END IF;
  LOOP
    made := {WORK_SCHEMA}.scrambled(made, 'ip');
    EXIT WHEN made !~ '{_FOUR}' AND (made !~ '{_SIX}' OR room < 39);
  END LOOP;
  RETURN made;
END
""",
)
ANY_IP_FUNCTIONS = (PERMUTED, SCRAMBLED, ANY_IP)

# The two lowest bits of the first octet stay: one network card or a group of them, given by a maker or not.
ANY_MAC = function_statement(
    "fake_any_mac",
    "original text",
    "text",
    "plpgsql",
    f"""
DECLARE
  bare text := lower(translate(original, ':-. ', ''));
  number bigint; flags bigint; low bigint := 1099511627776; made text := original;
BEGIN
  IF original IS NULL THEN RETURN NULL; END IF;  -- or the loop has no end
  IF bare ~ '^[0-9a-f]{{12}}$' THEN
    number := ('x' || bare)::bit(48)::bigint;
    flags := number / low % 4;
    number := {WORK_SCHEMA}.permuted(number / low / 4 * low + number % low, 64 * low, 'mac:' || flags);
    RETURN lpad(to_hex((number / low * 4 + flags) * low + number % low), 12, '0');
  END IF;
  LOOP
    made := {WORK_SCHEMA}.scrambled(made, 'mac');
    EXIT WHEN lower(translate(made, ':-. ', '')) !~ '^[0-9a-f]{{12}}$';
  END LOOP;
  RETURN made;
END
""",
)
ANY_MAC_FUNCTIONS = (PERMUTED, SCRAMBLED, ANY_MAC)
