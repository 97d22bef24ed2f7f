-- Keys, indexes, audit triggers, views and a nightly event; after the rows, as a dump orders it.

SELECT 'indexes and foreign keys' AS progress;

ALTER TABLE customers ADD UNIQUE KEY customers_email (email), ADD KEY customers_name (last_name, first_name),
    ADD KEY customers_full_name (full_name), ADD KEY customers_phone (phone), ADD KEY customers_domain (email_domain);
ALTER TABLE addresses ADD KEY addresses_place (postcode, city);
ALTER TABLE orders ADD KEY orders_contact_email (contact_email);
ALTER TABLE payments ADD KEY payments_iban (iban);
ALTER TABLE newsletter ADD UNIQUE KEY newsletter_email (email);
ALTER TABLE support_tickets ADD KEY support_tickets_email (contact_email), ADD FULLTEXT KEY support_tickets_body (body);

-- Checked, each of them would copy its table; the rows fit by the way they were made (tests/examples).
SET SESSION foreign_key_checks = 0;
ALTER TABLE categories ADD CONSTRAINT categories_parent FOREIGN KEY (parent_id) REFERENCES categories (id);
ALTER TABLE products ADD CONSTRAINT products_category FOREIGN KEY (category_id) REFERENCES categories (id);
ALTER TABLE customers ADD CONSTRAINT customers_country FOREIGN KEY (country) REFERENCES countries (code);
ALTER TABLE addresses ADD CONSTRAINT addresses_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE;
ALTER TABLE addresses ADD CONSTRAINT addresses_country FOREIGN KEY (country) REFERENCES countries (code);
ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE orders ADD CONSTRAINT orders_address FOREIGN KEY (address_id) REFERENCES addresses (id);
ALTER TABLE order_lines ADD CONSTRAINT order_lines_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE;
ALTER TABLE order_lines ADD CONSTRAINT order_lines_product FOREIGN KEY (product_id) REFERENCES products (id);
ALTER TABLE payments ADD CONSTRAINT payments_order FOREIGN KEY (order_id) REFERENCES orders (id);
ALTER TABLE support_tickets ADD CONSTRAINT support_tickets_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL;
ALTER TABLE referrals ADD CONSTRAINT referrals_referrer FOREIGN KEY (referrer_email) REFERENCES customers (email) ON UPDATE CASCADE;

SET SESSION foreign_key_checks = 1;

-- Of one statement each: whoever reads this file splits it at the semicolons that end lines.
CREATE TRIGGER customers_audit AFTER UPDATE ON customers FOR EACH ROW
    INSERT INTO audit_log (table_name, row_id, operation, changed_by, changed_at, old_row, new_row)
    SELECT 'customers', OLD.id, 'UPDATE', current_user(), NEW.updated_at,
           json_object('first_name', OLD.first_name, 'last_name', OLD.last_name, 'email', OLD.email, 'phone', OLD.phone),
           json_object('first_name', NEW.first_name, 'last_name', NEW.last_name, 'email', NEW.email, 'phone', NEW.phone)
    WHERE NOT (OLD.email <=> NEW.email) OR NOT (OLD.phone <=> NEW.phone);
CREATE TRIGGER addresses_audit_update AFTER UPDATE ON addresses FOR EACH ROW
    INSERT INTO audit_log (table_name, row_id, operation, changed_by, changed_at, old_row, new_row)
    VALUES ('addresses', OLD.id, 'UPDATE', current_user(), NEW.updated_at,
            json_object('street', OLD.street, 'postcode', OLD.postcode, 'city', OLD.city),
            json_object('street', NEW.street, 'postcode', NEW.postcode, 'city', NEW.city));
CREATE TRIGGER addresses_audit_delete AFTER DELETE ON addresses FOR EACH ROW
    INSERT INTO audit_log (table_name, row_id, operation, changed_by, changed_at, old_row)
    VALUES ('addresses', OLD.id, 'DELETE', current_user(), OLD.updated_at,
            json_object('recipient', OLD.recipient, 'street', OLD.street, 'postcode', OLD.postcode, 'city', OLD.city));

CREATE VIEW customer_directory AS
    SELECT c.id, c.full_name, c.email, c.phone, a.street, a.postcode, a.city, c.country
    FROM customers c
    LEFT JOIN addresses a ON a.customer_id = c.id AND a.is_default;
CREATE VIEW best_customers AS
    SELECT c.full_name, c.email, sum(o.total_cents) AS total_cents
    FROM customers c
    JOIN orders o ON o.customer_id = c.id AND o.status NOT IN ('basket', 'cancelled')
    GROUP BY c.id, c.full_name, c.email
    HAVING sum(o.total_cents) >= 500000;

-- A job of production's, which must not run in development.
CREATE EVENT forget_old_baskets ON SCHEDULE EVERY 1 DAY DO
    DELETE FROM orders WHERE status = 'basket' AND ordered_on < current_date - INTERVAL 1 YEAR;
