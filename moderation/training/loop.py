"""The training loop: seeded, resumable, on CPU or GPU."""

import hashlib
import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from moderation.classifiers.labels import ALL, CRISIS, SAFEGUARDING
from moderation.training.batches import Batch, cuttings, epoch, mixed, plain_rows
from moderation.training.model import drop_out, freeze
from moderation.training.refusal import Refused
from moderation.training.rows import PLACE, Row

Say = Callable[[str], None]
Beginning = dict[str, str]
STATE: Final = "state.pt"
STEPS_BETWEEN_WORDS: Final = 25


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `budget` is padded tokens a step; `frozen` lower layers stay as they are.

    `dropout` is inside the encoder: on a GPU it costs nothing, on a CPU it doubles a step's time.
    With `average` over 0 the weights that are written are a running mean of those of the last
    `1 / (1 - average)` steps or so, which are steadier than the last step's own. `hide` is the
    share of word pieces masked in every second text: it asks for no time. `cuttings` are short
    pieces of open rows, so many an epoch, which are no danger.
    """

    epochs: int = 4
    max_tokens: int = 96
    budget: int = 4096
    rate: float = 1.5e-4
    head_rate: float = 1e-3
    warm_up: float = 0.06
    frozen: int = 0
    mixed_share: float = 0.5
    own_repeats: int = 3
    positive_weight: float = 2.0
    average: float = 0.0
    dropout: float = 0.0
    hide: float = 0.0
    cuttings: int = 0
    seed: int = 20261123
    device: str = "cpu"
    threads: int = 1
    save_steps: int = 100


@dataclass(slots=True)
class Progress:
    """Where a run is: enough to go on after being stopped."""

    epoch: int = 0
    step_in_epoch: int = 0
    step: int = 0
    loss: float = 0.0


class Trainer:
    """Trains `model` on open rows and our own. `folder` holds the state between two starts."""

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        plan: Plan,
        folder: Path,
        say: Say,
    ) -> None:
        self.model = model.to(plan.device)
        self.tokenizer, self.plan, self.folder, self.say = tokenizer, plan, folder, say
        freeze(model, plan.frozen)
        drop_out(model, plan.dropout)
        self.progress = Progress()
        self.begun_from: Beginning = {}
        self.halved = halves(plan.device)
        self.optimizer = _optimizer(model, plan)
        steady = get_ema_multi_avg_fn(plan.average)  # type: ignore[no-untyped-call]
        self.mean = AveragedModel(self.model, multi_avg_fn=steady)
        self.positive = torch.ones(len(ALL), device=plan.device)
        for label in (*CRISIS, *SAFEGUARDING):
            self.positive[PLACE[label]] = plan.positive_weight

    def run(self, open_rows: list[Row], own_rows: list[Row]) -> None:
        """Train to the end of the plan, from wherever `folder` says it stopped.

        Raises Refused where it stopped with another plan, or began from something else.
        """
        torch.manual_seed(self.plan.seed)
        torch.set_num_threads(self.plan.threads)
        self.begun_from = beginning(self.model, self.tokenizer, open_rows, own_rows)
        self._resume()
        folded_open, folded_own = plain_rows(open_rows), plain_rows(own_rows)
        total = self._total(folded_open, folded_own)
        for number in range(self.progress.epoch, self.plan.epochs):
            for index, batch in enumerate(self._batches(folded_open, folded_own, number)):
                if index < self.progress.step_in_epoch:
                    continue
                self._step(batch, total)
                self.progress.step_in_epoch = index + 1
                if self.progress.step % self.plan.save_steps == 0:
                    self.save()
            self.progress = replace(self.progress, epoch=number + 1, step_in_epoch=0)
            self.save()
        self.model.load_state_dict(self.mean.module.state_dict())

    def _batches(self, open_rows: list[Row], own: list[Row], number: int) -> Any:
        """The same batches for the same epoch of the same plan, however often it is started."""
        rng = np.random.default_rng([self.plan.seed, number])
        rows = open_rows + own * self.plan.own_repeats
        rows += cuttings(open_rows, self.plan.cuttings, rng)
        if len(own) >= 4:
            rows = rows + mixed(own, self.plan.mixed_share, rng)
        return epoch(
            rows,
            self.tokenizer,
            max_tokens=self.plan.max_tokens,
            budget=self.plan.budget,
            rng=rng,
            hide=self.plan.hide,
        )

    def _total(self, open_rows: list[Row], own: list[Row]) -> int:
        return self.plan.epochs * sum(1 for _ in self._batches(open_rows, own, 0))

    def _step(self, batch: Batch, total: int) -> None:
        self._set_rates(total)
        self.model.train()
        device = self.plan.device
        with torch.autocast(
            device_type=device.split(":")[0], dtype=torch.bfloat16, enabled=self.halved
        ):
            logits = self.model(
                input_ids=batch.ids.to(device), attention_mask=batch.mask.to(device)
            ).logits
        loss = masked_loss(
            logits.float(), batch.targets.to(device), batch.weights.to(device), self.positive
        )
        if not math.isfinite(loss.item()):
            raise FloatingPointError("the loss is no longer a number: lower the rate")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.mean.update_parameters(self.model)
        progress = self.progress
        progress.step += 1
        progress.loss = 0.98 * progress.loss + 0.02 * loss.item() if progress.loss else loss.item()
        if progress.step % STEPS_BETWEEN_WORDS == 0:
            self.say(f"step {progress.step}/{total} loss {progress.loss:.4f}")

    def _set_rates(self, total: int) -> None:
        done = self.progress.step / max(total, 1)
        warm = self.plan.warm_up
        share = done / warm if done < warm else max(0.0, (1 - done) / (1 - warm))
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * max(share, 0.01)

    def save(self) -> None:
        """Write the state beside, then put it in place: a kill cannot leave half a file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state = {
            "model": self.model.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": asdict(self.progress),
            "plan": asdict(self.plan),
            "begun_from": self.begun_from,
            "chance": _chance(self.plan.device),
        }
        torch.save(state, self.folder / "state.tmp")
        os.replace(self.folder / "state.tmp", self.folder / STATE)

    def _resume(self) -> None:
        path = self.folder / STATE
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state["plan"] != asdict(self.plan):
            raise Refused(f"{self.folder} holds a run of another plan: give another folder.")
        before = state.get("begun_from", {})
        other = [what for what, found in self.begun_from.items() if before.get(what) != found]
        if other:
            differs = ", ".join(other)
            raise Refused(f"{self.folder} holds a run of other {differs}: give another folder.")
        self.model.load_state_dict(state["model"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])
        _set_chance(state["chance"])
        self.say(f"goes on from step {self.progress.step}")


def beginning(model: Any, tokenizer: Tokenizer, open_rows: list[Row], own: list[Row]) -> Beginning:
    """Digests of all that a run begins from, by what it is called: the plan apart."""
    weights = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        weights.update(name.encode())
        weights.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return {
        "open rows": _rows_digest(open_rows),
        "own messages": _rows_digest(own),
        "word pieces": hashlib.sha256(tokenizer.to_str().encode()).hexdigest(),
        "weights to begin from": weights.hexdigest(),
    }


def _rows_digest(rows: list[Row]) -> str:
    found = hashlib.sha256()
    for row in rows:
        found.update(f"{len(row.text)} {row.source} ".encode())
        found.update(row.text.encode("utf-8", "surrogatepass"))
        found.update(row.targets.tobytes() + row.weights.tobytes())
    return found.hexdigest()


def _chance(device: str) -> list[torch.Tensor]:
    """Where torch's random numbers are: a run that goes on must drop out what it would have."""
    cuda = torch.cuda.get_rng_state_all() if device.startswith("cuda") else []
    return [torch.get_rng_state(), *cuda]


def _set_chance(states: list[torch.Tensor]) -> None:
    torch.set_rng_state(states[0])
    if states[1:]:
        torch.cuda.set_rng_state_all(states[1:])


def halves(device: str) -> bool:
    """Whether to multiply in bfloat16: a CPU without instructions for it took 35 times as long."""
    if not device.startswith("cpu"):
        return True
    return bool(torch.cpu._is_avx512_bf16_supported())


def masked_loss(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, positive: torch.Tensor
) -> torch.Tensor:
    """Cross-entropy over what was annotated: a label that nobody gave pulls nowhere."""
    known = ~torch.isnan(targets)
    each = binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(targets), reduction="none", pos_weight=positive
    )
    counted = known * weights
    return (each * counted).sum() / counted.sum().clamp(min=1.0)


def _optimizer(model: Any, plan: Plan) -> torch.optim.Optimizer:
    """AdamW; the head learns faster than the encoder, and the lower layers slower."""
    head = [*model.classifier.parameters(), *model.bert.pooler.parameters()]
    groups: list[dict[str, Any]] = [{"params": head, "peak": plan.head_rate, "lr": plan.head_rate}]
    for index, layer in enumerate(model.bert.encoder.layer):
        if index >= plan.frozen:
            rate = plan.rate * 0.85 ** (len(model.bert.encoder.layer) - 1 - index)
            groups.append({"params": list(layer.parameters()), "peak": rate, "lr": rate})
    if plan.frozen == 0:
        words = list(model.bert.embeddings.parameters())
        groups.append({"params": words, "peak": plan.rate * 0.3, "lr": plan.rate * 0.3})
    return torch.optim.AdamW(groups, lr=plan.rate, weight_decay=0.01, fused=True)
