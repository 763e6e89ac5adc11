"""A study: one question, its cubes, classes, people, guide, consent text and policy."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

# Most characters.
TITLE_LENGTH = 120
QUESTION_LENGTH = 300
# (least, most) of what a study may be set to.
PEOPLE_PER_TASK = (1, 20)
TARGET_DICE = (0.5, 1.0)
ROUND_SHARE = (0.001, 1.0)
AUDIT_SHARE = (0.0, 1.0)


def _between(limits: tuple[float, float]) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(limits[0]), MaxValueValidator(limits[1])]


class StudyState(models.TextChoices):
    DRAFT = "draft", _("being prepared")
    OPEN = "open", _("open")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")


class LabelDtype(models.TextChoices):
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"


class Study(models.Model):
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=TITLE_LENGTH)
    question = models.CharField(
        max_length=QUESTION_LENGTH, help_text="one sentence: what is looked for"
    )
    guide = models.TextField(blank=True, help_text="Markdown, shown beside the canvas")
    tutorial = models.TextField(
        blank=True,
        help_text="Markdown, shown to newcomers card by card: each heading begins one",
    )
    consent_text = models.TextField(
        default=gettext_noop(
            "Your marks are kept under a pseudonym and used for this study and its publications. "
            "You can stop at any time and ask for your marks to be withdrawn."
        )
    )
    consent_version = models.CharField(max_length=20, default="1")
    state = models.CharField(max_length=10, choices=StudyState, default=StudyState.DRAFT)
    public = models.BooleanField(
        default=False, help_text="listed, and its landing slice is shown to everybody"
    )
    anonymous = models.BooleanField(
        default=False, help_text="people without an account may take tasks (public studies)"
    )
    label_dtype = models.CharField(max_length=6, choices=LabelDtype, default=LabelDtype.UINT8)
    instances = models.BooleanField(
        default=False, help_text="masks hold object ids instead of class values"
    )

    # Policy of the loop. Shares are of all slices (or tiles) of the study's cubes.
    strategy = models.CharField(max_length=40, default="expected_error")
    redundancy = models.PositiveIntegerField(default=3, validators=_between(PEOPLE_PER_TASK))
    round_share = models.FloatField(default=0.04, validators=_between(ROUND_SHARE))
    audit_share = models.FloatField(default=0.01, validators=_between(AUDIT_SHARE))
    max_rounds = models.PositiveIntegerField(default=20)
    target_dice = models.FloatField(default=0.95, validators=_between(TARGET_DICE))
    # The settings of models.config that differ from their defaults, by section.
    settings = models.JSONField(default=dict, blank=True)
    lease_minutes = models.PositiveIntegerField(default=30, validators=[MinValueValidator(1)])
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.title


class ConsentText(models.Model):
    """What a version of a study's consent text said; never changed."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="consent_texts")
    version = models.CharField(max_length=20)
    text = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "version"], name="one_text_a_consent_version")
        ]

    def __str__(self) -> str:
        return f"{self.study}, version {self.version}"


class LabelClass(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="classes")
    value = models.PositiveBigIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(2**32 - 2)]
    )
    name = models.CharField(max_length=60)
    color = models.CharField(
        max_length=7,
        default="#E69F00",
        validators=[RegexValidator(r"^#[0-9A-Fa-f]{6}$", _("Give the colour as #RRGGBB."))],
    )

    class Meta:
        ordering = ["value"]
        constraints = [models.UniqueConstraint(fields=["study", "value"], name="one_class_a_value")]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    VOLUNTEER = "volunteer", _("volunteer")
    MANAGER = "manager", _("manager")
    ADMIN = "admin", _("admin")


class Membership(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.VOLUNTEER)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "user"], name="one_role_a_person_and_study")
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.study}"
