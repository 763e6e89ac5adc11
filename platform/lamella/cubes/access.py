"""Who may look at a cube's voxels."""

from django.utils import timezone

from lamella.cubes.models import Cube, Labels
from lamella.studies.access import (
    ForbiddenError,
    NotVisibleError,
    Person,
    may_view,
    require,
    role_in,
)
from lamella.studies.models import Role


def may_view_cube(user: Person, cube: Cube) -> bool:
    """Members always; others only what a public study shows, once the embargo has ended."""
    if role_in(user, cube.study) is not None:
        return True
    if cube.embargo_until and cube.embargo_until > timezone.localdate():
        return False
    return may_view(user, cube.study)


def cube_for(user: Person, cube_id: int) -> Cube:
    """The cube, if the person may see it. Raises NotVisibleError."""
    cube = Cube.objects.select_related("study").filter(pk=cube_id).first()
    if cube is None or not may_view_cube(user, cube):
        raise NotVisibleError
    return cube


def whole_cube_for(user: Person, cube_id: int) -> Cube:
    """The cube, if the person may take all of it home: members only, also in public studies.

    Raises NotVisibleError, ForbiddenError.
    """
    cube = cube_for(user, cube_id)
    if role_in(user, cube.study) is None:
        raise ForbiddenError(f"Only members of the study “{cube.study.title}” read whole cubes.")
    return cube


def managed_cube(user: Person, cube_id: int) -> Cube:
    """The cube, if the person manages its study. Raises NotVisibleError, ForbiddenError."""
    cube = cube_for(user, cube_id)
    require(user, cube.study, Role.MANAGER)
    return cube


def labels_for(user: Person, labels_id: int) -> Labels:
    """The labels, if the person manages their study; a volunteer never sees gold.

    Raises NotVisibleError, ForbiddenError.
    """
    labels = Labels.objects.select_related("cube__study").filter(pk=labels_id).first()
    if labels is None:
        raise NotVisibleError
    require(user, labels.cube.study, Role.MANAGER)
    return labels
