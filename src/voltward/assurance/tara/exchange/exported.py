"""What a format is made of: a model, and its rating where there is one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voltward.assurance.tara.method.profile_settings import ProfileSettings
from voltward.assurance.tara.model.model_folder import Model, entry_named
from voltward.assurance.tara.rating.rating import Rater
from voltward.assurance.tara.rating.records import RatedRisk, Rating
from voltward.assurance.tara.rating.verdict import Holds, Verdict


@dataclass(frozen=True)
class Exported:
    """A model to export.

    Attributes:
        model: The model, and where its entries are.
        rating: Its rating, or None.
        profile: The method profile of the rating, or None.
        control_set: The set that findings are reported under; the last of the rating by default.
        open_verdicts: (attack, what the tests say) where the set's controls are not shown to hold.
        threats: The threats to draw; empty for all.
    """

    model: Model
    rating: Rating | None = None
    profile: ProfileSettings | None = None
    control_set: str = ""
    open_verdicts: tuple[tuple[str, Verdict], ...] = ()
    threats: tuple[str, ...] = ()

    def risks(self) -> Iterator[RatedRisk]:
        """Yield the risks under the control set that findings are reported under."""
        if self.rating:
            name = self.control_set or self.rating.control_sets[-1]
            yield from self.rating.of_set(name)


def rated_export(rater: Rater, control_set: str = "", threats: Sequence[str] = ()) -> Exported:
    """Return a model with its rating under every control set.

    Args:
        rater: A model, a profile and campaigns.
        control_set: The set that findings are reported under; the last of the model by default.
        threats: The threats to draw; empty for all.

    Raises:
        ConfigurationError: There is no such control set or threat.
    """
    for threat in threats:
        entry_named("threat", rater.model.tables.threat, threat)
    if control_set:
        # Refuses an unknown set with the nearest one.
        rater.rate([control_set])
    rating = rater.rate()
    name = control_set or rating.control_sets[-1]
    found = (
        (attack, rater.trees.verdict(attack, rater.sets[name]))
        for attack in sorted(rater.trees.attacks)
    )
    still_open = tuple(
        (attack, verdict)
        for attack, verdict in found
        if verdict is not None and verdict.holds is not Holds.YES
    )
    return Exported(rater.model, rating, rater.profile.settings, name, still_open, tuple(threats))
