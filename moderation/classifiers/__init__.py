"""Readers of one message: what a machine can see in it, and nothing about what to do.

No thresholds, no database, no clock and no settings live here. `moderation.policy` decides.
Importing this package must stay cheap: the heavy libraries are loaded by a reader when it is built.
"""
