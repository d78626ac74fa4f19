"""``make bench``: delivery on this machine, each figure beside its baselines of the same run."""
