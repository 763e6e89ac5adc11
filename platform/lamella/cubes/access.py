"""Who may look at a cube's voxels."""

from django.utils import timezone

from lamella.cubes.models import Cube
from lamella.studies.access import NotVisibleError, Person, may_view, role_in


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
