-- One of everything that stands in the way of rewriting a column.
CREATE SCHEMA "Sales Ops";
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE DOMAIN mail_address AS varchar(120) CHECK (VALUE ~ '@');

CREATE TABLE people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(254) NOT NULL UNIQUE,
    first_name text COLLATE "C" NOT NULL CHECK (length(first_name) > 1),
    last_name text NOT NULL,
    phone varchar(32),
    iban text,
    feeling mood NOT NULL DEFAULT 'glad',
    nicknames text[],
    country char(2) NOT NULL DEFAULT 'FR',
    born date,
    seen_from inet,
    profile jsonb,
    note text STORAGE EXTERNAL,
    full_name text GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED,
    initials text GENERATED ALWAYS AS (left(first_name, 1) || left(last_name, 1)) VIRTUAL
);
COMMENT ON COLUMN people.full_name IS 'as on letters';
COMMENT ON COLUMN people.email IS 'login';
ALTER TABLE people ALTER COLUMN email SET STATISTICS 321;
CREATE INDEX people_lower ON people (lower(email));
ALTER INDEX people_lower ALTER COLUMN 1 SET STATISTICS 77;
ALTER TABLE people CLUSTER ON people_lower, REPLICA IDENTITY USING INDEX people_email_key;
CREATE INDEX people_full ON people (full_name) WHERE full_name <> '';
COMMENT ON INDEX people_full IS 'letters';
CREATE STATISTICS people_place (mcv) ON country, phone FROM people;
ALTER TABLE people ADD CONSTRAINT full_not_empty CHECK (full_name <> '');

CREATE TABLE letters (email varchar(254) PRIMARY KEY REFERENCES people (email) ON UPDATE CASCADE, sent int);
COMMENT ON CONSTRAINT letters_email_fkey ON letters IS 'by natural key';
CREATE EXTENSION btree_gist;
CREATE TABLE stays (mail text, during daterange, CONSTRAINT once EXCLUDE USING gist (mail WITH =, during WITH &&));
COMMENT ON CONSTRAINT once ON stays IS 'nobody is in two rooms';
CREATE TABLE subscribers (address mail_address, since timestamptz);
CREATE TABLE carts (owner_mail text, content json);
CREATE UNLOGGED TABLE "Sales Ops"."Order Lines" ("Customer Mail" text, "label" text, "value" text, "key" jsonb);

CREATE TABLE visits (id int, mail text, at date, zone text) PARTITION BY RANGE (at);
CREATE TABLE visits_old (zone text, at date NOT NULL, mail text, id int);
ALTER TABLE visits ATTACH PARTITION visits_old FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
CREATE TABLE by_mail (mail text, n int) PARTITION BY HASH (mail);
CREATE TABLE by_mail_0 PARTITION OF by_mail FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_mail_1 PARTITION OF by_mail FOR VALUES WITH (MODULUS 2, REMAINDER 1);

CREATE TABLE parents (mail text, n int);
CREATE TABLE children (school text) INHERITS (parents);
CREATE TYPE card AS (mail text, n int);
CREATE TABLE cards OF card;
CREATE TABLE bound (mail text, n int);
CREATE FUNCTION bound_mails() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT mail FROM bound; END;

CREATE TABLE audit (at timestamptz DEFAULT now(), what jsonb);
CREATE FUNCTION write_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.audit (what) VALUES (to_jsonb(OLD)); RETURN NEW; END $$;
CREATE TRIGGER people_audit AFTER UPDATE OF email ON people FOR EACH ROW
    WHEN (OLD.phone IS DISTINCT FROM NEW.phone OR true) EXECUTE FUNCTION write_audit();
COMMENT ON TRIGGER people_audit ON people IS 'who changed what';
CREATE TRIGGER parents_audit AFTER UPDATE ON parents FOR EACH ROW EXECUTE FUNCTION write_audit();
CREATE TRIGGER cards_audit AFTER UPDATE ON cards FOR EACH ROW EXECUTE FUNCTION write_audit();
ALTER TABLE cards DISABLE TRIGGER cards_audit;

ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE people FORCE ROW LEVEL SECURITY;
CREATE POLICY only_french ON people AS PERMISSIVE FOR SELECT TO PUBLIC USING (email LIKE '%.fr' AND country = 'FR');
ALTER TABLE bound ENABLE ROW LEVEL SECURITY;
ALTER TABLE bound FORCE ROW LEVEL SECURITY;
CREATE RULE bound_log AS ON UPDATE TO bound DO INSTEAD NOTHING;
CREATE PUBLICATION some_tables FOR TABLE carts WHERE (length(owner_mail) > 3), letters (email);

CREATE VIEW directory WITH (security_barrier) AS SELECT id, full_name, email FROM people;
COMMENT ON VIEW directory IS 'phone book';
COMMENT ON COLUMN directory.email IS 'mail';
CREATE VIEW directory_of_a AS SELECT * FROM directory WHERE full_name < 'b';
CREATE MATERIALIZED VIEW per_country AS SELECT p.country, count(*) AS n, min(d.email) AS one FROM people p JOIN directory d USING (id) GROUP BY 1;
CREATE UNIQUE INDEX per_country_key ON per_country (country);
COMMENT ON MATERIALIZED VIEW per_country IS 'report';
CREATE VIEW report AS SELECT * FROM per_country;
GRANT SELECT ON directory TO PUBLIC;
GRANT SELECT (email) ON letters TO PUBLIC;
GRANT SELECT (n) ON per_country TO PUBLIC;

ALTER TABLE people NO FORCE ROW LEVEL SECURITY;
INSERT INTO people (email, first_name, last_name, phone, iban, nicknames, country, born, seen_from, profile, note)
SELECT CASE i % 2 WHEN 0 THEN 'Person.' ELSE 'person.' END || i || '@mail.fr', 'Jean' || i, 'Dupont' || i,
       CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '06 12 ' || 10 + i % 90 || ' 56 ' || 10 + i % 90 ELSE '+3361' || 2000000 + i END,
       'FR76300060000112345678' || 10000 + i, ARRAY['Jo', 'J' || i], CASE i % 2 WHEN 0 THEN 'FR' ELSE 'ES' END, DATE '1970-01-01' + i,
       '192.0.2.1', jsonb_build_object('mail', 'person.' || i || '@mail.fr', 'tags', jsonb_build_array(jsonb_build_object('by', 'Jean'))),
       'Jean' || i || ' called from 06 12 ' || 10 + i % 90 || ' 56 ' || 10 + i % 90 || ', wrote from person.' || i || '@mail.fr'
FROM generate_series(1, 300) i;
ALTER TABLE people FORCE ROW LEVEL SECURITY;
INSERT INTO letters SELECT 'Person.' || i || '@mail.fr', i FROM generate_series(2, 100, 2) i;
INSERT INTO stays SELECT 'person.' || i % 10 || '@mail.fr', daterange(DATE '2024-01-01' + i, DATE '2024-01-02' + i) FROM generate_series(1, 50) i;
INSERT INTO subscribers SELECT 'person.' || i || '@mail.fr', now() FROM generate_series(1, 50) i;
INSERT INTO carts SELECT 'person.' || i || '@mail.fr', json_build_object('owner', 'person.' || i || '@mail.fr') FROM generate_series(1, 50) i;
INSERT INTO "Sales Ops"."Order Lines" SELECT 'person.' || i || '@mail.fr', 'l', 'v', '{"value": "x"}' FROM generate_series(1, 50) i;
INSERT INTO visits SELECT i, 'person.' || i || '@mail.fr', DATE '2023-12-01' + i, 'z' FROM generate_series(1, 60) i;
INSERT INTO by_mail SELECT 'person.' || i || '@mail.fr', i FROM generate_series(1, 60) i;
INSERT INTO parents SELECT 'person.' || i || '@mail.fr', i FROM generate_series(1, 20) i;
INSERT INTO children SELECT 'person.' || i || '@mail.fr', i, 's' FROM generate_series(21, 40) i;
INSERT INTO cards SELECT 'person.' || i || '@mail.fr', i FROM generate_series(1, 20) i;
ALTER TABLE bound NO FORCE ROW LEVEL SECURITY;
INSERT INTO bound SELECT 'person.' || i || '@mail.fr', i FROM generate_series(1, 20) i;
ALTER TABLE bound FORCE ROW LEVEL SECURITY;
UPDATE parents SET n = n + 1;
ALTER TABLE people NO FORCE ROW LEVEL SECURITY;
REFRESH MATERIALIZED VIEW per_country;
ALTER TABLE people FORCE ROW LEVEL SECURITY;
