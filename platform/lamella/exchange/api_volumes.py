"""Volumes for other programs: a study's cubes with the addresses of what is known of them."""

import zlib
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from ninja import Router, Schema

from lamella.consensus.known import digest, sources_of
from lamella.cubes.access import cube_for, managed_cube
from lamella.cubes.api_ingest import CubeOut, add_cube
from lamella.cubes.files import REVALIDATE, cached_privately, file_response, inside
from lamella.cubes.models import Cube, VolumeState
from lamella.exchange.body import body_of
from lamella.exchange.virtual import VirtualMask
from lamella.learning.models import Proposal
from lamella.learning.proposals import LABELS, SCORES, root_of
from lamella.learning.selectors import current_proposal
from lamella.studies.access import ForbiddenError, NotVisibleError, has_role, role_in, study_for
from lamella.studies.access import require as require_role
from lamella.studies.models import Role

router = Router(tags=["volumes"])


class ClassRow(Schema):
    value: int
    name: str
    color: str


class CubeRow(Schema):
    """A cube and the Zarr hierarchies that belong to it, null where there is none (or it is not
    for this person). Shape and voxel size are [z, y, x], empty until the cube is ready."""

    id: int
    name: str
    state: str
    shape: list[int]
    dtype: str
    voxel_size: list[float]
    unit: str | None
    classes: list[ClassRow]
    image: str | None
    proposal: str | None
    patch_scores: str | None
    consensus: str | None
    label_dtype: str


@router.get("/studies/{slug}/cubes", response=list[CubeRow])
def cubes(request: HttpRequest, slug: str) -> list[CubeRow]:
    """The cubes of a study, for its members. Proposals and consensus are for its managers."""
    study = study_for(request.user, slug)
    if role_in(request.user, study) is None:
        raise ForbiddenError(f"Only members of the study “{study.title}” see its cubes.")
    classes = [ClassRow(value=c.value, name=c.name, color=c.color) for c in study.classes.all()]
    manages = has_role(request.user, study, Role.MANAGER)
    return [
        CubeRow(
            id=cube.pk,
            name=cube.name,
            state=cube.state,
            shape=cube.shape,
            dtype=cube.dtype,
            voxel_size=cube.voxel_size,
            unit=cube.unit or None,
            classes=classes,
            label_dtype=study.label_dtype,
            **_addresses(cube, manages=manages),
        )
        for cube in study.cubes.select_related("study")
    ]


# An address has one router; this one is the list's.
router.post("/studies/{slug}/cubes", response={202: CubeOut}, tags=["ingest"])(add_cube)


@router.api_operation(["GET", "HEAD"], "/proposals/{int:proposal_id}/zarr/{path:path}")
def proposal_file(request: HttpRequest, proposal_id: int, path: str) -> HttpResponseBase:
    """A file of a proposal: its label image below ``labels``, its scores below ``scores``."""
    proposal = Proposal.objects.select_related("cube__study").filter(pk=proposal_id).first()
    if proposal is None:
        raise NotVisibleError
    require_role(request.user, proposal.cube.study, Role.MANAGER)
    if proposal.state != Proposal.State.READY or path.split("/")[0] not in (LABELS, SCORES):
        raise NotVisibleError
    return file_response(request, inside(root_of(proposal), path))


@router.api_operation(["GET", "HEAD"], "/cubes/{int:cube_id}/consensus/zarr/{path:path}")
def consensus_file(request: HttpRequest, cube_id: int, path: str) -> HttpResponseBase:
    """A file of the cube's current final mask, made on request: agreed, or proposed."""
    cube = managed_cube(request.user, cube_id)
    if cube.state != VolumeState.READY:
        raise NotVisibleError
    mask = VirtualMask(cube)
    response = get_conditional_response(request, etag=f'"{mask.mark}"')
    if response is None:
        data = mask.file(path)
        if data is None:
            raise NotVisibleError
        kind = "application/json" if path.endswith(".json") else "application/octet-stream"
        response = HttpResponse(b"" if request.method == "HEAD" else data, content_type=kind)
        response["Content-Length"] = str(len(data))
        response["ETag"] = f'"{mask.mark}"'
    return cached_privately(response, REVALIDATE)


@router.get("/cubes/{int:cube_id}/body")
def body(request: HttpRequest, cube_id: int) -> HttpResponseBase:
    """The whole mask at 64 voxels a side, for whoever may look at the cube: one byte a voxel in the
    order Z, Y, X, 0 where there is nothing, else the number of the class, plus 128 where people
    agreed on the slice. Header ``X-Shape`` has voxels along z, y, x, ``X-Size`` the lengths.
    """
    cube = cube_for(request.user, cube_id)
    proposal = current_proposal(cube) if cube.state == VolumeState.READY else None
    if proposal is None:
        raise NotVisibleError
    etag = f'"{proposal.pk}.{digest(sources_of(cube))[:16]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        found = body_of(cube, proposal)
        response = HttpResponse(
            zlib.compress(found.voxels.tobytes()), content_type="application/octet-stream"
        )
        response["Content-Encoding"] = "deflate"
        response["X-Shape"] = ",".join(str(length) for length in found.voxels.shape)
        response["X-Size"] = ",".join(f"{length:g}" for length in found.size)
        response["ETag"] = etag
    return cached_privately(response, REVALIDATE)


def _addresses(cube: Cube, *, manages: bool) -> dict[str, Any]:
    ready = cube.state == VolumeState.READY
    proposal = current_proposal(cube) if ready and manages else None
    base = f"/api/v1/proposals/{proposal.pk}/zarr" if proposal else ""
    score = _score_shown(proposal) if proposal else None
    # Until people have looked it would only repeat the proposal.
    agreed = ready and manages and bool(sources_of(cube))
    return {
        "image": f"/api/v1/cubes/{cube.pk}/zarr" if ready else None,
        "proposal": f"{base}/{LABELS}" if proposal else None,
        "patch_scores": f"{base}/{SCORES}/{score}" if score else None,
        "consensus": f"/api/v1/cubes/{cube.pk}/consensus/zarr" if agreed else None,
    }


def _score_shown(proposal: Proposal) -> str | None:
    """Of several score maps, the discriminator's."""
    names: list[str] = proposal.blend.get("scores", [])
    judged = [name for name in names if name.startswith("discriminator")]
    return next(iter(judged or names), None)
