"""What each address answers to whom, when asked for something that is not there.

Two columns, GET and POST; in each, one word for nobody, a young person, a moderator, a clinician on
shift and a shift lead: ``page`` (200), ``home``, ``staff``, ``sign-in`` and ``on`` (sent there, or
on), ``none`` (404: absent and forbidden look the same), ``verb`` (405), ``form`` (422), ``who``
(401). A new address fails ``test_matrix.py`` until somebody has decided its row.
"""

from __future__ import annotations

MATRIX: dict[str, tuple[str, str]] = {
    "triage-queue": ("sign-in none none page page", "sign-in none none verb verb"),
    "triage-rows": ("sign-in none none page page", "sign-in none none verb verb"),
    "duty": ("sign-in none none verb verb", "sign-in none none on on"),
    "case-next": ("sign-in none none verb verb", "sign-in none none on on"),
    "case": ("sign-in none none none none", "sign-in none none verb verb"),
    "case-claim": ("sign-in none none verb verb", "sign-in none none on on"),
    "case-words": ("sign-in none none verb verb", "sign-in none none on on"),
    "case-note": ("sign-in none none verb verb", "sign-in none none on on"),
    "case-hand-back": ("sign-in none none verb verb", "sign-in none none on on"),
    "case-close": ("sign-in none none verb verb", "sign-in none none on on"),
    "unlisted-claim": ("sign-in none none verb verb", "sign-in none none on on"),
    "moderation-queue": ("on none page page page", "verb verb verb verb verb"),
    "moderation-rows": ("on none page page page", "verb verb verb verb verb"),
    "moderation-next": ("verb verb verb verb verb", "on none on none on"),
    "machine": ("on none page page page", "verb verb verb verb verb"),
    "machine-shadow": ("on none page page page", "verb verb verb verb verb"),
    "review": ("on none none none none", "verb verb verb verb verb"),
    "review-claim": ("verb verb verb verb verb", "on none none none none"),
    "review-release": ("verb verb verb verb verb", "on none none none none"),
    "review-decide": ("verb verb verb verb verb", "on none none none none"),
    "review-hand-over": ("verb verb verb verb verb", "on none none none none"),
    "unread": ("on none none none none", "verb verb verb verb verb"),
    "unread-claim": ("verb verb verb verb verb", "on none none none none"),
    "home": ("page on staff staff staff", "verb verb verb verb verb"),
    "start": ("page home home home home", "page home home home home"),
    "phrase": ("home page page page page", "home on on on on"),
    "come-back": ("page page page page page", "page page page page page"),
    "carry-on": ("verb verb verb verb verb", "home home home home home"),
    "leave": ("verb verb verb verb verb", "page page page page page"),
    "sign-out": ("verb verb verb verb verb", "home home home home home"),
    "about": ("page page page page page", "verb verb verb verb verb"),
    "my-space": ("home page staff staff staff", "home verb verb verb verb"),
    "help": ("page page staff staff staff", "page on staff staff staff"),
    "spaces": ("home page page page page", "home verb verb verb verb"),
    "space": ("home none none none none", "home none none none none"),
    "thread": ("home none none none none", "home verb verb verb verb"),
    "talks": ("home page staff staff staff", "home verb verb verb verb"),
    "talk": ("home none none none none", "home verb verb verb verb"),
    "conversation-since": ("who none none none none", "verb verb verb verb verb"),
    "conversation-send": ("verb verb verb verb verb", "home form form form form"),
    "conversation-earlier": ("who none none none none", "verb verb verb verb verb"),
    "message-change": ("home none none none none", "home none none none none"),
    "message-withdraw": ("verb verb verb verb verb", "home none none none none"),
    "staff-home": ("sign-in none on on on", "sign-in none verb verb verb"),
    "staff-sign-in": ("page page page page page", "page page page page page"),
    "staff-sign-out": ("verb verb verb verb verb", "sign-in sign-in sign-in sign-in sign-in"),
    "service-worker": ("page page page page page", "verb verb verb verb verb"),
    "offline": ("page page page page page", "verb verb verb verb verb"),
    "healthz": ("page page page page page", "page page page page page"),
    "readyz": ("page page page page page", "page page page page page"),
    "metrics": ("page page page page page", "page page page page page"),
}
