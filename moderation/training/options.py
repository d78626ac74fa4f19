"""The arguments of the two commands, shared by `manage.py` and `python -m moderation.training`."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from moderation.training.corpus import CORPUS
from moderation.training.loop import Plan, Say


def add_training(parser: argparse.ArgumentParser) -> None:
    """What `train_classifier` takes."""
    parser.add_argument("--data", type=Path, required=True, help="folder with the training files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--work", type=Path, required=True, help="folder for the state of the run")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of our own messages")
    parser.add_argument("--name", default="dev", help="version written into the checkpoint")
    parser.add_argument("--share", type=float, default=1.0, help="share of the open rows to use")
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
    """Train as asked."""
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
    )
    say(f"wrote {given['out']} with digest {digest}")


def add_evaluation(parser: argparse.ArgumentParser) -> None:
    """What `evaluate_classifier` takes."""
    parser.add_argument("--data", type=Path, nargs="*", default=[], help="CSV or CSV.gz files")
    parser.add_argument("--checkpoint", type=Path, help="folder; the shipped one by default")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--scores", type=Path, help="write one line of scores per row here")
    parser.add_argument("--own", action="store_true", help="also the corpus's held-out fifth")


def run_evaluation(given: dict[str, Any], say: Say) -> None:
    """Measure as asked, and say the table."""
    from moderation.training.evaluation import evaluate, rendered

    entries = evaluate(
        files=given["data"],
        say=say,
        checkpoint=given["checkpoint"],
        json_out=given["json"],
        scores_out=given["scores"],
        own=given["own"],
    )
    for line in rendered(entries):
        say(line)
