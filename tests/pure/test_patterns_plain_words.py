"""Danger and abuse in plain words, in many spellings, and the everyday sentences beside them."""

import pytest

from moderation.classifiers.labels import Label
from tests.pure.test_patterns import decided


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
