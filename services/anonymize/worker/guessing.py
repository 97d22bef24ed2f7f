# A table reads better in long lines.
# ruff: noqa: E501
"""What a column may hold by its name, in English, French, Spanish, Italian, German and Portuguese."""

import re

from services.anonymize.worker.schema import Family

# The first that matches wins. Words are matched as parts between underscores, so that `phone` finds `home_phone`.
_BY_NAME: tuple[tuple[str, str], ...] = (
    ("email", r"e_?mail|courriel|correo|mail"),
    ("iban", r"iban"),
    ("token", r"(?:\w+_)?tokens?|secret|api_?key|salt"),
    ("password_hash", r"passwords?|passwd|pwd|mot_de_passe|contrasena|senha|passwort"),
    ("siret", r"siret"), ("siren", r"siren"), ("nir", r"nir|secu|numero_secu(?:rite_sociale)?"),
    ("vat", r"vat|vat_number|tva|partita_iva|ust_?id"), ("nif", r"nif|nie|dni|cif"),
    ("codice_fiscale", r"codice_fiscale"), ("steuer_id", r"steuer_?id"),
    ("card", r"card_number|numero_carte|pan"), ("scramble", r"passport|passeport|pasaporte|tax_?id|ssn"),
    ("mac", r"mac|mac_address"), ("user_agent", r"user_?agent"),
    ("login", r"login|user_?name|identifiant|usuario|benutzername"),
    ("job", r"job|job_title|profession|metier|métier|professione|beruf|profesion"),
    ("phone", r"phone\d?|phone_?number|tel|telephone|mobile|portable|gsm|telefono|movil|cellulare|handy|telefone|telemovel|fax"),
    ("first_name", r"first_?name|fname|given_?name|prenom|prénom|nombre|nome|vorname|nickname|surnom|middle_?name"),
    ("last_name", r"last_?name|lname|surname|family_?name|nom|nom_de_famille|apellidos?\d?|cognome|nachname|apelido|sobrenome"),
    ("full_name", r"full_?name|display_?name|nom_complet|nombre_completo|contact_?name|holder|titulaire|recipient|author"),
    ("street", r"street\d?|address|address_?(?:line_?)?\d?|adresse\d?|rue|voie|direccion|calle|domicilio|indirizzo|strasse|straße|"
               r"endereco|morada|line_?[12]"),
    ("city", r"city|town|ville|ciudad|localidad|citta|comune|stadt|ort|cidade"),
    ("postcode", r"post_?code|postal_?code|zip|zip_?code|code_postal|cp|codigo_postal|cap|plz|cep"),
    ("company", r"company|company_?name|societe|société|raison_sociale|empresa|azienda|ragione_sociale|firma|organi[sz]ation"),
    ("ip", r"ip|ip_?addr(?:ess)?|remote_?addr|last_ip"),
    ("date_shift", r"birth|birth_?(?:date|day)|date_of_birth|dob|naissance|date_naissance|nacimiento|fecha_nacimiento|nascita|"
                   r"geburtsdatum|geburtstag|nascimento"),
    ("redact", r"notes?|comments?|commentaires?|message|body|remarks?|remarques?|observaci?ones?|osservazioni|bemerkungen?|"
               r"subject|sujet|texte?|feedback"),
)  # fmt: skip
_COMPILED = tuple((mask, re.compile(rf"(?:^|_)(?:{pattern})(?:$|_)")) for mask, pattern in _BY_NAME)

COUNTRY_COLUMN = re.compile(r"^(?:country(?:_?code)?|pays|code_pays|locale|lang(?:uage)?|pais|paese|land)$")
LOG_TABLE = re.compile(
    r"(?:^|_)(?:audit|audits|logs?|journal|history|historique|versions?|sessions?|events?_log)(?:$|_)"
)
PERSON_TABLE = re.compile(
    r"customer|client|user|utilisateur|person|contact|member|employee|patient|account|cliente|utente|kunde|subscriber|supplier"
)
CODE_COLUMN = re.compile(
    r"(?:^|_)(?:ean|ean13|gtin|sku|barcode|code_barre|tracking|tracking_number|isbn|serial|reference|ref)(?:$|_)"
)


def by_name(name: str, family: Family, person: bool) -> str | None:
    """Return the mask that a column's name speaks for; `name` alone is a person's only in a table of persons."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace(" ", "_").replace("-", "_")
    if words in {"name", "nombre", "nome"}:
        return "full_name" if person and family is Family.TEXT else None
    for mask, pattern in _COMPILED:
        if pattern.search(words) and _possible(mask, family):
            return "uuid" if family is Family.UUID else mask
    return None


def is_code(name: str) -> bool:
    """Whether a column's name says that its digits are codes and no telephone numbers."""
    return CODE_COLUMN.search(name.lower()) is not None


def _possible(mask: str, family: Family) -> bool:
    match mask:
        case "date_shift":
            return family in {Family.DATE, Family.TIMESTAMP}
        case "mac":
            return family in {Family.MAC, Family.TEXT}
        case "ip":
            return family in {Family.INET, Family.TEXT}
        case _:
            return family in {Family.TEXT, Family.ARRAY, Family.XML, Family.HSTORE, Family.OTHER} or (
                mask == "token" and family is Family.UUID
            )
