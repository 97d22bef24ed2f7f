-- A database with a past. Every value that must vanish holds `qzvx` and two letters that say where it lies.
CREATE TABLE customers (
    id int PRIMARY KEY, email varchar(80) UNIQUE, phone varchar(20), gone varchar(40), note longtext, town varchar(40),
    KEY (town)
);
INSERT INTO customers
SELECT seq, concat('qzvxol', seq, '@free.fr'), concat('06129870', lpad(seq % 90, 2, '0')), concat('qzvxdc', seq),
       repeat(concat('qzvxtn', seq, ' '), 1200), concat('qzvxst', seq % 9) FROM seq_1_to_200;
UPDATE customers SET email = concat('qzvxem', id, '@free.fr'), note = repeat(concat('qzvxto', id, ' '), 1200);
ALTER TABLE customers DROP COLUMN gone, ALGORITHM=INSTANT;
ALTER TABLE customers ADD COLUMN nick varchar(40) DEFAULT 'qzvxam', ALGORITHM=INSTANT;
ALTER TABLE customers ALTER nick DROP DEFAULT;
DELETE FROM customers WHERE id > 180;

-- kept tables have a past, too: undo of many rows and of single ones
CREATE TABLE orders (id int PRIMARY KEY, code varchar(200), gone varchar(40), KEY (code));
INSERT INTO orders SELECT seq, concat('qzvxko', seq, repeat('-', 99)), concat('qzvxkd', seq) FROM seq_1_to_3000;
UPDATE orders SET code = concat('qzvxku', id, repeat('-', 99));
ANALYZE TABLE orders PERSISTENT FOR ALL;
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
INSERT INTO visits SELECT seq, concat('qzvxpa', seq, '@free.fr'), '2023-12-01' + INTERVAL seq DAY FROM seq_1_to_60;
CREATE TABLE audit (what varchar(80));
INSERT INTO audit SELECT concat('qzvxtt', seq) FROM seq_1_to_100;
CREATE TABLE notes (what varchar(80)) ENGINE=Aria;
INSERT INTO notes SELECT concat('qzvxar', seq) FROM seq_1_to_100;
UPDATE notes SET what = 'x';
CREATE TABLE cards (mail varchar(80)) ENGINE=MyISAM;
INSERT INTO cards SELECT concat('qzvxmy', seq, '@free.fr') FROM seq_1_to_100;
CREATE TABLE members (mail varchar(80), FULLTEXT KEY (mail));
INSERT INTO members SELECT concat('qzvxmf', seq, '@free.fr') FROM seq_1_to_50;
CREATE TABLE words (what varchar(80), FULLTEXT KEY (what));
INSERT INTO words SELECT concat('qzvxft', seq) FROM seq_1_to_50;
DELETE FROM words;
CREATE TABLE dropped (what varchar(80));
INSERT INTO dropped SELECT concat('qzvxdr', seq) FROM seq_1_to_50;
ANALYZE TABLE customers, dropped PERSISTENT FOR ALL;
DROP TABLE dropped;

-- what the server remembers of a schema after it was changed
ALTER TABLE customers COMMENT 'qzvxcm';
ALTER TABLE customers COMMENT 'who buys';
ALTER TABLE audit ALTER what SET DEFAULT 'qzvxdf';
ALTER TABLE audit ALTER what DROP DEFAULT;
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

-- ties
INSERT INTO mysql.servers (Server_name, Host, Db, Username, Password, Port, Socket, Wrapper, Owner)
VALUES ('elsewhere', 'h', 'd', 'u', 'qzvxsv', 1, '', 'mysql', '');
CREATE USER app@'%' IDENTIFIED BY 'qzvx';
CREATE USER reader@'%' IDENTIFIED BY 'reader';
