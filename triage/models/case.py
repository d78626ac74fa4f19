from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce

from chat.kernel.crypto import Sealed, Unreadable
from chat.models import Conversation, User
from chat.states import Role
from triage.states import Band, CaseEventKind, CaseStatus, Outcome, SourceKind

NO_SIGN = 0
"""The newest sign of a case that has none."""


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> CaseQuerySet:
        return self.exclude(status=CaseStatus.CLOSED)

    def locked(self) -> CaseQuerySet:
        """Nobody else changes these until the transaction ends; notes of them can still be kept.

        A row that names a case is checked against it at the end of its own transaction, when that
        holds the audit chain. Against a lock on the key it would wait, and whoever has the case
        waits for the chain: PostgreSQL would end one of them.
        """
        return self.select_for_update(no_key=True)

    def waiting(self) -> CaseQuerySet:
        """Everybody nobody is with yet, in the order in which they should be answered."""
        return self.filter(status=CaseStatus.WAITING).order_by("rank", "waiting_since", "pk")

    def held_by(self, user: User) -> CaseQuerySet:
        """The cases this clinician is with now, longest first."""
        return self.filter(status=CaseStatus.WITH_CLINICIAN, claimed_by=user).order_by(
            "claimed_at", "pk"
        )

    def given_up_by(self, user: User) -> CaseQuerySet:
        """The cases of this young person whose request they took back, closed by that or not."""
        own = (CaseEventKind.TAKEN_BACK, CaseEventKind.CLOSED)
        return self.filter(person=user, events__by=user, events__kind__in=own)

    def with_a_talk(self) -> CaseQuerySet:
        """Without those that were given up before anybody came: nobody talked there."""
        return self.exclude(outcome_code=Outcome.WITHDRAWN)

    def before(self, case: Case) -> CaseQuerySet:
        """The closed cases of the same person that say anything to whoever is with them now.

        The newest first. One that was given up says only what a colleague noted meanwhile.
        """
        told = ~models.Q(outcome_code=Outcome.WITHDRAWN) | models.Q(
            models.Exists(CaseNote.objects.filter(case=models.OuterRef("pk")))
        )
        closed = self.filter(told, person=case.person_id, status=CaseStatus.CLOSED)
        return closed.exclude(pk=case.pk).order_by("-closed_at", "-pk")

    def with_newest_sign(self) -> CaseQuerySet:
        """Each with ``newest_sign``, read in the same moment as its reasons, never later.

        A page that names a newer sign than it shows would let somebody close over it unseen.
        """
        newest = CaseSource.objects.filter(case=models.OuterRef("pk")).order_by("-pk")
        found = Coalesce(models.Subquery(newest.values("pk")[:1]), NO_SIGN)
        # Declared below as well, or whoever has a case of this query could not name it.
        return self.annotate(newest_sign=found)  # type: ignore[no-redef]

    def visible_to(self, user: User) -> CaseQuerySet:
        """Clinicians see who waits and their own; shift leads see all; nobody else any."""
        if not user.is_active:
            return self.none()
        if user.role == Role.SHIFT_LEAD:
            return self
        if user.role == Role.CLINICIAN:
            return self.filter(models.Q(status=CaseStatus.WAITING) | models.Q(claimed_by=user))
        return self.none()


class Case(models.Model):
    """One person who needs somebody, from the first sign until a clinician closes it.

    ``rank`` (0 first) and ``waiting_since`` order the list; both come from ``triage.priority``.
    ``reasons`` is a list of ``{"words", "source", "band", "at"}`` and never holds message text.
    ``claimed_by`` stays when the case closes, so that whoever was there can still read it.
    """

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="cases")
    status = models.CharField(
        max_length=16,
        choices=[(s.value, s.value) for s in CaseStatus],
        default=CaseStatus.WAITING,
    )
    band = models.CharField(max_length=10, choices=[(b.value, b.value) for b in Band])
    rank = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    opened_at = models.DateTimeField()
    waiting_since = models.DateTimeField()
    answer_by = models.DateTimeField()
    overdue_at = models.DateTimeField(null=True, blank=True)
    handed_back_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome_code = models.CharField(
        max_length=20, blank=True, choices=[(o.value, o.value) for o in Outcome]
    )

    newest_sign: int
    """The newest of its sources; only on what ``access_case`` found."""

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person"],
                condition=~models.Q(status=CaseStatus.CLOSED.value),
                name="one_open_case_per_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=CaseStatus.CLOSED.value) | ~models.Q(outcome_code=""),
                name="closed_case_has_outcome",
            ),
            # Only its own person takes a case from the list that nobody was ever with.
            models.CheckConstraint(
                condition=~models.Q(status=CaseStatus.CLOSED.value)
                | models.Q(claimed_by__isnull=False)
                | models.Q(outcome_code=Outcome.WITHDRAWN.value, closed_by=models.F("person")),
                name="closed_by_holder_or_person",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["rank", "waiting_since"],
                condition=models.Q(status=CaseStatus.WAITING.value),
                name="case_waiting_order",
            ),
            models.Index(
                fields=["answer_by"],
                condition=models.Q(status=CaseStatus.WAITING.value, overdue_at__isnull=True),
                name="case_answer_by",
            ),
            models.Index(
                fields=["claimed_at"],
                condition=models.Q(claimed_at__isnull=False),
                name="case_claimed_at",
            ),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status != CaseStatus.CLOSED

    @property
    def is_looked_for(self) -> bool:
        """Whether anything but their own request says that somebody should be with them.

        A sign that a machine or a moderator saw, or a clinician who was with them and handed over.
        Such a case is not the person's alone to take from the list.
        """
        signs = self.sources.exclude(kind=SourceKind.HELP_REQUEST)
        return self.handed_back_at is not None or signs.exists()

    @property
    def is_waiting(self) -> bool:
        return self.status == CaseStatus.WAITING


class CaseSource(models.Model):
    """A row downstairs that this case comes from. A row that goes on can be in a later case too.

    ``at`` is when the row last said something that this case knows of.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in SourceKind])
    source_id = models.BigIntegerField()
    message_id = models.BigIntegerField(
        null=True, blank=True, help_text="What they wrote that this is about, if anything."
    )
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "source_id", "case"], name="each_source_once_in_a_case"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source_id}"


class CaseEvent(models.Model):
    """One line of a case's timeline. ``detail`` names codes or bands, never message text."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in CaseEventKind])
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    detail = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} of case {self.case_id}"


class CaseNote(models.Model):
    """A line from one clinician to the next. The young person does not see it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    client_id = models.UUIDField(unique=True)
    body_sealed = models.BinaryField()
    body = Sealed("body_sealed", row="client_id")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"note {self.pk}"

    def opened(self) -> str | None:
        """The line, or ``None`` where it does not open: the case must stay within reach."""
        try:
            return self.body
        except Unreadable:
            return None
