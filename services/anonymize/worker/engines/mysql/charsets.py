"""Which character sets hold which words: fakes go into columns that need not be Unicode."""

import unicodedata

CODECS = {
    "ascii": "ascii", "latin1": "cp1252", "latin2": "iso8859_2", "latin5": "iso8859_9",
    "latin7": "iso8859_13",
    "cp1250": "cp1250", "cp1251": "cp1251", "cp1256": "cp1256", "cp1257": "cp1257", "cp850": "cp850",
    "cp852": "cp852", "cp866": "cp866", "greek": "iso8859_7", "hebrew": "iso8859_8", "koi8r": "koi8_r",
    "koi8u": "koi8_u", "macroman": "mac_roman", "big5": "big5", "gbk": "gbk", "gb2312": "gb2312",
    "gb18030": "gb18030", "sjis": "shift_jis", "cp932": "cp932", "ujis": "euc_jp", "eucjpms": "euc_jp",
    "euckr": "euc_kr", "tis620": "tis_620",
}  # fmt: skip


def fitted(word: str, charset: str | None) -> str:
    """A word that a character set holds: as it is, or without its accents."""
    if charset is None:
        return word
    codec = CODECS.get(charset, "ascii")
    try:
        word.encode(codec)
    except UnicodeEncodeError:
        return unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode() or "x"
    return word
