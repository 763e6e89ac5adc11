"""Where every voxel of an export comes from, as one JSON document (docs/export-provenance.md).

Export → consensus → corrections → pseudonymous volunteers → proposal → model version → training
run → data snapshot. Names and mail addresses never get in: rows are copied field by field.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np

from lamella.annotation.models import Correction
from lamella.consensus.final import FinalMask
from lamella.consensus.known import Source, read_source
from lamella.consensus.models import Consensus, Verdict
from lamella.cubes.models import Cube, Labels
from lamella.exchange.models import Export
from lamella.exchange.writing import Written, runs_of
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.volumes import codec

SCHEMA = "lamella-export-provenance"
VERSION = 1

Row = dict[str, Any]


def document(export: Export, final: FinalMask, written: Written) -> Row:
    """The provenance of an export, complete in itself: every id it names is explained in it."""
    cube = export.cube
    sources = [s for z in sorted(final.sources) for s in final.sources_at(z)]
    agreed = Consensus.objects.filter(pk__in=[s.id for s in sources if s.kind == "consensus"])
    labels = _labels_of(cube, sources)
    agreed = agreed.defer("mask", "probability").select_related("task__round")
    verdicts = _verdicts(agreed)
    consensus = {str(c.pk): _consensus(c, verdicts.get(c.pk, [])) for c in agreed}
    shown = {c["proposal"] for c in consensus.values() if c["proposal"] is not None}
    if final.proposal is not None:
        shown.add(final.proposal.pk)
    proposals = Proposal.objects.filter(pk__in=shown).select_related("model_version")
    versions = _with_parents({p.model_version for p in proposals})
    runs = TrainingRun.objects.filter(
        pk__in=[v.training_run_id for v in versions], study=cube.study
    )
    labels |= _external_labels(versions)
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "export": {
            "id": str(export.pk),
            "format": export.format,
            "requested": _time(export.created),
            "checksum": written.checksum,
            "shape": list(final.shape),
            "dtype": final.dtype.name,
            "voxel_size": cube.voxel_size or None,
            "unit": cube.unit or None,
        },
        "study": {
            "slug": cube.study.slug,
            "title": cube.study.title,
            "question": cube.study.question,
            "instances": cube.study.instances,
            "classes": [{"value": c.value, "name": c.name} for c in cube.study.classes.all()],
        },
        "cube": {
            "id": cube.pk,
            "name": cube.name,
            "checksum": cube.checksum,
            "licence": cube.licence,
            "citation": cube.citation,
        },
        "proposal": None if final.proposal is None else final.proposal.pk,
        "regions": [_region(source) for source in sources],
        "settled": [{"z": z, "runs": runs} for z, runs in sorted(written.settled.items())],
        "figures": written.figures,
        "consensus": consensus,
        "corrections": _corrections(consensus.values()),
        "labels": {str(pk): row for pk, row in sorted(labels.items())},
        "proposals": {str(p.pk): _proposal(p) for p in proposals},
        "model_versions": {
            str(v.pk): _version(v) if v.study_id == cube.study_id else _elsewhere(v)
            for v in versions
        },
        "training_runs": {str(r.pk): _run(r) for r in runs},
    }


def _region(source: Source) -> Row:
    mask = read_source(source)
    unsure = runs_of(mask == np.asarray(codec.unsure_of(mask.dtype), mask.dtype))
    return {
        "z": source.z,
        "y0": source.y0,
        "x0": source.x0,
        "height": source.height,
        "width": source.width,
        "kind": source.kind,
        "id": source.id,
        "mark": source.mark,
        "unsure": unsure,
    }


def _verdicts(agreed: Iterable[Consensus]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for verdict in Verdict.objects.filter(
        consensus__in=[c.pk for c in agreed], undone__isnull=True
    ).order_by("pk"):
        found[verdict.consensus_id].append(
            {"kind": verdict.kind, "created": _time(verdict.created)}
        )
    return found


def _consensus(consensus: Consensus, verdicts: list[Row]) -> Row:
    task = consensus.task
    return {
        "task": task.pk,
        "task_kind": task.kind,
        "round": task.round.number if task.round else None,
        "chosen_because": task.reason,
        "proposal": task.proposal_id,
        "aggregator": consensus.aggregator,
        "skills": consensus.skills_id,
        "mask_hash": consensus.mask_hash,
        "agreement": consensus.agreement,
        "changed_share": consensus.changed_share,
        "reason": consensus.reason,
        "needs_review": consensus.needs_review,
        "drawn_by_a_manager": consensus.fixed_by_id is not None
        or consensus.aggregator == "manager",
        "verdicts": verdicts,
        "corrections": list(consensus.corrections),
        "created": _time(consensus.created),
    }


def _corrections(rows: Iterable[Row]) -> dict[str, Row]:
    wanted = [key for row in rows for key in row["corrections"]]
    found = Correction.objects.filter(pk__in=wanted).defer("mask", "difference", "comment")
    return {
        str(c.pk): {
            "volunteer": str(c.volunteer_id),
            "task": c.task_id,
            "created": _time(c.created),
            "active_seconds": c.active_seconds,
            "strokes": c.strokes,
            "changed_voxels": c.changed_voxels,
            "mask_hash": c.mask_hash,
            "proposal_hash": c.proposal_hash,
            "supersedes": str(c.supersedes_id) if c.supersedes_id else None,
            "withdrawn": c.withdrawn is not None,
            "quarantined": c.quarantine_id is not None,
            "consent_version": c.consent_version,
        }
        for c in found.order_by("created", "pk")
    }


def _labels_of(cube: Cube, sources: Iterable[Source]) -> dict[int, Row]:
    wanted = {s.id for s in sources if s.kind == "labels"}
    return {row.pk: _labels(row) for row in cube.labels.filter(pk__in=wanted)}


def _external_labels(versions: Iterable[ModelVersion]) -> dict[int, Row]:
    return {v.labels.pk: _labels(v.labels) for v in versions if v.labels is not None}


def _labels(labels: Labels) -> Row:
    return {
        "name": labels.name,
        "role": labels.role,
        "dtype": labels.dtype,
        "checksum": labels.checksum,
        "mapping": labels.mapping.get("map"),
        "imported": _time(labels.created),
    }


def _proposal(proposal: Proposal) -> Row:
    return {
        "model_version": proposal.model_version_id,
        "cube": proposal.cube_id,
        "told": proposal.known,
        "blend": proposal.blend,
        "created": _time(proposal.created),
    }


def _version(version: ModelVersion) -> Row:
    return {
        "number": version.number,
        "kind": version.kind,
        "checksum": version.checksum,
        "voxel_size": version.voxel_size,
        "metrics": version.metrics,
        "gate": version.gate,
        "training_run": version.training_run_id,
        "labels": version.labels_id,
        "created": _time(version.created),
        "served_from": _time(version.served_from),
    }


def _elsewhere(version: ModelVersion) -> Row:
    """Another study's version that a run began from: its weights are named, not its study."""
    nothing: Row = {"number": None, "metrics": {}, "gate": {}, "training_run": None, "labels": None}
    return {**_version(version), **nothing, "served_from": None, "another_study": True}


def _run(run: TrainingRun) -> Row:
    return {
        "kind": run.kind,
        "parent": run.parent_id,
        "origin": run.origin_id,
        "config": run.config,
        "data_hash": run.data_hash,
        "code_version": run.code_version,
        "snapshot": run.snapshot,
        "started": _time(run.started),
        "finished": _time(run.finished),
    }


def _with_parents(versions: set[ModelVersion]) -> list[ModelVersion]:
    """The versions and all that their runs began from, by number; of other studies no further."""
    here = {version.study_id for version in versions}
    known: dict[int, ModelVersion] = {}
    waiting = {version.pk for version in versions}
    while waiting:
        found = ModelVersion.objects.filter(pk__in=waiting).select_related("training_run", "labels")
        known |= {version.pk: version for version in found}
        own = [v.training_run for v in known.values() if v.study_id in here and v.training_run]
        begun = {pk for run in own for pk in (run.parent_id, run.origin_id)}
        waiting = {pk for pk in begun if pk is not None and pk not in known}
    return sorted(known.values(), key=lambda version: version.number)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
