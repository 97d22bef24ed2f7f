-- Fills the shop with invented people: set-based, deterministic, linear in the number of customers.
--
-- Each row has one digest, SHA2 of its number, from which all its choices are drawn: `draw(d, 3)` is the third number
-- below 2^20 in it (load.py writes it out: a stored function would cost more than everything else). No rand(), no now():
-- the same size gives the same rows, and customer 1 is the same person at every size. `slot`, `phrase` and `article` hold
-- the words of examples/shop; `:customers` is the size.

SET SESSION group_concat_max_len = 65535;
SET SESSION time_zone = '+00:00';

-- ------------------------------------------------------------------------------------------------------- customers

SELECT 'customers' AS progress;

CREATE /*M! TEMPORARY */ TABLE person (PRIMARY KEY (id)) AS
WITH drawn AS (
    SELECT seq AS id, sha2(concat('person ', seq), 512) AS d FROM seq_1_to_:customers
), placed AS (
    SELECT id, d,
           CASE WHEN draw(d, 1) % 100 < 60 THEN 'FR' WHEN draw(d, 1) % 100 < 82 THEN 'ES' ELSE 'IT' END AS country,
           CASE WHEN draw(d, 2) % 100 < 52 THEN 'F' ELSE 'M' END AS civility,
           DATE '1941-01-01' + INTERVAL floor(draw(d, 3) / 1048576 * 24200) DAY AS birth_date,
           TIMESTAMP '2021-01-04 08:00:00' + INTERVAL floor(pow(draw(d, 4) / 1048576, 0.8) * 183600000) SECOND AS created_at,
           concat(lpad(draw(d, 5) % 10000, 4, '0'), lpad(draw(d, 6) % 10000, 4, '0')) AS digits
    FROM drawn
), named AS (
    SELECT p.*, CASE civility WHEN 'F' THEN f.first_f ELSE f.first_m END AS first_name,
           l.last_name AS surname,
           concat(l.last_name, CASE WHEN p.country = 'ES' AND draw(d, 7) % 8 > 0 THEN concat(' ', m.last_name) ELSE '' END) AS last_name,
           e.domain
    FROM placed p
    JOIN slot f ON f.country = p.country AND f.n = draw(d, 8) % 1024
    JOIN slot l ON l.country = p.country AND l.n = draw(d, 9) % 1024
    JOIN slot m ON m.country = p.country AND m.n = draw(d, 10) % 1024
    JOIN slot e ON e.country = p.country AND e.n = draw(d, 11) % 1024
), spelled AS (
    SELECT n.*, f.ascii AS f, l.ascii AS l, date_format(birth_date, '%y') AS yy
    FROM named n JOIN spelling f ON f.word = n.first_name JOIN spelling l ON l.word = n.surname
), addressed AS (
    SELECT *, CASE draw(d, 12) % 10
            WHEN 0 THEN concat(left(f, 1), '.', l)
            WHEN 1 THEN concat(f, '.', l, yy)
            WHEN 2 THEN concat(f, l)
            WHEN 3 THEN concat(l, '.', f)
            WHEN 4 THEN concat(f, '_', l)
            WHEN 5 THEN concat(left(f, 1), l, yy)
            ELSE concat(f, '.', l) END AS local_part
    FROM spelled
), numbered AS (
    -- A second marie.martin@orange.fr becomes marie.martin.2@orange.fr.
    SELECT *, row_number() OVER (PARTITION BY local_part, domain ORDER BY id) AS no FROM addressed
)
-- Some people type their address with capitals.
SELECT id, d, country, civility, first_name, last_name, f AS ascii_first, l AS ascii_last, birth_date, created_at, digits,
       concat(CASE WHEN draw(d, 13) % 25 = 0 THEN upper(local_part) ELSE local_part END,
              CASE WHEN no > 1 THEN concat('.', no) ELSE '' END, '@', domain) AS email,
       CASE country WHEN 'FR' THEN concat('+336', digits) WHEN 'ES' THEN concat('+346', digits) ELSE concat('+3933', digits) END AS phone,
       CASE country
           WHEN 'FR' THEN CASE draw(d, 14) % 3 WHEN 0 THEN concat('06', digits)
               WHEN 1 THEN concat('06 ', mid(digits, 1, 2), ' ', mid(digits, 3, 2), ' ', mid(digits, 5, 2), ' ', mid(digits, 7, 2))
               ELSE concat('+33 6 ', mid(digits, 1, 2), ' ', mid(digits, 3, 2), ' ', mid(digits, 5, 2), ' ', mid(digits, 7, 2)) END
           WHEN 'ES' THEN CASE draw(d, 14) % 3 WHEN 0 THEN concat('6', digits)
               WHEN 1 THEN concat('6', mid(digits, 1, 2), ' ', mid(digits, 3, 3), ' ', mid(digits, 6, 3))
               ELSE concat('+34 6', mid(digits, 1, 2), ' ', mid(digits, 3, 2), ' ', mid(digits, 5, 2), ' ', mid(digits, 7, 2)) END
           ELSE CASE draw(d, 14) % 3 WHEN 0 THEN concat('33', digits)
               WHEN 1 THEN concat('33', mid(digits, 1, 1), ' ', mid(digits, 2, 7))
               ELSE concat('+39 33', mid(digits, 1, 1), ' ', mid(digits, 2, 3), ' ', mid(digits, 5, 4)) END
       END AS phone_written,
       concat(CASE country WHEN 'FR' THEN '82.64.' WHEN 'ES' THEN '83.32.' ELSE '79.0.' END, draw(d, 15) % 256, '.', draw(d, 16) % 256) AS ip
FROM numbered;

INSERT INTO customers (id, country, civility, first_name, last_name, email, phone, birth_date, company, vat_number, last_ip,
    password_hash, interests, loyalty_points, marketing_consent, profile, created_at, updated_at)
SELECT p.id, p.country, civility, first_name, p.last_name, email, CASE WHEN draw(d, 17) % 12 > 0 THEN phone_written END, birth_date,
       CASE WHEN draw(d, 18) % 12 = 0 THEN concat(t.trade, ' ', p.last_name, ' ', t.form) END,
       CASE WHEN draw(d, 18) % 12 = 0 THEN concat(p.country, lpad(draw(d, 19), 9, '3'), CASE p.country WHEN 'FR' THEN '10' ELSE '' END) END,
       ip, concat('$2b$12$', left(sha2(d, 256), 51), 'u.'),
       elt(1 + draw(d, 20) % 8, 'jardin', 'peinture', 'bricolage', 'salle-de-bains', 'jardin,bois', 'luminaires', '', ''),
       draw(d, 21) % 4000, draw(d, 22) % 10 < 6,
       CASE WHEN draw(d, 23) % 4 = 0 THEN '{}' ELSE json_object(
           'nickname', concat(ascii_first, date_format(birth_date, '%y')),
           'contact', json_object('email', email, 'phone', phone, 'preferred', elt(1 + draw(d, 20) % 3, 'phone', 'email', 'email')),
           'preferences', json_object('language', lower(p.country), 'alerts', json_array('promo')),
           'devices', json_array(json_object('os', elt(1 + draw(d, 21) % 2, 'iOS 26', 'Android 16'), 'ip', ip, 'owner', first_name))) END,
       created_at, created_at
FROM person p
JOIN slot t ON t.country = p.country AND t.n = draw(d, 19) % 1024
ORDER BY p.id;

-- ------------------------------------------------------------------------------------------------------- addresses

SELECT 'addresses' AS progress;

INSERT INTO addresses (customer_id, label, recipient, street, complement, postcode, city, country, phone, is_default, updated_at)
SELECT k.id, CASE k.country WHEN 'FR' THEN elt(no, 'Domicile', 'Chantier') WHEN 'ES' THEN elt(no, 'Casa', 'Obra') ELSE elt(no, 'Casa', 'Cantiere') END,
       concat(first_name, ' ', k.last_name),
       CASE k.country WHEN 'FR' THEN concat(1 + draw(e, 1) % 120, ' ', s.street) ELSE concat(s.street, ', ', 1 + draw(e, 1) % 120) END,
       CASE WHEN draw(e, 2) % 3 = 0 THEN CASE k.country WHEN 'FR' THEN concat('Appt ', 1 + draw(e, 3) % 8)
           WHEN 'ES' THEN concat(1 + draw(e, 3) % 8, '.º B') ELSE concat('Scala ', 1 + draw(e, 3) % 8) END END,
       c.postcode, c.city, k.country, CASE WHEN no > 1 THEN phone_written END, no = 1, created_at
FROM (
    SELECT p.*, n.seq AS no, sha2(concat('address ', p.id, '.', n.seq), 256) AS e
    FROM person p JOIN seq_1_to_2 n ON n.seq = 1 OR draw(p.d, 16) % 100 < 48
) AS k
JOIN slot s ON s.country = k.country AND s.n = draw(e, 4) % 1024
JOIN slot c ON c.country = k.country AND c.n = draw(e, 5) % 1024
ORDER BY k.id, no;

-- --------------------------------------------------------------------------------------------- orders and payments

SELECT 'orders' AS progress;

-- Numbers per customer: three on average, many with none, a few with twelve.
CREATE /*M! TEMPORARY */ TABLE draft_order (PRIMARY KEY (id), KEY (customer_id)) AS
SELECT row_number() OVER (ORDER BY ordered_on, customer_id, no) AS id, customer_id, ordered_on, o
FROM (
    SELECT k.id AS customer_id, no, o,
           date(created_at) + INTERVAL floor(draw(o, 1) / 1048576 * datediff('2026-11-15', created_at)) DAY AS ordered_on
    FROM (
        SELECT p.id, p.created_at, n.seq AS no, sha2(concat('order ', p.id, '.', n.seq), 512) AS o
        FROM person p
        JOIN seq_1_to_12 n ON n.seq <= elt(1 + draw(p.d, 15) % 20, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 12)
    ) AS k
) AS dated;

SET @articles = (SELECT count(*) FROM products);

INSERT INTO order_lines (order_id, line_no, product_id, quantity, unit_price_cents)
SELECT k.id, line_no, a.id, 1 + floor(pow(draw(e, 2) / 1048576, 5) * 11), a.price_cents
FROM (
    SELECT d.id, n.seq AS line_no, sha2(concat('line ', d.id, '.', n.seq), 224) AS e
    FROM draft_order d JOIN seq_1_to_4 n ON n.seq <= elt(1 + draw(d.o, 2) % 10, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4)
) AS k
JOIN products a ON a.id = 1 + floor(pow(draw(e, 1) / 1048576, 1.4) * @articles)
ORDER BY k.id, line_no;

CREATE /*M! TEMPORARY */ TABLE total (PRIMARY KEY (order_id)) AS
SELECT order_id, sum(quantity * unit_price_cents) AS cents FROM order_lines GROUP BY order_id;

INSERT INTO orders (id, ordered_on, customer_id, address_id, status, country, contact_email, contact_phone, client_ip, delivery_note, total_cents)
SELECT d.id, ordered_on, p.id, a.id,
       CASE WHEN ordered_on > '2026-11-05' AND draw(o, 3) % 3 > 0 THEN elt(1 + draw(o, 3) % 4, 'basket', 'paid', 'picking', 'shipped')
            WHEN draw(o, 4) % 30 = 0 THEN 'cancelled' WHEN draw(o, 4) % 25 = 1 THEN 'returned' ELSE 'delivered' END,
       p.country, p.email, CASE WHEN draw(o, 5) % 2 = 0 THEN p.phone END, p.ip,
       CASE WHEN draw(o, 6) % 8 = 0 THEN filled(w.words, p) END, t.cents
FROM draft_order d
JOIN person p ON p.id = d.customer_id
JOIN addresses a ON a.customer_id = p.id AND a.is_default
JOIN total t ON t.order_id = d.id
JOIN phrase w ON w.kind = 'delivery' AND w.language = lower(p.country) AND w.no = draw(o, 7) % 3
ORDER BY d.id;

SELECT 'payments' AS progress;

-- One bank account for each customer: ISO 13616 check digits, in France the RIB key as well.
CREATE /*M! TEMPORARY */ TABLE account (PRIMARY KEY (customer_id)) AS
SELECT customer_id,
       concat(country, lpad(98 - mod(cast(concat(bban_digits, conv(left(country, 1), 36, 10), conv(right(country, 1), 36, 10), '00') AS decimal(65)), 97), 2, '0'), bban) AS iban
FROM (
    SELECT customer_id, country, bban,
           CASE country WHEN 'IT' THEN concat(conv(left(bban, 1), 36, 10), substr(bban, 2)) ELSE bban END AS bban_digits
    FROM (
        SELECT k.*, CASE country
                WHEN 'FR' THEN concat(bank, branch, number, lpad(97 - mod(89 * bank + 15 * branch + 3 * cast(number AS unsigned), 97), 2, '0'))
                WHEN 'ES' THEN concat(bank, branch, '00', left(number, 10))
                ELSE concat('X', bank, branch, '0', number) END AS bban
        FROM (
            SELECT p.id AS customer_id, p.country, s.bank, s.branch, concat(lpad(draw(p.d, 20) % 100000, 5, '0'), lpad(draw(p.d, 21) % 1000000, 6, '0')) AS number
            FROM person p JOIN slot s ON s.country = p.country AND s.n = draw(p.d, 22) % 1024
        ) AS k
    ) AS national
) AS checked;

-- Other orders were paid in the store; a customer always pays in the same way. One IBAN in six is written in groups of
-- four; banks write names in capitals without accents.
INSERT INTO payments (order_id, method, country, holder, iban, card_last4, payer_email, psp_reference, amount_cents, paid_at)
SELECT k.id, method, country, upper(concat(ascii_first, ' ', ascii_last)),
       CASE WHEN method NOT IN ('sepa_debit', 'transfer') THEN NULL
            WHEN draw(o, 8) % 6 = 0 THEN trim(concat_ws(' ', mid(iban, 1, 4), mid(iban, 5, 4), mid(iban, 9, 4), mid(iban, 13, 4), mid(iban, 17, 4),
                mid(iban, 21, 4), mid(iban, 25, 4))) ELSE iban END,
       CASE WHEN method = 'card' THEN lpad(draw(d, 18) % 10000, 4, '0') END, CASE WHEN method = 'paypal' THEN lower(email) END,
       concat('psp_', left(o, 16)), total_cents, TIMESTAMP(ordered_on, '08:00:00') + INTERVAL draw(o, 9) % 50400 SECOND
FROM (
    SELECT r.id, r.ordered_on, r.total_cents, r.status, f.o, p.d, p.country, p.ascii_first, p.ascii_last, p.email, c.iban,
           elt(1 + draw(p.d, 25) % 10, 'card', 'card', 'card', 'card', 'card', 'sepa_debit', 'sepa_debit', 'sepa_debit', 'transfer', 'paypal') AS method
    FROM orders r
    JOIN draft_order f ON f.id = r.id
    JOIN person p ON p.id = r.customer_id
    JOIN account c ON c.customer_id = p.id
) AS k
WHERE draw(o, 10) % 3 = 0 AND status NOT IN ('basket', 'cancelled')
ORDER BY k.id;

-- ---------------------------------------------------------------------------------- newsletter, support, field sales

SELECT 'newsletter' AS progress;

-- Mostly customers, some of whom typed their address in another case or with a +tag; and people who never bought.
INSERT INTO newsletter (email, imported_name, first_name, country, subscribed_at, unsubscribed_at, consent_ip)
SELECT CASE draw(d, 9) % 20 WHEN 0 THEN lower(email) WHEN 1 THEN upper(email) WHEN 2 THEN replace(email, '@', '+bricolage@') ELSE email END,
       concat(first_name, ' ', last_name), first_name, country, created_at, CASE WHEN draw(d, 10) % 9 = 0 THEN created_at + INTERVAL 200 DAY END, ip
FROM person WHERE draw(d, 11) % 100 < 53 ORDER BY id;

INSERT INTO newsletter (email, imported_name, first_name, country, subscribed_at, consent_ip)
SELECT concat(i.ascii, '.', j.ascii, '_', p.id, '@', f.domain), concat(f.first_f, ' ', l.last_name), f.first_f, p.country, p.created_at, p.ip
FROM person p
JOIN slot f ON f.country = p.country AND f.n = draw(d, 12) % 1024
JOIN slot l ON l.country = p.country AND l.n = draw(d, 13) % 1024
JOIN spelling i ON i.word = f.first_f
JOIN spelling j ON j.word = l.last_name
WHERE draw(d, 14) % 100 < 8 ORDER BY p.id;

SELECT 'support tickets' AS progress;

INSERT INTO support_tickets (customer_id, channel, language, contact_first_name, contact_last_name, contact_email, contact_phone, subject, body, opened_at, closed_at)
SELECT CASE WHEN draw(t, 1) % 40 > 0 THEN p.id END, elt(1 + draw(t, 2) % 4, 'mail', 'phone', 'chat', 'store'), lower(p.country),
       p.first_name, p.last_name, p.email, p.phone_written, b.subject,
       replace(replace(replace(filled(concat(g.words, '\n', b.words, '\n', c.words, '\n', e.words), p),
           '{city}', a.city), '{order}', coalesce(concat('n° ', o.last_order), 'web')), '{iban}', account.iban),
       p.created_at + INTERVAL draw(t, 3) % 400 DAY, CASE WHEN draw(t, 4) % 5 > 0 THEN p.created_at + INTERVAL 400 DAY END
FROM (SELECT p.*, n.seq AS no, sha2(concat('ticket ', p.id, '.', n.seq), 512) AS t
      FROM person p JOIN seq_1_to_2 n ON draw(p.d, 19) % 100 < CASE n.seq WHEN 1 THEN 24 ELSE 6 END) AS p
JOIN addresses a ON a.customer_id = p.id AND a.is_default
JOIN account ON account.customer_id = p.id
LEFT JOIN (SELECT customer_id, max(id) AS last_order FROM draft_order GROUP BY customer_id) AS o ON o.customer_id = p.id
JOIN phrase g ON g.kind = 'greeting' AND g.language = lower(p.country) AND g.no = draw(t, 5) % g.many
JOIN phrase b ON b.kind = 'problem' AND b.language = lower(p.country) AND b.no = draw(t, 6) % b.many
JOIN phrase c ON c.kind = 'contact' AND c.language = lower(p.country) AND c.no = draw(t, 7) % c.many
JOIN phrase e ON e.kind = 'closing' AND e.language = lower(p.country) AND e.no = draw(t, 8) % e.many
ORDER BY p.id, p.no;

INSERT INTO referrals (referrer_email, friend_email, referred_on)
SELECT p.email, f.email, date(f.created_at)
FROM person p JOIN person f ON f.id = p.id + 1 + draw(p.d, 8) % 9
WHERE draw(p.d, 9) % 30 = 0 ORDER BY p.id;

INSERT INTO `Contacts Pro`
SELECT row_number() OVER (ORDER BY p.id), concat(t.trade, ' ', p.last_name, ' ', t.form), concat(p.first_name, ' ', p.last_name),
       concat(left(p.ascii_first, 1), '.', p.ascii_last, '.', p.id, '@', lower(replace(t.trade, ' ', '-')), '-', p.ascii_last, '.', lower(p.country)),
       p.phone_written, p.country, 5 + draw(p.d, 10) % 20
FROM person p
JOIN slot t ON t.country = p.country AND t.n = draw(p.d, 11) % 1024
WHERE draw(p.d, 12) % 40 = 0;
