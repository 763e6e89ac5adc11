"""Skills as the platform keeps them: evidence of finished tasks, fading, in versioned snapshots."""

from collections.abc import Mapping

from models.config import SkillConfig
from models.crowd.aggregator import SHOWN
from models.crowd.skills import SkillSnapshot, Tally


class Memory:
    """Snapshots from what finished tasks say."""

    def __init__(self, config: SkillConfig | None = None) -> None:
        self.config = config or SkillConfig()
        self.snapshot = SkillSnapshot()

    def learn(self, evidence: Mapping[str, Tally]) -> None:
        """One finished task's evidence makes the next snapshot."""
        skills = dict(self.snapshot.skills)
        shown = self.snapshot.shown
        for name, tally in evidence.items():
            if name == SHOWN:
                shown = shown.faded(self.config.forgetting) + tally
            else:
                skills[name] = skills.get(name, Tally()).faded(self.config.forgetting) + tally
        self.snapshot = SkillSnapshot(self.snapshot.version + 1, skills, shown)
