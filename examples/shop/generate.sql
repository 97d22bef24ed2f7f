-- Fills the shop with invented people: set-based, deterministic, linear in the number of customers.
--
--     SET shop.customers = '20000';       -- read with current_setting; 20,000 when not set
--
-- Every choice is a hash of the row's number and a salt (no random(), no now()): the same size gives the same rows, and
-- customer 1 is the same person at every size. Needs words.sql and sentences.sql in the same session. NOTICEs tell
-- how far it is.

SET client_min_messages = notice;
SET timezone = 'UTC';                   -- dates are cut out of timestamps
SET work_mem = '64MB';
SET jit = off;
SET enable_nestloop = off;             -- nothing here has statistics yet: one wrong guess is quadratic

-- ------------------------------------------------------------------------------------------------ building blocks

CREATE FUNCTION pg_temp.hash(id bigint, salt int) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN hashint8extended(id, salt) & 9223372036854775807;

-- 0 ≤ share < 1
CREATE FUNCTION pg_temp.share(id bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE
    RETURN (hashint8extended(id, salt) & 1048575) / 1048576.0::float8;

-- A number with exactly `width` digits, as text.
CREATE FUNCTION pg_temp.digits(id bigint, salt int, width int) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN lpad((pg_temp.hash(id, salt) % (10::float8 ^ width)::bigint)::text, width, '0');

CREATE FUNCTION pg_temp.unaccented(name text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN translate(name, 'ÀÁÂÄÈÉÊËÌÍÎÏÒÓÔÖÙÚÛÜÇÑàáâäèéêëìíîïòóôöùúûüçñ', 'AAAAEEEEIIIIOOOOUUUUCNaaaaeeeeiiiioooouuuucn');

-- The name as it stands in an e-mail address: no accents, spaces or apostrophes.
CREATE FUNCTION pg_temp.ascii(name text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN lower(translate(pg_temp.unaccented(name), ' ''', ''));

-- National number without the leading zero that France writes and Italy keeps.
CREATE FUNCTION pg_temp.phone_digits(id bigint, salt int, country text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE country
        WHEN 'FR' THEN substr('6666771245', 1 + (pg_temp.hash(id, salt) % 10)::int, 1) || pg_temp.digits(id, salt + 1, 8)
        WHEN 'ES' THEN substr('6666677999', 1 + (pg_temp.hash(id, salt) % 10)::int, 1) || pg_temp.digits(id, salt + 1, 8)
        ELSE '3' || substr('2233344489', 1 + (pg_temp.hash(id, salt) % 10)::int, 1) || pg_temp.digits(id, salt + 1, 8)
    END;

-- The same number as people write it, in six ways per country.
CREATE FUNCTION pg_temp.phone(d text, country text, style int) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE country
        WHEN 'FR' THEN CASE style
            WHEN 0 THEN '0' || substr(d, 1, 1) || ' ' || substr(d, 2, 2) || ' ' || substr(d, 4, 2) || ' ' || substr(d, 6, 2) || ' ' || substr(d, 8)
            WHEN 1 THEN '0' || d
            WHEN 2 THEN '+33 ' || substr(d, 1, 1) || ' ' || substr(d, 2, 2) || ' ' || substr(d, 4, 2) || ' ' || substr(d, 6, 2) || ' ' || substr(d, 8)
            WHEN 3 THEN '0' || substr(d, 1, 1) || '.' || substr(d, 2, 2) || '.' || substr(d, 4, 2) || '.' || substr(d, 6, 2) || '.' || substr(d, 8)
            WHEN 4 THEN '+33' || d
            ELSE '0033' || d END
        WHEN 'ES' THEN CASE style
            WHEN 0 THEN substr(d, 1, 3) || ' ' || substr(d, 4, 3) || ' ' || substr(d, 7)
            WHEN 1 THEN d
            WHEN 2 THEN '+34 ' || substr(d, 1, 3) || ' ' || substr(d, 4, 2) || ' ' || substr(d, 6, 2) || ' ' || substr(d, 8)
            WHEN 3 THEN substr(d, 1, 3) || '-' || substr(d, 4, 3) || '-' || substr(d, 7)
            WHEN 4 THEN '+34' || d
            ELSE '0034 ' || d END
        ELSE CASE style
            WHEN 0 THEN substr(d, 1, 3) || ' ' || substr(d, 4)
            WHEN 1 THEN d
            WHEN 2 THEN '+39 ' || substr(d, 1, 3) || ' ' || substr(d, 4, 3) || ' ' || substr(d, 7)
            WHEN 3 THEN substr(d, 1, 3) || '/' || substr(d, 4)
            WHEN 4 THEN '+39' || d
            ELSE '0039 ' || substr(d, 1, 3) || ' ' || substr(d, 4) END
    END;

-- ISO 13616 check digits over the account part; letters count as 10..35 (only Italy has one, at its head).
CREATE FUNCTION pg_temp.iban(country text, bban text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN country || lpad((98 - mod((
        CASE WHEN bban ~ '^[A-Z]' THEN (ascii(bban) - 55)::text || substr(bban, 2) ELSE bban END
        || (ascii(country) - 55)::text || (ascii(substr(country, 2)) - 55)::text || '00')::numeric, 97))::text, 2, '0') || bban;

-- Bank, branch and account with the national check: France's RIB key, Spain's two control digits, Italy's CIN letter.
CREATE FUNCTION pg_temp.bban(country text, bank text, branch text, id bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    account text := pg_temp.digits(id, 900, CASE country WHEN 'FR' THEN 11 WHEN 'ES' THEN 10 ELSE 12 END);
    weights CONSTANT int[] := ARRAY[1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
    odd CONSTANT int[] := ARRAY[1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    sums int[] := ARRAY[0, 0];
    digit int;
BEGIN
    IF country = 'FR' THEN
        RETURN bank || branch || account
            || lpad((97 - (89 * bank::bigint + 15 * branch::bigint + 3 * account::bigint) % 97)::text, 2, '0');
    ELSIF country = 'ES' THEN
        FOR i IN 1..10 LOOP
            sums[1] := sums[1] + weights[i] * substr('00' || bank || branch, i, 1)::int;
            sums[2] := sums[2] + weights[i] * substr(account, i, 1)::int;
        END LOOP;
        RETURN bank || branch
            || CASE 11 - sums[1] % 11 WHEN 10 THEN 1 WHEN 11 THEN 0 ELSE 11 - sums[1] % 11 END
            || CASE 11 - sums[2] % 11 WHEN 10 THEN 1 WHEN 11 THEN 0 ELSE 11 - sums[2] % 11 END
            || account;
    END IF;
    FOR i IN 1..22 LOOP
        digit := substr(bank || branch || account, i, 1)::int;
        sums[1] := sums[1] + CASE WHEN i % 2 = 1 THEN odd[digit + 1] ELSE digit END;
    END LOOP;
    RETURN chr(65 + sums[1] % 26) || bank || branch || account;
END $$;

CREATE FUNCTION pg_temp.ip(id bigint, salt int, country text) RETURNS inet LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN pg_temp.hash(id, salt) % 8 = 0
        THEN ('2a01:' || CASE country WHEN 'FR' THEN 'e0a' WHEN 'ES' THEN 'c50' ELSE 'e11' END || '::')::inet
            + (pg_temp.hash(id, salt + 1) & 281474976710655)
        ELSE (CASE country WHEN 'FR' THEN '82.64.0.0' WHEN 'ES' THEN '83.32.0.0' ELSE '79.0.0.0' END)::inet
            + (pg_temp.hash(id, salt + 1) % 2097152) END;

CREATE FUNCTION pg_temp.moment(id bigint, salt int, since timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN date_trunc('second', since + (timestamptz '2026-11-15 00:00+00' - since) * pg_temp.share(id, salt));

CREATE FUNCTION pg_temp.door(country text, street text, number int, suffix text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE country WHEN 'FR' THEN number || suffix || ' ' || lower(left(street, 1)) || substr(street, 2)
        ELSE street || ', ' || number END;

-- A customer always pays in the same way.
CREATE FUNCTION pg_temp.payment_method(id bigint) RETURNS payment_method LANGUAGE sql IMMUTABLE
    RETURN ('{card,card,card,card,card,sepa_debit,sepa_debit,sepa_debit,transfer,paypal}'::payment_method[])
        [1 + (pg_temp.hash(id, 81) % 10)::int];

-- Replaces the placeholders of sentences.sql.
CREATE FUNCTION pg_temp.fill(words text, first_name text, last_name text, email text, phone text) RETURNS text
LANGUAGE sql IMMUTABLE
    RETURN replace(replace(replace(replace(replace(words, '{name}', first_name || ' ' || last_name), '{first}', first_name),
        '{last}', last_name), '{email}', email), '{phone}', phone);

-- ------------------------------------------------------------------------------------------------------- customers

DO $$ BEGIN RAISE NOTICE 'customers'; END $$;

CREATE TEMPORARY TABLE person AS
WITH drawn AS (
    SELECT id,
           CASE WHEN pg_temp.hash(id, 1) % 100 < 60 THEN 'FR' WHEN pg_temp.hash(id, 1) % 100 < 82 THEN 'ES' ELSE 'IT' END AS country,
           CASE WHEN pg_temp.hash(id, 2) % 100 < 52 THEN 'F' ELSE 'M' END AS civility,
           DATE '1941-01-01' + (pg_temp.share(id, 3) * 24200)::int AS birth_date,
           timestamptz '2021-01-04 08:00+00' + floor(power(pg_temp.share(id, 4), 0.8) * 183600000) * interval '1 second' AS created_at
    FROM generate_series(1::bigint, coalesce(nullif(current_setting('shop.customers', true), ''), '20000')::bigint) AS id
), named AS (
    SELECT d.*,
           CASE civility WHEN 'F' THEN f.first_f ELSE f.first_m END AS first_name,
           l.last_name AS surname,
           l.last_name || CASE WHEN d.country = 'ES' AND pg_temp.hash(id, 7) % 8 > 0 THEN ' ' || m.last_name ELSE '' END AS last_name,
           e.domain
    FROM drawn d
    JOIN slot f ON f.country = d.country AND f.n = (pg_temp.hash(id, 5) & 1023)::int
    JOIN slot l ON l.country = d.country AND l.n = (pg_temp.hash(id, 6) & 1023)::int
    JOIN slot m ON m.country = d.country AND m.n = (pg_temp.hash(id, 8) & 1023)::int
    JOIN slot e ON e.country = d.country AND e.n = (pg_temp.hash(id, 9) & 1023)::int
), spelled AS (
    SELECT *, pg_temp.ascii(first_name) AS f, pg_temp.ascii(surname) AS l, to_char(birth_date, 'YY') AS yy
    FROM named
), addressed AS (
    SELECT *, CASE pg_temp.hash(id, 10) % 10
            WHEN 0 THEN left(f, 1) || '.' || l
            WHEN 1 THEN f || '.' || l || yy
            WHEN 2 THEN f || l
            WHEN 3 THEN l || '.' || f
            WHEN 4 THEN f || '_' || l
            WHEN 5 THEN left(f, 1) || l || yy
            ELSE f || '.' || l END AS local_part
    FROM spelled
)
-- A second marie.martin@orange.fr becomes marie.martin.2@orange.fr; no part of a name ends in a dot and a digit, so
-- that stays unique. Some people type their address with capitals.
SELECT id, country, civility, first_name, last_name, birth_date, created_at,
       CASE WHEN pg_temp.hash(id, 11) % 25 = 0 THEN initcap(numbered) ELSE numbered END || '@' || domain AS email,
       pg_temp.phone_digits(id, 12, country) AS phone_digits,
       (pg_temp.hash(id, 14) % 6)::int AS phone_style
FROM (
    SELECT *, local_part || coalesce('.' || nullif(row_number() OVER (PARTITION BY local_part, domain ORDER BY id), 1), '') AS numbered
    FROM addressed
) AS unique_addresses;

ANALYZE person (id, country);

INSERT INTO customers (country, civility, first_name, last_name, email, phone, birth_date, company, vat_number, last_ip,
    password_hash, tags, loyalty_points, marketing_consent, profile, created_at, updated_at)
SELECT p.country, civility, first_name, p.last_name, email,
       CASE WHEN pg_temp.hash(id, 20) % 12 > 0 THEN pg_temp.phone(phone_digits, p.country, phone_style) END,
       birth_date,
       CASE WHEN is_company THEN t.trade || ' ' || split_part(p.last_name, ' ', 1) || ' ' || t.form END,
       CASE WHEN NOT is_company THEN NULL
            WHEN p.country = 'FR' THEN 'FR' || lpad(((12 + 3 * (siren % 97)) % 97)::text, 2, '0') || siren
            WHEN p.country = 'ES' THEN 'ESB' || left(siren::text, 8)
            ELSE 'IT0' || siren || '0' END,
       pg_temp.ip(id, 24, p.country),
       '$2b$12$' || left(encode(sha256(int8send(id)), 'base64'), 43) || 'u.',
       CASE WHEN is_company THEN ARRAY['pro', slug] WHEN pg_temp.hash(id, 26) % 3 = 0 THEN ARRAY[slug] ELSE '{}' END,
       (pg_temp.hash(id, 27) % 4000)::int, pg_temp.hash(id, 28) % 10 < 6,
       CASE WHEN pg_temp.hash(id, 29) % 4 = 0 THEN '{}'::jsonb ELSE jsonb_build_object(
           'nickname', pg_temp.ascii(first_name) || to_char(birth_date, 'YY'),
           'contact', CASE WHEN pg_temp.hash(id, 34) % 40 = 0 THEN to_jsonb(email) ELSE jsonb_build_object('email', email, 'phone', pg_temp.phone(phone_digits, p.country, 4),
               'preferred', CASE WHEN pg_temp.hash(id, 30) % 3 = 0 THEN 'phone' ELSE 'email' END) END,
           'preferences', jsonb_build_object('language', lower(p.country), 'alerts', to_jsonb(ARRAY['promo', slug])),
           'devices', CASE pg_temp.hash(id, 31) % 3 WHEN 0 THEN '[]'::jsonb
               WHEN 1 THEN jsonb_build_array(device)
               ELSE jsonb_build_array(device, jsonb_build_object('os', 'web', 'ip', host(pg_temp.ip(id, 33, p.country)))) END) END,
       created_at, created_at
FROM person p
JOIN slot t ON t.country = p.country AND t.n = (pg_temp.hash(id, 22) & 1023)::int
CROSS JOIN LATERAL (SELECT
    pg_temp.hash(id, 21) % 12 = 0 AS is_company,
    100000000 + pg_temp.hash(id, 23) % 900000000 AS siren,
    (ARRAY['jardin', 'peinture', 'bricolage', 'salle-de-bains', 'luminaires', 'bois'])[1 + (pg_temp.hash(id, 25) % 6)::int] AS slug,
    jsonb_build_object('os', CASE WHEN pg_temp.hash(id, 32) % 2 = 0 THEN 'iOS 26' ELSE 'Android 16' END,
        'ip', host(pg_temp.ip(id, 24, p.country)), 'owner', first_name) AS device
) AS drawn
ORDER BY id;

-- ------------------------------------------------------------------------------------------------------- addresses

DO $$ BEGIN RAISE NOTICE 'addresses'; END $$;

INSERT INTO addresses (customer_id, label, recipient, street, complement, postcode, city, country, phone, is_default, updated_at)
SELECT p.id,
       CASE p.country WHEN 'FR' THEN (ARRAY['Domicile', 'Chantier', 'Bureau'])[no]
                      WHEN 'ES' THEN (ARRAY['Casa', 'Obra', 'Oficina'])[no] ELSE (ARRAY['Casa', 'Cantiere', 'Ufficio'])[no] END,
       CASE WHEN no = 3 THEN o.first_f || ' ' || o.last_name ELSE first_name || ' ' || p.last_name END,
       pg_temp.door(p.country, s.street, number, CASE WHEN pg_temp.hash(key, 42) % 9 = 0 THEN ' bis' ELSE '' END),
       CASE WHEN pg_temp.hash(key, 43) % 3 = 0 THEN
           CASE p.country WHEN 'FR' THEN 'Appt ' || floor WHEN 'ES' THEN floor || '.º B' ELSE 'Scala ' || chr(64 + floor::int) END END,
       c.postcode, c.city, p.country,
       CASE WHEN no > 1 THEN pg_temp.phone(phone_digits, p.country, 0) END,
       no = 1, created_at
FROM person p
CROSS JOIN LATERAL generate_series(1, 1 + (pg_temp.hash(id, 40) % 100 < 45)::int + (pg_temp.hash(id, 40) % 100 < 6)::int) AS no
CROSS JOIN LATERAL (SELECT id * 4 + no AS key) AS k
CROSS JOIN LATERAL (SELECT 1 + (power(pg_temp.share(key, 41), 2) * 180)::int AS number, 1 + pg_temp.hash(key, 44) % 8 AS floor) AS n
JOIN slot s ON s.country = p.country AND s.n = (pg_temp.hash(key, 45) & 1023)::int
JOIN slot c ON c.country = p.country AND c.n = (pg_temp.hash(key, 46) & 1023)::int
JOIN slot o ON o.country = p.country AND o.n = (pg_temp.hash(key, 47) & 1023)::int
ORDER BY p.id, no;

-- --------------------------------------------------------------------------------------------- orders and payments

DO $$ BEGIN RAISE NOTICE 'orders'; END $$;

-- Numbers per customer: three on average, many with none, a few with twelve.
CREATE TEMPORARY TABLE draft_order AS
SELECT row_number() OVER (ORDER BY ordered_on, p.id, no) AS id, ordered_on, p.id AS customer_id
FROM person p
CROSS JOIN LATERAL generate_series(1, ('{0,0,0,1,1,1,1,2,2,2,2,3,3,3,4,4,5,6,8,12}'::int[])[1 + (pg_temp.hash(id, 50) % 20)::int]) AS no
CROSS JOIN LATERAL (SELECT created_at::date + floor(pg_temp.share(id * 16 + no, 51) * (DATE '2026-11-15' - created_at::date))::int AS ordered_on) AS o;

ANALYZE draft_order (id, customer_id);

INSERT INTO order_lines (order_id, ordered_on, line_no, product_id, quantity, unit_price_cents)
SELECT o.id, o.ordered_on, line_no, p.id, 1 + power(pg_temp.share(key, 62), 5) * 11, p.price_cents
FROM draft_order o
CROSS JOIN LATERAL generate_series(1, ('{1,1,1,1,2,2,2,3,3,4}'::int[])[1 + (pg_temp.hash(o.id, 60) % 10)::int]) AS line_no
CROSS JOIN LATERAL (SELECT o.id * 16 + line_no AS key) AS k
JOIN products p ON p.id = 1 + floor(power(pg_temp.share(key, 61), 1.4) * (SELECT count(*) FROM products))::int
ORDER BY o.id, line_no;

ANALYZE addresses (customer_id, is_default);
ANALYZE order_lines (order_id);

INSERT INTO orders (id, ordered_on, customer_id, address_id, status, country, contact_email, contact_phone, client_ip,
    delivery_note, total_cents)
SELECT o.id, o.ordered_on, p.id, a.id,
       CASE WHEN o.ordered_on > DATE '2026-11-05' AND pg_temp.hash(o.id, 70) % 3 > 0
                THEN (enum_range(NULL::order_status))[1 + (pg_temp.hash(o.id, 70) % 4)::int]
            WHEN pg_temp.hash(o.id, 71) % 30 = 0 THEN 'cancelled'
            WHEN pg_temp.hash(o.id, 71) % 25 = 1 THEN 'returned' ELSE 'delivered' END::order_status,
       p.country, p.email,
       CASE WHEN pg_temp.hash(o.id, 72) % 2 = 0 THEN pg_temp.phone(p.phone_digits, p.country, 2) END,
       pg_temp.ip(p.id, 24, p.country),
       CASE WHEN pg_temp.hash(o.id, 73) % 8 = 0 THEN
           pg_temp.fill(d.words, p.first_name, p.last_name, p.email, pg_temp.phone(p.phone_digits, p.country, 1)) END,
       l.total
FROM draft_order o
JOIN person p ON p.id = o.customer_id
JOIN addresses a ON a.customer_id = p.id AND a.is_default
JOIN (SELECT order_id, sum(quantity * unit_price_cents) AS total FROM order_lines GROUP BY order_id) AS l ON l.order_id = o.id
JOIN phrase d ON d.kind = 'delivery' AND d.language = lower(p.country) AND d.no = pg_temp.hash(o.id, 74) % 3
ORDER BY o.id;

ANALYZE orders (customer_id);

DO $$ BEGIN RAISE NOTICE 'payments'; END $$;

-- One bank account for each customer who pays from it or might name it in a ticket.
CREATE TEMPORARY TABLE account AS
SELECT p.id AS customer_id, pg_temp.iban(p.country, pg_temp.bban(p.country, s.bank, s.branch, p.id)) AS iban
FROM person p
JOIN slot s ON s.country = p.country AND s.n = (pg_temp.hash(p.id, 901) & 1023)::int
WHERE pg_temp.payment_method(p.id) IN ('sepa_debit', 'transfer') OR pg_temp.hash(p.id, 100) % 100 < 24;

ANALYZE account (customer_id);

-- Other orders were paid in the store. One IBAN in six is written in groups of four; banks write names in capitals
-- without accents.
INSERT INTO payments (order_id, ordered_on, method, country, holder, iban, card_last4, payer_email, psp_reference,
    amount_cents, paid_at)
SELECT o.id, o.ordered_on, method, p.country,
       upper(pg_temp.unaccented(p.first_name || ' ' || p.last_name)),
       CASE WHEN pg_temp.hash(o.id, 82) % 6 = 0 THEN regexp_replace(iban, '(.{4})(?=.)', '\1 ', 'g') ELSE iban END,
       CASE WHEN method = 'card' THEN pg_temp.digits(p.id, 83, 4) END,
       CASE WHEN method = 'paypal' THEN lower(p.email) END,
       'psp_' || left(encode(sha256(int8send(o.id)), 'hex'), 16), o.total_cents,
       o.ordered_on::timestamptz + (pg_temp.hash(o.id, 84) % 50400 + 28800) * interval '1 second'
FROM orders o
JOIN person p ON p.id = o.customer_id
CROSS JOIN LATERAL (SELECT pg_temp.payment_method(p.id) AS method) AS m
LEFT JOIN account ON account.customer_id = p.id AND method IN ('sepa_debit', 'transfer')
WHERE pg_temp.hash(o.id, 80) % 3 = 0 AND o.status NOT IN ('basket', 'cancelled')
ORDER BY o.id;

-- ---------------------------------------------------------------------------------- newsletter, support, field sales

DO $$ BEGIN RAISE NOTICE 'newsletter'; END $$;

-- Mostly customers, some of whom typed their address in another case or with a +tag; and people who never bought.
INSERT INTO newsletter (email, imported_name, first_name, country, subscribed_at, unsubscribed_at, consent_ip)
SELECT CASE pg_temp.hash(id, 91) % 20 WHEN 0 THEN lower(email) WHEN 1 THEN initcap(split_part(email, '@', 1)) || '@' || split_part(email, '@', 2)
            WHEN 2 THEN replace(email, '@', '+bricolage@') ELSE email END,
       first_name || ' ' || last_name, first_name, country, created_at,
       CASE WHEN pg_temp.hash(id, 92) % 9 = 0 THEN pg_temp.moment(id, 93, created_at) END, pg_temp.ip(id, 24, country)
FROM person
WHERE pg_temp.hash(id, 90) % 100 < 53
ORDER BY id;

INSERT INTO newsletter (email, imported_name, first_name, country, subscribed_at, consent_ip)
SELECT pg_temp.ascii(f.first_f) || '.' || pg_temp.ascii(l.last_name) || '_' || p.id || '@' || f.domain, f.first_f || ' ' || l.last_name, f.first_f, p.country,
       p.created_at, pg_temp.ip(p.id, 97, p.country)
FROM person p
JOIN slot f ON f.country = p.country AND f.n = (pg_temp.hash(p.id, 95) & 1023)::int
JOIN slot l ON l.country = p.country AND l.n = (pg_temp.hash(p.id, 96) & 1023)::int
WHERE pg_temp.hash(p.id, 94) % 100 < 8
ORDER BY p.id;

DO $$ BEGIN RAISE NOTICE 'support tickets'; END $$;

INSERT INTO support_tickets (customer_id, channel, language, contact_first_name, contact_last_name, contact_email, contact_phone, subject, body, opened_at, closed_at)
SELECT CASE WHEN pg_temp.hash(key, 101) % 40 > 0 THEN p.id END,
       (enum_range(NULL::crm.channel))[1 + (pg_temp.hash(key, 102) % 4)::int], lower(p.country),
       p.first_name, p.last_name, p.email, pg_temp.phone(p.phone_digits, p.country, p.phone_style), b.subject,
       replace(replace(replace(
           pg_temp.fill(g.words || E'\n' || b.words || E'\n' || c.words || E'\n' || e.words, p.first_name, p.last_name, p.email,
               pg_temp.phone(p.phone_digits, p.country, (p.phone_style + 3) % 6)),
           '{city}', a.city), '{order}', coalesce('n° ' || o.last_order, 'web')),
           '{iban}', account.iban),
       opened_at, CASE WHEN pg_temp.hash(key, 104) % 5 > 0 THEN opened_at + (pg_temp.hash(key, 105) % 500000) * interval '1 second' END
FROM person p
CROSS JOIN LATERAL generate_series(1, (pg_temp.hash(p.id, 100) % 100 < 24)::int + (pg_temp.hash(p.id, 100) % 100 < 6)::int) AS which
CROSS JOIN LATERAL (SELECT p.id * 2 + which AS key) AS k
CROSS JOIN LATERAL (SELECT pg_temp.moment(key, 103, p.created_at) AS opened_at) AS t
JOIN addresses a ON a.customer_id = p.id AND a.is_default
JOIN account ON account.customer_id = p.id
LEFT JOIN (SELECT customer_id, max(id) AS last_order FROM draft_order GROUP BY customer_id) AS o ON o.customer_id = p.id
JOIN phrase g ON g.kind = 'greeting' AND g.language = lower(p.country) AND g.no = pg_temp.hash(key, 106) % g.many
JOIN phrase b ON b.kind = 'problem' AND b.language = lower(p.country) AND b.no = pg_temp.hash(key, 107) % b.many
JOIN phrase c ON c.kind = 'contact' AND c.language = lower(p.country) AND c.no = pg_temp.hash(key, 108) % c.many
JOIN phrase e ON e.kind = 'closing' AND e.language = lower(p.country) AND e.no = pg_temp.hash(key, 109) % e.many
ORDER BY p.id, which;

INSERT INTO crm.referrals (referrer_email, friend_email, referred_on)
SELECT p.email, f.email, f.created_at::date
FROM person p
JOIN person f ON f.id = p.id + 1 + pg_temp.hash(p.id, 111) % 9
WHERE pg_temp.hash(p.id, 110) % 30 = 0
ORDER BY p.id;

INSERT INTO crm."Contacts Pro"
SELECT row_number() OVER (ORDER BY p.id), t.trade || ' ' || p.last_name || ' ' || t.form, p.first_name || ' ' || p.last_name,
       lower(left(pg_temp.ascii(p.first_name), 1)) || '.' || pg_temp.ascii(split_part(p.last_name, ' ', 1)) || '.' || p.id || '@' || pg_temp.ascii(t.trade) || '-' || pg_temp.ascii(split_part(p.last_name, ' ', 1)) || '.' || lower(p.country),
       pg_temp.phone(pg_temp.phone_digits(p.id, 121, p.country), p.country, p.phone_style), p.country, 5 + pg_temp.hash(p.id, 123) % 20
FROM person p
JOIN slot t ON t.country = p.country AND t.n = (pg_temp.hash(p.id, 122) & 1023)::int
WHERE pg_temp.hash(p.id, 120) % 40 = 0;
