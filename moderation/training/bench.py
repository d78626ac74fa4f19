"""How fast the encoder reads, beside `Detoxify.predict` called message by message.

Same checkpoint, same process, one thread each, taken in turns so that a busy machine slows both.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from moderation.classifiers.encoder import Encoder
from moderation.classifiers.library import LibraryBackend
from moderation.classifiers.shipped import verified

LENGTHS: Final = (12, 40, 120)
"""Word pieces of one message, about: a line, a paragraph, a long post."""

SINGLE_RUNS: Final = 60
MIX: Final = 384
ROUNDS: Final = 3
BATCH: Final = 64
"""What a worker reads at once; see SCREENING_BATCH."""

TALK: Final = (
    "i dont know what to say but today was long and school was loud so we went home and had tea "
    "then my friend called and we talked about the film and what to do at the weekend if it rains"
)


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
    alone = {length: _alone(readers, " ".join(_words(length))) for length in LENGTHS}
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
    """Messages whose lengths are spread as in chat: most are a line, a few are long."""
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.lognormal(mean=2.6, sigma=0.8, size=MIX), 2, 200).astype(int)
    return [" ".join(_words(int(length), int(rng.integers(40)))) for length in lengths]


def _words(count: int, start: int = 0) -> list[str]:
    words = TALK.split()
    return [words[(start + i) % len(words)] for i in range(count)]


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
