"""How fast the encoder reads, beside `Detoxify.predict` called message by message.

Same checkpoint, same process, one thread each, taken in turns so that a busy machine slows both.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from moderation.classifiers.encoder import Encoder
from moderation.classifiers.library import LibraryBackend
from moderation.classifiers.shipped import verified
from moderation.training.corpus import read_corpus

LENGTHS: Final = (12, 40, 120)
"""Word pieces of one message, about: a line, a paragraph, a long post."""

SINGLE_RUNS: Final = 200
MIX: Final = 384
ROUNDS: Final = 3
CHOICES: Final = 40
"""Messages looked at for one of the wanted length."""

BATCH: Final = 64
"""What a worker reads at once; see SCREENING_BATCH."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds per message alone (p50, p99) by length, and messages per second on a mix."""

    name: str
    p50: dict[int, float]
    p99: dict[int, float]
    messages_per_second: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


Read = Callable[[Sequence[str]], object]


def bench(
    checkpoint: Path | None, prepared: Path | None, *, rounds: int = ROUNDS, seed: int = 0
) -> list[Speed]:
    """Speeds of the encoder as a worker runs it, and of the library called per message."""
    encoder = Encoder.load(checkpoint, prepared=prepared)
    library = LibraryBackend(verified(checkpoint)).detoxify
    readers: dict[str, Read] = {
        f"lantern ({encoder.backend.kind})": lambda texts: _in_batches(encoder, texts),
        "Detoxify.predict": lambda texts: [library.predict(text) for text in texts],
    }
    mix = realistic_mix(seed)
    for read in readers.values():
        read(mix[:16])
    alone = {length: _alone(readers, _of_length(encoder, length)) for length in LENGTHS}
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, read in readers.items():
            start = time.perf_counter()
            read(mix)
            rates[name].append(MIX / (time.perf_counter() - start))
    return [
        Speed(
            name,
            {length: float(np.percentile(alone[length][name], 50)) for length in LENGTHS},
            {length: float(np.percentile(alone[length][name], 99)) for length in LENGTHS},
            float(np.median(rates[name])),
        )
        for name in readers
    ]


def _in_batches(encoder: Encoder, texts: Sequence[str]) -> None:
    for start in range(0, len(texts), BATCH):
        encoder.probabilities(texts[start : start + BATCH])


def _alone(readers: dict[str, Read], text: str) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(SINGLE_RUNS):
        for name, read in readers.items():
            start = time.perf_counter()
            read([text])
            times[name].append((time.perf_counter() - start) * 1000)
    return times


def realistic_mix(seed: int = 0) -> list[str]:
    """Our own messages, slips and slang and all, in lengths as in chat: mostly a line, a few long.

    Each is the one of a handful whose number of words is nearest to what was drawn.
    """
    rng = np.random.default_rng(seed)
    lines = _corpus_texts()
    sizes = np.array([len(text.split()) for text in lines])
    wanted = np.clip(rng.lognormal(mean=2.6, sigma=0.8, size=MIX), 2, 200)
    looked_at = (rng.integers(len(lines), size=CHOICES) for _ in wanted)
    nearest = (
        int(some[np.abs(sizes[some] - size).argmin()])
        for size, some in zip(wanted, looked_at, strict=True)
    )
    return [lines[place] for place in nearest]


def _of_length(encoder: Encoder, pieces: int) -> str:
    """Our own messages, one after the other, cut where that many word pieces are full."""
    words = " ".join(_corpus_texts()[:: len(_corpus_texts()) // 40]).split()
    for count in range(1, len(words)):
        text = " ".join(words[:count])
        windows, _ = encoder.windows([text])
        if sum(len(ids) for _, ids in windows) >= pieces:
            return text
    raise ValueError(f"our own messages do not fill {pieces} word pieces")


@lru_cache(maxsize=1)
def _corpus_texts() -> list[str]:
    return [line.text for line in read_corpus()]


def rendered(speeds: Sequence[Speed]) -> list[str]:
    """The table for a terminal, with how many times faster the first is than the last."""
    lines = [f"{'':26}" + "".join(f"{n:>4} tokens p50/p99 ms " for n in LENGTHS) + "  messages/s"]
    for speed in speeds:
        cells = "".join(f"{speed.p50[n]:12.1f} /{speed.p99[n]:7.1f} " for n in LENGTHS)
        lines.append(f"{speed.name:26}{cells}{speed.messages_per_second:12.0f}")
    first, last = speeds[0], speeds[-1]
    times = ", ".join(f"{last.p50[n] / first.p50[n]:.1f}x at {n}" for n in LENGTHS)
    rate = first.messages_per_second / last.messages_per_second
    return [*lines, f"faster: p50 {times} tokens; {rate:.1f}x on the mix"]
