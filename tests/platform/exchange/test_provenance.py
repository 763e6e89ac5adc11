"""What an export tells of the models behind it."""

import numpy as np
import pytest

from lamella.consensus.final import FinalMask
from lamella.exchange.models import Export
from lamella.exchange.provenance import document
from lamella.exchange.writing import Written
from lamella.learning.models import ModelVersion, TrainingRun
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_where_training_began_is_told_but_nothing_of_another_studys_inside() -> None:
    kidney = make.make_study("Kidney")
    secret = make.make_run(kidney, snapshot={"sources": ["secret"]})
    foreign = make.make_version(
        kidney, 7, training_run=secret, checksum="f" * 64, metrics={"validation_dice": 0.5}
    )
    liver = make.make_study("Liver 3")
    pretraining = make.make_run(liver, kind=TrainingRun.Kind.PRETRAIN)
    pretrained = make.make_version(
        liver,
        1,
        kind=ModelVersion.Kind.PRETRAINED,
        state=ModelVersion.State.ORIGIN,
        training_run=pretraining,
    )
    older = make.make_version(liver, 2, training_run=make.make_run(liver, origin=pretrained))
    between = make.make_run(liver, parent=older)
    parent = make.make_version(liver, 3, training_run=between)
    begun = make.make_run(liver, parent=parent)
    make.make_version(liver, 4, training_run=begun, state=ModelVersion.State.SERVING)
    TrainingRun.objects.filter(pk=between.pk).update(origin=foreign)

    labels = np.zeros((4, 32, 32), np.uint8)
    cube = make.make_cube(liver, shape=(4, 32, 32))
    make.make_proposal(cube, liver.model_versions.get(number=4), labels=labels)
    export = Export.objects.create(cube=cube, format=Export.Format.TIFF)
    told = document(export, FinalMask(cube), Written("c", {}, {}))

    versions, runs = told["model_versions"], told["training_runs"]
    assert {row["number"] for row in versions.values()} == {1, 2, 3, 4, None}
    named = versions[str(runs[str(between.pk)]["origin"])]
    assert (named["checksum"], named["another_study"]) == ("f" * 64, True)
    assert (named["training_run"], named["metrics"]) == (None, {})
    assert str(secret.pk) not in runs
    assert "secret" not in str(told)
    assert "Kidney" not in str(told)
    assert runs[str(pretraining.pk)]["kind"] == "pretrain"
    assert all(
        runs[str(v["training_run"])] for v in versions.values() if v["training_run"] is not None
    )
