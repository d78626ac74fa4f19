"""``make screens``: a picture of every page, in its states, on phone and desk, light and dark."""
