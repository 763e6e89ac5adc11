"""Who wants to know when a study changes its state, or a person their role in one.

An app above this one registers in its ``ready()``; the hook runs in the transaction of the change.
"""

from collections.abc import Callable

from lamella.accounts.models import User
from lamella.studies.models import Role, Study, StudyState

StateHook = Callable[[Study, StudyState], None]
RoleHook = Callable[[Study, User, Role], None]

_ON_STATE: list[StateHook] = []
_ON_ROLE: list[RoleHook] = []


def on_state(hook: StateHook) -> None:
    """Call ``hook(study, state)`` when a study came into another state."""
    if hook not in _ON_STATE:
        _ON_STATE.append(hook)


def on_role(hook: RoleHook) -> None:
    """Call ``hook(study, person, role)`` when somebody gave a person a role."""
    if hook not in _ON_ROLE:
        _ON_ROLE.append(hook)


def state_changed(study: Study, state: StudyState) -> None:
    for hook in _ON_STATE:
        hook(study, state)


def role_given(study: Study, person: User, role: Role) -> None:
    for hook in _ON_ROLE:
        hook(study, person, role)
