-- What only MariaDB has, beside torture.sql.
CREATE TABLE aria_log (id int PRIMARY KEY, who varchar(100)) ENGINE=Aria TRANSACTIONAL=1;
INSERT INTO aria_log VALUES (1, 'anna.first@old.example.org');
CREATE TABLE history (
  id int NOT NULL PRIMARY KEY,
  email varchar(120) NOT NULL
) ENGINE=InnoDB WITH SYSTEM VERSIONING;
INSERT INTO history VALUES (1, 'earlier.anna@old.example.org');
UPDATE history SET email = 'later.anna@old.example.org';
CREATE TABLE periods (
  id int NOT NULL PRIMARY KEY,
  email varchar(120) NOT NULL,
  since timestamp(6) GENERATED ALWAYS AS ROW START,
  till timestamp(6) GENERATED ALWAYS AS ROW END,
  PERIOD FOR SYSTEM_TIME (since, till)
) ENGINE=InnoDB WITH SYSTEM VERSIONING;
INSERT INTO periods (id, email) VALUES (1, 'earlier.bob@old.example.org');
UPDATE periods SET email = 'later.bob@old.example.org';
CREATE SEQUENCE numbers START WITH 7 INCREMENT BY 3;
