-- The measured shop in MariaDB's SQL: the same tables, columns and indexes, invented from numbers of the sequence engine.
-- {customers}, {addresses} and {subscriptions} are their counts. A row's choices are parts of its number's MD5.

CREATE TABLE countries (code char(2) PRIMARY KEY, name varchar(60) NOT NULL);
INSERT INTO countries VALUES ('FR', 'France'), ('ES', 'España'), ('IT', 'Italia');

CREATE TABLE customers (
    id bigint NOT NULL, country char(2) NOT NULL, email varchar(254) NOT NULL, first_name varchar(80) NOT NULL,
    last_name varchar(120) NOT NULL, phone varchar(32), mobile varchar(32), birth_date date, tax_id varchar(16),
    iban varchar(42), last_ip varchar(45), company varchar(120), notes text, profile json NOT NULL, civility char(1),
    language char(2) NOT NULL, segment varchar(20) NOT NULL, loyalty_points int NOT NULL, marketing_consent boolean NOT NULL,
    credit_cents bigint NOT NULL, status varchar(20) NOT NULL, created_at datetime NOT NULL, updated_at datetime NOT NULL,
    PRIMARY KEY (id), UNIQUE (email), KEY (last_name, first_name), KEY (phone), KEY (created_at),
    FOREIGN KEY (country) REFERENCES countries (code)
);
INSERT INTO customers
SELECT id, country, email, first_name, last_name,
    IF(h1 % 10 < 8, phone, NULL), IF(h2 % 10 < 6, mobile, NULL), DATE '1940-01-01' + INTERVAL h1 % 25000 DAY,
    CONCAT(LPAD(h1 % 100000000, 8, '0'), SUBSTR('TRWAGMYFPDXBNJZSQVHLCKE', 1 + (h1 % 100000000) % 23, 1)),
    CASE country
        WHEN 'FR' THEN CONCAT('FR', LPAD(98 - MOD(CAST(CONCAT('30004', bank, '152700') AS decimal(40)), 97), 2, '0'), '30004', bank)
        WHEN 'ES' THEN CONCAT('ES', LPAD(98 - MOD(CAST(CONCAT('21', bank, '142800') AS decimal(40)), 97), 2, '0'), '21', bank) END,
    CONCAT('82.', 64 + h1 % 64, '.', h2 % 256, '.', h3 % 256),
    IF(h3 % 5 = 0, CONCAT('Menuiserie ', last_name, ' ', h2 % 1000), NULL),
    CASE h2 % 9
        WHEN 0 THEN CONCAT('Called on Monday about the kitchen worktop, wants a new quotation before the end of the month. Write to ', email, ' or ring ', phone, '; the garage stays open.')
        WHEN 1 THEN CONCAT(first_name, ' ', last_name, ' se plaint de la livraison : deux panneaux rayés, remboursement partiel accepté. Rappeler au ', mobile, ' après 18 heures.')
        WHEN 2 THEN 'Prefers delivery on Saturdays, second floor without a lift; two people needed. Nothing else to note so far.' END,
    JSON_OBJECT('theme', IF(id % 3 = 0, 'dark', 'light'), 'nickname', CONCAT(first_name, h1 % 100),
        'contact', JSON_OBJECT('email', email, 'phone', mobile),
        'devices', JSON_ARRAY(JSON_OBJECT('os', 'android', 'ip', CONCAT('82.64.', h1 % 256, '.', h3 % 256)), JSON_OBJECT('os', 'windows', 'ip', CONCAT('83.32.', h2 % 256, '.', h1 % 256))),
        'visits', h3 % 300),
    IF(id % 2 = 0, 'F', 'M'), LOWER(country), ELT(1 + h3 % 4, 'new', 'regular', 'loyal', 'trade'), h1 % 5000, id % 4 <> 0,
    h2 % 90000, 'active', TIMESTAMP '2018-01-01 00:00:00' + INTERVAL h1 % 270000000 SECOND, TIMESTAMP '2018-01-01 00:00:00' + INTERVAL h2 % 270000000 SECOND
FROM (
    SELECT people.*, CONCAT(LOWER(first_name), '.', LOWER(last_name), id, '@', ELT(1 + h3 % 4, 'gmail.com', 'orange.fr', 'free.fr', 'sfr.fr')) AS email,
        CASE WHEN country = 'FR' AND h1 % 2 THEN CONCAT('+336', LPAD(h1 % 100000000, 8, '0')) WHEN country = 'FR' THEN CONCAT('06', LPAD(h1 % 100000000, 8, '0')) WHEN country = 'ES' THEN CONCAT('+34 6', LPAD(h1 % 100000000, 8, '0')) ELSE CONCAT('3', LPAD(h1 % 1000000000, 9, '0')) END AS phone,
        CASE country WHEN 'FR' THEN CONCAT('+337', LPAD(h2 % 100000000, 8, '0')) WHEN 'ES' THEN CONCAT('7', LPAD(h2 % 100000000, 8, '0')) ELSE CONCAT('+39 3', LPAD(h2 % 1000000000, 9, '0')) END AS mobile,
        LPAD(CONCAT(h1, h2), 18, '0') AS bank
    FROM (
        SELECT id, h1, h2, h3, ELT(1 + h3 % 10, 'FR', 'FR', 'FR', 'FR', 'FR', 'FR', 'ES', 'ES', 'ES', 'IT') AS country,
            ELT(1 + h1 % 16, 'Marie', 'Nathalie', 'Céline', 'Julie', 'Camille', 'Chloé', 'Jean', 'Pierre', 'Michel', 'Nicolas', 'David', 'Thomas', 'María', 'Carmen', 'Giulia', 'Marco') AS first_name,
            ELT(1 + h2 % 16, 'Martin', 'Bernard', 'Petit', 'Durand', 'Dubois', 'Moreau', 'Lefebvre', 'Roux', 'Fournier', 'Girard', 'García', 'López', 'Ruiz', 'Rossi', 'Russo', 'Ferrari') AS last_name
        FROM (SELECT seq AS id, CONV(SUBSTR(MD5(seq), 1, 8), 16, 10) + 0 AS h1, CONV(SUBSTR(MD5(seq), 9, 8), 16, 10) + 0 AS h2, CONV(SUBSTR(MD5(seq), 17, 8), 16, 10) + 0 AS h3 FROM seq_1_to_{customers}) numbers
    ) people
) known;

CREATE TABLE addresses (
    id bigint NOT NULL, customer_id bigint NOT NULL, country char(2) NOT NULL, recipient varchar(200) NOT NULL,
    company varchar(120), street varchar(200) NOT NULL, complement varchar(120), postcode varchar(10) NOT NULL,
    city varchar(120) NOT NULL, phone varchar(32), is_default boolean NOT NULL, updated_at datetime NOT NULL,
    PRIMARY KEY (id), KEY (customer_id), KEY (postcode), KEY (country, city),
    FOREIGN KEY (customer_id) REFERENCES customers (id), FOREIGN KEY (country) REFERENCES countries (code)
);
INSERT INTO addresses
SELECT a.seq, c.id, c.country, CONCAT(c.first_name, ' ', c.last_name), c.company, CONCAT(1 + a.seq % 200, ' rue ', c.last_name),
    IF(a.seq % 4 = 0, CONCAT('Bât. ', CHAR(65 + a.seq % 8), ', étage ', a.seq % 9), NULL), LPAD(c.loyalty_points * 19 % 100000, 5, '0'),
    CONCAT('Saint-', c.first_name), IF(a.seq % 2, c.phone, NULL), a.seq % 3 <> 0, c.updated_at
FROM seq_1_to_{addresses} a JOIN customers c ON c.id = 1 + a.seq * 7919 % {customers};

CREATE TABLE newsletter (
    id bigint NOT NULL, email varchar(254) NOT NULL, first_name varchar(80), country char(2) NOT NULL, consent_ip varchar(45),
    subscribed_at datetime NOT NULL, PRIMARY KEY (id), UNIQUE (email), KEY (subscribed_at)
);
INSERT INTO newsletter
SELECT c.id, IF(c.id % 6, c.email, CONCAT('n', c.email)), c.first_name, c.country, c.last_ip, c.created_at
FROM customers c WHERE c.id <= {subscriptions};

CREATE TABLE orders (
    id bigint NOT NULL, customer_id bigint NOT NULL, country char(2) NOT NULL, status varchar(20) NOT NULL,
    total_cents bigint NOT NULL, reference varchar(30) NOT NULL, ordered_at datetime NOT NULL,
    PRIMARY KEY (id), KEY (customer_id), FOREIGN KEY (customer_id) REFERENCES customers (id)
);
INSERT INTO orders
SELECT o.seq, c.id, c.country, 'delivered', o.seq * 37 % 500000, CONCAT('CMD', UPPER(SUBSTR(MD5(o.seq), 1, 4))), c.updated_at
FROM seq_1_to_{orders} o JOIN customers c ON c.id = 1 + o.seq * 7919 % {customers};
