"""``make fuzz``: a million frames that no phone would send, at a running server."""
