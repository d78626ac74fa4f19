"""Explicit phrases, with negation, the past, other people and stories."""

from collections import deque
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.classifiers.around import CUES
from moderation.classifiers.base import Signal
from moderation.classifiers.labels import Label
from moderation.classifiers.patterns import MAX_CHARACTERS, PatternReader, TooLong
from moderation.classifiers.phrases import PatternError
from tests.growth import is_quick

READER = PatternReader()
DECIDES = 0.5


def read(text: str) -> list[Signal]:
    return list(READER.read([text])[0])


def decided(text: str) -> set[str]:
    """Labels that would decide: about the writer or a friend, at a score that counts."""
    return {
        str(s.label)
        for s in read(text)
        if s.score >= DECIDES and s.person != "fiction" and s.tense != "past"
    }


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("im going to kill myself tonight", Label.INTENT_OR_PLAN),
        ("I'M GONNA END IT ALL", Label.INTENT_OR_PLAN),
        ("ive written my goodbye letters", Label.INTENT_OR_PLAN),
        ("i just took loads of pills", Label.INTENT_OR_PLAN),
        ("just finished writing my note", Label.INTENT_OR_PLAN),
        ("wrote my note tonight", Label.INTENT_OR_PLAN),
        ("made a playlist for my own funeral and put it in the letter", Label.INTENT_OR_PLAN),
        ("i will be dead before you read the end of this chat", Label.INTENT_OR_PLAN),
        ("ok goodbye. going to turn my phone off and do it", Label.INTENT_OR_PLAN),
        ("next time u see my name itll be rip", Label.INTENT_OR_PLAN),
        ("im not well and want to die", Label.IDEATION),
        ("i feel so empty and just wanna die", Label.IDEATION),
        ("i really dont want to be alive anymore", Label.IDEATION),
        ("i honestly just want to die", Label.IDEATION),
        ("i wish i was never born", Label.IDEATION),
        ("having suicidal thoughts again", Label.IDEATION),
        ("everyone would be better off without me", Label.IDEATION),
        ("i cut myself again last night", Label.SELF_HARM),
        ("i relapsed on cutting", Label.SELF_HARM),
        ("whats the easiest way to die", Label.METHOD_SEEKING),
        ("my stepdad hits me when mum is at work", Label.ABUSE_DISCLOSURE),
        ("i keep making myself sick after dinner", Label.EATING_DISORDER),
        ("im worried about my best friend", Label.WORRIED_ABOUT_FRIEND),
        ("dont tell your mum we talk", Label.GROOMING),
    ],
)
def test_plain_words_are_found(text: str, label: Label):
    assert label in decided(text)


@pytest.mark.parametrize("start", ["im ", "I am "])
@pytest.mark.parametrize(
    ("rest", "label"),
    [
        ("suicidal", Label.IDEATION),
        ("ending my life", Label.INTENT_OR_PLAN),
        ("ending it tonight", Label.INTENT_OR_PLAN),
        ("killing myself when they are asleep", Label.INTENT_OR_PLAN),
        ("standing on the edge", Label.INTENT_OR_PLAN),
        ("standing on the bridge", Label.INTENT_OR_PLAN),
        ("cutting myself again", Label.SELF_HARM),
    ],
)
def test_im_and_i_am_are_the_same(start: str, rest: str, label: Label):
    assert label in decided(start + rest)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I chose suicide and nobody knows", Label.INTENT_OR_PLAN),
        ("this sunday im ending my life", Label.INTENT_OR_PLAN),
        ("going to end my life and nothing helps", Label.INTENT_OR_PLAN),
        ("i plan to be dead before the weekend", Label.INTENT_OR_PLAN),
        ("ive decided to die", Label.INTENT_OR_PLAN),
        ("say goodnight to my nan then kill myself", Label.INTENT_OR_PLAN),
        ("i made myself bleed and i hate it", Label.SELF_HARM),
        ("dont let me hurt myself tonight", Label.SELF_HARM),
        ("i cut too deep this time", Label.SELF_HARM),
        ("been hurting myself since the exams", Label.SELF_HARM),
        ("mum saw my cuts", Label.SELF_HARM),
        ("dont make me cut myself again", Label.SELF_HARM),
    ],
)
def test_plain_words_need_no_special_turn(text: str, label: Label):
    assert label in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "im killing myself laughing at this",
        "i cut my hair again",
        "im dying rn this video",
        "my phone will be dead before i get home",
        "about to jump in the shower",
        "tired of all these cuts to the library",
        "urge to cut my own fringe",
        "ive got no thoughts of hurting myself",
        "it hasnt made me want to hurt myself",
        "took the tablets for my hay fever",
        "im on the roof fixing the dish with dad",
    ],
)
def test_everyday_twins_of_plain_words_decide_nothing(text: str):
    assert not decided(text) & {Label.IDEATION, Label.INTENT_OR_PLAN, Label.SELF_HARM}


@pytest.mark.parametrize(
    "text",
    [
        "im gonna k1ll mys3lf",
        "i wаnt tо diе",
        "i want to d\u200bie",
        "i  wanna   dieee",
        "i want to... die",
        "I WANT TO K I L L MYSELF",
    ],
)
def test_disguised_words_are_found(text: str):
    assert decided(text) & {Label.IDEATION, Label.INTENT_OR_PLAN}


@pytest.mark.parametrize(
    "text",
    [
        "i dont want to die",
        "im not going to kill myself",
        "this homework makes me want to die lol",
        "i want to die of embarrassment",
        "i used to want to die but that was years ago",
        "in my story the hero says i want to die",
        "i want to die in this game, the boss is too hard",
        "i used to cut myself but im two years clean",
        "my phone is dying",
        "my phone will be dead before you read this",
        "ill be dead before this maths lesson ends",
        "finished writing my notes for biology",
        "just finished writing my note for the milkman",
        "bye, going to turn my phone off and do it properly, the essay i mean",
        "gonna turn my phone off and do it, the essay wont write itself",
        "goodbye. going to turn my phone off and do my homework",
        "made a playlist for my nans funeral",
        "next time u see my name itll be on the leaderboard",
        "he is in pain and wants to die",
        "that exam killed me",
        "dead good film",
        "have a nice day",
        "",
    ],
)
def test_negation_idiom_past_and_stories_do_not_decide(text: str):
    assert not decided(text) & {
        Label.IDEATION,
        Label.INTENT_OR_PLAN,
        Label.SELF_HARM,
        Label.METHOD_SEEKING,
    }


@pytest.mark.parametrize(
    "text", ["8 months clean today", "im in recovery now", "glad im still here"]
)
def test_getting_better_is_told_from_being_in_danger(text: str):
    found = [(s.label, s.person, s.tense) for s in read(text)]

    assert found == [(Label.PAST_OR_RECOVERY, "me", "past")]


def test_a_negation_is_still_shown_to_staff():
    shown = read("im not going to kill myself")

    assert shown
    assert all(signal.score < DECIDES for signal in shown)


def test_past_words_do_not_hide_what_is_happening_now():
    assert Label.SELF_HARM in decided("i used to be clean for months, i cut myself again today")


def test_it_is_known_whom_a_phrase_is_about():
    persons = {s.person for s in read("my friend says shes going to kill herself tonight")}

    assert persons == {"friend"}


def test_swearing_about_oneself_is_told_from_swearing_at_others():
    def rules(text: str) -> list[str]:
        return [s.rule for s in read(text)]

    assert "self_directed_swearing" in rules("im such a stupid piece of shit")
    assert "self_directed_swearing" not in rules("im so stupid but you are a piece of shit")


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("im such an idiot. jess is a worthless slut lol", "friend"),
        ("im so stupid but callum was a proper little creep", "friend"),
        ("i hate myself, my brain is such an idiot", ""),
        ("im so fat the thing in the mirror is a loser", ""),
        ("i hate myself and everyone says im a loser", None),
        ("im a worthless piece of shit, life is a bitch", None),
        ("i feel like shit my stepdad is a dickhead", ""),
        ("anyone who likes me is an idiot im such a mess", ""),
    ],
)
def test_an_insult_of_somebody_by_name_is_told_from_swearing_about_oneself(
    text: str, person: str | None
):
    found = {s.rule: s.person for s in read(text)}

    assert "self_directed_swearing" in found
    assert found.get("insult_of_another") == person


def test_spans_point_into_the_original_text():
    text = "Hi all 😭 … I’m gonna k1ll mysеlf tonight"
    signal = next(s for s in read(text) if s.label == Label.INTENT_OR_PLAN)

    assert text[signal.spans[0].start : signal.spans[0].end] == "I’m gonna k1ll mysеlf"


HOSTILE = [
    *("a", " ", "a.", "i, ", "1 ", "k1ll ", "k!", "я", "🇰", "i want to ", "i just really so "),
    *("kill my ", "how many pills to take to ", "i hate myself ", "i want to die ", "my my "),
    *("im going to kill myself tonight lol ", "i dont want to ", "i am such a ", "you "),
]


@pytest.mark.parametrize("unit", [unit for unit in HOSTILE if unit.isascii()])
def test_no_pattern_is_slow_on_a_hostile_text(unit: str):
    """Rules, cues and all: every match of each is taken, though the reader stops far sooner."""
    text = (unit * 100_000)[:100_000]
    for name, regexp in READER.patterns.items():
        assert is_quick(lambda part, it=regexp: deque(it.finditer(part.encode()), 0), text), name


@pytest.mark.parametrize("unit", HOSTILE)
def test_the_whole_reader_is_not_slow_on_a_hostile_text(unit: str):
    text = (unit * MAX_CHARACTERS)[:MAX_CHARACTERS]

    assert is_quick(lambda part: READER.read([part]), text)


def test_a_text_longer_than_any_message_is_refused():
    with pytest.raises(TooLong):
        READER.read(["x" * (MAX_CHARACTERS + 1)])


@settings(max_examples=60)
@given(st.text(st.characters(codec=None), max_size=120))
def test_any_text_is_read_and_spans_stay_inside(text: str):
    for signal in read(text):
        assert all(0 <= span.start < span.end <= len(text) for span in signal.spans)


def test_a_broken_file_is_refused_by_the_name_of_the_rule(tmp_path: Path):
    file = tmp_path / "patterns.yaml"
    cues = {name: ["lol"] for name in CUES}
    file.write_text(
        f"version: x\nfillers: [so]\nwords: {{}}\ncues: {cues}\n"
        "rules:\n- {name: broken, label: ideation, score: 1, phrases: ['<nobody> wants']}\n"
    )

    with pytest.raises(PatternError, match="broken"):
        PatternReader(file)
