"""Risks from Python: a model rated by finished runs, one risk explained, and what to do first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from voltward.assurance.plan.plan import Plan
from voltward.assurance.plan.planning import plan_for
from voltward.assurance.plan.valuation import Scale
from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import load_profile
from voltward.assurance.tara.model.model_folder import WORKED_MODEL, model_folder
from voltward.assurance.tara.model.model_folder import Model as ModelContent
from voltward.assurance.tara.rating.campaign_results import read_campaign
from voltward.assurance.tara.rating.explanation import explain
from voltward.assurance.tara.rating.rating import Rater
from voltward.core.errors import ConfigurationError
from voltward.interfaces.python.arguments import choice_of, entries_of, number_of, path_of, text_of
from voltward.interfaces.python.run import Run
from voltward.interfaces.python.table import Row, Table

AnyRun = Run | str | Path
_RISK_SHOWN = ("id", "control_set", "value", "impact", "feasibility", "basis", "treatment")
_RISK = (*_RISK_SHOWN, "damage", "threat", "category", "cal", "path", "if_shown", "reasons")


class Risk(Row):
    """One threat that leads to one damage, in one category, under one control set.

    Example:
        >>> import voltward as vw
        >>> risk = vw.Model("cbms").rate().risks[0]
        >>> risk.id, risk.value, risk["control_set"]
        ('DS-08.TS-01.safety', 2, 'none')
        >>> len(risk.reasons) > 0
        True
    """

    @property
    def id(self) -> str:
        """`DAMAGE.THREAT.CATEGORY`, the same under every control set."""
        return str(self["id"])

    @property
    def value(self) -> int:
        """From 1, low, to 5."""
        return int(self.number("value") or 0)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences, most important first."""
        return tuple(str(self["reasons"]).splitlines())


@dataclass(frozen=True, repr=False)
class Rating:
    """A model rated.

    Attributes:
        rater: Model, method and campaigns that it was made from.
        document: The rating as `voltward tara rate --out` writes it.

    Example:
        >>> import voltward as vw
        >>> rating = vw.Model("cbms").rate(controls=["none", "all"])
        >>> high = rating.risks.where(control_set="none", value=5)
        >>> print(rating.explain(high[0].id).splitlines()[0], "of", len(high))
        DS-20.TS-37 of 6
    """

    rater: Rater
    document: dict[str, Any]

    @property
    def control_sets(self) -> tuple[str, ...]:
        """The control sets rated, in order."""
        return tuple(self.document["control_sets"])

    @cached_property
    def risks(self) -> Table[Risk]:
        """Every risk under every control set."""
        return Table(tuple(map(_risk, self.document["risks"])), _RISK, _RISK_SHOWN)

    def explain(self, name: str) -> str:
        """Return a risk as a person would explain it: damage, threat, paths, reasons, evidence.

        Args:
            name: Id of a risk, a damage scenario, a threat scenario or a path.

        Raises:
            ConfigurationError: Nothing has that id.
        """
        return "\n".join(explain(self.rater, text_of("explain", name)))

    def __repr__(self) -> str:
        document = self.document
        by = document["run"] or "judgement alone"
        return f"<Rating of {document['model']} by {by}: {len(self.risks)} risks>"

    def _repr_html_(self) -> str:
        return self.risks._repr_html_()


def _risk(entry: dict[str, Any]) -> Risk:
    kept = {name: entry[name] for name in _RISK if name in entry}
    row = kept | {"value": entry["risk"], "reasons": "\n".join(entry["reasons"])}
    return Risk({name: row[name] for name in _RISK})


@dataclass(frozen=True)
class Model:
    """A TARA model: damage, threats, paths and controls of one item.

    Attributes:
        source: Your own model folder, or a shipped name.
        content: What its files say.

    Raises:
        ConfigurationError: The folder cannot be read, or the model has an error.

    Example:
        >>> import voltward as vw
        >>> rating = vw.Model("cbms").rate("out/demo")
        >>> rating
        <Rating of cbms by Synthetic campaign (test data, nothing measured): 1440 risks>
        >>> vw.Model("cmbs")
        Traceback (most recent call last):
        voltward.core.errors.ConfigurationError: cmbs: there is no such model folder
          why: a model is a folder of TOML files, or one of: cbms, headlamp
          hint: ...
    """

    source: str | Path = WORKED_MODEL
    content: ModelContent = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", load_model(model_folder(text_of("Model", self.source))))

    def rate(
        self,
        *runs: AnyRun,
        profile: str = "",
        method: Literal["", "attack-potential", "cvss", "attack-vector"] = "",
        controls: str | Sequence[str] = (),
    ) -> Rating:
        """Rate every risk, by finished runs where there are any.

        Args:
            runs: Controls count only as far as these show that they hold.
            profile: Method profile or file; empty for the model's own.
            method: Feasibility method; empty for the profile's own.
            controls: Control sets; none for all of them.

        Raises:
            ConfigurationError: A run, profile or control set is not there or not usable.
        """
        head = self.content.tables.model
        campaigns = tuple(read_campaign(_folder(run)) for run in runs)
        chosen = load_profile(text_of("profile", profile) or (head.profile if head else ""))
        rater = Rater(self.content, chosen, campaigns, method)
        wanted = (
            (controls,)
            if isinstance(controls, str)
            else tuple(entries_of("controls", controls, "control sets"))
        )
        return Rating(rater, rater.rate(wanted).as_document())


def _folder(run: AnyRun) -> Path:
    return run.path if isinstance(run, Run) else path_of("run", run)


def plan(
    organisation: str | Path,
    *,
    model: Model | str | Path = WORKED_MODEL,
    runs: Sequence[AnyRun] = (),
    budget_EUR: float | None = None,
    profile: str = "",
    controls: str = "",
    by: Literal["measured", "expected"] = "expected",
) -> Plan:
    """Order the controls of a model by risk removed per cost, for one organisation.

    Args:
        organisation: Organisation file, or a shipped name.
        model: Of the risks.
        runs: Finished campaigns.
        budget_EUR: Over the horizon; None for no limit.
        profile: Method profile; empty for the model's own.
        controls: Control set to choose from; empty for every control of the model.
        by: "measured" lets only what runs support decide first.

    Raises:
        ConfigurationError: One of them is not there, or they do not fit one another.

    Example:
        >>> import voltward as vw
        >>> plan = vw.plan("small-supplier", model="headlamp", budget_EUR=50_000)
        >>> plan.spent_EUR <= 50_000
        True
    """
    campaigns = [_folder(run) for run in entries_of("runs", runs, "runs or their folders")]
    choice_of("by", by, ("measured", "expected"))
    if by == "measured" and not campaigns:
        raise ConfigurationError(
            "by='measured': there is no campaign", why="without one nothing is measured"
        )
    scales: tuple[Scale, ...] = ("measured", "expected") if by == "measured" else ("expected",)
    return plan_for(
        text_of("organisation", organisation),
        text_of("model", model.source if isinstance(model, Model) else model),
        campaigns,
        budget_EUR=number_of("budget_EUR", budget_EUR, low=0.0),
        profile=text_of("profile", profile),
        control_set=text_of("controls", controls),
        scales=scales,
    )[0]
