"""What changes assignments and corrections, under one name."""

from lamella.annotation.counting import withdraw, withdraw_all
from lamella.annotation.masks import mask_of
from lamella.annotation.offers import expire_leases, next_assignment, release, renew
from lamella.annotation.submission import Submission, recall, submit

__all__ = [
    "Submission",
    "expire_leases",
    "mask_of",
    "next_assignment",
    "recall",
    "release",
    "renew",
    "submit",
    "withdraw",
    "withdraw_all",
]
