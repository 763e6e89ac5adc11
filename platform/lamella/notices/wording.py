"""The words of a notice, in the language of whoever reads it, and where it leads."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from lamella.languages.sentences import said
from lamella.notices.models import Notice
from lamella.studies.models import Role, StudyState

Params = Mapping[str, Any]


def words_of(notice: Notice) -> str:
    """One sentence or two."""
    title = notice.study.title if notice.study else ""
    return _WORDS[Notice.Kind(notice.kind)](title, notice.params)


def path_of(notice: Notice) -> str:
    """The page that it is about."""
    if notice.study is None:
        return "/notices/"
    home = f"/studies/{notice.study.slug}/"
    return home + {"failure": "training/#jobs", "joined": "people/"}.get(notice.kind, "")


def _announcement(title: str, params: Params) -> str:
    return _("%(title)s: %(text)s") % {"title": title, "text": params["text"]}


def _role(title: str, params: Params) -> str:
    told = {
        Role.VOLUNTEER: _("You are a volunteer of “%(title)s” now."),
        Role.MANAGER: _("You are a manager of “%(title)s” now."),
        Role.ADMIN: _("You are an admin of “%(title)s” now."),
    }
    return told[Role(params["role"])] % {"title": title}


def _joined(title: str, params: Params) -> str:
    return _("%(name)s accepted the invitation to “%(title)s”.") % {
        "name": params["name"],
        "title": title,
    }


def _round(title: str, params: Params) -> str:
    if params.get("low") is None:
        return _("Round %(number)s of “%(title)s” is closed.") % {
            "number": params["number"],
            "title": title,
        }
    return _(
        "Round %(number)s of “%(title)s” is closed: quality %(dice)s (%(low)s to %(high)s), "
        "target %(target)s."
    ) % {
        "number": params["number"],
        "title": title,
        **{name: f"{params[name]:.3f}" for name in ("dice", "low", "high", "target")},
    }


def _state(title: str, params: Params) -> str:
    told = {
        StudyState.OPEN: _("“%(title)s” is open: there is work for you."),
        StudyState.PAUSED: _("“%(title)s” is paused for now."),
        StudyState.FINISHED: _("“%(title)s” is finished. Thank you!"),
    }
    return told[StudyState(params["state"])] % {"title": title}


def _failure(title: str, params: Params) -> str:
    return _("“%(job)s” in “%(title)s” failed: %(error)s") % {
        "job": said(params["title"]),
        "title": title,
        "error": said(params["error"]),
    }


_WORDS = {
    Notice.Kind.ANNOUNCEMENT: _announcement,
    Notice.Kind.ROLE: _role,
    Notice.Kind.JOINED: _joined,
    Notice.Kind.ROUND: _round,
    Notice.Kind.STATE: _state,
    Notice.Kind.FAILURE: _failure,
}
