-- What real databases of MySQL's family have, for tests of the copy.
CREATE TABLE `people of the town` (
    id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    `First ``Name` varchar(60) NOT NULL,
    old_name varchar(60) CHARACTER SET latin1 COLLATE latin1_german1_ci,
    greek varchar(60) CHARACTER SET utf8mb3,
    raw varbinary(300),
    picture longblob,
    flags bit(12),
    ratio float,
    exact double,
    price decimal(30, 10),
    mood enum('glad', 'it''s so', '') NOT NULL,
    likes set('a', 'b', 'c'),
    profile json,
    place point,
    born date,
    woken time(6),
    made year,
    seen datetime(3),
    touched timestamp NULL,
    twice bigint GENERATED ALWAYS AS (made * 2) VIRTUAL,
    initial char(1) GENERATED ALWAYS AS (left(`First ``Name`, 1)) STORED,
    friend_id bigint unsigned,
    hidden int INVISIBLE DEFAULT 7,
    UNIQUE KEY born_name (born, `First ``Name`(10)),
    FULLTEXT KEY words (greek),
    CONSTRAINT friends FOREIGN KEY (friend_id) REFERENCES `people of the town` (id)
) COMMENT 'tab	and "quotes"';
SET SESSION foreign_key_checks = 0;
INSERT INTO `people of the town` (`First ``Name`, old_name, greek, raw, picture, flags, ratio, exact, price, mood, likes, profile, place, born, woken, made, seen, touched, friend_id, hidden)
VALUES ('Prénom 1', 'é', 'λ', x'00090a0d5c27ff', x'89504e470d0a1a0a00', b'101010101010', 16777217.1, 1e-300, 12345678901234567890.0123456789, 'glad', 'a,c', '{"a": "\\n\\\\"}', point(1.5, -2), '1970-01-01', '-838:59:58.000001', 1999, '2026-02-28 23:59:59.999', '2026-03-29 01:30:00', 1, NULL),
       ('\\N', NULL, '', '', '', NULL, 0.1, 0.1, -0.0000000001, 'it''s so', '', '[]', NULL, '1970-01-02', '00:00:00', 0, '0001-01-01', NULL, 1, 9);
INSERT INTO `people of the town` (`First ``Name`, mood) WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59) SELECT concat('many\t', a.i * 50 + b.i + 1), '' FROM n a JOIN n b ON b.i < 50;
SET SESSION sql_mode = '';
INSERT INTO `people of the town` (`First ``Name`, mood, born) VALUES ('no date', 'none of these', '0000-00-00');
CREATE TABLE counted (n int) ENGINE=MyISAM;
INSERT INTO counted VALUES (1), (2);
CREATE TABLE parted (n int NOT NULL, v varchar(10)) PARTITION BY RANGE (n) (PARTITION low VALUES LESS THAN (10), PARTITION rest VALUES LESS THAN MAXVALUE);
INSERT INTO parted VALUES (1, 'x'), (99, NULL);
CREATE TABLE log (what text, at timestamp DEFAULT '2020-01-01 00:00:00');
CREATE TABLE stamped (n int DEFAULT (1 + 1), at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
INSERT INTO stamped VALUES (7, '2001-02-03 04:05:06'), (8, NULL);
CREATE VIEW a_view_of_a_view AS SELECT 1 AS one;
CREATE VIEW z_view AS SELECT id, `First ``Name` AS name FROM `people of the town`;
CREATE OR REPLACE VIEW a_view_of_a_view AS SELECT name FROM z_view;
CREATE FUNCTION shout(t text) RETURNS text DETERMINISTIC RETURN concat(upper(t), '!');
CREATE PROCEDURE note(IN words text) INSERT INTO log (what) VALUES (words);
CREATE TRIGGER second_of_all BEFORE INSERT ON parted FOR EACH ROW SET NEW.v = shout(NEW.v);
CREATE TRIGGER first_of_all BEFORE INSERT ON parted FOR EACH ROW PRECEDES second_of_all SET NEW.v = concat('<', NEW.v, '>');
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM log;
