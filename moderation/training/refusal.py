"""What a command says, in one line, instead of going on with something else than was asked."""


class Refused(ValueError):
    """What was asked cannot be done. The message is one line for the person who asked."""
