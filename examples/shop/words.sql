-- Word lists: what people, streets, towns and trades are called in France, Spain and Italy, most frequent first.
--
-- They become one temporary table, slot(country, n), of 1,024 slots per country, so that the generator picks a word
-- with `n = hash & 1023` and a hash join instead of walking a text array (which is O(n) for every pick).
-- Names fill the slots with a popularity curve: there are many more Martins than Vasseurs, and a masking tool that
-- keeps frequencies gives the Martins away. Session-local: run it in the same session as generate.sql.

SET client_min_messages = warning;
SET temp_buffers = '64MB';              -- before the first temporary table: generate.sql's drafts stay in memory

-- One row per word; `bend` > 1 gives the head of its list more slots than the tail, 1 makes all words alike.
CREATE TEMPORARY TABLE word (kind text, country text, no int, many int, bend float8, word text);

CREATE FUNCTION pg_temp.list(kind text, country text, bend float8, words text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO pg_temp.word
    SELECT list.kind, list.country, row_number() OVER () - 1, count(*) OVER (), list.bend, one
    FROM regexp_split_to_table(btrim(words, E' \n'), ',\s*') AS one
$$;

-- ---------------------------------------------------------------------------------------------------- France
SELECT pg_temp.list('first_f', 'FR', 1.5, '
Marie, Nathalie, Isabelle, Sylvie, Catherine, Françoise, Valérie, Christine, Monique, Sophie, Céline, Sandrine,
Stéphanie, Julie, Aurélie, Émilie, Camille, Léa, Manon, Chloé, Emma, Laura, Sarah, Pauline, Mathilde, Marine,
Caroline, Virginie, Delphine, Véronique, Patricia, Martine, Brigitte, Jacqueline, Nicole, Chantal, Dominique,
Annie, Corinne, Karine, Laurence, Laetitia, Élodie, Mélanie, Charlotte, Lucie, Anaïs, Claire, Audrey, Alice,
Jeanne, Louise, Jade, Zoé, Inès, Lola, Juliette, Margaux, Clémence, Océane, Justine, Morgane, Amandine, Hélène,
Florence, Agnès, Béatrice, Élisabeth, Ghislaine, Josiane, Odile, Solange, Thérèse, Yvette, Sabrina, Fatima,
Nadia, Samira, Leïla, Yasmine, Maëlys, Romane, Noémie, Gaëlle, Maëva, Eugénie, Apolline, Victoire, Capucine,
Anne-Sophie, Marie-Claude, Marie-Laure, Anne-Marie, Rose-Marie');
SELECT pg_temp.list('first_m', 'FR', 1.5, '
Jean, Pierre, Michel, Philippe, Alain, Nicolas, Christophe, Patrick, Frédéric, Laurent, Olivier, David, Julien,
Sébastien, Thomas, Éric, Stéphane, Pascal, Daniel, Bernard, Thierry, Christian, François, Alexandre, Antoine,
Guillaume, Maxime, Kévin, Jérôme, Vincent, Bruno, Gérard, Jacques, Marc, Didier, Gilles, Franck, Fabrice, Romain,
Anthony, Mathieu, Benjamin, Arnaud, Cédric, Fabien, Damien, Lucas, Hugo, Louis, Gabriel, Arthur, Jules, Raphaël,
Adam, Nathan, Théo, Léo, Paul, Quentin, Clément, Florian, Valentin, Adrien, Baptiste, Simon, Victor, Samuel,
Rémi, Yann, Loïc, Gaël, Erwan, Ludovic, Mickaël, Grégory, Jean-Pierre, Jean-Luc, Jean-Marc, Jean-François,
Jean-Claude, Yves, Hervé, Régis, Serge, Claude, Roland, Lucien, Marcel, Mohamed, Karim, Mehdi, Rachid, Youssef,
Joël, Noël, Gaspard');
SELECT pg_temp.list('last_name', 'FR', 1.4, '
Martin, Bernard, Thomas, Petit, Robert, Richard, Durand, Dubois, Moreau, Laurent, Simon, Michel, Lefebvre, Leroy,
Roux, David, Bertrand, Morel, Fournier, Girard, Bonnet, Dupont, Lambert, Fontaine, Rousseau, Vincent, Muller,
Lefèvre, Faure, André, Mercier, Blanc, Guérin, Boyer, Garnier, Chevalier, François, Legrand, Gauthier, Garcia,
Perrin, Robin, Clément, Morin, Nicolas, Henry, Roussel, Mathieu, Gautier, Masson, Marchand, Duval, Denis, Dumont,
Marie, Lemaire, Noël, Meyer, Dufour, Meunier, Brun, Blanchard, Giraud, Joly, Rivière, Lucas, Brunet, Gaillard,
Barbier, Arnaud, Martinez, Gérard, Roche, Renard, Schmitt, Roy, Leroux, Colin, Vidal, Caron, Picard, Roger,
Fabre, Aubert, Lemoine, Renaud, Dumas, Lacroix, Olivier, Philippe, Bourgeois, Pierre, Benoît, Rey, Leclerc, Payet,
Rolland, Leclercq, Guillaume, Lecomte, Lopez, Jean, Dupuy, Guillot, Hubert, Berger, Carpentier, Sanchez, Dupuis,
Moulin, Louis, Deschamps, Huet, Vasseur, Perez, Boucher, Fleury, Royer, Klein, Jacquet, Adam, Paris, Poirier,
Marty, Aubry, Guyot, Carré, Charles, Renault, Charpentier, Ménard, Maillard, Baron, Bertin, Bailly, Hervé,
Schneider, Fernandez, Le Gall, Collet, Léger, Bouvier, Julien, Prévost, Millet, Perrot, Daniel, Le Roux, Cousin,
Germain, Breton, Besson, Langlois, Rémy, Le Goff, Pelletier, Lévêque, Perrier, Leblanc, Barré, Lebrun, Marchal,
Weber, Mallet, Hamon, Boulanger, Jacob, Monnier, Michaud, Rodriguez, Guichard, Gillet, Étienne, Grondin, Poulain,
Tessier, Chevallier, Collin, Chauvin, Bouchet, Gay, Lemaître, Bénard, Maréchal, Humbert, Reynaud, Antoine, Hoarau,
Perret, Barthélemy, Cordier, Pichon, Lejeune, Gilbert, Lamy, Delaunay, Pasquier, Carlier, Laporte, Da Silva,
N''Guessan, D''Almeida, Benali, Haddad, Nguyen, Traoré, Diallo, Kowalski, Delacroix-Vernet');
SELECT pg_temp.list('street', 'FR', 1.2, '
Rue de la République, Rue Victor Hugo, Avenue Jean Jaurès, Rue Pasteur, Rue Jules Ferry, Place de l''Église,
Avenue du Général de Gaulle, Rue des Écoles, Rue du Moulin, Grande Rue, Rue de la Gare, Rue de la Mairie,
Rue du Château, Rue Gambetta, Boulevard Gambetta, Rue Émile Zola, Rue Anatole France, Rue Jean Moulin,
Avenue de la Libération, Rue du 8 Mai 1945, Rue du 11 Novembre, Rue de la Fontaine, Rue Saint-Michel,
Rue Saint-Jean, Rue Saint-Martin, Rue Notre-Dame, Rue Nationale, Rue de Paris, Avenue de Lyon, Rue de Bordeaux,
Rue de Verdun, Rue du Maréchal Foch, Avenue Foch, Rue du Maréchal Leclerc, Boulevard Voltaire, Rue Voltaire,
Rue Rousseau, Rue Molière, Rue Racine, Rue La Fontaine, Rue Lamartine, Rue Alphonse Daudet, Rue Balzac,
Rue Flaubert, Rue George Sand, Rue Marie Curie, Rue Pierre Curie, Avenue Louis Pasteur, Rue Ampère, Rue Lavoisier,
Rue des Lilas, Rue des Rosiers, Rue des Tilleuls, Rue des Acacias, Rue des Chênes, Allée des Platanes,
Allée des Marronniers, Allée des Cerisiers, Impasse des Glycines, Impasse du Clos, Chemin des Vignes,
Chemin du Lavoir, Chemin de la Croix, Chemin des Écoliers, Route de Toulouse, Route de Nantes, Route de Dijon,
Rue du Port, Quai de la Loire, Quai des Chartrons, Rue de la Poste, Rue du Marché, Place du Marché,
Place de la Liberté, Rue de l''Égalité, Rue de la Paix, Avenue de la Paix, Boulevard de Strasbourg,
Boulevard de la Marne, Rue des Fleurs, Rue des Jardins, Rue du Stade, Rue de la Forêt, Rue du Bois, Rue du Puits,
Rue Basse, Rue Haute, Rue Neuve, Rue Vieille, Rue des Remparts, Rue de la Tour, Rue des Tanneurs,
Rue des Forgerons, Rue du Four, Rue de l''Hôpital, Rue Jacques Prévert, Rue Léon Blum, Rue Salvador Allende,
Avenue Aristide Briand, Rue Louise Michel, Rue Simone Veil, Rue Joliot-Curie, Boulevard Carnot, Rue Carnot,
Cours Lafayette, Rue Paul Bert, Rue Denis Papin');
SELECT pg_temp.list('city', 'FR', 1.3, '
75011 Paris, 75015 Paris, 75018 Paris, 13001 Marseille, 13008 Marseille, 69003 Lyon, 69007 Lyon, 31000 Toulouse,
06000 Nice, 44000 Nantes, 34000 Montpellier, 67000 Strasbourg, 33000 Bordeaux, 59000 Lille, 35000 Rennes,
51100 Reims, 83000 Toulon, 42000 Saint-Étienne, 76600 Le Havre, 38000 Grenoble, 21000 Dijon, 49000 Angers,
30000 Nîmes, 69100 Villeurbanne, 63000 Clermont-Ferrand, 72000 Le Mans, 13100 Aix-en-Provence, 29200 Brest,
37000 Tours, 80000 Amiens, 87000 Limoges, 74000 Annecy, 66000 Perpignan, 57000 Metz, 25000 Besançon,
45000 Orléans, 76000 Rouen, 68100 Mulhouse, 14000 Caen, 54000 Nancy, 59100 Roubaix, 59200 Tourcoing,
84000 Avignon, 86000 Poitiers, 78000 Versailles, 92000 Nanterre, 93100 Montreuil, 94000 Créteil,
92100 Boulogne-Billancourt, 92700 Colombes, 93200 Saint-Denis, 95100 Argenteuil, 64000 Pau, 17000 La Rochelle,
62100 Calais, 06400 Cannes, 06600 Antibes, 34500 Béziers, 68000 Colmar, 18000 Bourges, 29000 Quimper,
26000 Valence, 59140 Dunkerque, 10000 Troyes, 73000 Chambéry, 79000 Niort, 56100 Lorient, 56000 Vannes,
85000 La Roche-sur-Yon, 53000 Laval, 81000 Albi, 65000 Tarbes, 16000 Angoulême, 19100 Brive-la-Gaillarde,
71100 Chalon-sur-Saône, 22000 Saint-Brieuc, 62000 Arras, 82000 Montauban, 05000 Gap, 24000 Périgueux');
SELECT pg_temp.list('domain', 'FR', 1.7, '
gmail.com, orange.fr, wanadoo.fr, free.fr, hotmail.fr, laposte.net, sfr.fr, outlook.fr, yahoo.fr, live.fr,
bbox.fr, icloud.com');
SELECT pg_temp.list('trade', 'FR', 1, '
Menuiserie, Plomberie, Électricité, Peinture, Maçonnerie, Couverture, Carrelage, Jardins, Rénovation, Serrurerie,
Charpentes, Cuisines, Chauffage, Isolation, Façades, Parquets, Ébénisterie, Terrassement');
SELECT pg_temp.list('form', 'FR', 1.3, 'SARL, SAS, EURL, & Fils, SASU, SA');
SELECT pg_temp.list('bank', 'FR', 1.2, '
30004 00819, 30003 02071, 30002 00550, 20041 01005, 10278 06041, 13335 00301, 16606 10008, 30066 10781,
12506 20025, 14707 00020, 18206 00210, 30056 00148');

-- ----------------------------------------------------------------------------------------------------- Spain
SELECT pg_temp.list('first_f', 'ES', 1.5, '
María, Carmen, Ana, Isabel, Laura, Cristina, Marta, Lucía, María Carmen, Ana María, Dolores, Pilar, Teresa, Paula,
Sara, Elena, Raquel, Silvia, Rosa, Patricia, Beatriz, Rocío, Alba, Irene, Andrea, Julia, Nuria, Sofía, Claudia,
Inés, Mercedes, Alicia, Eva, Mónica, Sonia, Susana, Yolanda, Natalia, Verónica, Sandra, Lorena, Ángela, Esther,
Montserrat, Concepción, Josefa, Francisca, Antonia, Encarnación, Inmaculada, Margarita, Consuelo, Amparo, Begoña,
Ainhoa, Nerea, Leire, Itziar, Miren, Arantxa, Martina, Valeria, Daniela, Carla, Noa, Emma, Vega, Candela, Blanca,
Clara, Aitana, Jimena, Adriana, Carlota, Berta, Lola, Macarena, Almudena, Virginia, Gloria, Lourdes, Asunción,
Fátima, Noelia, Miriam, Tamara, Vanesa, Belén, Estefanía, Gema, Ariadna, Laia');
SELECT pg_temp.list('first_m', 'ES', 1.5, '
Antonio, José, Manuel, Francisco, David, Juan, Javier, Daniel, José Antonio, Francisco Javier, Carlos, Jesús,
Alejandro, Miguel, José Luis, Rafael, Pablo, Pedro, Ángel, Sergio, José Manuel, Fernando, Jorge, Luis, Alberto,
Álvaro, Juan Carlos, Adrián, Juan José, Diego, Raúl, Iván, Juan Antonio, Rubén, Enrique, Óscar, Ramón, Vicente,
Andrés, Juan Manuel, Joaquín, Santiago, Víctor, Mario, Eduardo, Roberto, Jaime, Marcos, Ignacio, Hugo, Alfonso,
Jordi, Salvador, Ricardo, Emilio, Guillermo, Gabriel, Julián, Julio, Marc, Tomás, José María, Gonzalo, Agustín,
Martín, Nicolás, Samuel, Ismael, Joan, Cristian, Félix, Héctor, Lucas, Iker, Unai, Aitor, Mikel, Ander, Xavier,
Pau, Sebastián, Gregorio, Domingo, Rodrigo, Bruno, Izan, Leo, Marcelino, César, Esteban, Lorenzo, Fermín');
SELECT pg_temp.list('last_name', 'ES', 1.4, '
García, Rodríguez, González, Fernández, López, Martínez, Sánchez, Pérez, Gómez, Martín, Jiménez, Hernández, Ruiz,
Díaz, Moreno, Muñoz, Álvarez, Romero, Gutiérrez, Alonso, Navarro, Torres, Domínguez, Ramos, Vázquez, Ramírez, Gil,
Serrano, Morales, Molina, Blanco, Suárez, Castro, Ortega, Delgado, Ortiz, Marín, Rubio, Núñez, Medina, Sanz,
Castillo, Iglesias, Cortés, Garrido, Santos, Guerrero, Lozano, Cano, Cruz, Méndez, Flores, Prieto, Herrera, Peña,
León, Márquez, Cabrera, Gallego, Calvo, Vidal, Campos, Reyes, Vega, Fuentes, Carrasco, Aguilar, Diez, Caballero,
Nieto, Vargas, Santana, Pascual, Giménez, Herrero, Hidalgo, Montero, Lorenzo, Santiago, Benítez, Durán, Arias,
Ibáñez, Mora, Ferrer, Carmona, Vicente, Rojas, Soto, Crespo, Román, Velasco, Pastor, Parra, Sáez, Moya, Bravo,
Soler, Gallardo, Rivera, Esteban, Pardo, Silva, Franco, Rivas, Lara, Merino, Mendoza, Espinosa, Camacho, Izquierdo,
Arroyo, Vera, Ríos, Casado, Silvestre, Sierra, Redondo, Luque, Rey, Montes, Carrillo, Otero, Segura, Marcos, Heredia,
Bernal, Soriano, Robles, Palacios, Martí, Valero, Varela, Contreras, Vila, Macías, Guerra, Exposito, Pereira, Benito,
Andrés, Miranda, Roldán, Bermúdez, Guillén, Mateo, Aguilera, Villar, Escudero, Menéndez, Salazar, Casas, Rivero,
Conde, Aparicio, Quintana, Gracia, Manzano, Jurado, Padilla, Acosta, Avila, Rueda, Calderón, Gálvez, Beltrán, Abad,
Trujillo, Plaza, Serra, Santamaría, Pacheco, Estévez, Miguel, Salas, Aranda, Villanueva, Simón, Blázquez, Bueno,
Lázaro, Pons, Puig, Roca, Costa, Ferrando, Etxeberria, Agirre, Zabala, Goikoetxea, Mendizabal, Urrutia, Ochoa,
De la Fuente, De la Cruz, Del Río, Feijóo, Castiñeira, Outeiro, Batlle, Casals, Bosch, Riera, Camps, Segarra');
SELECT pg_temp.list('street', 'ES', 1.2, '
Calle Mayor, Calle Real, Calle de Alcalá, Gran Vía, Calle de la Constitución, Avenida de la Constitución,
Plaza de España, Avenida de España, Calle San Juan, Calle San Pedro, Calle San José, Calle San Antonio,
Calle San Miguel, Calle Santa Ana, Calle Santa María, Calle del Carmen, Calle de la Iglesia, Plaza de la Iglesia,
Calle Nueva, Calle Ancha, Calle Larga, Calle Alta, Calle Baja, Calle del Sol, Calle de la Luna, Calle de la Fuente,
Calle del Pozo, Calle del Molino, Calle del Río, Calle de la Cruz, Calle del Rosario, Calle de la Paz,
Avenida de la Paz, Calle de la Libertad, Calle de Cervantes, Calle de Lope de Vega, Calle de Quevedo,
Calle de Calderón de la Barca, Calle Federico García Lorca, Calle Antonio Machado, Calle Miguel Hernández,
Calle Rosalía de Castro, Calle Pablo Picasso, Calle Velázquez, Calle Goya, Calle Murillo, Calle Colón,
Calle Hernán Cortés, Calle Pizarro, Calle Magallanes, Paseo de Gracia, Paseo de la Castellana, Paseo Marítimo,
Paseo del Prado, Paseo de la Alameda, Calle de la Alameda, Calle de los Olivos, Calle de los Pinos,
Calle de las Rosas, Calle de las Flores, Calle del Jardín, Calle del Parque, Avenida de Andalucía,
Avenida de Cataluña, Avenida de Valencia, Avenida de Madrid, Calle de Toledo, Calle de Segovia, Calle de Granada,
Calle de Sevilla, Calle de Zaragoza, Calle Bilbao, Calle de Burgos, Ronda de Sant Pere, Carrer de Balmes,
Carrer de Mallorca, Carrer de València, Carrer d''Aragó, Carrer de Sants, Rambla de Catalunya, Rambla Nova,
Rúa do Príncipe, Rúa Nova, Rúa Real, Calle Uría, Calle Ercilla, Calle Navarra, Avenida de los Reyes Católicos,
Calle Reina Victoria, Calle Alfonso XIII, Avenida de Juan Carlos I, Calle Doctor Fleming, Calle Ramón y Cajal,
Avenida del Mediterráneo, Avenida de América, Calle de Portugal, Calle del Puerto, Calle de la Estación,
Avenida de la Estación, Calle del Mercado, Plaza del Mercado, Plaza Mayor, Calle de los Herreros,
Calle de los Carpinteros, Camino de Ronda, Camino Viejo, Travesía de la Virgen, Calle Clara Campoamor');
SELECT pg_temp.list('city', 'ES', 1.3, '
28001 Madrid, 28013 Madrid, 28045 Madrid, 08001 Barcelona, 08008 Barcelona, 08025 Barcelona, 46001 Valencia,
46023 Valencia, 41001 Sevilla, 50001 Zaragoza, 29001 Málaga, 30001 Murcia, 07001 Palma,
35001 Las Palmas de Gran Canaria, 48001 Bilbao, 03001 Alicante, 14001 Córdoba, 47001 Valladolid, 36201 Vigo,
33201 Gijón, 08901 L''Hospitalet de Llobregat, 01001 Vitoria-Gasteiz, 15001 A Coruña, 03201 Elche, 18001 Granada,
08221 Terrassa, 08911 Badalona, 33001 Oviedo, 30201 Cartagena, 08201 Sabadell, 11401 Jerez de la Frontera,
28931 Móstoles, 38001 Santa Cruz de Tenerife, 31001 Pamplona, 04001 Almería, 28801 Alcalá de Henares,
28941 Fuenlabrada, 28911 Leganés, 20001 San Sebastián, 28901 Getafe, 09001 Burgos, 02001 Albacete,
12001 Castellón de la Plana, 39001 Santander, 37001 Salamanca, 26001 Logroño, 06001 Badajoz, 21001 Huelva,
25001 Lleida, 43001 Tarragona, 24001 León, 11001 Cádiz, 41701 Dos Hermanas, 08301 Mataró, 23001 Jaén, 32001 Ourense,
43201 Reus, 17001 Girona, 27001 Lugo, 10001 Cáceres, 45001 Toledo, 15701 Santiago de Compostela, 36001 Pontevedra,
13001 Ciudad Real, 34001 Palencia, 19001 Guadalajara, 40001 Segovia, 05001 Ávila, 16001 Cuenca, 22001 Huesca,
49001 Zamora, 42001 Soria, 44001 Teruel, 29601 Marbella, 11201 Algeciras, 29640 Fuengirola, 46701 Gandia');
SELECT pg_temp.list('domain', 'ES', 1.7, '
gmail.com, hotmail.com, hotmail.es, yahoo.es, outlook.es, telefonica.net, movistar.es, icloud.com, live.com,
ono.com');
SELECT pg_temp.list('trade', 'ES', 1, '
Reformas, Construcciones, Fontanería, Carpintería, Electricidad, Pinturas, Cerrajería, Jardinería, Instalaciones,
Albañilería, Climatización, Suministros, Ferretería, Cristalería, Aislamientos, Piscinas');
SELECT pg_temp.list('form', 'ES', 1.3, 'S.L., S.L.U., e Hijos S.L., S.A., C.B., Hermanos S.L.');
SELECT pg_temp.list('bank', 'ES', 1.2, '
2100 0418, 0049 1500, 0182 2370, 0081 0200, 2038 1001, 2095 0000, 2085 8000, 0128 0010, 0073 0100, 3058 0990,
1465 0100, 2080 5000');

-- ----------------------------------------------------------------------------------------------------- Italy
SELECT pg_temp.list('first_f', 'IT', 1.5, '
Maria, Anna, Giulia, Francesca, Sara, Laura, Chiara, Valentina, Alessandra, Paola, Elena, Silvia, Martina, Federica,
Giuseppina, Rosa, Angela, Giovanna, Teresa, Lucia, Carmela, Caterina, Antonella, Elisa, Simona, Barbara, Monica,
Daniela, Roberta, Cristina, Patrizia, Claudia, Stefania, Michela, Ilaria, Alice, Giorgia, Sofia, Aurora, Emma,
Beatrice, Ginevra, Vittoria, Matilde, Camilla, Gaia, Noemi, Rebecca, Arianna, Serena, Veronica, Alessia, Eleonora,
Marta, Erika, Debora, Manuela, Emanuela, Raffaella, Loredana, Nadia, Luisa, Luciana, Marina, Donatella, Graziella,
Ornella, Mirella, Concetta, Filomena, Assunta, Immacolata, Carla, Franca, Gabriella, Margherita, Virginia, Bianca,
Greta, Ludovica, Lavinia, Miriam, Viola, Azzurra, Benedetta, Irene, Letizia, Nicoletta, Tiziana, Sabrina, Grazia,
Maria Teresa');
SELECT pg_temp.list('first_m', 'IT', 1.5, '
Giuseppe, Marco, Andrea, Antonio, Francesco, Luca, Alessandro, Giovanni, Roberto, Stefano, Paolo, Matteo, Davide,
Salvatore, Mario, Luigi, Angelo, Vincenzo, Pietro, Domenico, Carlo, Fabio, Massimo, Michele, Simone, Daniele,
Federico, Giorgio, Riccardo, Alberto, Claudio, Maurizio, Lorenzo, Nicola, Franco, Enrico, Filippo, Gabriele, Bruno,
Raffaele, Sergio, Gianluca, Emanuele, Alessio, Cristian, Tommaso, Leonardo, Edoardo, Mattia, Giacomo, Diego, Mirko,
Dario, Valerio, Pasquale, Gennaro, Ciro, Rosario, Carmelo, Gaetano, Agostino, Umberto, Vittorio, Silvio, Renato,
Gianfranco, Gianni, Piero, Ugo, Guido, Aldo, Dino, Elio, Fausto, Ivano, Manuel, Samuele, Nicolò, Pier Paolo,
Jacopo, Elia, Gioele, Christian, Thomas, Ettore, Cesare, Corrado, Tiziano, Loris, Walter, Ivan, Niccolò');
SELECT pg_temp.list('last_name', 'IT', 1.4, '
Rossi, Russo, Ferrari, Esposito, Bianchi, Romano, Colombo, Ricci, Marino, Greco, Bruno, Gallo, Conti, De Luca,
Mancini, Costa, Giordano, Rizzo, Lombardi, Moretti, Barbieri, Fontana, Santoro, Mariani, Rinaldi, Caruso, Ferrara,
Galli, Martini, Leone, Longo, Gentile, Martinelli, Vitale, Lombardo, Serra, Coppola, De Santis, D''Angelo, Marchetti,
Parisi, Villa, Conte, Ferraro, Ferri, Fabbri, Bianco, Marini, Grasso, Valentini, Messina, Sala, De Angelis, Gatti,
Pellegrini, Palumbo, Sanna, Farina, Rizzi, Monti, Cattaneo, Morelli, Amato, Silvestri, Mazza, Testa, Grassi,
Pellegrino, Carbone, Giuliani, Benedetti, Barone, Rossetti, Caputo, Montanari, Guerra, Palmieri, Bernardi, Martino,
Fiore, De Rosa, Ferretti, Bellini, Basile, Riva, Donati, Piras, Vitali, Battaglia, Sartori, Neri, Costantini,
Milani, Pagano, Ruggiero, Sorrentino, D''Amico, Orlando, Damico, Negri, Mantovani, Bruni, Fumagalli, Brambilla,
Colonna, Cocco, Pinna, Murgia, Melis, Deiana, Puddu, Zanetti, Zanella, Zanon, Pavan, Rossini, Bettini, Giannini,
Landi, Masi, Poli, Berti, Nardi, Venturi, Corsi, Lazzari, Magnani, Bassi, Ferrero, Fiorentino, Napolitano, Siciliano,
Calabrese, Pugliese, Veneziano, Genovese, Piccolo, Grillo, Sforza, Visconti, Gonzaga, Bonetti, Bosio, Rota, Locatelli,
Pesenti, Carminati, Ghezzi, Crippa, Radaelli, Casati, Perego, Motta, Beretta, Cortese, Salvi, Salvatore, Santini,
Belli, Baldi, Biagi, Ceccarelli, Fabiani, Fanti, Franchi, Gori, Innocenti, Lenzi, Lupi, Mancuso, Catalano, Ventura,
Cirillo, Iannone, Iovine, Scognamiglio, Cozzolino, Cuomo, Imperatore, Ambrosio, Aiello, Arena, La Rosa, Lo Presti,
Di Stefano, Di Marco, Di Pietro, Di Giovanni, De Marco, De Simone, Dell''Acqua, Della Valle, D''Alessandro, D''Agostino,
Bertolini, Tosi, Volpe, Volpi, Zanotti, Bonfanti, Rampazzo, Favaro, Trevisan, Vianello, Dal Pozzo, Scarpa');
SELECT pg_temp.list('street', 'IT', 1.2, '
Via Roma, Via Garibaldi, Via Mazzini, Via Dante Alighieri, Via Cavour, Via Marconi, Via Giuseppe Verdi,
Corso Vittorio Emanuele II, Corso Italia, Piazza Garibaldi, Piazza della Repubblica, Via della Repubblica,
Via Matteotti, Via Gramsci, Via Aldo Moro, Via Alcide De Gasperi, Via Enrico Fermi, Via Galileo Galilei,
Via Leonardo da Vinci, Via Michelangelo, Via Raffaello Sanzio, Via Tiziano, Via Giotto, Via Manzoni, Via Leopardi,
Via Carducci, Via Pascoli, Via Foscolo, Via Petrarca, Via Boccaccio, Via Ariosto, Via Torquato Tasso,
Via San Francesco, Via San Martino, Via San Rocco, Via San Giovanni, Via Sant''Antonio, Via Santa Lucia,
Via Santa Maria, Via del Duomo, Piazza del Duomo, Via della Chiesa, Via del Castello, Via della Libertà,
Viale della Libertà, Via della Pace, Via XX Settembre, Via IV Novembre, Via XXV Aprile, Via Primo Maggio,
Via Trento, Via Trieste, Via Milano, Via Torino, Via Venezia, Via Firenze, Via Napoli, Via Bologna, Via Genova,
Via Palermo, Via Piave, Via Isonzo, Via Po, Via Tevere, Via Adige, Viale Monte Grappa, Via Monte Rosa,
Via delle Rose, Via dei Tigli, Viale dei Pini, Via degli Ulivi, Via delle Acacie, Via dei Mille, Via Cesare Battisti,
Via Nazario Sauro, Via Fratelli Bandiera, Via Fratelli Cervi, Via Giacomo Puccini, Via Rossini, Via Bellini,
Via Donizetti, Via Vivaldi, Via Toscanini, Corso Garibaldi, Corso Cavour, Corso Umberto I, Corso Buenos Aires,
Viale Europa, Viale Kennedy, Via Amendola, Via Don Minzoni, Via Giovanni XXIII, Via Papa Giovanni Paolo II,
Via Don Bosco, Via del Mulino, Via della Fontana, Via del Mare, Lungomare Cristoforo Colombo, Via Amerigo Vespucci,
Via Marco Polo, Via Vecchia, Via Nuova, Via della Stazione, Piazza Mercato, Vicolo Stretto, Via Nazionale,
Strada Provinciale, Via Grazia Deledda, Via Maria Montessori, Via Alessandro Volta');
SELECT pg_temp.list('city', 'IT', 1.3, '
00184 Roma, 00195 Roma, 00151 Roma, 20121 Milano, 20144 Milano, 20133 Milano, 80121 Napoli, 80138 Napoli,
10121 Torino, 10128 Torino, 90133 Palermo, 16121 Genova, 40121 Bologna, 50122 Firenze, 70121 Bari, 95124 Catania,
30121 Venezia, 37121 Verona, 98122 Messina, 35121 Padova, 34121 Trieste, 74121 Taranto, 25121 Brescia, 59100 Prato,
43121 Parma, 41121 Modena, 89121 Reggio Calabria, 42121 Reggio Emilia, 06121 Perugia, 48121 Ravenna, 57123 Livorno,
09124 Cagliari, 71121 Foggia, 47921 Rimini, 84121 Salerno, 44121 Ferrara, 07100 Sassari, 04100 Latina,
80014 Giugliano in Campania, 20900 Monza, 96100 Siracusa, 65121 Pescara, 24121 Bergamo, 47121 Forlì, 38122 Trento,
36100 Vicenza, 05100 Terni, 39100 Bolzano, 28100 Novara, 29121 Piacenza, 60121 Ancona, 76123 Andria, 52100 Arezzo,
33100 Udine, 47521 Cesena, 73100 Lecce, 61121 Pesaro, 88100 Catanzaro, 76121 Barletta, 19121 La Spezia, 51100 Pistoia,
56125 Pisa, 55100 Lucca, 53100 Siena, 31100 Treviso, 21100 Varese, 22100 Como, 26100 Cremona, 27100 Pavia,
46100 Mantova, 15121 Alessandria, 14100 Asti, 12100 Cuneo, 13900 Biella, 11100 Aosta, 17100 Savona, 18038 Sanremo,
67100 L''Aquila, 85100 Potenza, 75100 Matera, 87100 Cosenza, 91100 Trapani, 97100 Ragusa');
SELECT pg_temp.list('domain', 'IT', 1.7, '
gmail.com, libero.it, hotmail.it, virgilio.it, alice.it, yahoo.it, tiscali.it, outlook.it, tin.it, icloud.com');
SELECT pg_temp.list('trade', 'IT', 1, '
Edilizia, Impianti, Idraulica, Falegnameria, Serramenti, Tinteggiature, Ristrutturazioni, Costruzioni, Giardini,
Ferramenta, Elettroimpianti, Arredamenti, Carpenteria, Pavimenti, Coperture, Termoidraulica');
SELECT pg_temp.list('form', 'IT', 1.3, 'S.r.l., S.n.c., S.a.s., & Figli S.r.l., S.p.A., di Fratelli S.n.c.');
SELECT pg_temp.list('bank', 'IT', 1.2, '
03069 09606, 02008 01160, 05034 01600, 01005 03200, 01030 14200, 05387 02400, 06230 12700, 08327 03200, 03015 03200,
07601 01000, 03268 10000, 03475 01605');

-- Word `no` of `many` fills the slots whose share, bent, falls on it.
CREATE TEMPORARY TABLE slot AS
SELECT country, n,
       max(word) FILTER (WHERE kind = 'first_f') AS first_f,
       max(word) FILTER (WHERE kind = 'first_m') AS first_m,
       max(word) FILTER (WHERE kind = 'last_name') AS last_name,
       max(word) FILTER (WHERE kind = 'street') AS street,
       max(left(word, 5)) FILTER (WHERE kind = 'city') AS postcode,
       max(substr(word, 7)) FILTER (WHERE kind = 'city') AS city,
       max(word) FILTER (WHERE kind = 'domain') AS domain,
       max(word) FILTER (WHERE kind = 'trade') AS trade,
       max(word) FILTER (WHERE kind = 'form') AS form,
       max(split_part(word, ' ', 1)) FILTER (WHERE kind = 'bank') AS bank,
       max(split_part(word, ' ', 2)) FILTER (WHERE kind = 'bank') AS branch
FROM word
CROSS JOIN LATERAL generate_series(ceil(1024 * power(no::float8 / many, 1 / bend) - 0.5)::int,
                                   ceil(1024 * power((no + 1)::float8 / many, 1 / bend) - 0.5)::int - 1) AS n
GROUP BY country, n;

ALTER TABLE slot ADD PRIMARY KEY (country, n);
ANALYZE slot;
