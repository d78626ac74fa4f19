"""The few doors to time, database, keys and processes. Knows no models and no domain words."""
