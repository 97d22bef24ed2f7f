-- Some years of life, so that old values lie where production has them: in the audit table, in undo, in the pages of
-- deleted rows and of a dropped column, in statistics.

SELECT 'history' AS progress;

-- One in sixteen took a new e-mail address and number. Their old ones live on in the audit table (by trigger), in older
-- orders, tickets and the newsletter.
UPDATE customers c
JOIN person p ON p.id = c.id
SET c.email = replace(c.email, '@', concat('-', date_format(c.birth_date, '%m'), '@')),
    c.phone = CASE c.country WHEN 'FR' THEN concat('06', reverse(p.digits)) WHEN 'ES' THEN concat('6', reverse(p.digits))
                             ELSE concat('33', reverse(p.digits)) END,
    c.updated_at = c.created_at + INTERVAL 90 DAY
WHERE draw(p.d, 24) % 16 = 0;

-- One in thirty moved house.
UPDATE addresses a
JOIN person p ON p.id = a.customer_id
JOIN slot s ON s.country = a.country AND s.n = draw(p.d, 22) % 1024
SET a.street = CASE a.country WHEN 'FR' THEN concat(1 + p.id % 60, ' ', s.street) ELSE concat(s.street, ', ', 1 + p.id % 60) END,
    a.postcode = s.postcode, a.city = s.city, a.updated_at = a.updated_at + INTERVAL 1 YEAR
WHERE draw(p.d, 23) % 30 = 0;

-- Erasure requests: gone for SQL, not from the pages.
DELETE FROM newsletter WHERE id % 60 = 7;
ALTER TABLE newsletter DROP COLUMN imported_name;

SELECT 'statistics' AS progress;

-- What the data was drawn from: MySQL reads a temporary table once in a statement, so there they were none.
DROP TABLE person, draft_order, total, account, slot, spelling, sentence, phrase;

-- Histograms now hold real names, addresses and IBANs, as in production: in mysql.column_stats, in MySQL in its own dictionary.
ANALYZE TABLE customers /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON first_name, last_name, phone, birth_date, last_ip */;
ANALYZE TABLE addresses /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON recipient, street, postcode, city, phone */;
ANALYZE TABLE orders /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON contact_email, contact_phone, client_ip */;
ANALYZE TABLE payments /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON holder, iban, payer_email */;
ANALYZE TABLE newsletter /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON first_name, consent_ip */;
ANALYZE TABLE support_tickets /*M! PERSISTENT FOR ALL */ /*!80000 UPDATE HISTOGRAM ON contact_last_name, contact_email, contact_phone */;
