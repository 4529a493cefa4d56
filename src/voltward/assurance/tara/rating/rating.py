"""A model rated: every threat, damage and category under every control set.

The numbers are the steps of the workflow in `voltward.assurance.tara.rating`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from voltward.assurance.tara.method.profile import Profile
from voltward.assurance.tara.method.profile_settings import ProfileSettings
from voltward.assurance.tara.model.model import Damage, resolved_sets
from voltward.assurance.tara.model.model_folder import Model
from voltward.assurance.tara.rating.campaign_results import CampaignResults
from voltward.assurance.tara.rating.path_feasibility import TreeRater
from voltward.assurance.tara.rating.path_rating import PathRater, PathUnderSet
from voltward.assurance.tara.rating.records import RatedPath, RatedRisk, Rating
from voltward.assurance.tara.rating.risk_rating import RiskRater
from voltward.core.errors import ConfigurationError
from voltward.core.files import canonical_json
from voltward.core.suggestion import nearest


@dataclass(frozen=True)
class Rater:
    """Rates a model by a profile, with what campaigns measured.

    Attributes:
        model: A model without errors.
        profile: The method profile.
        campaigns: What was executed; none for a rating by judgement alone.
        method: Feasibility method; empty for the profile's own.
    """

    model: Model
    profile: Profile
    campaigns: Sequence[CampaignResults] = ()
    method: str = ""

    @cached_property
    def trees(self) -> TreeRater:
        """What finds the easiest ways through the model's trees."""
        return TreeRater(self.model, self.profile.method(self.method), self.campaigns)

    @cached_property
    def sets(self) -> Mapping[str, frozenset[str]]:
        """Control sets of the model, `none` first."""
        return resolved_sets(self.model.tables)

    @cached_property
    def _paths(self) -> PathRater:
        return PathRater(self.trees, self.profile)

    @cached_property
    def _risks(self) -> RiskRater:
        return RiskRater(self.trees, self.profile, self.campaigns)

    @cached_property
    def _damages(self) -> Mapping[str, Damage]:
        return {damage.id: damage for damage in self.model.tables.damage}

    def rate(self, control_sets: Sequence[str] = ()) -> Rating:
        """Return every risk under the named control sets; under all where none is named.

        Campaigns were read before (step 1).

        Raises:
            ConfigurationError: There is no such control set.
        """
        for name in control_sets:
            if name not in self.sets:
                raise ConfigurationError(
                    f"there is no control set '{name}'", hint=nearest(name, self.sets)
                )
        # 7. All control sets, one after the other.
        names = tuple(control_sets) or tuple(self.sets)
        rated = [self.rate_set(name, self.sets[name]) for name in names]
        parts = part_digests(self.model)
        return Rating(
            model=self.model.id,
            model_sha256=_digest(parts),
            profile=self.profile.name,
            profile_sha256=_digest(
                TypeAdapter(ProfileSettings).dump_python(self.profile.settings, mode="json")
            ),
            method=self.trees.method.name,
            run=" + ".join(campaign.name for campaign in self.campaigns),
            run_sha256=" + ".join(campaign.sha256 for campaign in self.campaigns),
            control_sets=names,
            paths=tuple(path for paths, _ in rated for path in paths),
            risks=tuple(risk for _, risks in rated for risk in risks),
            parts=parts,
        )

    def rate_set(
        self, name: str, controls: frozenset[str]
    ) -> tuple[tuple[RatedPath, ...], tuple[RatedRisk, ...]]:
        """Return every path and risk under one set of controls.

        Args:
            name: What the set is called in the result.
            controls: Ids of measures of the model.
        """
        # 2 to 4. Controls that hold, the easiest way, the rated path.
        touched = self.trees.touched(controls)
        by_threat: dict[str, list[PathUnderSet]] = {}
        for path in self.model.tables.path:
            if not path.impossible:
                rated = self._paths.rate(path, name, controls, touched)
                by_threat.setdefault(path.threat, []).append(rated)
        # 5 and 6. Measured impact, risk value, assurance level.
        risks = tuple(
            risk
            for threat in self.model.tables.threat
            for damage in threat.damages
            for risk in self._risks.rate(
                threat, self._damages[damage], name, controls, by_threat.get(threat.id, ())
            )
        )
        return tuple(path.rated for paths in by_threat.values() for path in paths), risks


def rate(
    model: Model,
    profile: Profile,
    campaigns: Sequence[CampaignResults] = (),
    method: str = "",
    control_sets: Sequence[str] = (),
) -> Rating:
    """Return a model rated by a profile; see `Rater`."""
    return Rater(model, profile, campaigns, method).rate(control_sets)


def part_digests(model: Model) -> dict[str, str]:
    """Return the digest of every entry of a model, by a name such as `path:AP-001`."""
    return {name: _digest(entry) for name, entry in model.documents()}


def model_digest(model: Model) -> str:
    """Return the digest of a model: of all its entries, whatever file holds them."""
    return _digest(part_digests(model))


def _digest(document: Any) -> str:
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()
