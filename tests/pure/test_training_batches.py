"""What one step of training sees of a text."""

import numpy as np

from moderation.training.batches import SHORT, hidden

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
