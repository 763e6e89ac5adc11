"""Who may ask what: every address of the server, with what each of the cast is answered."""

from dataclasses import dataclass, field

NOBODY, CHARLIE, ALICE, DANA, BOB = "nobody", "charlie", "alice", "dana", "bob"
CAST = (NOBODY, CHARLIE, ALICE, DANA, BOB)
"""Nobody has no account; Charlie is a volunteer of another study; of the private study that is
asked for Alice is a volunteer, Dana a manager; Bob administers the whole installation."""

# What each of the cast is answered: "ok", or one of the refusals.
GONE, REFUSED, UNKNOWN, LOGIN, OK = "404", "403", "401", "login", "ok"
EVERYBODY = (OK, OK, OK, OK, OK)
SIGNED_IN = (LOGIN, OK, OK, OK, OK)
MEMBERS = (GONE, GONE, OK, OK, OK)
MANAGERS = (GONE, GONE, REFUSED, OK, OK)
ADMINS = (GONE, GONE, REFUSED, REFUSED, OK)
STAFF = (GONE, GONE, GONE, GONE, OK)
ONLY_ALICE = (GONE, GONE, OK, GONE, GONE)
ONLY_DANA = (GONE, GONE, GONE, OK, GONE)
ONLY_ALICES_ACCOUNT = (LOGIN, GONE, OK, GONE, GONE)
ACCOUNTS = (UNKNOWN, OK, OK, OK, OK)
ONLY_ALICES_TOKEN = (UNKNOWN, GONE, OK, GONE, GONE)

Rule = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    rule: Rule
    body: str = ""
    """Name of a method of World that gives the body."""
    values: dict[str, str] = field(default_factory=dict)


STUDY = "studies/<slug:slug>/"
API = "api/v1/"
CUBE = API + "cubes/<int:cube_id>"
TILE = CUBE + "/tiles/<int:level>/<int:z>/<int:row>/<int:column>"
AGREED = API + "consensus/<int:consensus_id>"
MEMBER = API + "studies/<slug>/members/<int:member_id>"
PERSON = API + "studies/<slug>/skills/<uuidstr:volunteer_id>"
VERSION = API + "model-versions/<int:version_id>"
ASSIGNED = API + "assignments/<uuidstr:assignment_id>"

ROUTES = [
    # Pages
    Route("GET", "", EVERYBODY),
    Route("POST", "language/", EVERYBODY),
    Route("GET", "profile/", SIGNED_IN),
    Route("POST", "profile/", SIGNED_IN),
    Route("POST", "profile/tokens/", SIGNED_IN),
    Route("POST", "profile/tokens/<int:pk>/revoke/", ONLY_ALICES_ACCOUNT, values={"pk": "token"}),
    Route("POST", "profile/delete/", SIGNED_IN),
    Route("GET", "notices/", SIGNED_IN),
    Route("POST", "notices/", SIGNED_IN),
    Route("GET", "unsubscribe/<str:token>/", EVERYBODY, values={"token": "leaving"}),
    Route("POST", "unsubscribe/<str:token>/", EVERYBODY, values={"token": "leaving"}),
    # Whoever has the link may read what it invites to; joining asks to sign in.
    Route("GET", "invitations/<str:secret>/", EVERYBODY),
    Route("POST", "invitations/<str:secret>/", EVERYBODY),
    Route("GET", "new-study/", SIGNED_IN),
    Route("POST", "new-study/", SIGNED_IN),
    Route("GET", STUDY, MEMBERS),
    Route("GET", STUDY + "live/", MANAGERS),
    Route("GET", STUDY + "settings/", ADMINS),
    Route("POST", STUDY + "settings/", ADMINS),
    Route("POST", STUDY + "state/", MANAGERS),
    Route("GET", STUDY + "correct/", MEMBERS),
    Route("GET", STUDY + "review/", MANAGERS),
    Route("GET", STUDY + "review/trail/", MANAGERS),
    Route(
        "POST",
        STUDY + "review/trail/<int:pk>/take-back/",
        MANAGERS,
        values={"pk": "verdict_id"},
    ),
    Route("GET", STUDY + "training/", MANAGERS),
    Route("POST", STUDY + "training/start/", ADMINS),
    Route("GET", STUDY + "training/runs/<int:pk>/log/", MANAGERS, values={"pk": "run"}),
    Route("POST", STUDY + "training/runs/<int:pk>/cancel/", ADMINS, values={"pk": "run"}),
    Route("POST", STUDY + "training/runs/<int:pk>/resume/", ADMINS, values={"pk": "run"}),
    Route("POST", STUDY + "training/settings/", ADMINS),
    Route("POST", STUDY + "training/schedule/", ADMINS),
    Route("POST", STUDY + "training/compare/", ADMINS),
    Route("POST", STUDY + "training/clean-up/", ADMINS),
    Route("GET", "health/", STAFF),
    Route("GET", "health/live/", STAFF),
    Route("POST", "health/jobs/<uuid:pk>/retry/", STAFF, values={"pk": "job"}),
    Route("GET", "metrics", STAFF),
    Route("POST", STUDY + "training/versions/<int:pk>/promote/", ADMINS, values={"pk": "version"}),
    Route("GET", STUDY + "training/versions/<int:pk>/roll-back/", ADMINS, values={"pk": "retired"}),
    Route(
        "POST", STUDY + "training/versions/<int:pk>/roll-back/", ADMINS, values={"pk": "retired"}
    ),
    Route("POST", STUDY + "jobs/<uuid:pk>/retry/", ADMINS, values={"pk": "job"}),
    Route("POST", STUDY + "jobs/<uuid:pk>/cancel/", ADMINS, values={"pk": "job"}),
    Route("GET", STUDY + "people/", MANAGERS),
    Route("POST", STUDY + "people/add/", MANAGERS),
    Route("POST", STUDY + "people/invite/", MANAGERS),
    Route(
        "POST",
        STUDY + "people/invitations/<int:pk>/revoke/",
        MANAGERS,
        values={"pk": "invitation"},
    ),
    Route("POST", STUDY + "people/announce/", MANAGERS),
    Route(
        "POST",
        STUDY + "people/announcements/<int:pk>/withdraw/",
        MANAGERS,
        values={"pk": "announced"},
    ),
    Route("GET", STUDY + "people/volunteers/", MANAGERS),
    Route(
        "POST",
        STUDY + "people/volunteers/<uuid:pk>/pause/",
        MANAGERS,
        values={"pk": "volunteer"},
    ),
    Route("POST", STUDY + "people/<int:pk>/role/", ADMINS, values={"pk": "membership"}),
    Route("POST", STUDY + "people/<int:pk>/remove/", MANAGERS, values={"pk": "membership"}),
    Route("GET", STUDY + "skills/", MANAGERS),
    Route("GET", STUDY + "skills/<uuid:pk>/", MANAGERS, values={"pk": "volunteer_id"}),
    Route("POST", STUDY + "skills/<uuid:pk>/hold/", MANAGERS, values={"pk": "volunteer_id"}),
    Route("POST", STUDY + "skills/<uuid:pk>/let-go/", MANAGERS, values={"pk": "volunteer_id"}),
    Route("GET", STUDY + "agreement/", MANAGERS),
    Route("GET", STUDY + "my-work/", MEMBERS),
    Route(
        "POST",
        STUDY + "my-work/<uuid:pk>/withdraw/",
        ONLY_ALICE,
        values={"pk": "correction_id"},
    ),
    Route("GET", STUDY + "cubes/", MEMBERS),
    Route("GET", STUDY + "cubes/add/", MANAGERS),
    Route("GET", STUDY + "cubes/<int:pk>/", MEMBERS, values={"pk": "cube_id"}),
    Route("GET", STUDY + "cubes/<int:pk>/labels/", MANAGERS, values={"pk": "cube_id"}),
    Route("POST", STUDY + "cubes/<int:pk>/exports/", MANAGERS, values={"pk": "cube_id"}),
    # What the pages and programs use
    Route("GET", API, (GONE,) * 5),
    Route("GET", API + "openapi.json", EVERYBODY),
    Route("GET", API + "docs", EVERYBODY),
    Route("GET", API + "studies", EVERYBODY),
    Route("POST", API + "studies", ACCOUNTS, "new_study"),
    Route("GET", API + "studies/<slug>", MEMBERS),
    Route("POST", API + "studies/<slug>/state", MANAGERS, "state"),
    Route("GET", API + "studies/<slug>/settings", ADMINS),
    Route("PATCH", API + "studies/<slug>/settings", ADMINS, "settings"),
    Route("GET", API + "studies/<slug>/members", MANAGERS),
    Route("POST", API + "studies/<slug>/members", MANAGERS, "newcomer"),
    Route("PATCH", MEMBER, ADMINS, "role", values={"member_id": "membership"}),
    Route("DELETE", MEMBER, MANAGERS, values={"member_id": "membership"}),
    Route("GET", API + "studies/<slug>/training-runs", MANAGERS),
    Route("POST", API + "studies/<slug>/training-runs", ADMINS),
    Route("GET", API + "studies/<slug>/origins", ADMINS),
    Route("GET", API + "training-runs/<int:run_id>", MANAGERS, values={"run_id": "run"}),
    Route("POST", API + "training-runs/<int:run_id>/cancel", ADMINS, values={"run_id": "run"}),
    Route("POST", API + "training-runs/<int:run_id>/resume", ADMINS, values={"run_id": "run"}),
    Route(
        "GET",
        API + "training-runs/<int:run_id>/samples/<int:number>/<int:step>.jpg",
        MANAGERS,
        values={"run_id": "run", "number": "level", "step": "level"},
    ),
    Route("GET", API + "studies/<slug>/training-settings", ADMINS),
    Route("PATCH", API + "studies/<slug>/training-settings", ADMINS, "training"),
    Route("GET", API + "studies/<slug>/comparison", MANAGERS),
    Route("POST", API + "studies/<slug>/comparison", ADMINS),
    Route("GET", API + "studies/<slug>/disk", MANAGERS),
    Route("POST", API + "studies/<slug>/disk/clean-up", ADMINS),
    Route(
        "POST",
        API + "health/jobs/<uuidstr:job_id>/retry",
        (UNKNOWN, GONE, GONE, GONE, OK),
        values={"job_id": "job"},
    ),
    Route("GET", API + "studies/<slug>/model-versions", MANAGERS),
    Route("POST", VERSION + "/promote", ADMINS, values={"version_id": "version"}),
    Route("GET", VERSION + "/rollback", ADMINS, values={"version_id": "retired"}),
    Route("POST", VERSION + "/rollback", ADMINS, values={"version_id": "retired"}),
    Route("GET", API + "studies/<slug>/jobs", MANAGERS),
    Route("POST", API + "jobs/<uuidstr:job_id>/retry", ADMINS, values={"job_id": "job"}),
    Route("POST", API + "jobs/<uuidstr:job_id>/cancel", ADMINS, values={"job_id": "job"}),
    Route("GET", API + "account", ACCOUNTS),
    Route("PATCH", API + "account", ACCOUNTS, "profile"),
    Route("GET", API + "account/tokens", ACCOUNTS),
    Route("POST", API + "account/tokens", ACCOUNTS, "token"),
    Route(
        "DELETE",
        API + "account/tokens/<int:token_id>",
        ONLY_ALICES_TOKEN,
        values={"token_id": "token"},
    ),
    Route("POST", API + "account/delete", ACCOUNTS, "farewell"),
    Route("POST", API + "studies/<slug>/next", MEMBERS),
    Route("GET", ASSIGNED, ONLY_ALICE),
    Route("POST", ASSIGNED + "/renew", ONLY_ALICE),
    Route("POST", ASSIGNED + "/release", ONLY_ALICE),
    Route("POST", ASSIGNED + "/corrections", ONLY_ALICE, "correction"),
    Route("POST", API + "corrections/<uuidstr:correction_id>/recall", ONLY_ALICE, "recall"),
    Route("DELETE", API + "corrections/<uuidstr:correction_id>", ONLY_ALICE),
    # Hers was no practice: nobody is shown what experts drew of it.
    Route("GET", API + "corrections/<uuidstr:correction_id>/gold", (GONE, GONE, GONE, GONE, GONE)),
    Route("GET", API + "tasks/<int:task_id>/proposal", MEMBERS),  # Alice was given this task
    Route(
        "GET",
        API + "tasks/<int:task_id>/proposal",
        (GONE, GONE, GONE, OK, OK),
        values={"task_id": "other_task"},
    ),
    Route("PUT", API + "tasks/<int:task_id>/favourite", ONLY_ALICE),  # she was given this task
    Route("DELETE", API + "tasks/<int:task_id>/favourite", ONLY_ALICE),
    Route("GET", CUBE + "/body", MEMBERS),
    Route("GET", CUBE + "/mask/<axis>/<int:index>.png", MANAGERS),
    Route("GET", CUBE + "/patches/<int:z>", (GONE, GONE, REFUSED, GONE, GONE)),  # it has no map
    Route("GET", CUBE + "/objects", MANAGERS),
    Route("POST", CUBE + "/objects", MANAGERS),
    Route("GET", API + "studies/<slug>/volunteers", MANAGERS),
    Route(
        "PATCH",
        API + "studies/<slug>/volunteers/<uuidstr:volunteer_id>",
        MANAGERS,
        "pausing",
        values={"volunteer_id": "volunteer"},
    ),
    Route("GET", API + "studies/<slug>/invitations", MANAGERS),
    Route("POST", API + "studies/<slug>/invitations", MANAGERS, "invitation"),
    Route(
        "DELETE",
        API + "studies/<slug>/invitations/<int:invitation_id>",
        MANAGERS,
        values={"invitation_id": "invitation"},
    ),
    Route("POST", API + "invitations/<secret>", ACCOUNTS),
    Route("POST", API + "studies/<slug>/announcements", MANAGERS, "word"),
    Route(
        "DELETE",
        API + "studies/<slug>/announcements/<int:announcement_id>",
        MANAGERS,
        values={"announcement_id": "announced"},
    ),
    Route("GET", API + "account/notices", ACCOUNTS),
    Route("POST", API + "account/notices/read", ACCOUNTS, "seen"),
    Route("GET", API + "studies/<slug>/review", MANAGERS),
    Route("GET", API + "studies/<slug>/review/bulk", MANAGERS, "bulk"),
    Route("POST", API + "studies/<slug>/review/bulk", MANAGERS, "bulk"),
    Route("GET", API + "studies/<slug>/verdicts", MANAGERS),
    Route("POST", API + "studies/<slug>/verdicts/together/<uuidstr:batch>/undo", MANAGERS),
    Route("GET", AGREED, MANAGERS),
    Route("GET", API + "studies/<slug>/skills", MANAGERS),
    Route("GET", PERSON, MANAGERS),
    Route("POST", PERSON + "/hold", MANAGERS, "held"),
    Route("DELETE", PERSON + "/hold", MANAGERS),
    Route("GET", API + "studies/<slug>/contested", MANAGERS),
    Route("GET", AGREED + "/disagreement.png", MANAGERS),
    Route("GET", AGREED + "/masks/<name>", MANAGERS),
    Route("GET", AGREED + "/corrections/<uuidstr:correction_id>/mask", MANAGERS),
    Route("POST", AGREED + "/accept", MANAGERS),
    Route("POST", AGREED + "/send-back", MANAGERS, "note"),
    Route("POST", AGREED + "/fix", MANAGERS, "fix"),
    Route("POST", API + "verdicts/<int:verdict_id>/undo", MANAGERS),
    Route("GET", TILE + ".jpg", MEMBERS),
    Route("GET", TILE + ".png", MEMBERS),
    Route("GET", CUBE + "/plane/<axis>/<int:index>.jpg", MEMBERS),
    Route("GET", CUBE + "/zarr/<path:path>", MEMBERS),
    Route("GET", CUBE + "/consensus/zarr/<path:path>", MANAGERS),
    Route("GET", API + "labels/<int:labels_id>/zarr/<path:path>", MANAGERS),
    Route(
        "GET",
        API + "proposals/<int:proposal_id>/zarr/<path:path>",
        MANAGERS,
        values={"path": "labels_path"},
    ),
    Route("POST", API + "studies/<slug>/uploads", MANAGERS, "announcement"),
    Route("GET", API + "uploads/<uuidstr:upload_id>", ONLY_DANA),
    Route("PATCH", API + "uploads/<uuidstr:upload_id>", ONLY_DANA),
    Route("DELETE", API + "uploads/<uuidstr:upload_id>", ONLY_DANA),
    Route("POST", API + "studies/<slug>/preview", MANAGERS, "source"),
    Route("GET", API + "studies/<slug>/cubes", MEMBERS),
    Route("POST", API + "studies/<slug>/cubes", MANAGERS, "source"),
    Route("GET", CUBE, MANAGERS),
    Route("DELETE", CUBE, MANAGERS),
    Route("POST", CUBE + "/labels", MANAGERS, "source"),
    Route("GET", API + "labels/<int:labels_id>", MANAGERS),
    Route("DELETE", API + "labels/<int:labels_id>", MANAGERS),
    Route("GET", CUBE + "/exports", MANAGERS),
    Route("POST", CUBE + "/exports", MANAGERS, "export"),
    Route("GET", API + "exports/<uuidstr:export_id>", MANAGERS),
    Route("GET", API + "exports/<uuidstr:export_id>/download", MANAGERS),
    Route("GET", API + "exports/<uuidstr:export_id>/provenance.json", MANAGERS),
    # Accounts: the library's own pages, about nobody but whoever asks.
    *(
        Route("GET", f"accounts/{page}/", rule)
        for page, rule in {
            "login": EVERYBODY,
            "logout": EVERYBODY,
            "inactive": EVERYBODY,
            "signup": EVERYBODY,
            "reauthenticate": SIGNED_IN,
            "email": SIGNED_IN,
            "confirm-email": EVERYBODY,
            "password/change": SIGNED_IN,
            "password/set": SIGNED_IN,
            "password/reset": EVERYBODY,
            "password/reset/done": EVERYBODY,
            "password/reset/key/done": EVERYBODY,
            "login/code/confirm": SIGNED_IN,
        }.items()
    ),
    Route("GET", r"accounts/^confirm-email/(?P<key>[-:\w]+)/$", EVERYBODY),
    Route(
        "GET",
        r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        EVERYBODY,
    ),
]
