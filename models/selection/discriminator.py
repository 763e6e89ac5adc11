"""The paper's strategy: where the discriminator finds image and mask unreal (arXiv 2311.14177)."""

from models.selection.scored import Scored


class Discriminator(Scored):
    """Needs scores "discriminator": larger where the proposal looks less real."""

    name = "discriminator"
    score = "discriminator"
    words = "the discriminator finds its proposal unreal"
