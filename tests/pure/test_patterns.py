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
        "i overdosed",
        "I've overdosed.",
        "i have just overdosed",
        "i attempted suicide yesterday",
        "ive attempted suicide again",
        "i tried killing myself yesterday",
        "i tried hanging myself last night",
        "i took 20 pills",
        "ive just taken 16 paracetamol",
        "i swallowed 30 of my mums tablets",
    ],
)
def test_what_is_done_already_is_under_way(text: str):
    assert Label.INTENT_OR_PLAN in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "i overdosed on chocolate",
        "i overdosed on netflix this weekend",
        "i took 2 paracetamol for my head",
        "i took 20 photos",
        "i attempted suicide three years ago",
        "i tried hanging the picture myself",
        "i have never overdosed",
    ],
)
def test_what_only_sounds_like_it_is_not_under_way(text: str):
    assert Label.INTENT_OR_PLAN not in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "im tired of living",
        "so sick of living.",
        "tired of living like this",
        "sick of being alive",
        "theres no point living",
        "theres no point in living anymore",
        "no reason to live",
        "no point to life.",
        "no reason to be alive",
        "whats left, no point being alive",
    ],
)
def test_who_sees_no_point_in_living_is_heard(text: str):
    assert Label.IDEATION in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "no point in living in london its too expensive",
        "tired of living with my brothers mess",
        "sick of living out of a suitcase",
        "no reason to live in halls next year",
        "no point being late for it",
        "yes tired. no not tired of living, tired of buses",
        "i had no reason to be rude",
        "no point to life drawing class",
    ],
)
def test_who_sees_no_point_in_living_somewhere_decides_nothing(text: str):
    assert Label.IDEATION not in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "i am going to die tonight",
        "I am going to kill myself",
        "imma die tonight",
        "im gonna die tn",
        "im ending it tn",
        "im going to end it tmrw",
        "i want to die tonite",
        "ima kms tn",
        "i will kms after school",
        "gonna kms tmr",
        "i hate it here. kms tmrw",
        "imma end it.",
    ],
)
def test_short_words_for_now_and_for_what_is_meant(text: str):
    assert Label.INTENT_OR_PLAN in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "i am going to dye my hair tonight",
        "im gonna diet tn",
        "imma end the call tn",
        "i am not going to die tonight",
        "gonna die my hair tmr",
        "ran 10 kms today",
        "it is 40 kms now",
    ],
)
def test_short_words_beside_everyday_ones_decide_nothing(text: str):
    assert Label.INTENT_OR_PLAN not in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "i need to die",
        "i deserve to die.",
        "i wish i could die",
        "i wish i didnt exist",
        "i wish i wasn't alive",
        "i no longer want to live",
        "i no longer want to be alive",
        "i do not want to be alive",
        "i should kill myself",
        "i might kill myself",
        "everyone would be better off if i died",
    ],
)
def test_plain_sentences_about_not_living_are_heard(text: str):
    assert Label.IDEATION in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "i need to die my hair",
        "i wish i could die in this game without losing my loot",
        "i wish i didnt exist in the group chat lol",
        "i no longer want to live in this house",
        "i do not want to be alive to see that film flop lol",
        "i wish i wasnt working saturday",
        "i should not kill myself",
        "i might overdose on crisps",
        "i need to die of embarrassment",
    ],
)
def test_everyday_sentences_like_them_decide_nothing(text: str):
    assert Label.IDEATION not in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "im ready to go to school",
        "im about to jump in the shower",
        "i wont be here tomorrow im at the dentist",
        "you wont see me again until monday",
        "tonight is the night im going to the concert",
        "tonight is the night i do my hair",
        "tonights the night!! finals of the pub quiz",
        "im ready to go whenever, bags by the door",
        "accidentally cut myself on paper",
        "i cut myself shaving.",
    ],
)
def test_everyday_turns_open_no_case(text: str):
    assert not decided(text) & {Label.INTENT_OR_PLAN, Label.SELF_HARM}


@pytest.mark.parametrize(
    "text",
    [
        "im ready to go. goodbye",
        "im going to jump in front of a train",
        "im going to jump in the river",
        "i wont be here tomorrow",
        "i wont be here tomorrow im at the bridge",
        "you wont see me again",
        "you wont see me again mum",
        "tonight is the night i end it",
        "tonights the night im doing it",
        "tonight is the night i wrote about",
        "im ready to go through with it",
        "tonight is the night im going.",
        "accidentally cut myself too deep",
        "i cut myself on my thigh",
        "i cut myself again, shaving doesnt hide it",
        "i just cut myself im at my dads",
        "i cut myself, im at work",
        "i cut myself until tomorrow",
    ],
)
def test_what_is_meant_beside_everyday_turns_still_counts(text: str):
    assert decided(text) & {Label.INTENT_OR_PLAN, Label.SELF_HARM}


@pytest.mark.parametrize(
    "text",
    [
        "my dad is hitting me",
        "my stepdad was choking me last night",
        "my uncle is touching me",
        "my parents are beating me.",
        "somebody raped me",
        "someone assaulted me at the party",
        "my dad beats me up for nothing",
        "my dad hits me im at my nans",
        "my uncle is touching me im on holiday with them",
    ],
)
def test_abuse_that_goes_on_is_heard(text: str):
    assert Label.ABUSE_DISCLOSURE in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "my brother is beating me at fifa",
        "my dad is hitting the gym with me",
        "my gran is touching up my dress",
        "someone messaged me",
        "nobody raped me",
        "my cousin is kicking me off the wifi",
        "my dad beats me at chess",
    ],
)
def test_everyday_family_life_is_no_abuse(text: str):
    assert Label.ABUSE_DISCLOSURE not in decided(text)


@pytest.mark.parametrize(
    "text",
    [
        "im sucidal",
        "i am suicdal",
        "feeling so low and i feel suicidle",
        "suicidial thoughts again",
        "i wana die",
        "i wan die",
        "i want 2 die",
        "want 2 kill myself",
        "im gona kill myself",
        "i wanna kil myself",
        "i wanna kll myself",
        "i dont wana be alive",
        "i dont want 2 live",
    ],
)
def test_hurried_spelling_is_read(text: str):
    assert decided(text) & {Label.IDEATION, Label.INTENT_OR_PLAN}


@pytest.mark.parametrize(
    "text",
    [
        "i dont wana die",
        "i dont want 2 die",
        "im not gona kill myself",
        "im not sucidal",
        "i want 2 diet",
        "she looks wan",
        "shes got sucidal thoughts, poor thing",
        "i used to wana die",
    ],
)
def test_hurried_denials_are_read_too(text: str):
    assert not decided(text) & {Label.IDEATION, Label.INTENT_OR_PLAN}


@pytest.mark.parametrize("cant", ["cant", "can't", "cannot", "couldnt"])
@pytest.mark.parametrize("what", ["hurting myself", "cutting myself", "self harming", "cutting."])
def test_who_cannot_stop_denies_nothing(cant: str, what: str):
    assert Label.SELF_HARM in decided(f"i {cant} stop {what}")


@pytest.mark.parametrize(
    "text",
    [
        "i cant stop cutting up old magazines for my collage",
        "i cant stop cutting corners in my homework",
        "i cant hurt myself anymore",
        "ive got no thoughts of cutting myself",
    ],
)
def test_who_cannot_stop_something_else_decides_nothing(text: str):
    assert Label.SELF_HARM not in decided(text)


@pytest.mark.parametrize("end", ["", ".", "!", "...", ". im sorry", ".\nim sorry"])
@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("im going to jump", Label.INTENT_OR_PLAN),
        ("i attempted last night", Label.INTENT_OR_PLAN),
        ("im ready to die", Label.INTENT_OR_PLAN),
        ("just finished writing my note", Label.INTENT_OR_PLAN),
        ("its suicide", Label.INTENT_OR_PLAN),
        ("i relapsed", Label.SELF_HARM),
        ("i harmed", Label.SELF_HARM),
        ("been cutting", Label.SELF_HARM),
        ("cut my wrists", Label.SELF_HARM),
        ("dont tell mum i cut", Label.SELF_HARM),
        ("i feel like cutting", Label.SELF_HARM),
        ("the urge to cut", Label.SELF_HARM),
    ],
)
def test_a_full_stop_takes_nothing_from_what_is_said(text: str, label: Label, end: str):
    assert label in decided(text + end)


@pytest.mark.parametrize(
    "text",
    [
        "i relapsed. nobody in my game lobby knows",
        "my story is boring. ready to die",
        "its a stupid level. relapsed",
    ],
)
def test_what_stands_in_another_sentence_makes_no_story_of_this_one(text: str):
    assert decided(text) & {Label.INTENT_OR_PLAN, Label.SELF_HARM}


@pytest.mark.parametrize(
    "text",
    [
        "i cut my hair.",
        "cut my legs shaving.",
        "i relapsed into my old accent.",
        "i harmed nobody.",
        "im going to jump on the trampoline.",
        "its suicidewatch the band.",
        "been cutting sincerely boring wood all day.",
        "i want to hurt nobody. i harmed againstness",
        "just finished writing my notes.",
    ],
)
def test_a_full_stop_makes_nothing_of_everyday_words(text: str):
    assert not decided(text) & {Label.INTENT_OR_PLAN, Label.SELF_HARM}


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
