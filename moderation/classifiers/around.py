"""What stands around an explicit phrase: is it denied, long past, told, laughed about, another's?

A word only changes a phrase that it belongs to. "nobody cares i want to die" denies nothing and
"last year was bad, but i am going to kill myself" is about now, so a denial has to stand directly
before the phrase, and everything else in the same part of the same sentence. Where it is not clear,
the phrase counts in full: a person looks at one message too many, and not at one too few.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moderation.classifiers.phrases import Phrases, compiled

REACH: Final = 160
"""Characters before and after a phrase that are looked at: no sentence needs more."""

LEADS_IN: Final = 60
"""Characters before an opening quotation mark in which somebody is said to say what follows."""

CUES: Final = (
    *(
        "denial",
        "denial_links",
        "denial_said",
        "past",
        "habit",
        "recovery",
        "now",
        "fiction",
        "quotation",
    ),
    *(
        "no_fiction",
        "laughter",
        "taken_back",
        "not_taken_back",
        "causes",
        "feelings",
        "small_things",
        "everyday",
        "back_again",
        "things",
        "certain",
    ),
    *("others", "owned", "spoken_to", "people", "people_links", "whose", "tips", "telling"),
)
"""The lists of words under `cues` in `crisis_patterns.yaml`; that file says what each one does."""

_I: Final = r"(?:i|im|ive|id|ill|imma|ima)"
_ANYBODY: Final = (
    rf"(?:{_I}|you|youre|u|he|hes|she|shes|they|theyre|we|were|it|its|my|the|this|everyone|everybody"
    r"|nobody|no one|noone|mum|mom|dad|there|theres)"
)
_JOIN: Final = r"(?:and|so|(?<!back )then|cos|coz|cuz|because|bc|plus|anyway|now|tonight|today)"
_SENTENCE_END: Final = re.compile(r"[.!?;\n]")
_PART_END: Final = re.compile(
    rf",\s*(?:{_JOIN}\s+)?{_ANYBODY}\b|\bbut\b(?! (?:that|this|it) was)"
    rf"|\b{_JOIN}\s+(?:now\s+)?{_I}\b"
)
_FRONTED: Final = re.compile(r"\s*(?:when|while|in|at|on|back|last|during|for|aged|as)\b|.*\bago$")
_STATES: Final = re.compile(r"\b(?:is|are|am|im|has|was|were|had)\b")
_FIRST_PERSON: Final = re.compile(rf"\b{_I}\b")
_NEW_SUBJECT: Final = re.compile(r"\b(?:im|ive|i am)\b")
_LINKED: Final = re.compile(r"\b(?:so|where|when|that|if|how|says?|said|say|called|titled)\b")
_PRESENT: Final = re.compile(
    r"\b(?:want|wants|wanna|wana|wan|need|going|goin|gonna|gona|gunna|gon|finna|ill|imma|will|wish|hope|im|am"
    r"|keep|intend|ready)\b"
)
_WAS: Final = re.compile(r"\b(?:was|were|used to|had)(?: \w+)?\s*$")
_WANTED: Final = re.compile(r"\b(?:wanted|decided|tried|was|were|didnt|couldnt)\b")
_USED_TO_THINK: Final = re.compile(r"\bused to (?:think|feel|believe|say)\b")
_ABOUT_ITSELF: Final = re.compile(r"\s*(?:was|were|is|has|had)\b")
_MORE_THAN_EVER: Final = re.compile(r"\W{0,3}(?:more|as much|this (?:much|bad)|so (?:much|bad))\b")
_NOT_YET: Final = re.compile(r"\b(?:not|never|isnt|havent|wasnt|arent|didnt|no)(?: \w+)?\W*$")
_SPACES: Final = r"[\s\-*~_\"()]{1,4}"
_END: Final = rf"{_SPACES}$"
_MARKS: Final = r"[\s,:'\"\-]{0,4}$"
_FEW_WORDS: Final = r"^(?:\W+\w+){0,4}?\W+"
_TIES: Final = r"(?:(?:of|from|with|out|the|this|my|all|pure|sheer)\W+){0,3}"
_MINE: Final = re.compile(rf"\b(?:{_I}|me|my|mine|myself|meself)\b")
_OFFERED: Final = re.compile(
    r"\b(?:shall i|you let me|let me|before i ask|i ask (?:you )?(?:if|whether))\b"
)
"""The writer offers or asks something: that says nothing about themselves."""
_NAMES_IT: Final = re.compile(r"(?:su\w+ thoughts|urges?|hav(?:e|ing) thoughts)\b")
"""Words that name a thing, and not what somebody does or feels."""
_IS: Final = r"(?:is|are|wont|keep|keeps|get|gets|getting|just|so|too|really|more)\W+"
_IS_THERE: Final = re.compile(
    rf"^\W+(?:(?:{_IS}){{0,3}}"
    r"(?:again|back|here|rn|now|tonight|today|every|all day|constantly|since)"
    rf"|(?:{_IS}){{1,3}}(?:strong|stronger|bad|worse|loud|louder|stop|unbearable|much|winning))\b"
)
_ADVICE: Final = re.compile(
    r"^\W*(?:if|when|once)\b.*,\W+(?:please |and )?"
    r"(?:tell|wake|ring|call|text|message|talk|ask|go|find|try|write|get|reach)\b"
)
_ANSWERED: Final = re.compile(
    r"^[^.!?;]*[.!?;]\W*(?:so\W+|and\W+)?(?:i|im|ive|mine|me)\b(?:\W+\w+)?\W*$"
)
"""The writer's short answer to what they just said of others: "... . I am"."""
_SPOKEN_TO_TWICE: Final = 2
_MAKES: Final = r"\b.{0,40}\b(?:make|makes|made|making)\W+(?:me\W+)?(?:\w+\W+)?$"


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a phrase stands: the phrase itself, and its part of the sentence before and after."""

    own: str
    before: str
    after: str
    near_before: str
    rest: str

    @property
    def sentence(self) -> str:
        """The whole sentence, but for the phrase."""
        before = _SENTENCE_END.split(self.near_before)[-1]
        return f"{before} {_SENTENCE_END.split(self.rest)[0]}"

    @property
    def run_on(self) -> bool:
        """Two statements of the writer without a comma: "i lost my game i want to die"."""
        return bool(
            _FIRST_PERSON.search(self.before)
            and _FIRST_PERSON.match(self.own)
            and not _LINKED.search(self.before)
        )


def stands(text: str, start: int, end: int) -> Stands:
    """Cut out what belongs to `text[start:end]`. A new line counts as the end of a sentence."""
    near = text[max(0, start - REACH) : start]
    rest = text[end : end + REACH]
    own = text[start:end]
    before = _SENTENCE_END.split(near)[-1]
    after = _before_next_part(_SENTENCE_END.split(rest)[0])
    return Stands(own, _last_part(before, own[:16]), after, near, rest)


def _last_part(before: str, own: str) -> str:
    """The last part of what stands before, with an opening like "when i was ten," left on."""
    cut = 0
    for end in _PART_END.finditer(before + own):
        if end.start() >= len(before):
            break
        if end.group().startswith(",") and _opens(before[cut : end.start()]):
            continue
        cut = min(end.end(), len(before))
        if (inner := _FIRST_PERSON.search(end.group())) is not None:
            cut = min(end.start() + inner.start(), len(before))
    return before[cut:]


def _opens(part: str) -> bool:
    """Whether this only says when or where, and states nothing of its own."""
    if _FRONTED.match(part) is None:
        return False
    return part.strip().startswith(("when", "while")) or _STATES.search(part) is None


def _before_next_part(after: str) -> str:
    ends = [e.start() for e in (_PART_END.search(after), _NEW_SUBJECT.search(after)) if e]
    return after[: min(ends)] if ends else after


def _once_thought(here: Stands) -> bool:
    """As in "i used to think they would be better off without me"; no new start by the writer."""
    return bool(_USED_TO_THINK.search(here.before) and not _FIRST_PERSON.match(here.own))


class Surroundings:
    """The lists of cues, compiled, and the questions asked of them."""

    def __init__(self, cues: Mapping[str, Sequence[str]], phrases: Phrases) -> None:
        """Compile the lists. Raises KeyError where one is missing."""
        lists = {name: phrases.choice(cues[name]) for name in CUES}
        links = rf"(?:{_SPACES}{lists['denial_links']}){{0,5}}"
        alone = {name: rf"\b{lists[name]}\b" for name in CUES}
        cause, laughter = lists["causes"], lists["laughter"]
        self._denied = compiled(rf"\b{lists['denial']}{links}{_END}")
        self._denied_words = compiled(rf"\b{lists['denial_said']}(?: that)?{_END}")
        self._habit = compiled(rf"\b{lists['habit']}{links}{_END}")
        self._past = compiled(alone["past"])
        self._recovery = compiled(alone["recovery"])
        self._now = compiled(alone["now"])
        self._fiction = compiled(alone["fiction"])
        self._no_fiction = compiled(alone["no_fiction"])
        self._not_taken_back = compiled(rf"{_FEW_WORDS}{lists['not_taken_back']}\b")
        self._told = compiled(rf"\b{lists['quotation']}{_MARKS}")
        self._told_by_me = compiled(rf"\b(?:i|ive|id)\W+(?:\w+\W+)?{lists['quotation']}{_MARKS}")
        self._certain = compiled(alone["certain"])
        self._laughter_before = compiled(rf"\b{laughter}\W*$")
        self._laughter_after = compiled(rf"{_FEW_WORDS}(?:{laughter}|{lists['taken_back']})\b")
        self._of_a_cause = compiled(rf"^\W+{_TIES}(?:{cause}|{lists['feelings']})\b")
        self._everyday = compiled(rf"^[\s,]{{1,3}}{lists['everyday']}\b")
        self._back_again = compiled(rf"^[\s,]{{1,3}}{lists['back_again']}\b")
        self._of_a_thing = compiled(rf"^{lists['things']}\b")
        self._small_thing = compiled(rf"{lists['small_things']}\b")
        self._makes_me = compiled(rf"\b{lists['feelings']}{_MAKES}")
        self._feeling_before = compiled(rf"{alone['feelings']}(?:\W+\w+){{0,3}}\W*$")
        self._feeling_after = compiled(rf"{_FEW_WORDS}{lists['feelings']}\b")
        owned = rf"(?:{_SPACES}{lists['owned']}){{0,4}}{_END}"
        self._spoken_to = compiled(rf"{alone['spoken_to']}(?:\W+{lists['spoken_to']}\b)*")
        self._of_somebody = compiled(
            rf"\b{lists['others']}(?:(?:\W+\w+){{0,3}}\W+{lists['whose']})?{owned}"
        )
        self._of_you = compiled(rf"\b{lists['spoken_to']}{owned}")
        self._of_people = compiled(
            rf"\b(?:{lists['people']}(?:\W+\w+){{0,6}}?\W+{lists['people_links']}{owned}"
            rf"|{lists['whose']}{owned}|{lists['tips']}{_END})"
        )
        self._telling = compiled(rf"\b(?:{lists['telling']}|{lists['quotation']})\b")
        self.patterns: dict[str, Any] = {n.strip("_"): v for n, v in vars(self).items()}

    def is_denied(self, here: Stands) -> bool:
        """A denial that governs the phrase: "dont", "never said"; not "no friends" or "nobody"."""
        if _MORE_THAN_EVER.match(here.rest):
            return False
        # "no i want to die" answers somebody; "i never said i want to die" denies it.
        has_subject = _FIRST_PERSON.match(here.own) is not None
        denied = self._denied_words if has_subject else self._denied
        return denied.search(here.near_before) is not None

    def is_idiom(self, here: Stands) -> bool:
        """Laughter, homework, embarrassment. What is certain is never laughed away."""
        if self._of_a_cause.search(here.after) or self._is_small(here):
            return True
        if self._certain.search(f"{here.own} {here.after[:24]}"):
            return False
        if self._laughs_after(here.after) or self._makes_me.search(here.before):
            return True
        if here.run_on:
            return False
        return bool(
            self._laughter_before.search(here.before)
            or self._feeling_before.search(here.before)
            or self._feeling_after.search(here.after)
        )

    def _laughs_after(self, after: str) -> bool:
        """Laughed at or taken back, as in "jk", and not insisted on, as in "not joking"."""
        laughs = self._laughter_after.search(after) is not None
        return laughs and self._not_taken_back.search(after) is None

    def _is_small(self, here: Stands) -> bool:
        """As in "i'd rather die than sing": a thing nobody dies of, not "than go back"."""
        return self._small_thing.search(f"{here.own}{here.after[:24]}") is not None

    def is_everyday(self, here: Stands) -> bool:
        """As in "i cut myself shaving": what follows directly makes an everyday thing of it."""
        return self._everyday.search(here.rest) is not None

    def is_back_again(self, here: Stands) -> bool:
        """As in "you wont see me again until monday": the farewell is for a while."""
        return self._back_again.search(here.rest) is not None

    def is_of_a_thing(self, here: Stands) -> bool:
        """As in "my brain is such an idiot": what the phrase says is of nobody who reads here."""
        return self._of_a_thing.search(here.own) is not None

    def is_told(self, here: Stands, *, by_somebody: bool) -> bool:
        """In a story, a game or a song, or (`by_somebody`) somebody's words told just before."""
        if self._is_fiction(here.after):
            return True
        if not here.run_on and self._is_fiction(here.before):
            return True
        if not by_somebody:
            return False
        told = self._told.search(here.near_before)
        if told and not self._told_by_me.search(here.near_before):
            return True
        return self._in_quotation_marks(here)

    def _is_fiction(self, part: str) -> bool:
        """A word of a story, a game or a song, and not of a turn like "long story short"."""
        return self._fiction.search(self._no_fiction.sub("", part)) is not None

    def _in_quotation_marks(self, here: Stands) -> bool:
        """A sentence in marks that somebody else says, or that somebody is told to say."""
        opening, mark, inside = here.near_before.rpartition('"')
        if not mark or inside[:1].isspace() or '"' not in here.rest:
            return False
        if _FIRST_PERSON.search(inside + here.own) is None:
            return False
        told = _SENTENCE_END.split(opening.rpartition('"')[2])[-1][-LEADS_IN:]
        return self._telling.search(told) is not None and _MINE.search(told) is None

    def is_of_others(self, here: Stands) -> bool:
        """Said of somebody else: "she'd been self harming", "your suicidal thoughts".

        Only for a phrase that does not itself say whose it is. "You" may mean the writer, and a
        last letter speaks to somebody, so it takes a "you" that goes on, and no "i" beside it.
        """
        if _MINE.search(here.own):
            return False
        if self._of_somebody.search(here.near_before):
            return True
        if _MINE.search(_OFFERED.sub("", here.sentence)) or _ANSWERED.match(here.rest):
            return False
        if self._of_people.search(here.near_before):
            return True
        if self._of_you.search(here.near_before):
            return self._speaks_on(here)
        if _NAMES_IT.match(here.own) is None:
            return False
        if _ADVICE.search(here.sentence):
            return True
        return _IS_THERE.search(here.rest) is None and self._speaks_to_you(here)

    def _speaks_to_you(self, here: Stands) -> bool:
        """To somebody in the same sentence, already before the phrase, and more than once."""
        spoken_to = self._spoken_to
        before = spoken_to.search(here.near_before) is not None
        return before and spoken_to.search(here.sentence) is not None and self._speaks_on(here)

    def _speaks_on(self, here: Stands) -> bool:
        near = self._spoken_to.finditer(f"{here.near_before} {here.rest}")
        return sum(1 for _ in near) >= _SPOKEN_TO_TWICE

    def is_past(self, here: Stands) -> bool:
        """Long ago or over, with nothing of now beside it. "i want to" is never long ago."""
        if self._habit.search(here.near_before) or _once_thought(here):
            return True
        if self._says_now(here) or self._now.search(f"{here.before} {here.own} {here.after}"):
            return False
        return self._dates(here.before) or self._dates(here.after) or self._recovers(here.rest)

    def _recovers(self, rest: str) -> bool:
        """Said afterwards, also in the next sentence, and not denied: "i never got help"."""
        over = self._recovery.search(rest)
        return over is not None and _NOT_YET.search(rest[: over.start()][-20:]) is None

    def _dates(self, part: str) -> bool:
        """A time long past that dates the phrase, and is not itself what is told of."""
        return any(_ABOUT_ITSELF.match(part[d.end() :]) is None for d in self._past.finditer(part))

    def _says_now(self, here: Stands) -> bool:
        if _WANTED.search(here.own) or _WAS.search(here.before):
            return False
        return _PRESENT.search(here.own) is not None
