"""Propose masks for a cube: predict, blend with what people know, score patches."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.consensus.known import Source, digest, known_slices, sources_of
from lamella.cubes.models import Cube
from lamella.jobs.errors import UserError
from lamella.learning import proposals, services
from lamella.learning.models import ModelVersion, Proposal
from lamella.learning.selectors import current_proposal, serving_version
from lamella.loop.gating import judged_places
from lamella.loop.services import after_job
from lamella.loop.situation import known_sources
from lamella.studies.classes import ClassMap, class_map
from lamella.studies.policy import config_of
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts
from lamella.volumes.omezarr_write import CubeWriter
from lamella.volumes.slabs import create_array
from models.config import PropagationConfig
from models.networks.scores import patch_grid
from models.propagation.blend import HeldOut, fit_blend
from models.propagation.interpolate import SignedDistances
from models.propagation.known import KnownSlice
from workers.numbering import number_objects
from workers.proposing import ExternalMaker, Maker, ModelMaker, ask_again, to_bytes
from workers.runner import JobContext, handler


@handler("propose")
def run(ctx: JobContext) -> dict[str, object]:
    """Write a proposal and its patch scores; resumes slab by slab."""
    version = ModelVersion.objects.select_related("study", "labels").get(
        pk=ctx.params["version_id"]
    )
    cube = Cube.objects.select_related("study").get(pk=ctx.params["cube_id"])
    sources = sources_of(cube)
    told = {
        "study": digest(known_sources(version.study)),
        "sources": [s.to_json() for s in sources],
    }
    classes = class_map(version.study)
    known = known_slices(sources, (cube.shape[1], cube.shape[2]), classes)
    # Before the prediction that it is fitted on may be made anew.
    weights = fitted_blend(cube, sources, known, classes)
    maker: Maker
    if version.kind == ModelVersion.Kind.EXTERNAL:
        if version.labels is None or version.labels.cube_id != cube.pk:
            raise UserError(f"There are no masks of another tool for the cube “{cube.name}”.")
        maker = ExternalMaker(version, cube, classes)
    else:
        mark = digest(sources)
        maker = ModelMaker(ctx, version, cube, classes, known, mark)
        serving = serving_version(cube.study)
        if version.state == ModelVersion.State.CANDIDATE and serving is not None:
            ask_again(serving, cube, classes, known, mark, judged_places(cube))
    distances = SignedDistances(
        known, tuple(cube.shape), classes.count, weights, sampling=_sampling(cube)
    )
    described = {"scores": list(maker.score_names), "config": asdict(distances.config)}
    proposal = services.begin_proposal(version, cube, known=told, blend=described)
    highest = write(ctx, proposal, maker, distances, sources if classes.instances else None)
    with ctx.effect():
        services.finish_proposal(proposal, highest)
        ctx.finish({"proposal": proposal.pk})
        after_job(version.study)
    return {}


def write(
    ctx: JobContext,
    proposal: Proposal,
    maker: Maker,
    known: SignedDistances,
    objects: Sequence[Source] | None = None,
) -> int | None:
    """Write all slices, slab by slab; the greatest object id, where labels are ids.

    objects: where labels are object ids, what people have numbered. Their labels are written when
    all slices have their probabilities, since numbers are carried in both directions. Another
    tool's ids stay as they are.
    """
    cube, root = proposal.cube, proposals.root_of(proposal)
    shape: tuple[int, int, int] = tuple(cube.shape)
    size = VoxelSize.of(tuple(cube.voxel_size), cube.unit or None) if cube.voxel_size else None
    labels = CubeWriter(
        root / proposals.LABELS,
        shape=shape,
        dtype=proposal.label_dtype,
        kind="label",
        voxel_size=size,
        identity={"proposal": proposal.pk},
    )
    depth = labels.base.depth
    probability = create_array(
        root, proposals.PROBABILITY, shape=(known.classes, *shape), dtype=np.uint8, depth=depth
    )
    grid = patch_grid(shape[1], shape[2], maker.patch)
    scores = {
        name: create_array(
            root,
            f"{proposals.SCORES}/{name}",
            shape=(shape[0], *grid),
            dtype=np.float32,
            depth=depth,
            attrs={"patch": maker.patch},
        )
        for name in maker.score_names
    }
    numbered = objects is not None and not maker.has_ids
    # What is stored last of a slab says whether it is done.
    last = probability if numbered else labels.base
    for z0, z1 in last.pending:
        slices = [maker.slice(z, known) for z in range(z0, z1)]
        for name, array in scores.items():
            array.write(z0, np.stack([s.scores[name] for s in slices]))
        probability.write(z0, to_bytes(np.stack([s.probability for s in slices], axis=1)))
        if not numbered:
            labels.base.write(z0, np.stack([s.labels for s in slices]))
        ctx.progress(0.7 + 0.25 * z1 / shape[0], 1.0, f"proposed {z1} of {shape[0]} slices")
    highest = None
    if objects is not None:
        if numbered:
            highest = number_objects(labels.base, probability, objects, ctx.check)
        else:
            highest = max(int(labels.base[z].max()) for z in range(shape[0]))
    for _ in labels.build_pyramid():
        ctx.check()
    for array in (probability, *scores.values()):
        array.finish()
    labels.finish(
        CubeFacts("label", ""),
        name=f"proposal of {cube.name}",
        colours={c.value: c.color for c in cube.study.classes.all()},
    )
    return highest


def fitted_blend(
    cube: Cube, sources: Sequence[Source], known: Mapping[int, KnownSlice], classes: ClassMap
) -> PropagationConfig:
    """Weights of the blend, fitted on places that were predicted before people had seen them.

    Such are the slices and tiles that became known since the serving version's proposal was made.
    """
    config = config_of(cube.study, PropagationConfig, "propagation")
    before = current_proposal(cube)
    if before is None:
        return config
    prediction = proposals.prediction(before.model_version_id, cube.pk)
    if prediction is None:
        return config
    told = {_place(Source(**entry)) for entry in before.known.get("sources", [])}
    distances = SignedDistances(
        known, tuple(cube.shape), classes.count, config, sampling=_sampling(cube)
    )
    fresh = [source for source in sources if _place(source) not in told]
    examples = (
        _held_out(prediction[:, z], z, distances, [s for s in fresh if s.z == z])
        for z in sorted({source.z for source in fresh})
    )
    return fit_blend(examples, config).config


def _place(source: Source) -> tuple[int, int, int, int, int]:
    return (source.z, source.y0, source.x0, source.height, source.width)


def _held_out(
    raw: NDArray[Any], z: int, distances: SignedDistances, fresh: Sequence[Source]
) -> HeldOut:
    """A slice as it was foretold; only the tiles that were fresh then count."""
    mask = distances.known[z]
    seen = np.zeros(mask.labels.shape, dtype=bool)
    for source in fresh:
        seen[source.region.rows, source.region.columns] = True
    return HeldOut(
        probability=raw.astype(np.float32) / np.float32(255),
        evidence=distances.without(z).logit_evidence(z),
        truth=mask.labels,
        certain=mask.certain() & seen,
    )


def _sampling(cube: Cube) -> tuple[float, float]:
    if not cube.voxel_size:
        return (1.0, 1.0)
    _, y, x = cube.voxel_size
    finer = min(y, x)
    return (y / finer, x / finer)
