"""The words a recovery phrase is drawn from.

Somebody in crisis is told to keep these six words and to type them again on a bad night. So the
standard list (BIP-39) is read without what wounds, names a way to die or a fear, or calls a person
something. Phrases given out earlier are looked up by their digest, and still open their account.
"""

from __future__ import annotations

from typing import Final

from mnemonic import Mnemonic

_HARM = """
abandon abuse accuse argue armed armor army arrow assault attack balcony blade blast blood bomb
bone brass bridge bullet bunker burst cable cannon carbon cliff crack crash cruel crush damage
danger destroy enemy enforce execute explain expose fatal fire flame force fury gas gun hammer
harsh horror hunt hurdle hurt inflict inject injury insane jump kick knife oven panic pistol
punch rail razor rifle riot roof scare scissors shaft shock shoot shove siege slam slice snap
sniff soldier spider spike stick sting strike subway sword tank thunder torch tornado tragic
train trap trash trigger violin volcano warfare warrior wasp weapon whip wreck
"""

_BODY_AND_ILLNESS = """
acid aerobic alcohol asthma baby beef belt body chronic cigar diet disease disorder dizzy dose
drink drip fat fatigue fever fitness food gasp gym hospital huge hungry ill illness inhale
kidney meat nut organ patient pill pulse pupil scale sick skin skull slender slim small smoke
stomach suffer symptom tobacco vacant virus wine wrist
"""

_CALLING_SOMEBODY_SOMETHING = """
alien awful awkward beauty blame boring cheap clown crazy critic dirt donkey drama dumb dwarf
elephant evil faint fault foil fringe frown garbage goat goddess gorilla gossip guilt idle
ignore junk lazy liar lonely mad mean monkey monster naive nasty perfect pig pretty rebel reject
rude satoshi scrap shy silly snake sorry spoil stumble ugly unable unaware unfair unknown
useless waste weasel weird whale witness wolf wrong
"""

_DESPAIR = """
afraid alarm alone anger angry anxiety betray bitter black bleak blind blur blush broken burden
cage chaos crawl crumble cry debris decline defy demise denial deny desert despair dismiss
divorce drop emotion empty end endless erase erode error escape exhaust exile exit fade fall
false final flee forget fragile ghost gloom grief grunt hazard heavy hole hollow leave misery
miss mistake never nothing obscure ordinary orphan poverty prison problem quit regret remove
risk rough sad sadness shadow shallow struggle suspect tired toss trouble tunnel unhappy upset
vanish void worry
"""

_PEOPLE_AND_POWER = """
adult arrest aunt bachelor bar boss boy brother cash casino child cousin crime dad daughter
divert dutch family father foster girl guard husband illegal inmate jealous judge kid kiss knee
lady lawsuit legal lend lottery maid man marriage master minor mom mother nephew nuclear obey
oblige orient parent penalty pole police private race rich royal secret sibling sister squeeze
tongue trial tribe turkey uncle undo wedding wife woman
"""

NOT_TO_KEEP: Final = frozenset(
    " ".join(
        (_HARM, _BODY_AND_ILLNESS, _CALLING_SOMEBODY_SOMETHING, _DESPAIR, _PEOPLE_AND_POWER)
    ).split()
)
"""Words nobody in crisis should be told to keep."""

WORDS: Final = tuple(word for word in Mnemonic("english").wordlist if word not in NOT_TO_KEEP)
