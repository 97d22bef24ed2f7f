-- What the shop sells, and where: countries, categories and products. Nothing personal; a policy keeps these tables.

INSERT INTO countries (code, name, locale, vat_rate) VALUES
    ('FR', 'France', 'fr_FR', 20.00),
    ('ES', 'España', 'es_ES', 21.00),
    ('IT', 'Italia', 'it_IT', 22.00);

INSERT INTO categories (id, parent_id, slug, name_fr, name_es, name_it) VALUES
    (1, NULL, 'outillage', 'Outillage', 'Herramientas', 'Utensileria'),
    (2, NULL, 'materiaux', 'Matériaux', 'Materiales', 'Materiali'),
    (3, NULL, 'maison', 'Maison', 'Hogar', 'Casa'),
    (4, NULL, 'jardin', 'Jardin', 'Jardín', 'Giardino'),
    (11, 1, 'outillage-electroportatif', 'Outillage électroportatif', 'Herramientas eléctricas', 'Elettroutensili'),
    (12, 1, 'outillage-a-main', 'Outillage à main', 'Herramientas manuales', 'Utensili manuali'),
    (13, 1, 'quincaillerie', 'Quincaillerie', 'Ferretería', 'Ferramenta'),
    (21, 2, 'bois', 'Bois et panneaux', 'Madera y tableros', 'Legno e pannelli'),
    (22, 2, 'isolation', 'Isolation', 'Aislamiento', 'Isolamento'),
    (23, 2, 'carrelage', 'Carrelage et sols', 'Suelos y azulejos', 'Piastrelle e pavimenti'),
    (24, 2, 'peinture', 'Peinture', 'Pintura', 'Vernici'),
    (31, 3, 'plomberie', 'Plomberie', 'Fontanería', 'Idraulica'),
    (32, 3, 'electricite', 'Électricité', 'Electricidad', 'Elettricità'),
    (33, 3, 'salle-de-bains', 'Salle de bains', 'Baño', 'Bagno'),
    (34, 3, 'luminaires', 'Luminaires', 'Iluminación', 'Illuminazione'),
    (41, 4, 'mobilier-de-jardin', 'Mobilier de jardin', 'Muebles de jardín', 'Mobili da giardino'),
    (42, 4, 'tonte', 'Tonte et taille', 'Siega y poda', 'Rasaerba e potatura');

-- Every item in four makes: 4 × the items below. price in cents, weight in grams.
INSERT INTO products (category_id, sku, name, price_cents, weight_grams, attributes)
SELECT category, format('%s-%s-%s', category, item_no, make_no), item || ' ' || make,
       (price * (70 + 20 * make_no) / 100 / 10) * 10 + 9, weight,
       jsonb_build_object('make', make, 'warranty_years', 1 + make_no, 'store_only', weight > 25000)
FROM (SELECT row_number() OVER () AS item_no, * FROM (VALUES
    (11, 'Perceuse visseuse 18 V', 11900, 2100), (11, 'Perforateur SDS+', 18900, 4200), (11, 'Scie circulaire 1400 W', 12900, 4600),
    (11, 'Scie sauteuse 650 W', 7900, 2300), (11, 'Ponceuse excentrique', 6900, 1800), (11, 'Meuleuse 125 mm', 5900, 2000),
    (11, 'Visseuse à chocs', 13900, 1500), (11, 'Défonceuse 1200 W', 14900, 4900), (11, 'Décapeur thermique', 3900, 900),
    (12, 'Marteau de charpentier', 1900, 700), (12, 'Jeu de 12 tournevis', 2490, 1100), (12, 'Clé à molette 250 mm', 1590, 500),
    (12, 'Niveau à bulle 60 cm', 1790, 600), (12, 'Mètre ruban 5 m', 790, 250), (12, 'Scie égoïne', 1490, 450),
    (12, 'Pince multiprise', 1690, 400), (12, 'Serre-joint 80 cm', 1290, 1300), (12, 'Caisse à outils', 2990, 3200),
    (13, 'Vis à bois 4×40, boîte de 200', 690, 800), (13, 'Chevilles 8 mm, boîte de 100', 590, 300), (13, 'Charnière inox', 450, 150),
    (13, 'Serrure multipoint', 8900, 3800), (13, 'Cylindre européen 30×40', 3490, 300), (13, 'Équerre de fixation', 290, 120),
    (21, 'Panneau OSB 18 mm', 2690, 21000), (21, 'Tasseau sapin 27×27', 390, 900), (21, 'Contreplaqué 10 mm', 3490, 15000),
    (21, 'Lame de terrasse pin', 1190, 6500), (21, 'Tablette chêne 80 cm', 2990, 5200), (21, 'Chevron 63×75', 990, 8200),
    (22, 'Laine de verre 100 mm', 3290, 7800), (22, 'Panneau polyuréthane', 2790, 4100), (22, 'Mousse expansive', 890, 900),
    (22, 'Joint de fenêtre 6 m', 590, 200), (22, 'Laine de bois 60 mm', 1990, 5600),
    (23, 'Carrelage grès 60×60', 2490, 22000), (23, 'Parquet chêne contrecollé', 3990, 16000), (23, 'Sol stratifié', 1690, 14000),
    (23, 'Faïence blanche 20×50', 1890, 15000), (23, 'Colle à carrelage 25 kg', 1990, 25000), (23, 'Lame PVC clipsable', 2290, 13000),
    (24, 'Peinture murale mate 10 L', 5490, 14500), (24, 'Peinture façade 15 L', 8990, 22000), (24, 'Lasure bois 5 L', 4990, 5600),
    (24, 'Vernis parquet 2,5 L', 4590, 2800), (24, 'Sous-couche universelle 5 L', 3290, 7200), (24, 'Rouleau antigoutte', 1090, 300),
    (31, 'Mitigeur évier', 6990, 1600), (31, 'Siphon de lavabo', 890, 300), (31, 'Tube PER 25 m', 2990, 2900),
    (31, 'Chauffe-eau 200 L', 32900, 46000), (31, 'Pompe de relevage', 9900, 5400), (31, 'Robinet thermostatique', 2490, 400),
    (32, 'Tableau électrique 3 rangées', 12900, 5200), (32, 'Disjoncteur 16 A', 990, 150), (32, 'Prise 2P+T', 590, 100),
    (32, 'Câble R2V 3G2,5, 50 m', 5990, 9800), (32, 'Interrupteur différentiel', 3990, 300), (32, 'Détecteur de fumée', 1890, 200),
    (33, 'Colonne de douche', 14900, 3900), (33, 'Meuble vasque 80 cm', 29900, 31000), (33, 'Receveur 90×90', 19900, 28000),
    (33, 'WC suspendu', 24900, 27000), (33, 'Miroir rétroéclairé', 8990, 7600),
    (34, 'Suspension rotin', 5990, 1400), (34, 'Ampoule LED E27', 490, 80), (34, 'Applique extérieure', 3990, 900),
    (34, 'Spot encastrable', 1290, 250), (34, 'Projecteur LED 50 W', 2990, 1200),
    (41, 'Table extensible aluminium', 34900, 29000), (41, 'Fauteuil pliant', 5990, 4800), (41, 'Parasol déporté', 17900, 19000),
    (41, 'Salon résine tressée', 49900, 42000), (41, 'Barbecue à gaz', 27900, 33000),
    (42, 'Tondeuse thermique 46 cm', 32900, 30000), (42, 'Taille-haie 18 V', 9900, 3400), (42, 'Coupe-bordure', 7900, 2900),
    (42, 'Tronçonneuse 40 cm', 17900, 5600), (42, 'Robot tondeuse', 69900, 9900), (42, 'Souffleur de feuilles', 8900, 3100)
) AS v(category, item, price, weight)) AS i
CROSS JOIN (VALUES (1, 'Essentiel'), (2, 'Atelier'), (3, 'Artisan'), (4, 'Compagnon')) AS m(make_no, make)
ORDER BY item_no, make_no;
