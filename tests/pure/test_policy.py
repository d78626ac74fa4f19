"""The policy: what happens to a message, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.classifiers.base import CONTACT, ENCODER, PATTERNS, Reading, Signal
from moderation.classifiers.labels import ALL, DANGER, PUBLISHED_ONLY, TOXICITY, Label
from moderation.policy import (
    HARMS,
    POLICY_VERSION,
    RULES,
    URGENCIES,
    PolicyContext,
    Strictness,
    crisis_alarm,
    crisis_score,
    decide,
    toxicity_score,
)

FORUM = PolicyContext("forum")
ONE_TO_ONE = PolicyContext("one_to_one")


def seen(label: str, score: float = 0.99, source: str = ENCODER, **more: str) -> Signal:
    return Signal(str(label), score, source, "test", **more)


def reading(*signals: Signal, failed: tuple[str, ...] = ()) -> Reading:
    return Reading(signals, failed)


signals = st.builds(
    Signal,
    label=st.sampled_from([str(label) for label in (*ALL, *PUBLISHED_ONLY)]),
    score=st.floats(0, 1),
    source=st.sampled_from([ENCODER, PATTERNS, CONTACT]),
    version=st.just("test"),
    person=st.sampled_from(["", "me", "friend", "past", "fiction"]),
)
readings = st.builds(
    Reading,
    st.lists(signals, max_size=6).map(tuple),
    st.lists(st.sampled_from([ENCODER, PATTERNS, CONTACT]), max_size=2, unique=True).map(tuple),
)
spaces = st.dictionaries(
    st.sampled_from([str(label) for label in RULES]), st.floats(0, 1), max_size=len(RULES)
).map(Strictness)
contexts = st.builds(
    PolicyContext,
    st.sampled_from(["forum", "one_to_one"]),
    st.booleans(),
    st.sampled_from(["", "11-13", "14-15", "16-18"]),
    spaces,
)


def test_worry_for_a_friend_who_is_hurt_is_published_with_a_door():
    worried = seen(Label.WORRIED_ABOUT_FRIEND, 0.95)

    verdict = decide(reading(seen(Label.ABUSE_DISCLOSURE, 0.9), worried), FORUM)

    assert (verdict.action, verdict.open_case, verdict.notice) == ("publish", False, "door")


def test_telling_how_one_got_better_is_published_with_a_door():
    past = seen(Label.PAST_OR_RECOVERY, 0.9)

    verdict = decide(reading(seen(Label.SELF_HARM, 0.94), seen(Label.IDEATION, 0.975), past), FORUM)

    assert (verdict.action, verdict.open_case, verdict.notice) == ("publish", False, "door")
    assert verdict.reasons[0].code == Label.PAST_OR_RECOVERY


def test_abuse_is_ordered_by_rudeness_and_by_contempt_for_a_group():
    rude = reading(seen(Label.TOXICITY, 0.6), seen(Label.IDENTITY_ATTACK, 0.1))
    hateful = reading(seen(Label.TOXICITY, 0.6), seen(Label.IDENTITY_ATTACK, 0.9))
    sure = reading(seen(Label.TOXICITY, 1.0), seen(Label.IDENTITY_ATTACK, 1.0))

    assert 0.0 < toxicity_score(rude) < toxicity_score(hateful) < toxicity_score(sure) <= 1.0


def test_where_nothing_reads_for_attacks_on_groups_rudeness_alone_orders():
    assert toxicity_score(reading(seen(Label.TOXICITY, 0.6))) == 0.6
    assert toxicity_score(reading()) == 0.0


@pytest.mark.parametrize(
    "danger",
    [
        (seen(Label.SELF_HARM, 0.995),),
        (seen(Label.METHOD_SEEKING, 0.6),),
        (seen(Label.SELF_HARM, 0.94), seen(Label.IDEATION, 0.995)),
        (seen(Label.SELF_HARM, 0.94), seen(Label.IDEATION, 0.9, PATTERNS, person="me")),
        (seen(Label.IDEATION, 0.9, PATTERNS),),
    ],
)
def test_danger_that_is_sure_or_said_outright_is_never_past(danger: tuple[Signal, ...]):
    verdict = decide(reading(*danger, seen(Label.PAST_OR_RECOVERY, 0.99)), FORUM)

    assert (verdict.action, verdict.open_case, verdict.notice) == ("hold", True, "door")


def test_a_little_danger_counts_where_the_words_name_it_too():
    little = seen(Label.IDEATION, 0.4)
    named = seen(Label.IDEATION, 0.2, PATTERNS, rule="names_suicide")
    of_a_friend = seen(Label.IDEATION, 0.2, PATTERNS, rule="names_suicide", person="friend")

    assert decide(reading(little), FORUM).action == "publish"
    assert decide(reading(named), FORUM).action == "publish"
    assert decide(reading(little, of_a_friend), FORUM).action == "publish"
    both = decide(reading(little, named), FORUM)
    assert (both.action, both.open_case, both.notice) == ("hold", True, "door")


def test_a_sure_hint_comes_before_a_word_and_a_word_before_a_guess():
    word = seen(Label.IDEATION, 0.45, PATTERNS, person="me")
    name = seen(Label.IDEATION, 0.2, PATTERNS, rule="names_suicide")
    order = [
        reading(seen(Label.INTENT_OR_PLAN, 0.3)),
        reading(seen(Label.INTENT_OR_PLAN, 0.3), name),
        reading(seen(Label.INTENT_OR_PLAN, 0.3), word),
        reading(seen(Label.INTENT_OR_PLAN, 0.995)),
        reading(seen(Label.INTENT_OR_PLAN, 0.995), word),
    ]
    scores = [crisis_score(found) for found in order]
    assert scores == sorted(scores)
    assert len(set(scores)) == len(scores)


@given(readings, st.sampled_from(sorted(map(str, DANGER))), st.floats(0.5, 1), contexts)
def test_danger_said_outright_and_now_always_wins(
    found: Reading, label: str, score: float, context: PolicyContext
):
    said = seen(label, score, PATTERNS, person="me")

    verdict = decide(Reading((*found.signals, said), found.failed), context)

    assert verdict.open_case
    assert verdict.urgency in ("immediate", "urgent")
    assert verdict.harm == "danger"
    assert context.audience == "one_to_one" or (verdict.action, verdict.notice) == ("hold", "door")


def test_abuse_that_the_writer_tells_of_outweighs_worry_for_a_friend():
    worried = seen(Label.WORRIED_ABOUT_FRIEND, 0.6)
    said = seen(Label.ABUSE_DISCLOSURE, 0.9, PATTERNS)

    by_model = decide(reading(seen(Label.ABUSE_DISCLOSURE, 0.9), worried), FORUM)
    in_words = decide(reading(said, seen(Label.WORRIED_ABOUT_FRIEND, 0.95)), FORUM)

    assert (by_model.action, by_model.open_case) == ("hold", True)
    assert (in_words.action, in_words.open_case) == ("hold", True)


def test_an_ordinary_message_is_published_and_says_that_nothing_was_found():
    verdict = decide(reading(seen(Label.TOXICITY, 0.01)), FORUM)

    assert (verdict.action, verdict.notice, verdict.harm) == ("publish", "none", "routine")
    assert [reason.code for reason in verdict.reasons] == ["nothing_found"]
    assert verdict.version == POLICY_VERSION


@pytest.mark.parametrize(
    ("label", "harm", "urgency"),
    [
        (Label.INTENT_OR_PLAN, "danger", "immediate"),
        (Label.METHOD_SEEKING, "danger", "immediate"),
        (Label.IDEATION, "danger", "urgent"),
        (Label.SELF_HARM, "danger", "urgent"),
        (Label.ABUSE_DISCLOSURE, "safeguarding", "urgent"),
        (Label.EATING_DISORDER, "danger", "soon"),
    ],
)
def test_danger_is_kept_from_peers_with_a_door_and_a_case(label: Label, harm: str, urgency: str):
    verdict = decide(reading(seen(label)), FORUM)

    assert (verdict.action, verdict.harm, verdict.urgency) == ("hold", harm, urgency)
    assert verdict.offer_door
    assert verdict.open_case
    assert verdict.notice == "door"
    assert verdict.reasons[0].label == label


def test_a_cry_for_help_full_of_swearing_is_a_cry_for_help():
    verdict = decide(reading(seen(Label.TOXICITY), seen(Label.INSULT), seen(Label.IDEATION)), FORUM)

    assert verdict.reasons[0].code == Label.IDEATION
    assert (verdict.harm, verdict.notice, verdict.urgency) == ("danger", "door", "urgent")
    assert verdict.open_case


@given(
    readings,
    st.lists(st.sampled_from([str(label) for label in (*TOXICITY, *PUBLISHED_ONLY)])),
    contexts,
)
def test_toxicity_never_lowers_what_is_done_for_a_person(
    found: Reading, abuse: list[str], context: PolicyContext
):
    calm = decide(found, context)
    angry = decide(
        Reading((*found.signals, *(seen(label) for label in abuse)), found.failed), context
    )

    assert URGENCIES.index(angry.urgency) <= URGENCIES.index(calm.urgency)
    assert HARMS.index(angry.harm) <= HARMS.index(calm.harm)
    assert angry.offer_door >= calm.offer_door
    assert angry.open_case == calm.open_case


@given(readings, contexts)
def test_every_verdict_has_a_reason_and_makes_sense(found: Reading, context: PolicyContext):
    verdict = decide(found, context)

    assert verdict.reasons
    assert all(reason.code and reason.staff_words for reason in verdict.reasons)
    assert bool(verdict.urgency) == verdict.open_case
    assert verdict == decide(found, context)


@given(readings, st.booleans())
def test_one_to_one_nothing_is_kept_from_the_clinician(found: Reading, premoderated: bool):
    forum = decide(found, PolicyContext("forum", premoderated))
    private = decide(found, PolicyContext("one_to_one", premoderated))

    assert private.action == "publish"
    assert (private.open_case, private.urgency) == (forum.open_case, forum.urgency)
    assert private.reasons == forum.reasons


@given(readings)
def test_nothing_that_a_reader_could_not_read_reaches_peers(found: Reading):
    verdict = decide(Reading(found.signals, (ENCODER,)), FORUM)

    assert verdict.action == "hold"
    assert "unread" in [reason.code for reason in verdict.reasons]


def test_an_unread_message_says_so_to_its_author():
    assert decide(reading(failed=(ENCODER,)), FORUM).notice == "unread"
    assert decide(reading(failed=(ENCODER,)), ONE_TO_ONE).notice == "unread"
    assert decide(reading(failed=(ENCODER,)), FORUM).harm == "unread"


def test_danger_found_by_one_reader_counts_when_another_fails():
    phrase = seen(Label.INTENT_OR_PLAN, 0.95, PATTERNS, person="me")
    verdict = decide(reading(phrase, failed=(ENCODER,)), FORUM)

    assert (verdict.harm, verdict.urgency, verdict.notice) == ("danger", "immediate", "door")


@pytest.mark.parametrize("label", [Label.DISTRESS, Label.WORRIED_ABOUT_FRIEND])
def test_a_hard_time_and_worry_for_a_friend_are_published_with_a_door(label: Label):
    verdict = decide(reading(seen(label)), FORUM)

    assert (verdict.action, verdict.notice, verdict.open_case) == ("publish", "door", False)


def test_recovery_talk_is_published():
    past = seen(Label.SELF_HARM, 0.9, PATTERNS, person="past")
    verdict = decide(reading(seen(Label.PAST_OR_RECOVERY), past), FORUM)

    assert (verdict.action, verdict.open_case) == ("publish", False)


def test_a_friend_in_danger_now_opens_a_case_at_once():
    friend = seen(Label.INTENT_OR_PLAN, 0.9, PATTERNS, person="friend")
    verdict = decide(reading(seen(Label.WORRIED_ABOUT_FRIEND), friend), FORUM)

    assert (verdict.action, verdict.urgency, verdict.notice) == ("hold", "immediate", "door")
    assert verdict.reasons[0].code == "friend_in_danger"
    assert not crisis_alarm(reading(friend))


def test_swearing_about_oneself_is_not_abuse():
    own = seen(Label.DISTRESS, 0.6, PATTERNS, rule="self_directed_swearing", person="me")
    verdict = decide(reading(seen(Label.TOXICITY), seen(Label.INSULT), own), FORUM)

    assert (verdict.action, verdict.notice) == ("publish", "door")


def test_a_threat_is_held_even_beside_swearing_about_oneself():
    own = seen(Label.DISTRESS, 0.6, PATTERNS, rule="self_directed_swearing", person="me")
    verdict = decide(reading(seen(Label.THREAT), own), FORUM)

    assert (verdict.action, verdict.harm) == ("hold", "abuse")


def test_swearing_about_oneself_excuses_no_insult_of_somebody_else():
    own = seen(Label.DISTRESS, 0.6, PATTERNS, rule="self_directed_swearing", person="me")
    jess = seen(Label.INSULT, 0.4, PATTERNS, rule="insult_of_another", person="friend")
    brain = seen(Label.INSULT, 0.4, PATTERNS, rule="insult_of_another")

    assert decide(reading(seen(Label.INSULT, 0.8), own, jess), FORUM).action == "hold"
    assert decide(reading(seen(Label.INSULT, 0.8), own, brain), FORUM).action == "publish"
    # Rude, and no insult by the encoder: what the words say does not decide alone.
    rude = (seen(Label.TOXICITY), seen(Label.INSULT, 0.59))
    assert decide(reading(*rude, own, jess), FORUM).action == "publish"


def test_whoever_is_held_for_insulting_keeps_the_door_that_their_swearing_opened():
    own = seen(Label.DISTRESS, 0.6, PATTERNS, rule="self_directed_swearing", person="me")
    jess = seen(Label.INSULT, 0.4, PATTERNS, rule="insult_of_another", person="friend")
    verdict = decide(reading(seen(Label.INSULT), own, jess), FORUM)

    assert (verdict.action, verdict.notice, verdict.harm) == ("hold", "door", "abuse")


def test_strong_words_alone_are_published():
    assert decide(reading(seen(Label.OBSCENE)), FORUM).action == "publish"


def test_what_is_sexually_explicit_is_held_for_a_person():
    verdict = decide(reading(seen(Label.SEXUAL_EXPLICIT, 0.99)), FORUM)

    assert (verdict.action, verdict.notice) == ("hold", "held_for_person")
    assert (verdict.harm, verdict.open_case) == ("abuse", False)
    assert verdict.reasons[0].staff_words == "It may be sexually explicit"


def test_telling_of_abuse_in_explicit_words_is_telling_of_abuse():
    told = reading(seen(Label.SEXUAL_EXPLICIT), seen(Label.ABUSE_DISCLOSURE))

    verdict = decide(told, FORUM)

    assert verdict.reasons[0].code == Label.ABUSE_DISCLOSURE
    assert (verdict.open_case, verdict.notice) == (True, "door")


def test_contact_details_are_held_with_a_kind_notice_and_no_case():
    phone = seen(Label.CONTACT_MOVE, 0.95, CONTACT, rule="phone_number")
    verdict = decide(reading(phone), FORUM)

    assert (verdict.action, verdict.notice) == ("hold", "contact_details")
    assert (verdict.harm, verdict.open_case) == ("contact", False)


def test_grooming_is_held_as_safeguarding_with_a_case():
    verdict = decide(reading(seen(Label.GROOMING), seen(Label.CONTACT_MOVE)), FORUM)

    assert (verdict.action, verdict.harm, verdict.open_case) == ("hold", "safeguarding", True)


def test_the_youngest_are_answered_one_step_sooner():
    older = decide(reading(seen(Label.EATING_DISORDER)), PolicyContext("forum"))
    young = decide(
        reading(seen(Label.EATING_DISORDER)), PolicyContext("forum", author_age_band="11-13")
    )

    assert (older.urgency, young.urgency) == ("soon", "urgent")


def test_every_label_has_a_rule_and_plain_words():
    assert set(RULES) == {*ALL, *PUBLISHED_ONLY}
    assert all(rule.words for rule in RULES.values())


@given(readings)
def test_the_number_that_orders_danger_is_a_probability_and_grows_with_what_is_seen(found: Reading):
    more = Reading((*found.signals, seen(DANGER[0], 1.0)), found.failed)

    assert 0.0 <= crisis_score(found) <= crisis_score(more) <= 1.0
