"""What is read about models and proposals."""

from django.db.models import QuerySet

from lamella.cubes.models import Cube
from lamella.learning.models import ModelVersion, Proposal
from lamella.studies.models import Study


def serving_version(study: Study) -> ModelVersion | None:
    return study.model_versions.filter(state=ModelVersion.State.SERVING).first()


def is_earlier(version: ModelVersion, serving: ModelVersion | None) -> bool:
    """Whether to let a version serve would be to go back behind the serving one."""
    return serving is not None and version.number < serving.number


def proposal_by(version: ModelVersion, cube: Cube) -> Proposal | None:
    """The version's newest ready proposal for a cube."""
    return (
        Proposal.objects.filter(model_version=version, cube=cube, state=Proposal.State.READY)
        .order_by("-pk")
        .first()
    )


def current_proposal(cube: Cube) -> Proposal | None:
    """What the serving version says of a cube; before one serves there is none."""
    return (
        current_proposals()
        .filter(cube=cube)
        .select_related("model_version")
        .order_by("-pk")
        .first()
    )


def current_proposals() -> QuerySet[Proposal]:
    """What serving versions say of their studies' cubes."""
    return Proposal.objects.filter(
        state=Proposal.State.READY, model_version__state=ModelVersion.State.SERVING
    )
