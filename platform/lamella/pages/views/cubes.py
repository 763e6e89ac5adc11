"""Cubes: the list, one cube, and how a new one comes in."""

import json

from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from lamella.cubes.models import Cube, VolumeState
from lamella.exchange import services as exchange
from lamella.exchange.models import Export
from lamella.languages.sentences import said
from lamella.learning.models import Proposal
from lamella.loop import cube_page
from lamella.loop.counted import Counted
from lamella.pages import live as live_data
from lamella.pages.views.access import place_for, user_of
from lamella.studies.models import LabelClass, Role


@require_safe
def cubes(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.VOLUNTEER)
    return render(
        request,
        "pages/study/cubes.html",
        {"place": place, "tab": "cubes", "rows": cube_page.rows_of(place.study)},
    )


@require_safe
def cube(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.VOLUNTEER)
    ready = Proposal.objects.filter(cube=OuterRef("pk"), state=Proposal.State.READY)
    cubes = place.study.cubes.select_related("study").annotate(proposed=Exists(ready))
    found = get_object_or_404(cubes, pk=pk)
    now = Counted(place.study)
    wanted = request.GET.get("z", "")
    here = None
    classes = list(place.study.classes.order_by("value"))
    if found.state == VolumeState.READY:
        z = int(wanted) if wanted.isdigit() else found.depth // 2
        here = cube_page.slice_of(found, z)
    return render(
        request,
        "pages/study/cube.html",
        {
            "place": place,
            "tab": "cubes",
            "page": cube_page.of_cube(found, now),
            "here": here,
            "thumbnails": _thumbnails(found.depth) if here else [],
            "classes": classes,
            "facts": json.dumps(_facts(found, classes)) if here and place.manages else "",
            "formats": Export.Format.choices,
            # Of a cube that is there the page asks itself what goes on, once it is shown.
            "live": live_data.payload(place.study, now) if place.manages and not here else None,
            "server": request.build_absolute_uri("/"),
        },
    )


def _facts(cube: Cube, classes: list[LabelClass]) -> dict[str, object]:
    """What the explorer knows of the cube from the beginning."""
    return {
        "id": cube.pk,
        "name": cube.name,
        "version": cube.checksum[:16],
        "shape": cube.shape,
        "voxel": cube.voxel_size or [1.0, 1.0, 1.0],
        "unit": cube.unit,
        "classes": [{"value": c.value, "name": c.name, "color": c.color} for c in classes],
        "instances": cube.study.instances,
    }


def _thumbnails(depth: int, wanted: int = 9) -> list[int]:
    """Evenly spread slices, the outermost left out."""
    number = min(wanted, depth)
    return [(2 * i + 1) * depth // (2 * number) for i in range(number)]


@require_safe
@ensure_csrf_cookie
def add_cube(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    return render(
        request,
        "pages/study/add_cube.html",
        {
            "place": place,
            "tab": "cubes",
            "by_path": bool(settings.INGEST_ROOTS or settings.INGEST_URLS),
        },
    )


@require_safe
@ensure_csrf_cookie
def add_labels(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    found = get_object_or_404(place.study.cubes, pk=pk)
    classes = place.study.classes.values("value", "name", "color")
    return render(
        request,
        "pages/study/add_labels.html",
        {
            "place": place,
            "tab": "cubes",
            "cube": found,
            "classes": json.dumps(list(classes)),
            "by_path": bool(settings.INGEST_ROOTS or settings.INGEST_URLS),
        },
    )


@require_POST
def add_export(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    found = get_object_or_404(place.study.cubes, pk=pk)
    wanted = request.POST.get("format", "")
    if wanted not in Export.Format.values:
        messages.error(
            request, _("Nothing was exported: that is no format; choose one in the list.")
        )
        return redirect("pages:cube", slug, pk)
    try:
        export = exchange.request_export(found, wanted, user_of(request))
    except exchange.ExportError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(
            request,
            _("%(format)s is being written; it appears in the list when ready.")
            % {"format": export.get_format_display()},
        )
    response = redirect("pages:cube", slug, pk)
    response["Location"] += "#exports"
    return response
