-- The shop that masking is measured on: customers, addresses, newsletter and orders, invented set by set.
--
--     SET bench.customers = '1000000';
--
-- The part before the first marker is for every session; each further part is one session's, and parts that belong to
-- different tables may run at a time. Every value is a hash of the row's number and a salt, so the same size gives the same rows. Rows come before
-- keys and indexes, as in a restored dump, so the tables lie tight: nothing here is slow because it is bloated.

SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
SET work_mem = '64MB';
SET maintenance_work_mem = '400MB';

CREATE FUNCTION pg_temp.pick(id bigint, salt int, below int) RETURNS int LANGUAGE sql IMMUTABLE
    RETURN ((hashint8extended(id, salt) & 9223372036854775807) % below)::int;

CREATE FUNCTION pg_temp.digits(id bigint, salt int, width int) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN lpad(((hashint8extended(id, salt) & 9223372036854775807) % (10::float8 ^ width)::bigint)::text, width, '0');

-- name has a fixed length, so that a subscript is O(1)
CREATE FUNCTION pg_temp.first_name(id bigint, salt int) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN ('{Marie,Nathalie,Isabelle,Sylvie,Catherine,Françoise,Céline,Sandrine,Stéphanie,Julie,Aurélie,Émilie,Camille,
Léa,Manon,Chloé,Jean,Pierre,Michel,Philippe,Alain,Nicolas,Christophe,Patrick,Frédéric,Laurent,Olivier,David,Julien,
Sébastien,Thomas,Éric,María,Carmen,Josefa,Isabel,Ana,Lucía,Paula,Marta,Antonio,José,Manuel,Francisco,Javier,Carlos,
Alejandro,Miguel,Giulia,Chiara,Francesca,Federica,Sara,Martina,Valentina,Alessia,Marco,Andrea,Francesco,Alessandro,
Matteo,Lorenzo,Davide,Luca}'::name[])[1 + pg_temp.pick(id, salt, 64)]::text;

CREATE FUNCTION pg_temp.last_name(id bigint, salt int) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN ('{Martin,Bernard,Thomas,Petit,Robert,Richard,Durand,Dubois,Moreau,Laurent,Simon,Michel,Lefebvre,Leroy,Roux,
Fournier,Girard,Bonnet,Dupont,Lambert,Fontaine,Rousseau,Vincent,Muller,Lefèvre,Faure,André,Mercier,Blanc,Guérin,Boyer,
Garnier,García,Fernández,González,Rodríguez,López,Martínez,Sánchez,Pérez,Gómez,Martín,Jiménez,Ruiz,Hernández,Díaz,
Moreno,Muñoz,Rossi,Russo,Ferrari,Esposito,Bianchi,Romano,Colombo,Ricci,Marino,Greco,Bruno,Gallo,Conti,Costa,Giordano,
Mancini}'::name[])[1 + pg_temp.pick(id, salt, 64)]::text;

CREATE FUNCTION pg_temp.country(id bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN ('{FR,FR,FR,FR,FR,FR,ES,ES,ES,IT}'::name[])[1 + pg_temp.pick(id, 1, 10)]::text;

CREATE FUNCTION pg_temp.ascii(name text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN lower(translate(name, 'ÀÁÂÄÈÉÊËÌÍÎÏÒÓÔÖÙÚÛÜÇÑàáâäèéêëìíîïòóôöùúûüçñ', 'AAAAEEEEIIIIOOOOUUUUCNaaaaeeeeiiiioooouuuucn'));

CREATE FUNCTION pg_temp.email(id bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN pg_temp.ascii(pg_temp.first_name(id, 2)) || '.' || pg_temp.ascii(pg_temp.last_name(id, 3)) || id || '@'
        || ('{gmail.com,orange.fr,free.fr,hotmail.es,yahoo.it,sfr.fr,laposte.net,outlook.com}'::name[])[1 + pg_temp.pick(id, 4, 8)]::text;

CREATE FUNCTION pg_temp.phone(id bigint, salt int, country text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE country || pg_temp.pick(id, salt, 3)
        WHEN 'FR0' THEN '0' || 1 + pg_temp.pick(id, salt + 1, 7) || regexp_replace(pg_temp.digits(id, salt + 2, 8), '(..)', ' \1', 'g')
        WHEN 'FR1' THEN '+33' || 1 + pg_temp.pick(id, salt + 1, 7) || pg_temp.digits(id, salt + 2, 8)
        WHEN 'FR2' THEN '0' || 1 + pg_temp.pick(id, salt + 1, 7) || pg_temp.digits(id, salt + 2, 8)
        WHEN 'ES0' THEN '+34 6' || pg_temp.digits(id, salt + 2, 8)
        WHEN 'ES1' THEN '6' || pg_temp.digits(id, salt + 2, 8)
        WHEN 'ES2' THEN '+346' || pg_temp.digits(id, salt + 2, 8)
        WHEN 'IT0' THEN '+39 3' || pg_temp.digits(id, salt + 2, 9)
        WHEN 'IT1' THEN '3' || pg_temp.digits(id, salt + 2, 9)
        ELSE '+393' || pg_temp.digits(id, salt + 2, 9) END;

CREATE FUNCTION pg_temp.checked_iban(country text, body text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN country || lpad((98 - mod((body || (ascii(country) - 55)::text || (ascii(substr(country, 2)) - 55)::text || '00')::numeric, 97))::text, 2, '0') || body;

CREATE FUNCTION pg_temp.ip(id bigint, salt int) RETURNS inet LANGUAGE sql IMMUTABLE
    RETURN '82.64.0.0'::inet + (hashint8extended(id, salt) & 8388607);

CREATE FUNCTION pg_temp.moment(id bigint, salt int) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN timestamptz '2018-01-01' + interval '1 second' * pg_temp.pick(id, salt, 270000000);

-- part: countries
CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL);
INSERT INTO countries VALUES ('FR', 'France'), ('ES', 'España'), ('IT', 'Italia');

-- part: customers
CREATE TABLE customers (
    id bigint NOT NULL,
    country char(2) NOT NULL,
    email varchar(254) NOT NULL,
    first_name varchar(80) NOT NULL,
    last_name varchar(120) NOT NULL,
    phone varchar(32),
    mobile varchar(32),
    birth_date date,
    tax_id varchar(16),
    iban varchar(42),
    last_ip inet,
    company text,
    notes text,
    profile jsonb NOT NULL,
    civility char(1),
    language char(2) NOT NULL,
    segment text NOT NULL,
    loyalty_points int NOT NULL,
    marketing_consent boolean NOT NULL,
    credit_cents bigint NOT NULL,
    status text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
INSERT INTO customers
SELECT id, country, pg_temp.email(id), first, last,
    CASE WHEN pg_temp.pick(id, 10, 10) < 8 THEN pg_temp.phone(id, 11, country) END,
    CASE WHEN pg_temp.pick(id, 20, 10) < 6 THEN pg_temp.phone(id, 21, country) END,
    date '1940-01-01' + pg_temp.pick(id, 30, 25000),
    pg_temp.digits(id, 31, 8) || substr('TRWAGMYFPDXBNJZSQVHLCKE', 1 + (pg_temp.digits(id, 31, 8)::int % 23), 1),
    CASE country WHEN 'FR' THEN pg_temp.checked_iban('FR', '30004' || pg_temp.digits(id, 32, 18))
        WHEN 'ES' THEN pg_temp.checked_iban('ES', '2100' || pg_temp.digits(id, 32, 16)) END,
    pg_temp.ip(id, 33),
    CASE WHEN pg_temp.pick(id, 34, 5) = 0 THEN 'Menuiserie ' || last || ' ' || pg_temp.pick(id, 35, 1000) END,
    CASE pg_temp.pick(id, 36, 9)
        WHEN 0 THEN 'Called on Monday about the kitchen worktop, wants a new quotation before the end of the month. '
            || 'Write to ' || pg_temp.email(id) || ' or ring ' || coalesce(pg_temp.phone(id, 11, country), '') || '; the garage stays open.'
        WHEN 1 THEN first || ' ' || last || ' se plaint de la livraison : deux panneaux rayés, photos reçues par courriel, '
            || 'remboursement partiel accepté. Rappeler au ' || pg_temp.phone(id, 21, country) || ' après 18 heures.'
        WHEN 2 THEN 'Prefers delivery on Saturdays, second floor without a lift; two people needed. Nothing else to note so far.'
    END,
    jsonb_build_object('theme', CASE WHEN id % 3 = 0 THEN 'dark' ELSE 'light' END, 'nickname', first || pg_temp.pick(id, 40, 100),
        'contact', jsonb_build_object('email', pg_temp.email(id), 'phone', pg_temp.phone(id, 21, country)),
        'devices', jsonb_build_array(jsonb_build_object('os', 'android', 'ip', host(pg_temp.ip(id, 41))), jsonb_build_object('os', 'windows', 'ip', host(pg_temp.ip(id, 33)))),
        'visits', pg_temp.pick(id, 42, 300)),
    CASE WHEN id % 2 = 0 THEN 'F' ELSE 'M' END, lower(country), ('{new,regular,loyal,trade}'::name[])[1 + pg_temp.pick(id, 43, 4)]::text,
    pg_temp.pick(id, 44, 5000), id % 4 <> 0, pg_temp.pick(id, 45, 90000), 'active', pg_temp.moment(id, 46), pg_temp.moment(id, 47)
FROM (SELECT id, pg_temp.country(id) AS country, pg_temp.first_name(id, 2) AS first, pg_temp.last_name(id, 3) AS last
      FROM generate_series(1::bigint, current_setting('bench.customers')::bigint) AS id) people;
ALTER TABLE customers ADD PRIMARY KEY (id), ADD UNIQUE (email);
CREATE INDEX ON customers (last_name, first_name);
CREATE INDEX ON customers (phone);
CREATE INDEX ON customers (created_at);
CREATE INDEX ON customers (lower(email));

-- part: addresses
CREATE TABLE addresses (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    country char(2) NOT NULL,
    recipient text NOT NULL,
    company text,
    street text NOT NULL,
    complement text,
    postcode varchar(10) NOT NULL,
    city text NOT NULL,
    phone varchar(32),
    is_default boolean NOT NULL,
    updated_at timestamptz NOT NULL
);
INSERT INTO addresses
SELECT id, owner, pg_temp.country(owner), pg_temp.first_name(owner, 2) || ' ' || pg_temp.last_name(owner, 3),
    CASE WHEN pg_temp.pick(owner, 34, 5) = 0 THEN 'Menuiserie ' || pg_temp.last_name(owner, 3) END,
    1 + pg_temp.pick(id, 50, 200) || ' rue ' || pg_temp.last_name(id, 51),
    CASE WHEN id % 4 = 0 THEN 'Bât. ' || chr(65 + pg_temp.pick(id, 52, 8)) || ', étage ' || pg_temp.pick(id, 53, 9) END,
    pg_temp.digits(id, 54, 5), 'Saint-' || pg_temp.first_name(id, 55),
    CASE WHEN id % 2 = 0 THEN pg_temp.phone(owner, 11, pg_temp.country(owner)) END, id % 3 <> 0, pg_temp.moment(id, 56)
FROM (SELECT id, 1 + (hashint8extended(id, 49) & 9223372036854775807) % current_setting('bench.customers')::bigint AS owner
      FROM generate_series(1::bigint, current_setting('bench.customers')::bigint * 3 / 2) AS id) places;
ALTER TABLE addresses ADD PRIMARY KEY (id);
CREATE INDEX ON addresses (customer_id);
CREATE INDEX ON addresses (postcode);
CREATE INDEX ON addresses (country, city);

-- part: newsletter
CREATE TABLE newsletter (
    id bigint NOT NULL,
    email varchar(254) NOT NULL,
    first_name text,
    country char(2) NOT NULL,
    consent_ip inet,
    subscribed_at timestamptz NOT NULL
);
INSERT INTO newsletter  -- five in six are customers
SELECT id, CASE WHEN id % 6 <> 0 THEN pg_temp.email(id) ELSE 'n' || pg_temp.email(id) END, pg_temp.first_name(id, 2),
    pg_temp.country(id), pg_temp.ip(id, 60), pg_temp.moment(id, 61)
FROM generate_series(1::bigint, current_setting('bench.customers')::bigint * 3 / 5) AS id;
ALTER TABLE newsletter ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON newsletter (email);
CREATE INDEX ON newsletter (subscribed_at);

-- part: orders
CREATE TABLE orders (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    address_id bigint NOT NULL,
    country char(2) NOT NULL,
    status text NOT NULL,
    total_cents bigint NOT NULL,
    shipping_cents int NOT NULL,
    reference text NOT NULL,
    ordered_at timestamptz NOT NULL,
    shipped_at timestamptz
);
INSERT INTO orders
SELECT id, 1 + (hashint8extended(id, 70) & 9223372036854775807) % current_setting('bench.customers')::bigint,
    1 + (hashint8extended(id, 71) & 9223372036854775807) % (current_setting('bench.customers')::bigint * 3 / 2),
    pg_temp.country(id), ('{paid,shipped,delivered,returned}'::name[])[1 + pg_temp.pick(id, 72, 4)]::text,
    pg_temp.pick(id, 73, 500000), pg_temp.pick(id, 74, 2000), 'CMD' || upper(translate(left(md5(id::text), 10), '0123456789', 'ghijklmnop')),
    pg_temp.moment(id, 76), pg_temp.moment(id, 77)
FROM generate_series(1::bigint, current_setting('bench.customers')::bigint * 3) AS id;
ALTER TABLE orders ADD PRIMARY KEY (id);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (address_id);

-- part: keys
ALTER TABLE customers ADD FOREIGN KEY (country) REFERENCES countries;
ALTER TABLE addresses ADD FOREIGN KEY (customer_id) REFERENCES customers, ADD FOREIGN KEY (country) REFERENCES countries;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers, ADD FOREIGN KEY (address_id) REFERENCES addresses;
ANALYZE;
