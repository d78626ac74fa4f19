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
    )
    say(f"wrote {given['out']} with digest {digest}")
