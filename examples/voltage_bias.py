"""A bias on the cell voltages against two stacks: from the campaign to the risk that stays."""

from pathlib import Path

import matplotlib.pyplot as plt

import voltward as vw

OUT = Path("out/bias")


def main() -> None:
    """Run the campaign, print what it shows, and rate a model by it."""
    system = vw.System("reference", cell="lg-m50")
    attack = vw.Attack("voltage-bias", bias_V=-0.05)
    stack = vw.Stack("full").without("cross-cell-residual")
    campaign = vw.Campaign(
        system,
        duty="fast-charge",
        attacks=[attack],
        stacks=["none", stack],
        seeds=4,
    )
    run = campaign.run(out=OUT)
    for name in run.matrix.stacks:
        outcome = run.matrix["voltage-bias", name]
        print(name, outcome.goal_share, outcome.number("plated_charge_mAh"))
    for case in run.cases.where(case_id=run.traces()):
        figure, axes = plt.subplots()
        run.trace(case).plot("cell_voltage_V", axes=axes)
        figure.savefig(OUT / f"{case['case_id']}.png")
    rating = vw.Model("cbms").rate(run)
    worst = rating.risks.where(control_set="all", value=5)[0]
    print(worst.id, worst.value, worst.reasons)
    print(rating.explain(worst.id))


if __name__ == "__main__":
    main()
