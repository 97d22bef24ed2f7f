-- What customers write to the shop: pieces of support tickets and delivery notes, in the customer's language.
--
-- {name} {first} {last} {email} {phone} {city} {iban} {order} are filled in by generate.sql with that very
-- customer's values, so that personal data lies in free text as it does in real help desks. {phone} is not written the
-- way the contact_phone column writes it, and {last} stands alone. Session-local, like words.sql.

CREATE TEMPORARY TABLE sentence (
    kind text, language text, n int GENERATED ALWAYS AS IDENTITY, subject text, words text
);

INSERT INTO sentence (kind, language, words) VALUES
    ('greeting', 'fr', 'Bonjour,'),
    ('greeting', 'fr', 'Bonjour, {name} à l''appareil.'),
    ('greeting', 'fr', 'Madame, Monsieur,'),
    ('greeting', 'fr', 'Bonjour, je suis {first}, je commande chez vous depuis des années.'),
    ('greeting', 'es', 'Buenos días:'),
    ('greeting', 'es', 'Hola, soy {name}.'),
    ('greeting', 'es', 'Estimados señores:'),
    ('greeting', 'es', 'Hola, me llamo {first} y compro a menudo en su tienda.'),
    ('greeting', 'it', 'Buongiorno,'),
    ('greeting', 'it', 'Buongiorno, sono {name}.'),
    ('greeting', 'it', 'Gentile servizio clienti,'),
    ('greeting', 'it', 'Salve, mi chiamo {first} e compro spesso da voi.');

INSERT INTO sentence (kind, language, subject, words) VALUES
    ('problem', 'fr', 'Colis non reçu', 'Ma commande {order} n''est toujours pas arrivée à {city}.'),
    ('problem', 'fr', 'Pièce manquante', 'Il manque une pièce dans le carton de la commande {order} : impossible de monter le meuble vasque.'),
    ('problem', 'fr', 'Remboursement', 'Merci de rembourser la commande {order} sur mon compte {iban}.'),
    ('problem', 'fr', 'Carrelage cassé', 'Trois cartons de carrelage sont arrivés cassés ; le livreur a refusé la réserve au nom de {last}.'),
    ('problem', 'fr', 'Changement d''adresse', 'J''ai déménagé à {city}, comment changer l''adresse de livraison ?'),
    ('problem', 'fr', 'Garantie perceuse', 'La perceuse achetée avec la commande {order} ne démarre plus, elle est sous garantie.'),
    ('problem', 'fr', 'Facture', 'Pouvez-vous refaire la facture au nom de {name} ? Celle de la commande {order} est fausse.'),
    ('problem', 'fr', 'Compte bloqué', 'Je ne peux plus me connecter avec {email}, le mot de passe est refusé.'),
    ('problem', 'fr', 'Prélèvement en double', 'Vous avez prélevé deux fois le compte {iban} pour la commande {order}.'),
    ('problem', 'fr', 'Devis cuisine', 'J''attends toujours le devis de votre magasin de {city}.'),
    ('problem', 'es', 'Pedido no recibido', 'El pedido {order} no ha llegado todavía a {city}.'),
    ('problem', 'es', 'Falta una pieza', 'Falta una pieza en la caja del pedido {order} y no puedo montar el mueble.'),
    ('problem', 'es', 'Devolución', 'Les ruego que devuelvan el importe del pedido {order} a mi cuenta {iban}.'),
    ('problem', 'es', 'Azulejos rotos', 'Tres cajas de azulejos llegaron rotas; el repartidor preguntó por la familia {last}.'),
    ('problem', 'es', 'Cambio de dirección', 'Me he mudado a {city}, ¿cómo cambio la dirección de entrega?'),
    ('problem', 'es', 'Garantía del taladro', 'El taladro del pedido {order} ya no arranca y está en garantía.'),
    ('problem', 'es', 'Factura', '¿Pueden rehacer la factura a nombre de {name}? La del pedido {order} está mal.'),
    ('problem', 'es', 'Cuenta bloqueada', 'No puedo entrar con {email}, la contraseña no funciona.'),
    ('problem', 'es', 'Cargo duplicado', 'Han cargado dos veces el pedido {order} en la cuenta {iban}.'),
    ('problem', 'es', 'Presupuesto', 'Sigo esperando el presupuesto de su tienda de {city}.'),
    ('problem', 'it', 'Pacco non ricevuto', 'L''ordine {order} non è ancora arrivato a {city}.'),
    ('problem', 'it', 'Pezzo mancante', 'Manca un pezzo nella scatola dell''ordine {order}, non riesco a montare il mobile.'),
    ('problem', 'it', 'Rimborso', 'Vi prego di rimborsare l''ordine {order} sul mio conto {iban}.'),
    ('problem', 'it', 'Piastrelle rotte', 'Tre scatole di piastrelle sono arrivate rotte; il corriere ha chiesto della famiglia {last}.'),
    ('problem', 'it', 'Cambio di indirizzo', 'Ho traslocato a {city}, come cambio l''indirizzo di consegna?'),
    ('problem', 'it', 'Garanzia trapano', 'Il trapano dell''ordine {order} non parte più ed è in garanzia.'),
    ('problem', 'it', 'Fattura', 'Potete rifare la fattura a nome di {name}? Quella dell''ordine {order} è sbagliata.'),
    ('problem', 'it', 'Account bloccato', 'Non riesco più ad accedere con {email}, la password non funziona.'),
    ('problem', 'it', 'Addebito doppio', 'Avete addebitato due volte l''ordine {order} sul conto {iban}.'),
    ('problem', 'it', 'Preventivo', 'Aspetto ancora il preventivo del vostro negozio di {city}.');

INSERT INTO sentence (kind, language, words) VALUES
    ('contact', 'fr', 'Vous pouvez me joindre au {phone} ou à {email}.'),
    ('contact', 'fr', 'Mon numéro est le {phone}, mon e-mail {email}, au nom de {name}.'),
    ('contact', 'fr', 'Répondez à {email} (demandez {first}), ou appelez le {phone} après 18 h.'),
    ('contact', 'fr', 'Contact : {name} <{email}>, tél. {phone}.'),
    ('contact', 'fr', 'Écrivez-moi à {email} ; {phone} en cas d''urgence, M. ou Mme {last}.'),
    ('contact', 'es', 'Pueden llamarme al {phone} o escribirme a {email}.'),
    ('contact', 'es', 'Mi teléfono es {phone} y mi correo {email}, a nombre de {name}.'),
    ('contact', 'es', 'Respondan a {email} (pregunten por {first}) o llamen al {phone} por la tarde.'),
    ('contact', 'es', 'Contacto: {name} <{email}>, tel. {phone}.'),
    ('contact', 'es', 'Escríbanme a {email}; {phone} si es urgente, familia {last}.'),
    ('contact', 'it', 'Potete chiamarmi al {phone} o scrivermi a {email}.'),
    ('contact', 'it', 'Il mio numero è {phone}, la mia e-mail {email}, a nome {name}.'),
    ('contact', 'it', 'Rispondete a {email} (chiedete di {first}) o chiamate il {phone} dopo le 18.'),
    ('contact', 'it', 'Contatto: {name} <{email}>, tel. {phone}.'),
    ('contact', 'it', 'Scrivetemi a {email}; {phone} se urgente, famiglia {last}.'),
    ('closing', 'fr', 'Cordialement, {name}'),
    ('closing', 'fr', 'Merci d''avance.'),
    ('closing', 'fr', 'Bien à vous, {first}'),
    ('closing', 'es', 'Un saludo, {name}'),
    ('closing', 'es', 'Gracias de antemano.'),
    ('closing', 'es', 'Atentamente, {first}'),
    ('closing', 'it', 'Cordiali saluti, {name}'),
    ('closing', 'it', 'Grazie in anticipo.'),
    ('closing', 'it', 'Distinti saluti, {first}'),
    ('delivery', 'fr', 'Appeler {name} au {phone} avant de livrer.'),
    ('delivery', 'fr', 'Interphone {last}, 3e étage.'),
    ('delivery', 'fr', 'Laisser chez le gardien.'),
    ('delivery', 'es', 'Llamar a {name} al {phone} antes de entregar.'),
    ('delivery', 'es', 'Portero automático {last}, 3.º B.'),
    ('delivery', 'es', 'Dejar en conserjería.'),
    ('delivery', 'it', 'Chiamare {name} al {phone} prima della consegna.'),
    ('delivery', 'it', 'Citofono {last}, terzo piano.'),
    ('delivery', 'it', 'Lasciare in portineria.');

-- Numbered from 0 within kind and language, with their count beside: `no = hash % many` picks one.
CREATE TEMPORARY TABLE phrase AS
SELECT kind, language, subject, words,
       row_number() OVER (PARTITION BY kind, language ORDER BY n) - 1 AS no,
       count(*) OVER (PARTITION BY kind, language) AS many
FROM sentence;

ANALYZE phrase;
