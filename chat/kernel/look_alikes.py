"""Letters that pass for a Latin one: Latin letters in other shapes, and other alphabets.

Shapes of Latin letters are found by their Unicode names, so none is forgotten. Which letter of
another alphabet looks like which Latin one no name says: that is a list of ours, in lower case.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Final

_SHAPES: Final = re.compile(
    r"(?:LATIN LETTER SMALL CAPITAL|MODIFIER LETTER SMALL CAPITAL"
    r"|NEGATIVE (?:SQUARED|CIRCLED) LATIN CAPITAL LETTER|REGIONAL INDICATOR SYMBOL LETTER) ([A-Z])"
)
_VARIANTS: Final = re.compile(
    r"LATIN (?:SMALL|CAPITAL) LETTER (?:SCRIPT |DOTLESS )?([A-Z]) WITH .+"
)
_LATIN_BLOCKS: Final = (range(0xC0, 0x2B0), range(0x1D00, 0x1DC0), range(0x1E00, 0x1F00))
_MORE_LATIN: Final = (range(0x2C60, 0x2C80), range(0xA720, 0xA800), range(0xAB30, 0xAB70))
_SYMBOLS: Final = (range(0x1F130, 0x1F18A), range(0x1F1E6, 0x1F200))
REGIONAL: Final = range(0x1F1E6, 0x1F200)
"""Two of these side by side are a flag, and no letters."""

_ALPHABETS: Final = (
    ("аеёорсухіїјѕԁһкмнтвгпԛԝѡүұѵӏҝқңҳћәғ", "aeeopcyxiijsdhkmhtbrnqwwyyvlkkhxhef"),
    ("οαερτυνικχβηωϲϳζγϝϱμσ", "oaeptuvikxbnwcjzyfpuo"),
    ("օսոհզգցյլռքտւ", "ounhqqgjlnpsl"),
    ("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpdtgkjczfmnlsrvhwxyaeiou"),
    ("ꭰꭱꭲꭺꭻꭼꮃꮇꮋꮐꮓꮪꮩꮮꮯꮲꮶᏼꭹ", "drigjewmhgzsvlcpkby"),
    ("ⲁⲃⲅⲉⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭⲱ", "abrehikmnopctyxw"),
    ("ʀɑɡıɩℓßøłđħȷɪɴɢʟʙʜʏɛɐɯʍʋ", "ragiilsoldhjinglbhyeamwv"),
)
FOREIGN: Final = ("CYRILLIC", "GREEK", "ARMENIAN", "LISU", "CHEROKEE", "COPTIC")
"""Beginnings of the names of letters in these alphabets."""


def _variants() -> Iterator[tuple[int, str]]:
    """Latin letters with a stroke, a hook, a tail: what is no accent, so nothing takes it off."""
    for code in chain(*_LATIN_BLOCKS, *_MORE_LATIN):
        found = _VARIANTS.fullmatch(unicodedata.name(chr(code), ""))
        if found is not None:
            yield code, found.group(1).lower()


LOOK_ALIKES: Final = {
    **dict(_variants()),
    **{ord(c): latin for seen, read in _ALPHABETS for c, latin in zip(seen, read, strict=True)},
}
"""Code point → Latin letter, for words that are not truly written in another alphabet."""


@lru_cache(maxsize=1)
def shapes() -> dict[str, str]:
    """Latin letters drawn as small capitals or in boxes → the letter: always read as it."""
    found = (
        (chr(code), _SHAPES.fullmatch(unicodedata.name(chr(code), "")))
        for code in chain(*_LATIN_BLOCKS, *_MORE_LATIN, *_SYMBOLS)
    )
    return {c: shape.group(1).lower() for c, shape in found if shape is not None}
