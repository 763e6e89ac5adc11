"""A process beside the workers that a test talks to: one JSON request a line, one answer a line.

The test itself cannot use the database of the processes it watches: pytest has another one.
"""

import json
import sys
from typing import Any

import django

django.setup()

from django.contrib.auth.models import Group  # noqa: E402

from lamella.jobs import bell, services  # noqa: E402
from lamella.jobs.models import Job  # noqa: E402


def answer(request: dict[str, Any]) -> Any:
    match request.pop("do"):
        case "enqueue":
            return str(services.enqueue(request["kind"], params=request["params"]).pk)
        case "ring":
            return bell.ring(Job.objects.get(pk=request["job"]))
        case "job":
            fields = ("state", "attempts", "worker", "progress", "error", "result", "message")
            return Job.objects.values(*fields).get(pk=request["job"])
        case "states":
            return sorted(Job.objects.values_list("state", flat=True))
        case "effects":
            return Group.objects.filter(name__startswith=request["job"]).count()
        case "messages":
            return bell.messages(request["queue"])
        case unknown:
            raise ValueError(unknown)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201
