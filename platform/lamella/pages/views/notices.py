"""What a person is told, and no longer being written to."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from lamella.notices import digest
from lamella.notices.telling import notices_of, read_all, unread
from lamella.notices.wording import path_of, words_of
from lamella.pages.views.access import user_of

SHOWN = 60


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """POST: those of the list that was looked at count as seen."""
    user = user_of(request)
    if request.method == "POST":
        until = request.POST.get("until", "")
        if until.isdecimal() and len(until) < 19:
            read_all(user, until=int(until))
        return redirect("pages:notices")
    rows = list(notices_of(user)[:SHOWN])
    return render(
        request,
        "pages/notices.html",
        {
            "rows": [{"notice": n, "words": words_of(n), "path": path_of(n)} for n in rows],
            "waiting": unread(user),
            "until": rows[0].pk if rows else 0,
        },
    )


@csrf_exempt  # mail programs post here by themselves (RFC 8058); the token says for whom
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST stops the mails; nobody has to sign in for it."""
    user = digest.leaver(token)
    if user is None:
        return render(request, "404.html", status=404)
    if request.method == "POST":
        digest.stop(user)
    return render(
        request, "pages/unsubscribe.html", {"leaver": user, "done": request.method == "POST"}
    )
