-- A database with a past. Every value that must vanish holds `qzvx` and two letters that say where it lies.
-- MySQL reads what stands in /*!80000 */, and MariaDB what stands in /*M! */.
CREATE TABLE numbers (seq int PRIMARY KEY);
INSERT INTO numbers WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n;
INSERT INTO numbers SELECT seq + 1000 FROM numbers UNION ALL SELECT seq + 2000 FROM numbers;

CREATE TABLE customers (
    id int PRIMARY KEY, email varchar(80) UNIQUE, phone varchar(20), gone varchar(40), note longtext, town varchar(40),
    KEY (town)
);
INSERT INTO customers
SELECT seq, concat('qzvxol', seq, '@free.fr'), concat('06129870', lpad(seq % 90, 2, '0')), concat('qzvxdc', seq),
       repeat(concat('qzvxtn', seq, ' '), 1200), concat('qzvxst', seq % 9) FROM numbers WHERE seq <= 200;
UPDATE customers SET email = concat('qzvxem', id, '@free.fr'), note = repeat(concat('qzvxto', id, ' '), 1200);
ALTER TABLE customers DROP COLUMN gone, ALGORITHM=INSTANT;
ALTER TABLE customers ADD COLUMN nick varchar(40) DEFAULT 'qzvxam', ALGORITHM=INSTANT;
ALTER TABLE customers ALTER nick DROP DEFAULT;
DELETE FROM customers WHERE id > 180;

-- kept tables have a past, too: undo of many rows and of single ones
CREATE TABLE orders (id int PRIMARY KEY, code varchar(200), gone varchar(40), KEY (code));
INSERT INTO orders SELECT seq, concat('qzvxko', seq, repeat('-', 99)), concat('qzvxkd', seq) FROM numbers;
UPDATE orders SET code = concat('qzvxku', id, repeat('-', 99));
ANALYZE TABLE orders /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON code WITH 100 BUCKETS */;
UPDATE orders SET code = concat('c', id);
UPDATE orders SET code = 'qzvxks1' WHERE id = 1;
UPDATE orders SET code = 'qzvxks2' WHERE id = 1;
UPDATE orders SET code = 'c' WHERE id = 1;
ALTER TABLE orders DROP COLUMN gone, ALGORITHM=INSTANT;
ALTER TABLE orders ADD COLUMN kind varchar(40) DEFAULT 'qzvxak', ALGORITHM=INSTANT;
ALTER TABLE orders ALTER kind DROP DEFAULT;
UPDATE orders SET kind = 'ok';
CREATE TABLE visits (id int, mail varchar(80), at date) PARTITION BY RANGE (year(at)) (
    PARTITION old VALUES LESS THAN (2024), PARTITION new VALUES LESS THAN MAXVALUE);
INSERT INTO visits SELECT seq, concat('qzvxpa', seq, '@free.fr'), '2023-12-01' + INTERVAL seq DAY FROM numbers WHERE seq <= 60;
CREATE TABLE audit (what varchar(80));
INSERT INTO audit SELECT concat('qzvxtt', seq) FROM numbers WHERE seq <= 100;
CREATE TABLE notes (what varchar(80)) ENGINE=/*M! Aria */ /*!80000 MyISAM */;
INSERT INTO notes SELECT concat(repeat('-', 60), 'qzvxar', seq) FROM numbers WHERE seq <= 100;
UPDATE notes SET what = 'x';
CREATE TABLE cards (mail varchar(80)) ENGINE=MyISAM;
INSERT INTO cards SELECT concat('qzvxmy', seq, '@free.fr') FROM numbers WHERE seq <= 100;
CREATE TABLE members (mail varchar(80), FULLTEXT KEY (mail));
INSERT INTO members SELECT concat('qzvxmf', seq, '@free.fr') FROM numbers WHERE seq <= 50;
CREATE TABLE words (what varchar(80), FULLTEXT KEY (what));
INSERT INTO words SELECT concat('qzvxft', seq) FROM numbers WHERE seq <= 50;
DELETE FROM words;
CREATE TABLE periods (id int PRIMARY KEY, mail varchar(80)) /*M! WITH SYSTEM VERSIONING */;
INSERT INTO periods SELECT seq, concat('qzvxsh', seq, '@free.fr') FROM numbers WHERE seq <= 50;
UPDATE periods SET mail = concat('qzvxsn', id, '@free.fr');
DELETE FROM periods WHERE id > 40;
CREATE TABLE wide (what varchar(80) CHARACTER SET utf16, KEY (what));
INSERT INTO wide SELECT concat('qzvxuc', seq) FROM numbers WHERE seq <= 50;
UPDATE wide SET what = 'x';
CREATE TABLE zipped (id int PRIMARY KEY, what varchar(80), KEY (what)) ROW_FORMAT=COMPRESSED;
INSERT INTO zipped SELECT seq, concat('qzvxzp', seq) FROM numbers WHERE seq <= 50;
UPDATE zipped SET what = 'x';
CREATE TABLE dropped (what varchar(80));
INSERT INTO dropped SELECT concat('qzvxdr', seq) FROM numbers WHERE seq <= 50;
ANALYZE TABLE customers /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON town, nick WITH 8 BUCKETS */;
ANALYZE TABLE dropped /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON what WITH 8 BUCKETS */;
DROP TABLE dropped;
DROP TABLE numbers;

-- what the server remembers of a schema after it was changed
ALTER TABLE customers COMMENT 'qzvxcm';
ALTER TABLE customers COMMENT 'who buys';
ALTER TABLE audit ALTER what SET DEFAULT 'qzvxdf';
ALTER TABLE audit ALTER what DROP DEFAULT;
CREATE FUNCTION told() RETURNS int DETERMINISTIC COMMENT 'qzvxrc' RETURN 1;
ALTER FUNCTION told COMMENT 'w';
CREATE VIEW wordy AS SELECT 'qzvxvw' AS word;
CREATE OR REPLACE VIEW wordy AS SELECT 'w' AS word;
CREATE PROCEDURE say() SELECT 'qzvxfn';
DROP PROCEDURE say;
CREATE PROCEDURE say() SELECT 'w';
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO SET @x = 'qzvxev';
ALTER EVENT nightly DO SET @x = 'x';
CREATE EVENT once ON SCHEDULE EVERY 1 DAY DO SET @x = 'qzvxeg';
DROP EVENT once;
CREATE EVENT weekly ON SCHEDULE EVERY 1 WEEK DO SET @x = 'x';
CREATE TRIGGER watch BEFORE INSERT ON orders FOR EACH ROW SET NEW.code = 'qzvxtg';
DROP TRIGGER watch;
ALTER TABLE audit ADD CONSTRAINT checked CHECK (what <> 'qzvxck');
ALTER TABLE audit DROP CONSTRAINT checked;
ALTER TABLE customers MODIFY nick varchar(40) COMMENT 'qzvxcc';
ALTER TABLE customers MODIFY nick varchar(40);
ALTER TABLE orders ADD COLUMN made varchar(40) AS (concat(code, 'qzvxgc'));
ALTER TABLE orders DROP COLUMN made;
ALTER TABLE orders ALTER kind SET DEFAULT (concat('d', 'qzvxde'));
ALTER TABLE orders ALTER kind DROP DEFAULT;
/*!80000 ALTER TABLE orders ADD INDEX made ((concat(code, 'qzvxfx'))) */;
/*!80000 ALTER TABLE orders DROP INDEX made */;

-- ties
INSERT INTO mysql.servers (Server_name, Host, Db, Username, Password, Port, Socket, Wrapper, Owner)
VALUES ('elsewhere', 'h', 'd', 'u', 'qzvxsv', 1, '', 'mysql', '');
CREATE USER app@'%' IDENTIFIED BY 'qzvx';
CREATE USER reader@'%' IDENTIFIED BY 'reader';
