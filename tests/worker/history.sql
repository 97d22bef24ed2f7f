-- A database with a past. Every value that must vanish holds `qzvx` and two letters that say where it lies.
CREATE TABLE customers (
    id int PRIMARY KEY, email text UNIQUE, phone text, gone text, note text STORAGE EXTERNAL, town text
);
CREATE INDEX ON customers (lower(email));
CREATE STATISTICS towns (mcv) ON town, phone FROM customers;
INSERT INTO customers
SELECT i, 'qzvxol' || i || '@free.fr', '06129870' || lpad((i % 90)::text, 2, '0'), 'qzvxdc' || i, repeat('qzvxtn' || i || ' ', 400), 'qzvxst' || i % 9
FROM generate_series(1, 200) i;
UPDATE customers SET email = 'qzvxem' || id || '@free.fr', note = repeat('qzvxto' || id || ' ', 400);
ALTER TABLE customers DROP COLUMN gone;
ALTER TABLE customers ADD COLUMN nick text DEFAULT 'qzvxam', ADD COLUMN profile jsonb DEFAULT '{"nick": "qzvxjs"}';
ALTER TABLE customers ALTER nick DROP DEFAULT, ALTER profile DROP DEFAULT;
DELETE FROM customers WHERE id > 180;

-- kept tables have a past, too
CREATE TABLE orders (id int, code text, gone text, off text);
INSERT INTO orders SELECT i, 'qzvxko' || i, 'qzvxkd' || i, 'qzvxso' || i % 7 FROM generate_series(1, 200) i;
CREATE TABLE emptied (word text);
INSERT INTO emptied SELECT 'qzvxes' || i % 5 FROM generate_series(1, 100) i;
CREATE INDEX ON emptied (lower(word));
CREATE STATISTICS emptied_words (mcv) ON word, (word || '') FROM emptied;
CREATE TABLE listed_gone (k int, word text) PARTITION BY LIST (k);
CREATE TABLE listed_gone_1 PARTITION OF listed_gone FOR VALUES IN (1);
CREATE TABLE listed_gone_2 PARTITION OF listed_gone FOR VALUES IN (2);
INSERT INTO listed_gone SELECT 1 + i % 2, 'qzvxgp' || i % 5 FROM generate_series(1, 100) i;
ANALYZE emptied, listed_gone;
DELETE FROM emptied; DELETE FROM listed_gone WHERE k = 1; TRUNCATE listed_gone_2;
ANALYZE orders;
ALTER TABLE orders DROP COLUMN gone;
ALTER TABLE orders ALTER off SET STATISTICS 0;
UPDATE orders SET code = 'c' || id, off = 'x';
ALTER TABLE orders ADD COLUMN kind text DEFAULT 'qzvxak';
ALTER TABLE orders ALTER kind DROP DEFAULT;
UPDATE orders SET kind = 'ok';

CREATE TABLE visits (id int, mail text, at date) PARTITION BY RANGE (at);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
INSERT INTO visits SELECT i, 'qzvxpa' || i || '@free.fr', date '2023-12-01' + i FROM generate_series(1, 60) i;
CREATE TABLE by_mail (mail text, n int) PARTITION BY HASH (mail);
CREATE TABLE by_mail_0 PARTITION OF by_mail FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_mail_1 PARTITION OF by_mail FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO by_mail SELECT 'qzvxpk' || i || '@free.fr', i FROM generate_series(1, 60) i;
CREATE TABLE parents (mail text);
CREATE TABLE children (school text) INHERITS (parents);
INSERT INTO parents SELECT 'qzvxin' || i || '@free.fr' FROM generate_series(1, 30) i;
INSERT INTO children SELECT 'qzvxch' || i || '@free.fr', 's' FROM generate_series(1, 30) i;
CREATE TABLE audit (what text);
INSERT INTO audit SELECT 'qzvxtt' || i % 5 FROM generate_series(1, 100) i;
CREATE TABLE members (mail text);
INSERT INTO members SELECT 'qzvxmv' || i || '@free.fr' FROM generate_series(1, 50) i;
CREATE MATERIALIZED VIEW member_list AS SELECT mail, upper(mail) AS loud FROM members;
SELECT lo_from_bytea(0, convert_to(repeat('qzvxlo ', 2000), 'UTF8'));
SELECT lo_from_bytea(0, 'qzvxls') FROM generate_series(1, 20);
ANALYZE;

-- what catalogs remember after it was changed
CREATE DOMAIN title AS text DEFAULT 'qzvxdm'; DROP DOMAIN title;
CREATE AGGREGATE joined (text) (sfunc = textcat, stype = text, initcond = 'qzvxag'); DROP AGGREGATE joined (text);
CREATE STATISTICS coded ON (code || 'qzvxsx'), id FROM orders; DROP STATISTICS coded;
CREATE TABLE keyed (word text) PARTITION BY LIST ((word || 'qzvxpx')); DROP TABLE keyed;
CREATE PUBLICATION some_orders FOR TABLE orders WHERE (code <> 'qzvxpf'); DROP PUBLICATION some_orders;
CREATE TABLE documents (words text[], said text);
CREATE INDEX ON documents USING gin (words); CREATE INDEX ON documents USING brin (said);
INSERT INTO documents SELECT ARRAY['qzvxgi' || i], 'qzvxgi' || i FROM generate_series(1, 60) i;
UPDATE documents SET words = '{}', said = NULL;
COMMENT ON TABLE customers IS 'qzvxcm'; COMMENT ON TABLE customers IS 'who buys';
ALTER TABLE orders ALTER code SET DEFAULT 'qzvxdf'; ALTER TABLE orders ALTER code DROP DEFAULT;
CREATE VIEW words AS SELECT 'qzvxvw'::text AS word; CREATE OR REPLACE VIEW words AS SELECT 'w'::text AS word;
CREATE INDEX partial ON orders (id) WHERE code <> 'qzvxix'; DROP INDEX partial;
ALTER TABLE orders ADD CONSTRAINT checked CHECK (code <> 'qzvxck'); ALTER TABLE orders DROP CONSTRAINT checked;
CREATE FUNCTION word() RETURNS text LANGUAGE sql AS $$SELECT 'qzvxfn'$$;
CREATE OR REPLACE FUNCTION word() RETURNS text LANGUAGE sql AS $$SELECT 'w'$$;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION nothing('qzvxtg'); DROP TRIGGER t ON orders;
CREATE POLICY p ON orders USING (code <> 'qzvxpo'); DROP POLICY p ON orders;
CREATE RULE r AS ON DELETE TO orders WHERE old.code = 'qzvxrl' DO INSTEAD NOTHING; DROP RULE r ON orders;
CREATE TYPE mood AS ENUM ('qzvxen'); DROP TYPE mood;
CREATE TABLE listed (word text) PARTITION BY LIST (word);
CREATE TABLE listed_one PARTITION OF listed FOR VALUES IN ('qzvxpb'); DROP TABLE listed;
DO $$BEGIN PERFORM 'qzvxpg'; END$$;

-- and those that all databases share; ANALYZE remembers them in each
ALTER ROLE app SET application_name = 'qzvxrs1'; ALTER ROLE reader SET application_name = 'qzvxrs2';
ANALYZE pg_db_role_setting; ALTER ROLE app RESET ALL; ALTER ROLE reader RESET ALL;
CREATE ROLE qzvxrn; DROP ROLE qzvxrn;
COMMENT ON ROLE app IS 'qzvxsr1'; COMMENT ON ROLE reader IS 'qzvxsr2'; ANALYZE pg_shdescription;
COMMENT ON ROLE app IS NULL; COMMENT ON ROLE reader IS NULL;

-- ties
CREATE SERVER elsewhere FOREIGN DATA WRAPPER anything OPTIONS (host 'h', api_token 'qzvxss');
CREATE FOREIGN TABLE afar (x text OPTIONS (k 'qzvxfo')) SERVER elsewhere OPTIONS (t 'qzvxft'); DROP FOREIGN TABLE afar;
CREATE USER MAPPING FOR app SERVER elsewhere OPTIONS (password 'qzvxum');
ANALYZE pg_user_mapping;
CREATE PUBLICATION all_orders FOR TABLE orders;
CREATE PUBLICATION kept_one FOR TABLE members;
