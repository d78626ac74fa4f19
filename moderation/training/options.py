"""The arguments of the two commands, shared by `manage.py` and `python -m moderation.training`."""

import argparse
import os
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from moderation.classifiers.shipped import CheckpointError
from moderation.training.corpus import CORPUS, CorpusError
from moderation.training.loop import Plan, Say
from moderation.training.refusal import Refused

MENDABLE: Final = (Refused, CheckpointError, CorpusError, OSError)
"""What whoever typed the command can mend: they see one line instead of a traceback."""

WRITTEN: Final = ("json", "scores", "staff_figures")


def add_training(parser: argparse.ArgumentParser) -> None:
    """What `train_classifier` takes."""
    parser.add_argument("--data", type=Path, required=True, help="folder with the training files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--work", type=Path, required=True, help="folder for the state of the run")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of our own messages")
    parser.add_argument(
        "--own-share", type=float, default=1.0, help="share of our own messages to use, by lot"
    )
    parser.add_argument(
        "--own-whole",
        nargs="*",
        default=[],
        metavar="FILE",
        help="files of the corpus to use whole beside that, as negative/texts-none.txt",
    )
    parser.add_argument("--name", default="dev", help="version written into the checkpoint")
    parser.add_argument("--share", type=float, default=1.0, help="share of the open rows to use")
    parser.add_argument(
        "--whole-sources",
        action="store_true",
        help="every open row, also of the large sources whose labels are coarse",
    )
    parser.add_argument("--pieces", type=int, default=14000, help="word pieces to keep")
    parser.add_argument("--start-from", type=Path, help="a checkpoint folder to go on from")
    parser.add_argument(
        "--blend-with",
        type=Path,
        nargs="*",
        default=[],
        help="earlier checkpoint folders of this line, whose mean with the trained one is written",
    )
    plan = Plan()
    for field in fields(Plan):
        default = getattr(plan, field.name)
        flag = "--" + field.name.replace("_", "-")
        parser.add_argument(flag, type=type(default), default=default)


def run_training(given: dict[str, Any], say: Say) -> None:
    """Train as asked. Raises one of `MENDABLE` where it cannot."""
    from moderation.training.run import train

    plan = Plan(**{field.name: given[field.name] for field in fields(Plan)})
    digest = train(
        data=given["data"],
        out=given["out"],
        work=given["work"],
        version=given["name"],
        plan=plan,
        say=say,
        corpus=given["corpus"],
        share=given["share"],
        pieces=given["pieces"],
        start_from=given["start_from"],
        blend_with=given["blend_with"],
        whole_sources=given["whole_sources"],
        own_share=given["own_share"],
        own_whole=given["own_whole"],
    )
    say(f"wrote {given['out']} with digest {digest}")


def add_evaluation(parser: argparse.ArgumentParser) -> None:
    """What `evaluate_classifier` takes."""
    parser.add_argument("--data", type=Path, nargs="*", default=[], help="CSV files, plain or gzip")
    parser.add_argument("--checkpoint", type=Path, help="folder; the shipped one by default")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--scores", type=Path, help="write one line of scores per row here")
    parser.add_argument("--own", action="store_true", help="also the corpus's held-out fifth")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of our own messages")
    parser.add_argument(
        "--staff-figures", type=Path, help="write figures.json, as staff see it, here (with --own)"
    )
    parser.add_argument(
        "--card", type=Path, help="a checkpoint folder: write the figures into its README.md"
    )


def run_evaluation(given: dict[str, Any], say: Say) -> None:
    """Measure as asked, and say the table. Raises one of `MENDABLE` where it cannot."""
    from moderation.training.card import check_card, write_figures
    from moderation.training.evaluation import evaluate
    from moderation.training.report import as_json, rendered, staff_entries, write_scores

    _check_places(given)
    if given["card"]:
        check_card(given["card"], given["checkpoint"])
    done = evaluate(
        files=given["data"],
        say=say,
        checkpoint=given["checkpoint"],
        own=given["own"],
        corpus=given["corpus"],
    )
    for line in rendered(done):  # First: a disk that fills up must not cost the figures.
        say(line)
    if given["json"]:
        given["json"].write_text(as_json(done, done.entries), encoding="utf-8")
    if given["scores"]:
        write_scores(given["scores"], done.rows)
    if given["staff_figures"]:
        staff = as_json(done, staff_entries(done.entries))
        given["staff_figures"].write_text(staff, encoding="utf-8")
    if given["card"]:
        write_figures(given["card"], done)


def _check_places(given: dict[str, Any]) -> None:
    """Before hours of reading, not after."""
    taken = [path.resolve() for path in given["data"]]
    for name in WRITTEN:
        path: Path | None = given[name]
        if path is None:
            continue
        if not path.parent.is_dir():
            raise Refused(f"There is no folder {path.parent} to write {path.name} to.")
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise Refused(f"{path} cannot be written.")
        if path.resolve() in taken:
            raise Refused(f"{path} is named twice: it would be written over.")
        taken.append(path.resolve())
    if given["staff_figures"] and not given["own"]:
        raise Refused("Staff see the figures of our own messages first: add --own.")
