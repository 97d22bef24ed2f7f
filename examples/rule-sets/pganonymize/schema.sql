-- What the rules speak of: Django's users and sessions.
CREATE TABLE auth_user (
  id           serial PRIMARY KEY,
  password     varchar(128) NOT NULL,
  last_login   timestamptz,
  is_superuser boolean NOT NULL,
  username     varchar(150) NOT NULL UNIQUE,
  first_name   varchar(150) NOT NULL,
  last_name    varchar(150) NOT NULL,
  email        varchar(254) NOT NULL,
  is_staff     boolean NOT NULL,
  is_active    boolean NOT NULL,
  date_joined  timestamptz NOT NULL
);
CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, expire_date timestamptz NOT NULL);
INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined) VALUES
  ('pbkdf2_sha256$1000$abc$def', false, 'agathe', 'Agathe', 'Lemoine', 'agathe@maison.fr', false, true, '2023-05-01 10:00+00'),
  ('pbkdf2_sha256$1000$ghi$jkl', true, 'admin', 'Bruno', 'Castel', 'bruno@example.com', true, true, '2022-01-01 10:00+00');
INSERT INTO django_session VALUES ('k1', 'agathe@maison.fr', '2024-02-01 10:00+00');
