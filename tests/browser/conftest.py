"""What the browser tests share with others."""

from tests.moderation.conftest import phrase_reader

__all__ = ["phrase_reader"]
