"""A plea is never taken back by a word that has nothing to do with it; a figure of speech is."""

import pytest

from moderation.classifiers.base import Reading, Signal
from moderation.classifiers.labels import DANGER
from moderation.classifiers.patterns import MOST_MATCHES, PatternReader
from moderation.policy import PolicyContext, Verdict, crisis_alarm, decide

READER = PatternReader()
FORUM = PolicyContext(audience="forum")


def read(text: str) -> Reading:
    return Reading(READER.read([text])[0])


def verdict(text: str) -> Verdict:
    return decide(read(text), FORUM)


def best(text: str) -> Signal:
    return max(read(text).signals, key=lambda signal: signal.score)


@pytest.mark.parametrize(
    "text",
    [
        "im going to kill myself tonight lol sorry",
        "i was so embarrassed, im going to kill myself tonight",
        "they laugh at me. i want to die",
        "jk rowling is ok but i want to kill myself tonight",
        "im 14 years old and i want to die",
        "last year was bad, but i am going to kill myself",
        "i used to be happy. i want to die",
        "im going to kill myself tonight. nobody in my game lobby knows",
        "mum said no. i want to die",
        "my teacher screamed at me i want to die",
        "i cant do this anymore im going to kill myself",
        "nobody cares i want to die",
        "no friends, i want to die",
        "im not okay i want to die",
        "they laugh at me so much i want to die",
        "i cant stop thinking about killing myself",
        "i dont know why i want to die",
        "im not lying i want to die",
        "no really i want to die",
        "haha im fine. jk i want to kill myself",
        "im so hungry and cold and alone i want to die",
        "years ago i was happy now i want to die",
        "im bored of everything. i want to die",
        "not sure how to say this i want to kill myself",
        "i lost my game i want to die",
        "last year was bad i am going to kill myself",
        "i told him lol i want to die",
        "my story is boring and i want to die",
        "ive never felt this suicidal",
        "ive never wanted to die more than now",
        "i never told anyone i want to die",
        "like i said i want to die",
        "if i dont get help im going to kill myself",
        "mum called. i want to die",
        "no i want to die",
        "i used to be happy i want to die",
        "theyre laughing at me and it makes me want to die",
        "i was clean for 3 months but i cut myself",
        "i dont want to live i want to die",
        "no one would care. im going to end it tonight haha",
        "i have homework tomorrow\ni want to die",
        "im starving myself and i want to die",
        "i dont sleep. i cut myself every night",
        "my mum isnt home im going to kill myself",
        "im not scared anymore im going to kill myself tonight",
        "dont tell anyone but i want to kill myself",
    ],
)
def test_a_plea_counts_beside_words_that_have_nothing_to_do_with_it(text: str):
    assert crisis_alarm(read(text))
    assert verdict(text).open_case


@pytest.mark.parametrize(
    "text",
    [
        "long story short im going to kill myself tonight",
        "so much drama at home i want to die",
        "my a level results were so bad i want to die",
        "the stress is on another level i want to kill myself",
        "i want to die, not joking",
        "i want to die not even joking",
        "i want to die, no jokes",
        "i want to kill myself no joke",
    ],
)
def test_a_turn_with_a_word_of_stories_or_jokes_takes_nothing_back(text: str):
    assert crisis_alarm(read(text))


@pytest.mark.parametrize(
    "text",
    [
        "in my story i want to die",
        "long story short, in the book she says i want to die",
        "stuck on this level i want to die",
        "in my drama script i want to die in act two",
        "i want to die joking",
        "i want to die, only joking",
    ],
)
def test_stories_and_jokes_themselves_still_decide_nothing(text: str):
    assert not crisis_alarm(read(text))


@pytest.mark.parametrize(
    "text",
    [
        "i dont want to die",
        "i never said i want to die",
        "i used to want to die",
        "last year i wanted to kill myself, im ok now",
        "last year i wanted to kill myself im ok now",
        "in my story the girl says i want to die",
        "in my story, the girl says i want to die",
        "this homework makes me want to die lol",
        "i want to die of embarrassment lol",
        "im going to kill myself laughing",
        "i have never wanted to kill myself",
        "i dont think i want to die",
        "im not going to kill myself",
        "im not gonna kill myself tonight",
        "i would never kill myself",
        "i have so much homework i want to die",
        "omg so embarrassing i want to die",
        "i dont want to kill myself, im just sad",
        "when i was 14, i tried to kill myself",
        "i cut myself years ago",
        "i tried to kill myself. that was years ago",
        "im not suicidal",
        "i want to die in this game, the boss is too hard",
        "im not thinking about killing myself",
        "its not that i want to die",
        "im so hungry i want to die",
        "i dont even want to die",
        "my cat stopped me from killing myself",
        "i used to cut myself but im two years clean",
        "the song says i wanna die but its catchy",
        "ur so funny im going to kill myself laughing omg",
        "im so bored i want to die",
        "i want to die lol",
    ],
)
def test_denial_the_past_stories_and_figures_of_speech_still_decide_nothing(text: str):
    assert not crisis_alarm(read(text))
    assert not verdict(text).open_case


def test_a_friend_stays_a_friend_when_it_is_long_past():
    signal = best("my friend tried to kill herself years ago")

    assert (signal.person, signal.tense) == ("friend", "past")
    assert not verdict("my friend tried to kill herself years ago").open_case


def test_a_friend_in_danger_now_still_opens_a_case():
    signal = best("my friend says shes going to kill herself tonight")

    assert (signal.person, signal.tense) == ("friend", "now")
    assert verdict("my friend says shes going to kill herself tonight").urgency == "immediate"


@pytest.mark.parametrize(
    ("text", "tense"),
    [
        ("im going to kill myself tonight", "future"),
        ("i want to die", "now"),
        ("when i was 14, i tried to kill myself", "past"),
        ("have you seen the suicide note on the news", ""),
    ],
)
def test_it_is_known_when_a_phrase_is_about(text: str, tense: str):
    danger = [s for s in read(text).signals if s.label in DANGER]

    assert max(danger, key=lambda s: s.score).tense == tense


def test_a_plea_after_very_many_denials_is_not_overlooked():
    denied = "i dont want to kill myself. " * (MOST_MATCHES * 2)

    assert not crisis_alarm(read("i dont want to kill myself. " * 3))
    assert crisis_alarm(read(denied + "i want to kill myself"))


def test_the_clearer_of_two_spellings_is_kept():
    """Letters stretched for feeling are read twice; what one reading denies, the other may say."""
    assert crisis_alarm(read("i dont want to die. i want to dieeee"))


@pytest.mark.parametrize(
    "text",
    [
        "shed been self harming and nobody in our form knew",
        "the lad next door told us he's been self-harming",
        "my brother has been self harming, what do i say to him",
        "you've been carrying these suicidal thoughts all by yourself. do you have anyone with you",
        "so before i ask whether you're having thoughts of suicide, have you eaten?",
        "you said the suicidal thoughts are worse at night, so shall i stay with you?",
        "so many students have suicidal thoughts around exams, there is help for it",
        "she felt better once she talked about her suicidal thoughts",
        "if the suicidal thoughts get stronger, wake her up",
        "put your hands in cold water, it gets you past the urge to self harm. ask your nurse",
        "there are many ways of riding out an urge to self-harm",
        "i read that the stats on suicidal thoughts at uni are scary",
        'write one sentence on paper: "i have been thinking about suicide and i need help"',
        'somebody will say "i think i want to die" and then go quiet',
        'in the film he says "i have no reason to live" and then the dog comes',
        "i'd rather die than sing in front of year 11",
        "rather be dead than red",
    ],
)
def test_what_is_said_of_others_or_to_them_decides_nothing(text: str):
    assert not crisis_alarm(read(text))


@pytest.mark.parametrize(
    "text",
    [
        "suicidal thoughts again. mum if you read this its not your fault",
        "been self harming for years and you never noticed, you never even asked",
        "suicidal thoughts are so loud and people dont get it",
        "he hit mum again and the urge to self harm is so strong",
        "people at school are awful and the urge to cut is so strong",
        "everyone says people care but better off dead tbh",
        "when you have suicidal thoughts every night and nobody notices",
        "if ur having suicidal thoughts ur meant to tell someone. i am",
        "having suicidal thoughts and you are the only one who knows, you and nobody else",
        "she doesnt know i have suicidal thoughts",
        "they think im fine but ive been self harming",
        "my sister told mum ive been self harming",
        "my therapist asked if i have suicidal thoughts and i said yes",
        'dad said "whats wrong" and i said "i want to die"',
        'i told you "i want to die" and you laughed',
        'i wrote "i want to die" on my desk',
        'ive been saying "i want to die" for months',
        'everyone says "cheer up" and "i want to die" is all i can think',
        "i'd rather die than go back to his house",
        "id rather die than do another day of this",
        "i dont want to be alive lol",
    ],
)
def test_the_writer_counts_beside_others_and_beside_quotation_marks(text: str):
    assert crisis_alarm(read(text))


def test_what_is_said_of_others_is_still_shown_to_staff():
    shown = {s.rule: s for s in read("she says she's been self harming").signals}

    assert (shown["self_harm_now"].person, shown["self_harm_now"].score) == ("friend", 0.3)
