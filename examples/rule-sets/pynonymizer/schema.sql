-- What the rules speak of: a Sylius shop's addresses, orders, payments, users and logs.
CREATE TABLE sylius_address (
  id           serial PRIMARY KEY,
  first_name   varchar(255) NOT NULL,
  last_name    varchar(255) NOT NULL,
  phone_number varchar(255),
  company      varchar(255),
  street       varchar(255) NOT NULL,
  city         varchar(255) NOT NULL,
  postcode     varchar(255) NOT NULL,
  country_code varchar(255) NOT NULL
);
CREATE TABLE sylius_order (
  id         serial PRIMARY KEY,
  address_id integer REFERENCES sylius_address (id),
  email      varchar(255),
  total      integer NOT NULL
);
CREATE TABLE sylius_payment (
  id       serial PRIMARY KEY,
  order_id integer REFERENCES sylius_order (id),
  details  jsonb NOT NULL
);
CREATE TABLE sylius_user (
  id                 serial PRIMARY KEY,
  username           varchar(255) UNIQUE,
  username_canonical varchar(255) UNIQUE,
  email              varchar(255),
  email_canonical    varchar(255),
  salt               varchar(255) NOT NULL,
  first_name         varchar(255),
  last_name          varchar(255),
  confirmation_token varchar(255)
);
CREATE TABLE ext_log_entries (id serial PRIMARY KEY, logged_at timestamp NOT NULL, data text);
INSERT INTO sylius_address (first_name, last_name, phone_number, company, street, city, postcode, country_code) VALUES
  ('Agathe', 'Lemoine', '06 12 34 56 78', NULL, '3 rue Mercière', 'Lyon', '69002', 'FR'),
  ('Elsa', 'Rossi', '+39 347 123 4567', 'Rossi Srl', 'Via Roma 4', 'Torino', '10121', 'IT');
INSERT INTO sylius_order (address_id, email, total) VALUES (1, 'Agathe@maison.fr', 4990), (2, 'elsa@casa.it', 1250);
INSERT INTO sylius_payment (order_id, details) VALUES (1, '{"card": "4970101234567890"}');
INSERT INTO sylius_user (username, username_canonical, email, email_canonical, salt, first_name, last_name, confirmation_token) VALUES
  ('Agathe@maison.fr', 'agathe@maison.fr', 'Agathe@maison.fr', 'agathe@maison.fr', 'k3n9x0v7q2', 'Agathe', 'Lemoine', 'a81f'),
  ('elsa@casa.it', 'elsa@casa.it', 'elsa@casa.it', 'elsa@casa.it', 'p0w4z8r1m6', 'Elsa', 'Rossi', NULL);
INSERT INTO ext_log_entries (logged_at, data) VALUES ('2024-02-01 10:00', 'Agathe@maison.fr signed in');
