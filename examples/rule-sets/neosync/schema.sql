-- What the rules speak of: a table of users.
CREATE TABLE users (
  id         uuid PRIMARY KEY,
  first_name text NOT NULL,
  last_name  text NOT NULL,
  email      text NOT NULL UNIQUE,
  age        integer NOT NULL CHECK (age BETWEEN 18 AND 120)
);
INSERT INTO users VALUES
  ('5f2b9c3e-0000-4000-8000-000000000001', 'Agathe', 'Lemoine', 'agathe@maison.fr', 53),
  ('5f2b9c3e-0000-4000-8000-000000000002', 'Elsa', 'Rossi', 'elsa@casa.it', 18);
