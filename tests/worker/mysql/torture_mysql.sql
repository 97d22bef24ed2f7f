-- What only MySQL has, beside torture.sql.
CREATE TABLE members (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  email varchar(120) NOT NULL,
  nick varchar(40) COLLATE utf8mb4_0900_as_cs DEFAULT (concat('a', 'b')),
  tags json NOT NULL DEFAULT (json_array()),
  profile json,
  code varchar(36) NOT NULL DEFAULT (uuid()),
  joined date DEFAULT (curdate()),
  hidden varchar(120) DEFAULT 'nobody' INVISIBLE,
  home point NOT NULL SRID 4326,
  area geometry SRID 0 DEFAULT NULL COMMENT 'a \\ and a ''quote''',
  domain varchar(120) GENERATED ALWAYS AS (substring_index(`email`, '@', -1)) VIRTUAL INVISIBLE,
  since int GENERATED ALWAYS AS (year(`joined`)) STORED,
  touched datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id DESC),
  UNIQUE KEY members_email (email),
  KEY members_lower ((lower(`nick`)) DESC, joined),
  KEY members_domain ((concat(`domain`, '!'))),
  KEY members_tags ((CAST(`tags`->'$[*]' AS CHAR(40) ARRAY))),
  KEY members_nobody (nick) INVISIBLE,
  KEY members_falling (joined DESC, nick(5)) COMMENT 'it''s new',
  KEY members_since (since),
  SPATIAL KEY members_home (home),
  FULLTEXT KEY members_words (nick) WITH PARSER ngram,
  FULLTEXT KEY members_more (email),
  CONSTRAINT members_at CHECK (email LIKE '%@%'),
  CONSTRAINT members_never CHECK (email <> 'x') NOT ENFORCED,
  CONSTRAINT members_chk_7 CHECK (length(code) < 99),
  CHECK (joined > '1900-01-01')
) AUTO_INCREMENT=42 AUTOEXTEND_SIZE=4M;
INSERT INTO members (id, email, nick, tags, profile, code, joined, hidden, home, touched) VALUES
  (1, 'dora.fourth@old.example.org', 'Dora Fourth', '["a", "b"]', '{"b": 1.0, "email": "dora.fourth@old.example.org", "a": [1e3, "\\u00e9"]}', 'c1', '2020-01-01', 'dora.fourth@old.example.org', ST_GeomFromText('POINT(48 2)', 4326), '2020-01-01 01:01:01.123'),
  (2, 'emil.fifth@old.example.org', 'Emil', DEFAULT, NULL, 'c2', '2021-01-01', DEFAULT, ST_GeomFromText('POINT(49 3)', 4326), '2021-01-01 01:01:01.001');
CREATE TABLE letters (
  member bigint unsigned NOT NULL,
  email varchar(120) DEFAULT NULL,
  nick varchar(40) COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  KEY letters_nick (nick),
  FOREIGN KEY (member) REFERENCES members (id) ON DELETE CASCADE ON UPDATE RESTRICT,
  CONSTRAINT letters_to FOREIGN KEY (email) REFERENCES members (email) ON UPDATE CASCADE,
  CONSTRAINT letters_at CHECK (nick <> 'x')
);
INSERT INTO letters VALUES (1, 'dora.fourth@old.example.org', 'Dora'), (2, NULL, 'Dora');
SET SESSION restrict_fk_on_non_standard_key = 0;
CREATE TABLE nicknames (
  nick varchar(40) COLLATE utf8mb4_0900_as_cs,
  CONSTRAINT nicknames_of FOREIGN KEY (nick) REFERENCES letters (nick)
) COMMENT 'refers to what is not unique';
INSERT INTO nicknames VALUES ('Dora');
SET SESSION restrict_fk_on_non_standard_key = 1;
CREATE TABLE regions (
  id int NOT NULL,
  area varchar(20) NOT NULL,
  email varchar(120),
  CHECK (id > 0), CHECK (id > 1), CHECK (id > 2), CHECK (id > 3), CHECK (id > 4), CHECK (id > 5),
  CHECK (id > 6), CHECK (id > 7), CHECK (id > 8), CHECK (id > 9), CHECK (id > 10)
) PARTITION BY LIST COLUMNS (area) SUBPARTITION BY KEY ALGORITHM=2 (id) SUBPARTITIONS 2 (PARTITION n VALUES IN ('n', 'ne') COMMENT = 'the north', PARTITION s VALUES IN ('s'));
INSERT INTO regions VALUES (11, 'n', 'dora.fourth@old.example.org'), (12, 's', NULL);
CREATE TABLE padded (
  word varchar(64) NOT NULL COLLATE utf8mb4_0900_bin,
  PRIMARY KEY (word)
);
INSERT INTO padded VALUES ('Anna'), ('Anna '), ('anna');
