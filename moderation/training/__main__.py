"""`python -m moderation.training train|evaluate …`: the commands without Django."""

import argparse
import sys

from moderation.training import options


def main() -> int:
    """Parse and run one command."""
    parser = argparse.ArgumentParser(prog="python -m moderation.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    options.add_training(commands.add_parser("train"))
    options.add_evaluation(commands.add_parser("evaluate"))
    given = vars(parser.parse_args())
    run = options.run_training if given["command"] == "train" else options.run_evaluation
    run(given, _say)
    return 0


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
