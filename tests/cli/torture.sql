-- A database with what real ones have: several schemas, quoted and mixed-case names, enums, arrays, domains, partitions,
-- views, materialized views, triggers, generated and identity columns, row security and extensions.
CREATE EXTENSION citext;
CREATE SCHEMA extensions;
CREATE EXTENSION hstore SCHEMA extensions;
CREATE EXTENSION pg_trgm;
CREATE SCHEMA "Sales";
CREATE SCHEMA hr;

CREATE TYPE "Sales"."Order State" AS ENUM ('new', 'paid', 'it''s gone');
CREATE DOMAIN hr.email_address AS text CHECK (VALUE ~ '^[^@ ]+@[^@ ]+$');
CREATE TYPE hr.place AS (street text, city text);

CREATE TABLE people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "First Name" varchar(40) NOT NULL,
    "lastName" varchar(40) NOT NULL,
    email citext NOT NULL UNIQUE,
    phone text,
    tags text[] NOT NULL DEFAULT '{}',
    settings extensions.hstore,
    profile jsonb NOT NULL DEFAULT '{}',
    born date CHECK (born > '1900-01-01'),
    search text GENERATED ALWAYS AS (lower("First Name" || ' ' || "lastName")) STORED
);
CREATE INDEX people_trgm ON people USING gin ("lastName" gin_trgm_ops);

CREATE TABLE hr.staff (
    person_id bigint PRIMARY KEY REFERENCES people,
    work_email hr.email_address NOT NULL,
    boss bigint REFERENCES hr.staff DEFERRABLE INITIALLY DEFERRED,
    home hr.place
);

CREATE ROLE hr_reader NOLOGIN;
ALTER TABLE hr.staff ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_line ON hr.staff TO hr_reader USING (true);

CREATE TABLE "Sales"."Order Lines" (
    "orderId" integer NOT NULL,
    "placedOn" date NOT NULL,
    "buyer" bigint NOT NULL REFERENCES people,
    "State" "Sales"."Order State" NOT NULL DEFAULT 'new',
    "Ship To" text,
    PRIMARY KEY ("orderId", "placedOn")
) PARTITION BY RANGE ("placedOn");
CREATE TABLE "Sales"."Lines 2025" PARTITION OF "Sales"."Order Lines" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE "Sales"."Lines 2026" PARTITION OF "Sales"."Order Lines" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

CREATE TABLE audit (at timestamptz NOT NULL DEFAULT now(), what text NOT NULL);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (what) VALUES (TG_OP || ' ' || NEW.email);
    RETURN NEW;
END $$;
CREATE TRIGGER people_audit AFTER INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION note_change();

INSERT INTO people ("First Name", "lastName", email, phone, tags, settings, profile, born)
SELECT 'Prénom' || i, 'O''Hara-' || i, 'person.' || i || '@Customer.test', '06 12 34 ' || (1000 + i),
       ARRAY['vip', 'n°' || i], format('lang=>"fr", n=>"%s"', i)::extensions.hstore,
       jsonb_build_object('nickname', 'Nick' || i, 'contact', jsonb_build_object('email', 'person.' || i || '@customer.test')),
       date '1950-01-01' + i
FROM generate_series(1, 300) AS i;
INSERT INTO hr.staff SELECT id, ('staff' || id || '@company.test')::hr.email_address, CASE WHEN id > 1 THEN 1 END, ROW('1 rue X', 'Lyon')::hr.place
FROM people WHERE id <= 20;
INSERT INTO "Sales"."Order Lines" ("orderId", "placedOn", buyer, "State", "Ship To")
SELECT i, date '2025-06-01' + i, 1 + i % 300, 'paid', 'O''Hara-' || (1 + i % 300) FROM generate_series(1, 500) AS i;

CREATE VIEW "Sales"."Open Orders" AS
SELECT l."orderId", p."First Name", p.email FROM "Sales"."Order Lines" l JOIN people p ON p.id = l.buyer;
CREATE MATERIALIZED VIEW hr."Head Count" AS SELECT count(*) AS n, max(work_email) AS newest FROM hr.staff;
CREATE UNIQUE INDEX ON hr."Head Count" (n);

CREATE PUBLICATION everything FOR ALL TABLES;
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION on_ddl();
COMMENT ON EXTENSION citext IS 'of ours';
COMMENT ON COLUMN people.phone IS 'mobile, if there is one';
