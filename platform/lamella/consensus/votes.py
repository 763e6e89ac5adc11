"""How the volunteers behind agreed masks voted: the targets that training aims at."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import Exists, OuterRef

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.consensus.known import Source
from lamella.consensus.models import Consensus, Verdict
from lamella.studies.classes import ClassMap
from models.crowd.shares import VoteShares, paint, share_votes, undisputed

MANAGER = "manager"
"""`Consensus.aggregator` of a mask that a manager drew."""


def vote_shares(
    sources: Sequence[Source], plane: tuple[int, int], classes: ClassMap
) -> Iterator[tuple[int, VoteShares]]:
    """(z, shares) of every slice of a cube on which volunteers differ, in order of z.

    Imported labels, single masks and what a manager drew or accepted are not disputed. Tiles are
    laid over each other in the order in which their labels are. The masks of one task are in
    memory at a time, and of each slice what is disputed.
    """
    slices: dict[int, list[Source]] = defaultdict(list)
    for source in sources:
        slices[source.z].append(source)
    for z in sorted(slices):
        found = undisputed(plane, classes.count)
        open_to_votes = unjudged([s.id for s in slices[z] if s.kind == "consensus"])
        for source in sorted(slices[z], key=lambda s: s.id):
            votes = None
            if source.kind == "consensus" and source.id in open_to_votes:
                votes = votes_of(open_to_votes[source.id], classes)
            region = (source.height, source.width)
            found = paint(found, votes, source.y0, source.x0, region)
        if len(found.pixels):
            yield z, found


def unjudged(ids: Sequence[int]) -> dict[int, list[str]]:
    """Corrections behind each consensus on which no manager's word stands."""
    accepted = Verdict.objects.filter(
        consensus=OuterRef("pk"), kind=Verdict.Kind.ACCEPT, undone__isnull=True
    )
    rows = Consensus.objects.filter(pk__in=ids).exclude(aggregator=MANAGER)
    rows = rows.filter(~Exists(accepted))
    return dict(rows.values_list("pk", "corrections"))


def votes_of(corrections: list[str], classes: ClassMap) -> VoteShares | None:
    """Shares of the votes of those corrections that still count, where they differ; None of fewer
    than two people."""
    counted = (
        Correction.objects.filter(pk__in=corrections)
        .counting()
        .select_related("task__study")
        .order_by("created", "id")
    )
    # Of several masks by one volunteer the last counts.
    latest = {correction.volunteer_id: correction for correction in counted}
    if len(latest) < 2:
        return None
    masks = [classes.to_classes(mask_of(correction)) for correction in latest.values()]
    return share_votes(masks, classes.count)
