"""Baselines (a) and (b): the room of the Channels tutorial, bare or written the naive way."""
