"""The pages that people see."""

from django.urls import URLPattern, path

from lamella.pages.views import (
    account,
    agreement,
    correct,
    cubes,
    landing,
    language,
    mine,
    people,
    review,
    study,
    trail,
    training,
    volunteers,
)

app_name = "pages"
urlpatterns: list[URLPattern] = [
    path("", landing.landing, name="landing"),
    path("language/", language.choose, name="language"),
    path("profile/", account.profile, name="profile"),
    path("profile/tokens/", account.create_token, name="create_token"),
    path("profile/tokens/<int:pk>/revoke/", account.revoke_token, name="revoke_token"),
    path("profile/delete/", account.delete_account, name="delete_account"),
    path("new-study/", study.new_study, name="new_study"),
    path("studies/<slug:slug>/", study.home, name="study"),
    path("studies/<slug:slug>/live/", study.live, name="live"),
    path("studies/<slug:slug>/settings/", study.settings, name="settings"),
    path("studies/<slug:slug>/state/", study.set_state, name="set_state"),
    path("studies/<slug:slug>/correct/", correct.correct, name="correct"),
    path("studies/<slug:slug>/review/", review.review, name="review"),
    path("studies/<slug:slug>/review/trail/", trail.trail, name="trail"),
    path("studies/<slug:slug>/review/trail/<int:pk>/take-back/", trail.take_back, name="take_back"),
    path("studies/<slug:slug>/training/", training.desk, name="training"),
    path("studies/<slug:slug>/training/start/", training.start, name="start_training"),
    path("studies/<slug:slug>/training/runs/<int:pk>/cancel/", training.cancel, name="cancel_run"),
    path(
        "studies/<slug:slug>/training/versions/<int:pk>/promote/", training.promote, name="promote"
    ),
    path(
        "studies/<slug:slug>/training/versions/<int:pk>/roll-back/",
        training.roll_back,
        name="roll_back",
    ),
    path("studies/<slug:slug>/jobs/<uuid:pk>/retry/", training.retry_job, name="retry_job"),
    path("studies/<slug:slug>/jobs/<uuid:pk>/cancel/", training.cancel_job, name="cancel_job"),
    path("studies/<slug:slug>/people/", people.people, name="people"),
    path("studies/<slug:slug>/people/add/", people.add_member, name="add_member"),
    path("studies/<slug:slug>/people/<int:pk>/role/", people.change_role, name="change_role"),
    path("studies/<slug:slug>/people/<int:pk>/remove/", people.remove_member, name="remove_member"),
    path("studies/<slug:slug>/skills/", volunteers.volunteers, name="skills"),
    path("studies/<slug:slug>/skills/<uuid:pk>/", volunteers.volunteer, name="skill"),
    path("studies/<slug:slug>/skills/<uuid:pk>/hold/", volunteers.hold, name="hold_volunteer"),
    path(
        "studies/<slug:slug>/skills/<uuid:pk>/let-go/",
        volunteers.let_go,
        name="let_volunteer_go",
    ),
    path("studies/<slug:slug>/agreement/", agreement.agreement, name="agreement"),
    path("studies/<slug:slug>/my-work/", mine.mine, name="mine"),
    path("studies/<slug:slug>/my-work/<uuid:pk>/withdraw/", mine.withdraw, name="withdraw_mask"),
    path("studies/<slug:slug>/cubes/", cubes.cubes, name="cubes"),
    path("studies/<slug:slug>/cubes/add/", cubes.add_cube, name="add_cube"),
    path("studies/<slug:slug>/cubes/<int:pk>/", cubes.cube, name="cube"),
    path("studies/<slug:slug>/cubes/<int:pk>/labels/", cubes.add_labels, name="add_labels"),
    path("studies/<slug:slug>/cubes/<int:pk>/exports/", cubes.add_export, name="add_export"),
]
