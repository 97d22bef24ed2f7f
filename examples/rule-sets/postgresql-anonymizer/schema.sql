-- What the rules speak of: customers, what they paid, and employees.
CREATE TABLE customer (
  id        serial PRIMARY KEY,
  firstname text,
  lastname  text,
  phone     text,
  birth     date,
  postcode  text
);
CREATE TABLE payout (
  id             serial PRIMARY KEY,
  fk_customer_id integer REFERENCES customer (id),
  order_date     date,
  payment_date   date,
  amount         integer
);
CREATE TABLE employee (
  id        integer PRIMARY KEY,
  full_name text,
  first_day date,
  last_day  date,
  height    integer,
  hair      text CHECK (hair IN ('bald', 'blond', 'dark', 'red')),
  asthma    boolean
);
INSERT INTO customer (firstname, lastname, phone, birth, postcode) VALUES
  ('Agathe', 'Lemoine', '060-555-0111', '1971-03-14', '69003'),
  ('Bruno', 'Castel', NULL, '1958-11-02', '69120'),
  ('Chloé', 'Marchand', '347-555-0142', '1990-07-21', '01000');
INSERT INTO payout (fk_customer_id, order_date, payment_date, amount) VALUES
  (1, '2024-02-01', '2024-02-01', 17), (2, '2024-02-02', '2024-02-04', 230), (3, '2024-02-02', '2024-02-02', 8),
  (2, '2024-02-05', '2024-02-05', 45), (1, '2024-02-06', '2024-02-06', 61);
INSERT INTO employee VALUES
  (1, 'Didier Faure', '2019-07-22', '2019-12-15', 181, 'dark', true),
  (2, 'Elsa Roussel', '2021-01-15', NULL, 168, 'blond', false);
