-- What the rules speak of: AdventureWorks' employees, as far as rules and keys need them, and a table of persons.
CREATE SCHEMA humanresources;
CREATE TABLE humanresources.employee (
  businessentityid integer PRIMARY KEY,
  nationalidnumber varchar(15) NOT NULL UNIQUE,
  loginid          varchar(256) NOT NULL,
  jobtitle         varchar(50) NOT NULL,
  birthdate        date NOT NULL CHECK (birthdate BETWEEN '1920-01-01' AND '2010-01-01'),
  hiredate         date NOT NULL
);
CREATE TABLE personal_data (
  id      serial PRIMARY KEY,
  name    varchar(100),
  surname varchar(100),
  sex     char(1) CHECK (sex IN ('M', 'F'))
);
INSERT INTO humanresources.employee VALUES
  (1, '480211734', 'works\agathe0', 'Design Engineer', '1971-03-14', '2009-01-14'),
  (2, '112457896', 'works\bruno1', 'Tool Designer', '1965-09-30', '2008-12-05');
INSERT INTO personal_data (name, surname, sex) VALUES ('Didier', 'Faure', 'M'), ('Elsa', 'Roussel', 'F'), ('Elsa', 'Faure', 'F');
