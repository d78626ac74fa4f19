"""`python -m moderation.training train|evaluate …`: the commands without Django."""

import argparse
import sys
from collections.abc import Sequence

from moderation.training import options


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse and run one command; 1 where it cannot be done, with the reason on one line."""
    parser = argparse.ArgumentParser(prog="python -m moderation.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    options.add_training(commands.add_parser("train"))
    options.add_evaluation(commands.add_parser("evaluate"))
    given = vars(parser.parse_args(arguments))
    run = options.run_training if given["command"] == "train" else options.run_evaluation
    try:
        run(given, _say)
    except options.MENDABLE as cause:
        sys.stderr.write(f"{cause}\n")
        return 1
    return 0


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
