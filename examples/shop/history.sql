-- Some years of life, so that old values lie where production has them: in the audit table, in dead rows, in the
-- pages of a dropped column, in statistics. Runs in generate.sql's session.

DO $$ BEGIN RAISE NOTICE 'history'; END $$;

-- One in sixteen took a new e-mail address and number. Their old ones live on in the audit table (by trigger), in older
-- orders, tickets and the newsletter.
UPDATE customers c
SET email = replace(c.email, '@', '-' || to_char(c.birth_date, 'MM') || '@'),
    phone = pg_temp.phone(pg_temp.phone_digits(c.id, 140, c.country), c.country, (pg_temp.hash(c.id, 142) % 6)::int),
    updated_at = pg_temp.moment(c.id, 143, c.created_at)
WHERE pg_temp.hash(c.id, 144) % 16 = 0;

-- One in thirty moved house.
UPDATE addresses a
SET street = pg_temp.door(a.country, s.street, (1 + pg_temp.hash(a.id, 153) % 60)::int, ''),
    postcode = s.postcode, city = s.city, updated_at = pg_temp.moment(a.id, 150, a.updated_at)
FROM slot s
WHERE s.country = a.country AND s.n = (pg_temp.hash(a.id, 151) & 1023)::int AND pg_temp.hash(a.id, 152) % 30 = 0;

-- Erasure requests: gone for SQL, not from the pages.
DELETE FROM newsletter WHERE pg_temp.hash(id, 160) % 60 = 0;
ALTER TABLE newsletter DROP COLUMN imported_name;

DO $$ BEGIN RAISE NOTICE 'materialized view and statistics'; END $$;

REFRESH MATERIALIZED VIEW customer_value;

-- Histograms and most common values: pg_statistic now holds real names, addresses and IBANs, as in production.
SET default_statistics_target = 25;
ANALYZE countries, categories, products, customers, addresses, orders, order_lines, payments, newsletter, support_tickets,
    audit_log, crm.referrals, crm."Contacts Pro", customer_value;
RESET default_statistics_target;
