"""From a published, pickled checkpoint to a folder that is loaded without pickle.

The pickle is opened once, in a process that has nothing to steal (`unpickle.py`). What comes out is
compared with what the library answered from the pickle itself: a conversion that changes any answer
by 1e-4 or more is thrown away.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from moderation.classifiers.choice import KNOWN
from moderation.classifiers.published import PublishedModel
from moderation.classifiers.shipped import GOLDEN, CheckpointError, digest

MAX_DIFFERENCE: Final = 1e-4
SANDBOX_SECONDS: Final = 1200
DOWNLOAD_SECONDS: Final = 60
SHA256: Final = re.compile(r"[0-9a-f]{64}")
SHOWN: Final = 5

PROBES: Final = (
    *GOLDEN,
    "",
    "a",
    "I LOVE this lamp!!! \N{ELECTRIC LIGHT BULB}",
    "shut up, nobody asked you",
    "caf\u00e9 na\u00efve \u2014 \u201cquoted\u201d",
    "the lamp in the hall is warm and the evening is quiet " * 8,
)
"""What both are asked: short, empty, loud, rude, accented and long, all within one window."""

BACKBONES: Final = {
    "BertForSequenceClassification": "bert-base-uncased",
    "RobertaForSequenceClassification": "roberta-base",
    "XLMRobertaForSequenceClassification": "xlm-roberta-base",
    "AlbertForSequenceClassification": "albert-base-v2",
}
"""Whose configuration and tokenizer a published checkpoint was trained with."""

BACKBONE_OF: Final = {
    "original": "bert-base-uncased",
    "unbiased": "roberta-base",
    "multilingual": "xlm-roberta-base",
    "original-small": "albert-base-v2",
    "unbiased-small": "albert-base-v2",
}


@dataclass(frozen=True, slots=True)
class Converted:
    """What was made: the folder's own digest is what `DETOXIFY_SHA256` pins."""

    folder: Path
    sha256: str
    labels: tuple[str, ...]
    difference: float
    opened_as: str
    network: str


def convert(*, source: str, sha256: str, out: Path, base: Path | None = None) -> Converted:
    """Convert `source` (a file, or a published name to download) into the folder `out`.

    `sha256` is the source file's. `base` holds config.json and the tokenizer of its backbone; None
    takes them from the local cache or the network. Raises CheckpointError, saying what to do.
    """
    wanted = sha256.strip().lower()
    if not SHA256.fullmatch(wanted):
        raise CheckpointError("--sha256 must be the 64 hexadecimal digits of the source file")
    if out.exists() and any(out.iterdir()):
        raise CheckpointError(f"the folder {out.name} is not empty")
    with tempfile.TemporaryDirectory(prefix="lantern-convert-") as given:
        work = Path(given).resolve()
        path = _fetched(source, wanted, work)
        _check_hash(path, wanted)
        backbone = work / "base"
        _prepare_base(backbone, base, source)
        opened = work / "opened"
        opened.mkdir()
        _open_apart(path, opened, backbone)
        about = json.loads((opened / "about.json").read_text("utf-8"))
        _check_weights(opened / "model.safetensors", backbone, about["arch"])
        made = work / "made"
        _write(made, backbone, opened, about, name=Path(source).stem, sha256=wanted)
        difference = _parity(made, json.loads((opened / "answers.json").read_text("utf-8")))
        found = _seal(made)
        labels = PublishedModel(made).labels
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, out, dirs_exist_ok=True)
    return Converted(out, found, labels, difference, about["opened_as"], about["network"])


def _fetched(source: str, sha256: str, work: Path) -> Path:
    if source not in KNOWN:
        path = Path(source)
        if not path.is_file():
            raise CheckpointError(f"there is no file {path.name}")
        return path.resolve()
    from detoxify.detoxify import MODEL_URLS

    url: str = MODEL_URLS[source]
    name = url.rpartition("/")[2]
    prefix = name.removesuffix(".ckpt").rpartition("-")[2]
    if not sha256.startswith(prefix):
        raise CheckpointError(f"the SHA-256 of {name} begins with {prefix}, not {sha256[:8]}")
    try:
        with (
            urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as answer,  # noqa: S310 - https, from the library's own table
            (work / name).open("wb") as file,
        ):
            shutil.copyfileobj(answer, file)
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        raise CheckpointError(
            f"{name} could not be downloaded: no network? Download it elsewhere and name the file"
        ) from error
    return work / name


def _check_hash(path: Path, wanted: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise CheckpointError(
            f"{path.name} has the SHA-256 {found}, not {wanted}: it is not opened"
        )


def _prepare_base(folder: Path, base: Path | None, source: str) -> None:
    """Configuration and tokenizer in one folder, from `base` or from wherever they can be had."""
    from transformers import AutoConfig, AutoTokenizer

    if base is not None and not (base / "config.json").is_file():
        raise CheckpointError(f"the folder {base.name} has no config.json of the backbone")
    name = str(base) if base is not None else BACKBONE_OF.get(source, "")
    if not name:
        raise CheckpointError("name the backbone's folder: --base FOLDER")
    try:
        config = AutoConfig.from_pretrained(name, local_files_only=base is not None)
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=base is not None)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            "the backbone's configuration and tokenizer are not here: no network? Give a folder "
            "with config.json and the tokenizer's files: --base FOLDER"
        ) from error
    tokenizer.model_max_length = min(512, int(config.max_position_embeddings))
    tokenizer.save_pretrained(folder)
    config.save_pretrained(folder)
    if not (folder / "tokenizer.json").is_file():
        raise CheckpointError("the backbone's tokenizer cannot be written as tokenizer.json")


def _open_apart(path: Path, opened: Path, backbone: Path) -> None:
    """Run `unpickle.py` with nothing in its environment that is worth having."""
    program = Path(__file__).with_name("unpickle.py")
    bare = {
        "PATH": os.defpath,
        "HOME": str(opened),
        "LANG": "C.UTF-8",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [sys.executable, "-I", str(program), str(path), str(opened), str(backbone)],
            input=json.dumps(PROBES),
            env=bare,
            cwd=opened,
            capture_output=True,
            text=True,
            timeout=SANDBOX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CheckpointError("the checkpoint took too long to open") from None
    if done.returncode != 0:
        raise CheckpointError(_why(done.stderr))


def _why(said: str) -> str:
    last = said.strip().splitlines()[-1] if said.strip() else "it ended without a word"
    if "not_a_checkpoint" in last:
        return 'it is not a Detoxify checkpoint: "config" and "state_dict" are expected'
    if "a checkpoint tried" in last:
        return f"it was stopped while it was opened: {last.rpartition(':')[2].strip()}"
    return f"it could not be opened: {last[:200]}"


def _check_weights(weights: Path, backbone: Path, arch: dict[str, Any]) -> None:
    """Every weight of the model is there by its name and shape, and there is none besides."""
    import torch
    import transformers
    from safetensors import safe_open

    model_class = getattr(transformers, arch["model_name"], None)
    if model_class is None or arch["model_name"] not in BACKBONES:
        raise CheckpointError(f"{arch['model_name']} is not a model that was published")
    config = model_class.config_class.from_pretrained(backbone, num_labels=arch["num_classes"])
    with torch.device("meta"):
        model = model_class(config)
    expected = {
        name: tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
        if not name.endswith("position_ids")
    }
    with safe_open(weights, framework="pt") as file:
        found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    for what, names in (
        ("lacks", expected.keys() - found.keys()),
        ("has unknown", found.keys() - expected.keys()),
        ("has misshapen", {n for n in expected.keys() & found if expected[n] != found[n]}),
    ):
        if names:
            some = ", ".join(sorted(names)[:SHOWN])
            raise CheckpointError(f"the checkpoint {what} weights ({len(names)}): {some}")


def _write(
    made: Path, backbone: Path, opened: Path, about: dict[str, Any], *, name: str, sha256: str
) -> None:
    made.mkdir()
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(backbone / file, made / file)
    shutil.copyfile(opened / "model.safetensors", made / "model.safetensors")
    pieces = json.loads((made / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    ordered = (
        sorted(pieces, key=lambda p: pieces[p])
        if isinstance(pieces, dict)
        else [p[0] for p in pieces]
    )
    (made / "vocab.txt").write_text("".join(f"{piece}\n" for piece in ordered), encoding="utf-8")
    config = {
        "arch": {"args": {**about["arch"], "model_type": ""}},
        "dataset": {"args": {"classes": about["classes"]}},
    }
    notes = {"source_sha256": sha256, "opened_as": about["opened_as"]}
    text = json.dumps(
        {"version": f"{name[:20]} {sha256[:8]}", "notes": notes, "config": config}, indent=2
    )
    (made / "detoxify.json").write_text(text + "\n", encoding="utf-8")


def _parity(made: Path, answers: dict[str, list[float]]) -> float:
    """The largest difference from the library's own answers; raises where it is 1e-4 or more."""
    model = PublishedModel(made)
    found = model.probabilities(PROBES)
    if set(answers) != set(model.labels):
        raise CheckpointError("the converted checkpoint does not name the same labels")
    wanted = np.stack([np.asarray(answers[label]) for label in model.labels], axis=1)
    difference = float(np.abs(found - wanted).max())
    if not difference < MAX_DIFFERENCE:
        raise CheckpointError(f"answers differ from the library's by {difference:.2g}: thrown away")
    return difference


def _seal(made: Path) -> str:
    """Store how the golden sentences are read, then the digest of all files beside them."""
    path = made / "detoxify.json"
    about = json.loads(path.read_text("utf-8"))
    golden = PublishedModel(made).probabilities(GOLDEN)
    about["golden"] = [[round(float(score), 5) for score in row] for row in golden]
    path.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    found = digest(made)
    (made / "SHA256").write_text(found + "\n", encoding="ascii")
    return found
