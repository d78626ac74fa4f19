"""Posting a file of messages through the running site, and measuring what became of them."""
