"""What the jobs of the tests do. Each effect is a row (an auth group) named after its job."""

import json
import os
import time
import uuid
from pathlib import Path

from django.contrib.auth.models import Group

from workers.runner import JobContext, handler

STEP_SECONDS = 0.3


def record(ctx: JobContext) -> None:
    """Leave one more row for this job, and end it, in the one transaction."""
    with ctx.effect():
        Group.objects.create(name=f"{ctx.job.pk}/{uuid.uuid4()}")
        ctx.finish({"worker": os.getpid()})


@handler("trial_train")
def train(ctx: JobContext) -> None:
    """A training: a checkpoint a step, in a file; each step taken is noted in a journal."""
    folder = Path(ctx.params["folder"])
    checkpoint = folder / "checkpoint.json"
    steps = int(ctx.params["steps"])
    begin = json.loads(checkpoint.read_text())["step"] if checkpoint.exists() else 0
    for step in range(begin, steps):
        ctx.progress(step, steps, f"step {step + 1} of {steps}")
        time.sleep(STEP_SECONDS)
        with (folder / "journal").open("a") as journal:
            journal.write(f"{step}\n")
        written = checkpoint.with_suffix(".tmp")
        written.write_text(json.dumps({"step": step + 1}))
        written.replace(checkpoint)
    record(ctx)


@handler("trial_quick")
def quick(ctx: JobContext) -> None:
    record(ctx)


@handler("trial_stubborn")
def stubborn(ctx: JobContext) -> None:
    """Works on without ever asking whether it should stop, then records."""
    with (Path(ctx.params["folder"]) / "journal").open("a") as journal:
        journal.write(f"{os.getpid()}\n")
    time.sleep(float(ctx.params["seconds"]))
    record(ctx)
