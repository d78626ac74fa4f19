"""How the bundled checkpoint is made and measured. Needs torch; nothing that serves imports this.

Runs without Django: `python -m moderation.training --help`. `manage.py train_classifier` and
`manage.py evaluate_classifier` are the same thing with the site's settings loaded.
"""
