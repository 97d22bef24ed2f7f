-- Every construct that masking has to keep or to work around on MySQL and MariaDB, in one schema.
-- Statements end with a semicolon at the end of a line; bodies of triggers and routines have none there.
CREATE TABLE customers (
  id int unsigned NOT NULL AUTO_INCREMENT COMMENT 'says nothing',
  email varchar(254) CHARACTER SET latin1 COLLATE latin1_general_cs NOT NULL,
  first_name varchar(80) DEFAULT 'nobody' COMMENT 'given',
  last_name varchar(80) COLLATE utf8mb4_unicode_ci DEFAULT NULL,
  phone varchar(32) CHARACTER SET ascii DEFAULT NULL,
  birth date DEFAULT '1900-01-01',
  full_name varchar(170) GENERATED ALWAYS AS (concat(`first_name`, ' ', `last_name`)) VIRTUAL,
  initial char(1) GENERATED ALWAYS AS (left(`last_name`, 1)) STORED,
  kind enum('private', 'it''s a company') NOT NULL DEFAULT 'private',
  flags set('a', 'b') DEFAULT NULL,
  active tinyint(1) NOT NULL DEFAULT 1,
  notes mediumtext,
  profile json DEFAULT NULL,
  balance decimal(12, 2) NOT NULL DEFAULT 0.00,
  place point DEFAULT NULL,
  photo blob,
  secret_code varchar(20) INVISIBLE DEFAULT NULL,
  changed_at timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  seen_at datetime(6) DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY customers_email (email),
  KEY customers_name (last_name(10), first_name),
  KEY customers_initial (initial),
  KEY customers_full (full_name),
  FULLTEXT KEY customers_notes (notes),
  CONSTRAINT customers_balance CHECK (balance >= 0),
  CHECK (char_length(first_name) > 0)
) ENGINE=InnoDB AUTO_INCREMENT=5000 ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 COMMENT='people; who buy' STATS_PERSISTENT=1;
INSERT INTO customers (id, email, first_name, last_name, phone, birth, kind, notes, profile, balance, photo, secret_code, changed_at) VALUES
  (0, 'zero@old.example.org', 'Zoé', 'Zéro', '+33612345600', '1980-01-01', 'private', NULL, NULL, 0, NULL, NULL, '2020-01-01 00:00:00'),
  (1, 'anna.first@old.example.org', 'Anna', 'Premier', '+33612345678', '1970-02-03', 'private', 'call anna.first@old.example.org', '{"email": "anna.first@old.example.org", "size": 3}', 1.50, x'414243', 'sesame', '2020-02-02 02:02:02'),
  (2, 'bob.second@old.example.org', 'Bob', 'O''Second \\ n', '+33612345679', '1971-03-04', 'it''s a company', '', '{"email": "bob.second@old.example.org"}', 2.50, NULL, NULL, '2020-03-03 03:03:03'),
  (3, 'carl.third@old.example.org', 'Carl', NULL, NULL, NULL, 'private', NULL, NULL, 0, NULL, NULL, '2020-04-04 04:04:04');
UPDATE customers SET id = 0 WHERE email = 'zero@old.example.org';
CREATE TABLE orders (
  id int unsigned NOT NULL AUTO_INCREMENT,
  customer int unsigned DEFAULT NULL,
  customer_email varchar(254) CHARACTER SET latin1 COLLATE latin1_general_cs DEFAULT NULL,
  total decimal(10, 2) NOT NULL DEFAULT 0.00,
  PRIMARY KEY (id),
  KEY orders_customer (customer),
  CONSTRAINT orders_of FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT orders_email FOREIGN KEY (customer_email) REFERENCES customers (email) ON UPDATE CASCADE
) ENGINE=InnoDB;
INSERT INTO orders (customer, customer_email, total) VALUES (1, 'anna.first@old.example.org', 10), (2, NULL, 20), (1, 'carl.third@old.example.org', 5);
CREATE TABLE tree (
  id int NOT NULL PRIMARY KEY,
  parent int DEFAULT NULL,
  title varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  CONSTRAINT tree_up FOREIGN KEY (parent) REFERENCES tree (id)
) ENGINE=InnoDB;
INSERT INTO tree VALUES (1, NULL, 'Anna Premier'), (2, 1, 'Bob Second');
CREATE TABLE visits (
  id int NOT NULL AUTO_INCREMENT,
  on_day date NOT NULL,
  ip varchar(45) DEFAULT NULL,
  PRIMARY KEY (id, on_day)
) ENGINE=InnoDB PARTITION BY RANGE (year(on_day)) (PARTITION p19 VALUES LESS THAN (2020), PARTITION p20 VALUES LESS THAN (2021), PARTITION rest VALUES LESS THAN MAXVALUE);
INSERT INTO visits (on_day, ip) VALUES ('2019-05-05', '81.2.69.142'), ('2020-05-05', '81.2.69.143'), ('2024-05-05', '2001:db8::1');
CREATE TABLE zones (
  id int NOT NULL PRIMARY KEY,
  label varchar(40) NOT NULL,
  shape geometry NOT NULL,
  SPATIAL KEY zones_shape (shape)
) ENGINE=InnoDB;
INSERT INTO zones VALUES (1, 'home of Anna', ST_GeomFromText('POINT(1 2)'));
CREATE TABLE old_log (who varchar(100), what text, KEY (who)) ENGINE=MyISAM DEFAULT CHARSET=latin1;
INSERT INTO old_log VALUES ('anna.first@old.example.org', 'bought');
CREATE TABLE all_log (who varchar(100), what text, KEY (who)) ENGINE=MERGE UNION=(old_log) DEFAULT CHARSET=latin1;
CREATE TABLE slugs (
  id int NOT NULL PRIMARY KEY,
  title varchar(60) NOT NULL,
  slug varchar(60) GENERATED ALWAYS AS (lower(title)) VIRTUAL,
  code varchar(20) DEFAULT NULL,
  UNIQUE KEY slugs_slug (slug),
  UNIQUE KEY slugs_code (code(5))
) ENGINE=InnoDB;
INSERT INTO slugs (id, title, code) VALUES (1, 'Winter', 'w-1'), (2, 'Summer', 's-1');
CREATE TABLE audit (at timestamp NOT NULL DEFAULT current_timestamp(), what varchar(200)) ENGINE=InnoDB;
CREATE TRIGGER customers_added BEFORE INSERT ON customers FOR EACH ROW BEGIN DECLARE n int; SET n = 1; INSERT INTO audit (what) VALUES (concat('+', NEW.email)); END;
CREATE TRIGGER customers_first BEFORE UPDATE ON customers FOR EACH ROW INSERT INTO audit (what) VALUES ('first');
CREATE TRIGGER customers_changed BEFORE UPDATE ON customers FOR EACH ROW FOLLOWS customers_first INSERT INTO audit (what) VALUES ('second');
CREATE TRIGGER customers_gone AFTER DELETE ON customers FOR EACH ROW INSERT INTO audit (what) VALUES ('-');
CREATE TABLE basket (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, what varchar(100)) ENGINE=InnoDB AUTO_INCREMENT=77;
INSERT INTO basket (what) VALUES ('shoes');
CREATE TABLE items (id int NOT NULL PRIMARY KEY, basket int, CONSTRAINT items_in FOREIGN KEY (basket) REFERENCES basket (id)) ENGINE=InnoDB;
INSERT INTO items VALUES (1, 77);
CREATE TABLE `we``ird na.me` (`sel``ect` varchar(60), `100%` varchar(60) NOT NULL DEFAULT '\\', PRIMARY KEY (`100%`)) ENGINE=InnoDB;
INSERT INTO `we``ird na.me` VALUES ('Anna', '100% Anna');
CREATE TABLE two_keys (a varchar(60) NOT NULL, n int NOT NULL AUTO_INCREMENT, email varchar(100) NOT NULL, KEY two_keys_n (n), UNIQUE KEY two_keys_email (email, n), KEY two_keys_a (a(3))) ENGINE=InnoDB AUTO_INCREMENT=10;
INSERT INTO two_keys (a, email) VALUES ('x', 'anna.first@old.example.org');
CREATE VIEW buyers AS SELECT c.email, o.total FROM customers c JOIN orders o ON o.customer = c.id;
CREATE VIEW best_buyers AS SELECT email FROM buyers WHERE total > 5;
CREATE PROCEDURE count_customers() READS SQL DATA SELECT count(*) FROM customers;
CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n * 2;
