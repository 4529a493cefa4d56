"""The charge plan and the command service, with accounts and a parameter store."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from voltward.cloud.twin import COMMISSIONED
from voltward.core.request import Requests
from voltward.core.taps import COMMAND_FIELD, COMMAND_SCALARS
from voltward.physical.cell import CellModel


@dataclass(frozen=True)
class PlanParameters:
    """The charge plan.

    Attributes:
        most_C: Highest C-rate the plan may allow.
        plating_margin: Share of the plating limit that is used.
        conditioning_degC: Target temperature when conditioning is not asked; below it no heating.
    """

    most_C: float = 1.5
    plating_margin: float = 0.8
    conditioning_degC: float = -40.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ServiceState:
    """State of the command service.

    Attributes:
        wishes: What operators asked last, in the order of COMMAND_SCALARS.
        model: Twin modifiers in force.
        operator: Whether a session of the operator's account is open.
    """

    wishes: Float[Array, "run field"]
    model: Float[Array, "run parameter"]
    operator: Bool[Array, " run"]


def start_service(parameters: PlanParameters, target_soc: Float[Array, " run"]) -> ServiceState:
    """Return a service to which nobody has spoken yet.

    Args:
        parameters: Of the plan.
        target_soc: Where charging ends when nobody asks otherwise.
    """
    runs = target_soc.shape[0]
    defaults = {
        "charge_limit_A": 1e4,
        "target_soc": 1.0,
        "charge_enable": 1.0,
        "conditioning_degC": parameters.conditioning_degC,
        "derate": 0.0,
        "open_request": 0.0,
        "power_setpoint_W": 0.0,
    }
    wishes = jnp.asarray([defaults[name] for name in COMMAND_SCALARS])
    wishes = jnp.broadcast_to(wishes, (runs, len(COMMAND_SCALARS)))
    return ServiceState(
        wishes=wishes.at[:, COMMAND_FIELD["target_soc"]].set(target_soc),
        model=jnp.broadcast_to(jnp.asarray(COMMISSIONED), (runs, len(COMMISSIONED))),
        operator=jnp.zeros(runs, bool),
    )


def charge_plan_A(
    cell: CellModel,
    parameters: PlanParameters,
    highest_soc: Float[Array, " run"],
    plating_limit_C: Float[Array, " run"],
    parallel: int,
) -> Float[Array, " run"]:
    """Return the pack current that the plan allows.

    Args:
        cell: For its capacity.
        parameters: Of the plan.
        highest_soc: Of the fullest cell, as the twin has it.
        plating_limit_C: Where plating starts for that cell, at the coldest temperature.
        parallel: Cells in a group.
    """
    share = jnp.minimum(parameters.plating_margin * plating_limit_C, parameters.most_C)
    # Above 97 % the plan fades out, so that a wrong estimate cannot push a full cell.
    fade = jnp.clip((1.0 - highest_soc) / 0.03, 0.0, 1.0)
    return share * fade * cell.capacity_Ah * parallel


def command_scalars(
    wishes: Float[Array, "run field"], plan_A: Float[Array, " run"], requests: Requests
) -> Float[Array, "run field"]:
    """Return the command: the operators' wishes, bounded by the plan and by the responses."""
    field = COMMAND_FIELD
    scalars = wishes.at[:, field["charge_limit_A"]].min(plan_A)
    scalars = scalars.at[:, field["charge_enable"]].min(1.0 - requests.stop_charging)
    scalars = scalars.at[:, field["derate"]].max(requests.derate)
    return scalars.at[:, field["open_request"]].max(requests.open_contactors)
