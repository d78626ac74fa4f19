"""What may train, what is held out, and what an empty cell means."""

import csv
import re
import time
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from moderation.classifiers.labels import Label
from moderation.training.bootstrap import BOOTSTRAPS
from moderation.training.corpus import CorpusError, Line, held_out, key, read_corpus
from moderation.training.figures import measure, recall_at
from moderation.training.near import near_duplicates
from moderation.training.rows import PLACE, corpus_rows, open_rows, read_records
from moderation.training.style import hurried, restyle

COLUMNS = ["id", "text", "toxic", "insult", "label", "sh", "source", "licence_tier"]


@pytest.fixture(scope="module")
def own() -> list[Line]:
    """All that was written for us: reading it takes seconds, so it is read once."""
    return read_corpus()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [
        ["1", "an open row", "1", "", "", "", "a", "open"],
        ["2", "a shared-alike row", "0", "0", "", "", "a", "open-sa"],
        ["3", "a non-commercial row", "1", "", "", "", "b", "nc"],
        ["4", "an unstated row", "1", "", "", "", "b", "unstated"],
        ["5", "a row without a tier", "1", "", "", "", "c", ""],
        ["6", "a sad row", "", "", "distress", "0.0", "d", "open"],
    ]
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *rows])
    return path


def test_only_openly_licensed_rows_may_train(table: Path):
    rows = open_rows([table], {}, np.random.default_rng(0))

    assert [row.id for row in rows] == ["1", "2", "6"]


def test_an_empty_cell_is_not_a_no(table: Path):
    row = open_rows([table], {}, np.random.default_rng(0))[0]

    assert row.targets[PLACE[Label.TOXICITY]] == 1.0
    assert np.isnan(row.targets[PLACE[Label.INSULT]])


def test_distress_without_risk_is_a_no_to_danger_only(table: Path):
    row = open_rows([table], {}, np.random.default_rng(0))[2]

    assert row.targets[PLACE[Label.DISTRESS]] == 1.0
    assert row.targets[PLACE[Label.IDEATION]] == 0.0
    assert np.isnan(row.targets[PLACE[Label.ABUSE_DISCLOSURE]])


def test_a_source_can_be_capped_and_the_same_seed_chooses_the_same(table: Path):
    def chosen() -> list[str]:
        return [row.id for row in open_rows([table], {"a": 1}, np.random.default_rng(4))]

    assert len(chosen()) == 2
    assert chosen() == chosen()


def test_records_of_every_tier_can_be_measured(table: Path):
    records = list(read_records(table))

    assert [r.crisis for r in records] == [None, None, None, None, None, 0.0]
    assert len(records) == 6


def corpus(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_folder_and_braces_say_what_a_line_is(tmp_path: Path):
    root = corpus(
        tmp_path,
        {
            "intent_or_plan/positive-me.txt": "first line\n{self_harm,distress} second line\n",
            "toxic/insult-none.txt": "third line\n",
            "negative/idiom-none.txt": "fourth line\n",
        },
    )
    found = {line.text: line.labels for line in read_corpus(root)}

    assert found == {
        "first line": {Label.INTENT_OR_PLAN, Label.IDEATION},
        "second line": {Label.SELF_HARM, Label.DISTRESS},
        "third line": {Label.TOXICITY, Label.INSULT},
        "fourth line": frozenset(),
    }


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"ideation/positive-you.txt": "a line\n"}, "KIND-PERSON"),
        ({"sadness/positive-me.txt": "a line\n"}, "unknown label"),
        ({"ideation/positive-me.txt": "{sadness} a line\n"}, "unknown label"),
        ({"ideation/positive-me.txt": "...\n"}, "no words"),
        (
            {"ideation/positive-me.txt": "One line!\n", "negative/idiom-none.txt": "one line"},
            "other",
        ),
    ],
)
def test_a_broken_corpus_is_refused_without_its_words(
    tmp_path: Path, files: dict[str, str], what: str
):
    with pytest.raises(CorpusError, match=what) as refused:
        read_corpus(corpus(tmp_path, files))

    assert "line" not in str(refused.value).replace("one line", "").split(":")[0]


def test_the_held_out_fifth_does_not_depend_on_dots_and_capitals():
    texts = [f"message number {number} about something" for number in range(500)]

    assert [held_out(key(t)) for t in texts] == [held_out(key(t.upper() + " !!")) for t in texts]
    assert 60 <= sum(held_out(key(t)) for t in texts) <= 140


def test_no_held_out_message_is_among_those_that_train(own: list[Line]):
    train = {line.words for line in own if not line.held_out}

    assert not train & {line.words for line in own if line.held_out}


def test_the_corpus_is_as_large_and_as_even_as_promised(own: list[Line]):
    count = Counter(label for line in own for label in line.labels)
    ours = [label for label in PLACE if list(PLACE).index(label) >= 6]

    assert len(own) >= 6000
    assert all(count[label] >= 300 for label in ours)
    assert sum(not line.labels for line in own) >= 3000


def test_what_the_writers_did_not_tell_apart_is_masked(own: list[Line]):
    rows = corpus_rows(line for line in own if line.file.startswith("method_seeking/"))
    plain = [r for r in rows if r.targets[PLACE[Label.IDEATION]] != 1.0]

    assert plain
    assert all(np.isnan(r.targets[PLACE[Label.IDEATION]]) for r in plain)
    assert all(r.targets[PLACE[Label.METHOD_SEEKING]] == 1.0 for r in rows)


def test_restyling_keeps_the_words():
    rng = np.random.default_rng(1)
    text = "i don't know, what to do... really?"
    words = {"".join(c for c in restyle(text, rng) if c.isalpha()) for _ in range(40)}

    assert "".join(c for c in text if c.isalpha()) in words


def test_restyling_changes_whom_a_message_is_addressed_to_and_nothing_else():
    rng = np.random.default_rng(3)
    plain = {restyle("you are right", rng) for _ in range(200)}
    addressed = {restyle("@user @sam: add me, i am @lune", rng) for _ in range(200)}

    assert any(words.startswith("@") and words.endswith("you are right") for words in plain)
    assert "add me, i am @lune" in addressed
    assert all(re.search(r"lune|lnu|lun|lue|une", words) for words in addressed)
    assert restyle("@lune ", rng).strip("@ ")


def test_in_a_hurry_no_word_of_no_is_lost():
    rng = np.random.default_rng(2)
    text = "i don't know why nobody would be there tomorrow, never without you"
    found = {hurried(text, rng) for _ in range(60)}

    assert len(found) > 30
    assert all(re.search(r"\b(don't|dun|dnt)\b", words) for words in found)
    assert all({"nobody", "never", "without"} <= set(words.split()) for words in found)


def test_figures_of_a_perfect_and_of_a_blind_classifier():
    truth = np.array([True] * 20 + [False] * 80)
    perfect = measure(truth, truth.astype(float), truth)
    blind = measure(truth, np.zeros(100), np.zeros(100, dtype=bool))

    assert (perfect.auc, perfect.f1, perfect.false_alarms, perfect.recall_at_1) == (1, 1, 0, 1)
    assert (blind.auc, blind.f1, blind.recall) == (0.5, 0.0, 0.0)


def test_recall_at_a_rate_never_flags_more_negatives_than_allowed():
    truth = np.array([True] * 10 + [False] * 200)
    scores = np.concatenate([np.linspace(0.4, 1, 10), np.linspace(0, 0.8, 200)])
    threshold = np.sort(scores[~truth])[::-1][2]

    assert recall_at(truth, scores, 0.01) == np.mean(scores[truth] > threshold)


def test_intervals_are_those_of_the_bootstrap_done_row_by_row():
    rng = np.random.default_rng(3)
    truth = rng.random(120) < 0.3
    scores = np.round(rng.random(120) + truth * 0.3, 1)  # Many ties.
    drawn = np.random.default_rng(0)
    samples = [drawn.integers(0, 120, size=120) for _ in range(BOOTSTRAPS)]
    figures = measure(truth, scores, scores > 0.8)

    def interval(figure: Callable[[Any, Any], float]) -> Any:
        found = np.percentile([figure(truth[s], scores[s]) for s in samples], [2.5, 97.5])
        return pytest.approx(tuple(found))

    assert figures.auc_interval == interval(roc_auc_score)
    assert figures.average_precision_interval == interval(average_precision_score)
    assert figures.precision_interval == interval(lambda t, s: precision_score(t, s > 0.8))
    assert figures.recall_interval == interval(lambda t, s: recall_score(t, s > 0.8))
    assert figures.f1_interval == interval(lambda t, s: f1_score(t, s > 0.8))
    assert figures.recall_at_1_interval == interval(lambda t, s: recall_at(t, s, 0.01))
    assert figures.recall_at_5_interval == interval(lambda t, s: recall_at(t, s, 0.05))


def test_a_large_set_takes_seconds():
    rng = np.random.default_rng(3)
    truth = rng.random(20_000) < 0.1
    scores = rng.random(20_000)
    began = time.process_time()
    figures = measure(truth, scores, scores > 0.5)

    assert figures.auc_interval is not None
    assert time.process_time() - began < 30


def test_a_set_with_one_class_has_no_ranking_figures():
    figures = measure(np.zeros(30, dtype=bool), np.zeros(30), np.zeros(30, dtype=bool))

    assert figures.auc is None
    assert figures.false_alarms == 0.0


def test_no_held_out_message_is_nearly_one_that_trains(own: list[Line]):
    pairs = [
        (a.file, a.number, b.file, b.number)
        for a, b, _ in near_duplicates(own)
        if a.held_out != b.held_out and (a.labels & b.labels or not (a.labels | b.labels))
    ]

    assert pairs == []


def test_near_duplicates_are_found_and_strangers_are_not(tmp_path: Path):
    root = corpus(
        tmp_path,
        {
            "negative/idiom-none.txt": "this maths homework is killing me today\n"
            "this maths homework is killing me slowly\n"
            "my phone died on the bus again\n"
        },
    )
    pairs = list(near_duplicates(read_corpus(root)))

    assert [(a.number, b.number) for a, b, _ in pairs] == [(1, 2)]


@pytest.mark.parametrize("alike", [0.4, 0.6, 0.8, 1.0])
def test_near_duplicates_are_those_of_comparing_all_with_all(tmp_path: Path, alike: float):
    rng = np.random.default_rng(5)
    known = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(200)]
    texts = [list(rng.choice(known, size=rng.integers(3, 20))) for _ in range(60)]
    for text in texts * 4:  # The same again with some words changed.
        kept = [word for word in text if rng.random() < 0.85]
        texts.append([*kept, *rng.choice(known, size=rng.integers(0, 4))])
    texts += [list(rng.permutation(text)) for text in texts[:60]]
    said = "".join(f"{' '.join(text)}\n" for text in texts)
    lines = read_corpus(corpus(tmp_path, {"negative/idiom-none.txt": said}))
    words = {line.number: frozenset(line.words.split()) for line in lines}
    often = Counter(word for one in words.values() for word in one)
    rare = {n: set(sorted(one, key=lambda w: (often[w], w))[:3]) for n, one in words.items()}
    wanted = {
        (a, b, len(words[a] & words[b]) / len(words[a] | words[b]))
        for a, b in combinations(words, 2)
        if rare[a] & rare[b] and min(len(words[a]), len(words[b])) >= 4
    }
    wanted = {pair for pair in wanted if pair[2] >= alike}

    assert {(a.number, b.number, share) for a, b, share in near_duplicates(lines, alike)} == wanted
    assert len(wanted) > 10
