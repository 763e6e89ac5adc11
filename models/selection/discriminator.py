"""The paper's strategy: where the discriminator finds image and mask unreal (arXiv 2311.14177)."""

from models.selection.scored import Scored


class Discriminator(Scored):
    """Needs scores "discriminator": larger where the proposal looks less real.

    Of the paper is the score; the proposal counts where it has or may have something
    (loop/candidates.py), and tasks are spread along z and chosen by the second, as for every
    strategy.
    """

    name = "discriminator"
    score = "discriminator"
    words = "the discriminator finds its proposal unreal"
