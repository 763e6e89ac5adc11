"""What can go wrong with a job, and what a person is told about it."""


class UserError(Exception):
    """A fault that a person can mend; its text is one plain sentence and is shown as it is."""


class TransientError(Exception):
    """A fault that may pass by itself, such as a server that does not answer: try again later."""


class JobStopped(Exception):  # noqa: N818 (a request, not a fault)
    """The work must end now and record nothing more; the base of the three reasons below."""


class LeaseLost(JobStopped):
    """Another worker may have the job: this one was silent for too long."""


class Cancelled(JobStopped):
    """A person cancelled the job."""


class ShuttingDown(JobStopped):
    """The worker is being stopped; the job goes back to the queue and resumes elsewhere."""


class JobConflictError(UserError):
    """The same work is waiting or running already."""
