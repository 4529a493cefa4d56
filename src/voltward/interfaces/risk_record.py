"""The rating that a run folder keeps: `risk.json`, written beside the tables that it rests on."""

from pathlib import Path

from voltward.assurance.tara.checks.loading import load_model
from voltward.assurance.tara.method.profile import Profile, load_profile
from voltward.assurance.tara.model.model_folder import Model, model_folder
from voltward.assurance.tara.model.words import Feasibility, ImpactLevel
from voltward.assurance.tara.rating.campaign_results import read_campaign
from voltward.assurance.tara.rating.rating import Rater
from voltward.assurance.tara.rating.records import Rating
from voltward.core.files import pretty_json
from voltward.interfaces.report.risk_view import RISK_VALUES, RiskView
from voltward.results.folder_ownership import Replacing
from voltward.results.run_folder import RunFolder, owned_run
from voltward.results.run_layout import RISK_FILE

LIMITS = (
    (
        "A test on a simulator shows whether these controls stop this attack at this budget; what "
        "an attack costs is judged, value by value, in the model."
    ),
    (
        "A control counts only where the upper 95 % bound of the goal share is at most 0.05, "
        "within the tested track, duty and magnitude; it is then replaced by its cheapest bypass."
    ),
    "What no attack of the catalogue tests is estimated or assumed, and says so.",
    "Impact is the road user's view; fleet and grid are rated apart and never merged into it.",
)


def write_risk(
    run: Path, model_name: str, profile: str = "", replacing: Replacing | None = None
) -> Rating:
    """Rate a model by one finished run and keep the rating in its folder.

    Args:
        run: The run folder.
        model_name: Model folder, or the name of a shipped model.
        profile: Method profile; empty for the model's own.
        replacing: Called with a replaced rating that voltward did not write; None refuses to.

    Returns:
        The rating written.

    Raises:
        ConfigurationError: The folder or the model cannot be used, or a rating that voltward
            did not write stands there.
    """
    model = load_model(model_folder(model_name))
    head = model.tables.model
    rater = Rater(
        model, load_profile(profile or (head.profile if head else "")), (read_campaign(run),)
    )
    rating = rater.rate()
    document = {
        **rating.as_document(),
        "titles": _titles(model),
        "matrix": _matrix(rater.profile),
        "exceptions": [
            {"id": c.id, "statement": c.statement, "owner": c.owner, "expires": c.expires}
            for c in model.tables.claim
        ],
        "limits": list(LIMITS),
    }
    with owned_run(run, replacing) as owned:
        owned.write(run / RISK_FILE, pretty_json(document).encode())
        RunFolder.open(run, with_report=False).seal((run / RISK_FILE,))
    return rating


def _matrix(profile: Profile) -> dict[str, dict[str, int]]:
    """Return the risk of every impact and feasibility level, for drawing."""
    return {
        impact: {
            feasibility: profile.level_risk(impact, profile.native_of(feasibility))
            for feasibility in Feasibility
        }
        for impact in ImpactLevel
    }


def _titles(model: Model) -> dict[str, str]:
    tables = model.tables
    return {
        **{damage.id: damage.title for damage in tables.damage},
        **{threat.id: threat.title for threat in tables.threat},
        **{entry.id: entry.title for entry in tables.control_set},
        **{control.id: control.title for control in tables.control},
        **{path.id: path.title or path.tree for path in tables.path},
    }


def risk_counts(rating: Rating) -> dict[str, dict[str, int]]:
    """Return how many pairs of damage and threat have each risk value, for every control set."""
    risk = RiskView(rating)
    return {
        name: dict(zip(map(str, RISK_VALUES), risk.values(name), strict=True)) for name in risk.sets
    }
