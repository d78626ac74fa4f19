"""Writing one message in another person's style, so that style is not what is learned.

The open sources are told apart by capitals and punctuation alone, and so would be a model that saw
each in its own style only. Folding takes the capitals away; this takes dots and apostrophes from
some, and gives others a slip of the finger, the spelling of a text message, or a lost space. Whom
a message is addressed to says nothing of it either, but one open source calls everybody "@user".
"""

import re

import numpy as np

_MARKS = re.compile(r"[^\w\s']+")
_SHORT_WORD = 4
_HANDLES_FIRST = re.compile(r"(?:rt\s+)?(?:@\w+[\s:,]+)+")
_HANDLES = ("user", "sam", "ember_x", "theoneandonly", "k_99", "lune", "real.tay", "news")
_ADDRESSED = 0.1
_UNADDRESSED = 0.5

_HURRIED = {
    "you": ("u", "ya"), "your": ("ur",), "you're": ("ur",), "are": ("r",), "to": ("2",),
    "too": ("2", "oso"), "for": ("4",), "four": ("4",), "tomorrow": ("tmr", "2moro", "tml", "tmrw"),
    "tonight": ("2nite", "tonite"), "night": ("nite", "nyt"), "see": ("c",), "be": ("b",),
    "because": ("cos", "coz", "bcz"), "the": ("d", "da", "e"), "and": ("n", "&"), "about": ("abt",),
    "have": ("hv", "hav"), "what": ("wat", "wad"), "when": ("wen",), "with": ("wif", "wid", "w"),
    "that": ("dat", "tat"), "this": ("dis", "tis"), "then": ("den",), "them": ("dem",),
    "they": ("dey",), "just": ("jus", "juz"), "don't": ("dun", "dnt"), "dont": ("dun", "dnt"),
    "know": ("noe", "knw", "kno"), "want": ("wan", "wnt"), "message": ("msg",), "text": ("txt",),
    "please": ("plz", "pls"), "thanks": ("thx", "tks", "thks"), "before": ("b4",),
    "later": ("l8r", "ltr"), "great": ("gr8",), "really": ("rly", "realli"), "very": ("v",),
    "people": ("ppl",), "today": ("2day",), "already": ("alr", "le", "liao"), "my": ("ma", "mi"),
    "through": ("thru",), "was": ("woz",),
    "would": ("wud",), "will": ("wil", "vl"), "should": ("shud",), "could": ("cud",),
    "love": ("luv",), "time": ("tym",), "come": ("com",), "good": ("gd", "gud"),
    "okay": ("k", "ok"), "from": ("frm", "fr"), "got": ("gt",), "home": ("hm", "hme"),
    "might": ("mite",), "right": ("rite",), "something": ("smth", "sth"), "can't": ("cant", "cnt"),
    "school": ("sch", "skool"), "friend": ("fren", "frnd"), "friends": ("frens", "frnds"),
    "sorry": ("sry", "sori"), "why": ("y",), "how": ("hw",), "now": ("nw",), "think": ("thk",),
    "thing": ("ting",), "anything": ("anyting",), "minutes": ("mins",), "maybe": ("mayb",),
}  # fmt: skip
"""As text messages are spelled on three continents. No word of "no" becomes another one."""

_KEPT = frozenset({"never", "nothing", "nobody", "without", "cannot", "didnt", "doesnt", "wouldnt"})
_VOWEL_WITHIN = re.compile(r"(?<=[b-df-hj-np-tv-z])[aeiou](?=[b-df-hj-np-tv-z])")


def restyle(text: str, rng: np.random.Generator) -> str:
    """The same words: perhaps to somebody else, without marks, in a hurry, with a slip or two."""
    text = _addressed(text, rng)
    if rng.random() < 0.12:
        text = hurried(text, rng)
    if rng.random() < 0.4:
        text = _MARKS.sub(" ", text)
    if rng.random() < 0.3:
        text = text.replace("'", "")
    if rng.random() < 0.15:
        text = _slips(text, rng)
    if rng.random() < 0.06:
        text = _joined(text, rng)
    return " ".join(text.split())


def _addressed(text: str, rng: np.random.Generator) -> str:
    """Without the handles that it begins with, or with one or two of ours."""
    first = _HANDLES_FIRST.match(text)
    if first is not None:
        return (text[first.end() :] or text) if rng.random() < _UNADDRESSED else text
    if rng.random() < _ADDRESSED:
        names = rng.choice(_HANDLES, size=1 + int(rng.integers(2)))
        return " ".join([*(f"@{name}" for name in names), text])
    return text


def hurried(text: str, rng: np.random.Generator) -> str:
    """The same words as a text message has them: most of the usual ones short, some vowels gone."""
    return " ".join(_hurried_word(word, rng) for word in text.split(" "))


def _hurried_word(word: str, rng: np.random.Generator) -> str:
    bare = word.strip(".,!?;:").lower()
    chance = rng.random()
    if bare in _HURRIED and chance < 0.7:
        ways = _HURRIED[bare]
        return word.lower().replace(bare, ways[int(rng.integers(len(ways)))])
    if len(bare) > _SHORT_WORD and bare.isalpha() and bare not in _KEPT and chance < 0.25:
        return _VOWEL_WITHIN.sub("", word, count=1 + int(rng.integers(2)))
    return word


def _joined(text: str, rng: np.random.Generator) -> str:
    """One space lost, as where a phone broke a long message."""
    words = text.split(" ")
    if len(words) < _SHORT_WORD:
        return text
    at = int(rng.integers(1, len(words)))
    return " ".join([*words[: at - 1], words[at - 1] + words[at], *words[at + 1 :]])


def _slips(text: str, rng: np.random.Generator) -> str:
    words = text.split(" ")
    for index in rng.integers(0, len(words), size=1 + len(words) // 12):
        word = words[index]
        if len(word) >= _SHORT_WORD and word.isalpha():
            words[index] = _slip(word, int(rng.integers(1, len(word) - 1)), rng.random())
    return " ".join(words)


def _slip(word: str, at: int, kind: float) -> str:
    if kind < 0.4:
        return word[:at] + word[at + 1 :]
    if kind < 0.7:
        return word[:at] + word[at] + word[at:]
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
