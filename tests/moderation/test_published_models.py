"""Published Detoxify models: converted once, apart, and then the same to four decimals."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from moderation import readers
from moderation.classifiers.base import Reading, Signal
from moderation.classifiers.choice import check_folder, folder_of, is_whole, labels_of
from moderation.classifiers.conversion import convert
from moderation.classifiers.folding import plain
from moderation.classifiers.labels import CRISIS, TOXICITY, Label
from moderation.classifiers.published import PublishedModel, with_published
from moderation.classifiers.shipped import CheckpointError, digest
from moderation.policy import PolicyContext, decide
from tests.moderation.backbones import ORIGINAL, PUBLISHED, make_backbone
from tests.moderation.test_pickle_hook import Calls

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_backbone(tmp_path_factory.mktemp("base"), "original")


def publish(file: Path, base: Path, name: str, **changes: Any) -> Path:
    """A pickle as Detoxify publishes them, with random weights on the backbone in ``base``."""
    import transformers

    published = PUBLISHED[name]
    outputs = changes.get("outputs", published.outputs)
    model_name = f"{published.kind}ForSequenceClassification"
    torch.manual_seed(len(file.name))
    config: Any = getattr(transformers, f"{published.kind}Config")
    model: Any = getattr(transformers, model_name)(config.from_pretrained(base, num_labels=outputs))
    head = model.classifier
    torch.nn.init.normal_(getattr(head, "out_proj", head).weight, std=0.5)
    weights = OrderedDict(model.state_dict())
    if published.kind == "Bert":
        weights["bert.embeddings.position_ids"] = torch.arange(512).unsqueeze(0)
    arch = {
        "num_classes": outputs,
        "model_type": published.first_name,
        "model_name": model_name,
        "tokenizer_name": f"{published.kind}Tokenizer",
    }
    dataset = {"classes": published.classes, "identity_classes": ["male"]}
    loaded: dict[str, Any] = {
        "state_dict": weights,
        "config": {
            "name": name,
            "arch": {"type": published.kind.upper(), "args": arch},
            "dataset": {"args": dataset},
        },
    }
    change = changes.get("change")
    torch.save(change(loaded) if change else loaded, file)
    return file


@pytest.fixture(scope="module")
def checkpoint(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("published")

    def make(name: str, change: Callable[..., Any] | None = None, outputs: int = 6) -> Path:
        return publish(folder / f"{name}.ckpt", base, "original", change=change, outputs=outputs)

    return make


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Conversion(NamedTuple):
    """A checkpoint on its backbone, and what the command made of it and said."""

    backbone: Path
    source: Path
    made: Path
    said: str


@pytest.fixture(scope="module")
def conversion_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Conversion]:
    """Each is made once: all of torch is loaded anew for it, in a process apart."""

    @cache
    def make(name: str) -> Conversion:
        backbone = make_backbone(tmp_path_factory.mktemp("backbone"), name)
        folder, said = tmp_path_factory.mktemp("published"), StringIO()
        source, made = publish(folder / "tiny.ckpt", backbone, name), folder / "made"
        given: dict[str, Any] = {"sha256": sha(source), "out": made, "base": backbone}
        call_command("convert_checkpoint", str(source), stdout=said, **given)
        return Conversion(backbone, source, made, said.getvalue())

    return make


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_converted_model_answers_as_the_library_does_label_by_label(
    name: str, conversion_of: Callable[[str], Conversion]
) -> None:
    backbone, source, made, said = conversion_of(name)
    pin = said.split("DETOXIFY_SHA256=")[1].strip()
    assert "less than 0.0001" in said
    assert not [path for path in made.iterdir() if path.suffix in (".ckpt", ".pt", ".bin", ".pkl")]
    assert set(labels_of(made)) >= set(map(str, TOXICITY))
    texts = ["you are stupid", "the lamp is warm"]
    reader = with_published(made, pin, Ours())
    for row, signals in zip(
        asked_directly(name, backbone, source, texts), reader.read(texts), strict=True
    ):
        by_label = {signal.label: signal.score for signal in signals}
        for position, given in enumerate(labels_of(made)):
            assert by_label[given] == pytest.approx(float(row[position]), abs=1e-4)


def asked_directly(name: str, backbone: Path, source: Path, texts: list[str]) -> Any:
    """The same weights in the model's own class, without the library and without us."""
    import transformers

    published = PUBLISHED[name]
    config: Any = getattr(transformers, f"{published.kind}Config")
    model: Any = getattr(transformers, f"{published.kind}ForSequenceClassification")(
        config.from_pretrained(backbone, num_labels=published.outputs)
    )
    model.load_state_dict(torch.load(source, weights_only=False)["state_dict"], strict=False)
    model.eval()
    inputs = transformers.AutoTokenizer.from_pretrained(backbone)(
        texts, return_tensors="pt", padding=True
    )
    with torch.no_grad():
        return torch.sigmoid(model(**inputs)[0]).numpy()


class Ours:
    """Stands where our own encoder stands."""

    name, version = "encoder", "ours"

    def read(self, texts: Any) -> list[tuple[Signal, ...]]:
        both = (Signal("ideation", 0.7, "encoder", "ours"), Signal("toxicity", 0.7, "encoder", "o"))
        return [both for _ in texts]


@pytest.fixture(scope="module")
def converted(conversion_of: Callable[[str], Conversion]) -> Path:
    return conversion_of("original").made


def test_crisis_is_still_read_by_our_own_and_toxicity_by_theirs(converted: Path) -> None:
    (signals,) = with_published(converted, "", Ours()).read(["you are stupid"])
    by_label = {signal.label: signal for signal in signals}
    assert by_label["ideation"].version == "ours"
    assert by_label["toxicity"].version.startswith("tiny")
    assert len(signals) == len(by_label)
    assert not is_whole(converted)
    assert not set(labels_of(converted)) & set(map(str, CRISIS))


@pytest.mark.parametrize("said", ["you are stup1d", "YOU ARE STUPID", "уоu are stupiiiid"])
def test_a_disguise_makes_nothing_milder(converted: Path, said: str) -> None:
    reader = with_published(converted, "", Ours())
    plainly, disguised = (
        {s.label: s.score for s in signals if s.label in TOXICITY}
        for signals in reader.read([plain(said), said])
    )
    assert plainly
    assert all(disguised[label] >= score - 1e-6 for label, score in plainly.items())


def test_what_only_a_published_model_reads_for_reaches_the_policy(
    conversion_of: Callable[[str], Conversion],
) -> None:
    reader = with_published(conversion_of("unbiased").made, "", Ours())
    (signals,) = reader.read(["you are stupid"])
    (explicit,) = [signal for signal in signals if signal.label == Label.SEXUAL_EXPLICIT]
    sure = replace(explicit, score=0.99)
    verdict = decide(Reading((sure,)), PolicyContext("forum"))
    assert (verdict.action, verdict.notice) == ("hold", "held_for_person")


def test_a_text_that_grows_when_it_is_folded_is_still_read(converted: Path) -> None:
    reader = with_published(converted, "", Ours())
    assert len(reader.read(["🙂" * 9_000])[0]) > 1


def test_what_comes_late_in_a_long_text_counts(converted: Path) -> None:
    model = PublishedModel(converted)
    tail = "you are stupid"
    long = "the lamp is warm " * 400 + tail
    alone, together = model.probabilities([tail, long])
    assert np.isfinite(together).all()
    quiet = model.probabilities(["the lamp is warm " * 400])[0]
    assert (together >= 0).all()
    assert not np.allclose(together, quiet, atol=1e-7)
    assert alone.shape == together.shape


@pytest.mark.parametrize("text", ["", "\ud800", "\x00", "🙂" * 50, "a" * 5000, " \n"])
def test_odd_text_is_read_and_one_is_as_many(converted: Path, text: str) -> None:
    model = PublishedModel(converted)
    alone = model.probabilities([text])
    among = model.probabilities(["the lamp", text, "you are stupid and nobody asked"])
    assert np.allclose(alone[0], among[1], atol=1e-5)


def test_another_digest_is_refused(converted: Path) -> None:
    with pytest.raises(CheckpointError, match="SHA-256"):
        with_published(converted, "0" * 64, Ours())


def test_a_missing_file_a_wrong_hash_and_a_full_folder_say_so(
    base: Path, checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    source = checkpoint("plain")
    with pytest.raises(CommandError, match=r"no file gone\.ckpt"):
        call_command("convert_checkpoint", "gone.ckpt", sha256="a" * 64, out=tmp_path / "x")
    with pytest.raises(CheckpointError, match="not opened"):
        convert(source=str(source), sha256="a" * 64, out=tmp_path / "x", base=base)
    with pytest.raises(CheckpointError, match="64 hexadecimal"):
        convert(source=str(source), sha256="c1212f89", out=tmp_path / "x", base=base)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(CheckpointError, match="not empty"):
        convert(source=str(source), sha256=sha(source), out=tmp_path / "full", base=base)


def _without_a_weight(loaded: dict[str, Any]) -> dict[str, Any]:
    del loaded["state_dict"]["classifier.bias"]
    return loaded


def _not_one(loaded: dict[str, Any]) -> dict[str, Any]:
    return dict(loaded["state_dict"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without_a_weight, r"lacks weights \(1\): classifier\.bias"),
        (_not_one, "not a Detoxify checkpoint"),
    ],
)
def test_a_checkpoint_that_is_not_whole_is_named_and_thrown_away(
    base: Path,
    checkpoint: Callable[..., Path],
    tmp_path: Path,
    change: Callable[..., Any],
    words: str,
) -> None:
    source = checkpoint(change.__name__, change)
    with pytest.raises(CheckpointError, match=words):
        convert(source=str(source), sha256=sha(source), out=tmp_path / "made", base=base)
    assert not (tmp_path / "made").exists()


def test_a_pickle_that_runs_things_is_stopped(
    base: Path, checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    mark = tmp_path / "it-ran"
    source = checkpoint("evil", lambda c: {**c, "x": Calls(os.system, f"touch {mark}")})
    with pytest.raises(CheckpointError, match="stopped while it was opened"):
        convert(source=str(source), sha256=sha(source), out=tmp_path / "made", base=base)
    assert not mark.exists()
    assert not (tmp_path / "made").exists()


def test_a_pickle_finds_no_secret_in_its_environment(
    base: Path,
    checkpoint: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_KEY", "keep-me")
    nosy = Calls(os.getenv, "SECRET_KEY", "nothing to see")
    source = checkpoint("nosy", lambda c: _with_class(c, [*ORIGINAL, nosy]), outputs=7)
    made = convert(source=str(source), sha256=sha(source), out=tmp_path / "made", base=base)
    assert made.opened_as == "full pickle"
    assert made.labels[-1] == "nothing to see"


def _with_class(loaded: dict[str, Any], classes: list[Any]) -> dict[str, Any]:
    loaded["config"]["dataset"]["args"]["classes"] = classes
    return loaded


def test_without_a_network_a_published_name_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CheckpointError, match="begins with c1212f89"):
        convert(source="original", sha256="a" * 64, out=tmp_path / "made")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match="Download it elsewhere"):
        convert(source="original", sha256="c1212f89" + "a" * 56, out=tmp_path / "made")


def test_a_backbone_that_is_not_here_says_what_to_do(
    checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    source = checkpoint("bare")
    with pytest.raises(CheckpointError, match="--base FOLDER"):
        convert(source=str(source), sha256=sha(source), out=tmp_path / "made")
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        convert(source=str(source), sha256=sha(source), out=tmp_path / "made", base=tmp_path)


def test_a_setting_names_a_folder_or_says_what_is_missing(tmp_path: Path, converted: Path) -> None:
    assert folder_of("bundled", tmp_path) is None
    assert folder_of(str(converted), tmp_path) == converted
    (tmp_path / "unbiased").mkdir()
    assert folder_of("unbiased", tmp_path) == tmp_path / "unbiased"
    with pytest.raises(CheckpointError, match="convert_checkpoint makes it"):
        check_folder(tmp_path / "original")
    (tmp_path / "file.ckpt").touch()
    with pytest.raises(CheckpointError, match="convert it first"):
        check_folder(tmp_path / "file.ckpt")


def test_the_readers_of_a_process_take_the_model_that_the_setting_names(
    converted: Path, settings: Any
) -> None:
    settings.DETOXIFY_MODEL = str(converted)
    settings.DETOXIFY_SHA256 = (converted / "SHA256").read_text().strip()
    readers.use_readers([])
    assert "with tiny" in readers.versions(readers.readers())
    assert readers.all_can_read()
    readers.use_readers([])


def test_a_model_whose_answers_changed_is_not_used(converted: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(converted, copy)
    about = json.loads((copy / "detoxify.json").read_text())
    about["golden"][0][0] += 0.01
    (copy / "detoxify.json").write_text(json.dumps(about))
    with pytest.raises(CheckpointError, match="does not answer as it did"):
        with_published(copy, digest(copy), Ours())


def test_a_model_that_lacks_a_label_of_toxicity_is_not_used(
    converted: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(converted, copy)
    about = json.loads((copy / "detoxify.json").read_text())
    about["config"]["dataset"]["args"]["classes"][-1] = "nothing to see"
    (copy / "detoxify.json").write_text(json.dumps(about))
    with pytest.raises(CheckpointError, match="lacks toxicity labels"):
        with_published(copy, digest(copy), Ours())


def test_labels_that_cannot_be_read_are_an_error_and_not_a_silence(tmp_path: Path) -> None:
    (tmp_path / "detoxify.json").write_text(json.dumps({"config": {}}))
    with pytest.raises(CheckpointError, match="no readable labels"):
        labels_of(tmp_path)
