-- The shop's tables as MySQL and MariaDB have them: the same shop as examples/shop, without what only PostgreSQL knows.
--
-- Loaded in the order of a dump: tables first (here), then rows (generate.sql), then keys, triggers, views and an event
-- (constraints.sql), then some years of life (history.sql). Needs what a master user of RDS has, no more.

SET NAMES utf8mb4;

CREATE TABLE countries (
    code char(2) PRIMARY KEY,
    name varchar(60) NOT NULL,
    locale varchar(10) NOT NULL,
    currency char(3) NOT NULL DEFAULT 'EUR',
    vat_rate decimal(4, 2) NOT NULL
);

CREATE TABLE categories (
    id int PRIMARY KEY,
    parent_id int,
    slug varchar(60) NOT NULL UNIQUE,
    name_fr varchar(80) NOT NULL,
    name_es varchar(80) NOT NULL,
    name_it varchar(80) NOT NULL
);

CREATE TABLE products (
    id int AUTO_INCREMENT PRIMARY KEY,
    category_id int NOT NULL,
    sku varchar(20) NOT NULL UNIQUE,
    name varchar(120) NOT NULL,
    price_cents int NOT NULL CHECK (price_cents > 0),
    weight_grams int NOT NULL,
    attributes json NOT NULL
);

CREATE TABLE customers (
    id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    country char(2) NOT NULL,
    civility enum('F', 'M'),
    first_name varchar(80) NOT NULL,
    last_name varchar(120) NOT NULL,
    email varchar(254) NOT NULL COMMENT 'Login. Unique whatever its case.',
    phone varchar(32),
    birth_date date,
    company varchar(200),
    vat_number varchar(20),
    last_ip varchar(45),
    password_hash varchar(100) NOT NULL,
    interests set('jardin', 'peinture', 'bricolage', 'salle-de-bains', 'luminaires', 'bois') NOT NULL DEFAULT '',
    loyalty_points int NOT NULL DEFAULT 0,
    marketing_consent boolean NOT NULL DEFAULT false,
    profile json NOT NULL COMMENT 'Written by the mobile app, without a schema.',
    created_at datetime NOT NULL,
    updated_at timestamp NOT NULL DEFAULT current_timestamp,
    full_name varchar(201) GENERATED ALWAYS AS (concat(first_name, ' ', last_name)) STORED,
    email_domain varchar(254) GENERATED ALWAYS AS (substring_index(email, '@', -1)) VIRTUAL,
    CONSTRAINT customers_phone CHECK (phone REGEXP '^[+0-9][0-9 .()/-]{7,24}$'),
    CONSTRAINT customers_birth_date CHECK (birth_date > '1900-01-01')
);

CREATE TABLE addresses (
    id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    customer_id bigint unsigned NOT NULL,
    label varchar(40) NOT NULL,
    recipient varchar(201) NOT NULL,
    street varchar(200) NOT NULL,
    complement varchar(100),
    postcode char(5) NOT NULL CHECK (postcode REGEXP '^[0-9]{5}$'),
    city varchar(80) NOT NULL,
    country char(2) NOT NULL,
    phone varchar(32),
    is_default boolean NOT NULL,
    updated_at datetime NOT NULL
);

CREATE TABLE orders (
    id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    ordered_on date NOT NULL,
    customer_id bigint unsigned NOT NULL,
    address_id bigint unsigned NOT NULL,
    status enum('basket', 'paid', 'picking', 'shipped', 'delivered', 'returned', 'cancelled') NOT NULL,
    country char(2) NOT NULL,
    contact_email varchar(254) NOT NULL,
    contact_phone varchar(32),
    client_ip varchar(45),
    delivery_note text,
    total_cents bigint NOT NULL,
    CONSTRAINT orders_total_is_positive CHECK (total_cents >= 0)
);

CREATE TABLE order_lines (
    order_id bigint unsigned NOT NULL,
    line_no smallint NOT NULL,
    product_id int NOT NULL,
    quantity smallint NOT NULL CHECK (quantity > 0),
    unit_price_cents int NOT NULL,
    PRIMARY KEY (order_id, line_no)
);

CREATE TABLE payments (
    id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    order_id bigint unsigned NOT NULL,
    method enum('card', 'sepa_debit', 'transfer', 'paypal') NOT NULL,
    country char(2) NOT NULL,
    holder varchar(201) NOT NULL,
    iban varchar(42),
    card_last4 char(4),
    payer_email varchar(254),
    psp_reference varchar(40) NOT NULL,
    amount_cents bigint NOT NULL,
    paid_at datetime NOT NULL,
    CHECK (method <> 'card' OR card_last4 IS NOT NULL),
    CHECK (method NOT IN ('sepa_debit', 'transfer') OR iban IS NOT NULL)
);

-- Older than the shop's move to utf8mb4: one column still has the character set of then.
CREATE TABLE newsletter (
    id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    email varchar(254) NOT NULL,
    imported_name varchar(201),         -- dropped again in history.sql
    first_name varchar(80) CHARACTER SET latin1,
    country char(2) NOT NULL,
    subscribed_at datetime NOT NULL,
    unsubscribed_at datetime,
    consent_ip varchar(45)
);

CREATE TABLE support_tickets (
    id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    customer_id bigint unsigned,
    channel enum('mail', 'phone', 'chat', 'store') NOT NULL,
    language char(2) NOT NULL,
    contact_first_name varchar(80) NOT NULL,
    contact_last_name varchar(120) NOT NULL,
    contact_email varchar(254) NOT NULL,
    contact_phone varchar(32),
    subject varchar(200) NOT NULL,
    body text NOT NULL,
    opened_at datetime NOT NULL,
    closed_at datetime
);

-- Filled by triggers only (constraints.sql).
CREATE TABLE audit_log (
    id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    table_name varchar(64) NOT NULL,
    row_id bigint unsigned NOT NULL,
    operation enum('UPDATE', 'DELETE') NOT NULL,
    changed_by varchar(100) NOT NULL,
    changed_at datetime NOT NULL,
    old_row json NOT NULL,
    new_row json
);

-- Who brought whom: the foreign key is an e-mail address (constraints.sql).
CREATE TABLE referrals (
    referrer_email varchar(254) NOT NULL,
    friend_email varchar(254) NOT NULL,
    reward_cents int NOT NULL DEFAULT 1000,
    referred_on date NOT NULL,
    PRIMARY KEY (referrer_email, friend_email)
);

-- Came out of a spreadsheet, and nobody ever dared to rename it.
CREATE TABLE `Contacts Pro` (
    `N°` int PRIMARY KEY,
    `Société` varchar(200) NOT NULL,
    `Interlocuteur` varchar(201) NOT NULL,
    `E-mail` varchar(254) NOT NULL UNIQUE,
    `Tél.` varchar(32),
    `Pays` char(2) NOT NULL,
    `Remise %` decimal(4, 1) NOT NULL
);
