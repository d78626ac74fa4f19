"""What one step of training sees of a text."""

import numpy as np

from moderation.classifiers.labels import ALL, DANGER, TOXICITY, Label
from moderation.training.batches import SHORT, cuttings, hidden
from moderation.training.rows import PLACE, Row

MASK, TEXT = 4, list(range(100, 140))


def masked(share: float, ids: list[int], texts: int = 400) -> list[list[int]]:
    rng = np.random.default_rng(3)
    return [hidden(ids, share, MASK, rng) for _ in range(texts)]


def test_every_second_text_loses_the_share_of_its_pieces_and_no_other():
    found = masked(0.2, TEXT)
    lost = [sum(one == MASK for one in ids) for ids in found]

    assert 150 <= sum(count == 0 for count in lost) <= 250
    assert 6 <= np.mean([count for count in lost if count]) <= 10
    assert all(a in (b, MASK) for ids in found for a, b in zip(ids, TEXT, strict=True))


def test_what_marks_the_ends_of_a_text_and_short_texts_stay_whole():
    assert all((ids[0], ids[-1]) == (TEXT[0], TEXT[-1]) for ids in masked(0.9, TEXT))
    assert all(ids == TEXT[: SHORT - 1] for ids in masked(0.9, TEXT[: SHORT - 1]))


def row(text: str, danger: float) -> Row:
    targets = np.full(len(ALL), np.nan, dtype=np.float32)
    targets[[PLACE[label] for label in DANGER]] = danger
    targets[[PLACE[label] for label in TOXICITY]] = 1.0
    return Row(text, targets, np.ones(len(ALL), dtype=np.float32), "open")


def test_a_cutting_is_a_short_piece_of_what_nobody_took_for_danger() -> None:
    told, unknown, harmless = "danger " * 30, "unknown " * 30, "harmless " * 30
    rows = [row(told, 1.0), row(unknown, np.nan), row(harmless, 0.0)]
    found = cuttings(rows, 200, np.random.default_rng(5))

    assert len(found) == 200
    assert all(2 <= len(one.text.split()) <= 14 for one in found)
    assert all(one.text.startswith("h") for one in found)
    assert all(one.targets[PLACE[Label.INTENT_OR_PLAN]] == 0.0 for one in found)
    assert all(np.isnan(one.targets[PLACE[Label.INSULT]]) for one in found)
    assert not cuttings(rows[:2], 200, np.random.default_rng(5))


def test_a_cutting_may_be_the_end_of_its_row() -> None:
    counted = row(" ".join(str(number) for number in range(20)), 0.0)
    found = cuttings([counted], 200, np.random.default_rng(5))

    assert any(one.text.endswith("19") for one in found)
