"""The control catalogue: the one table that says where each control lives.

A new control is an entry in the file of its mechanism, in the layer it protects, and a line here;
third parties join by entry point. Nothing is imported until a control is asked for.
"""

from typing import TYPE_CHECKING

from voltward.core.catalogue import Catalogue

if TYPE_CHECKING:
    # For the type only: who asks for names needs no numerics.
    from voltward.core.control import Control

CONTROLS: "Catalogue[Control]" = Catalogue(
    "control",
    {
        "can-frame-authentication": "voltward.physical.authentication",
        "can-freshness": "voltward.physical.authentication",
        "firmware-signature": "voltward.physical.authentication",
        "charger-link-authentication": "voltward.physical.authentication",
        "command-envelope": "voltward.physical.bms_guards",
        "sensor-voting": "voltward.physical.bms_guards",
        "charge-watermark": "voltward.physical.charge_watermark",
        "mqtt-server-authentication": "voltward.comms.message_protection",
        "mqtt-client-authentication": "voltward.comms.message_protection",
        "mqtt-encryption": "voltward.comms.message_protection",
        "telemetry-signature": "voltward.comms.message_protection",
        "telemetry-freshness": "voltward.comms.message_protection",
        "command-signature": "voltward.comms.message_protection",
        "command-freshness": "voltward.comms.message_protection",
        "store-and-forward": "voltward.comms.message_protection",
        "second-factor": "voltward.cloud.authentication",
        "model-signature": "voltward.cloud.authentication",
        "store-integrity": "voltward.cloud.authentication",
        "model-envelope": "voltward.cloud.twin_guards",
        "adaptive-twin": "voltward.cloud.twin_guards",
        "secure-estimation": "voltward.cloud.twin_guards",
        "innovation-cusum": "voltward.detection.twin_consistency",
        "innovation-chi-square": "voltward.detection.twin_consistency",
        "pack-sum-plausibility": "voltward.detection.redundancy",
        "current-redundancy": "voltward.detection.redundancy",
        "cross-cell-comparison": "voltward.detection.cross_cell",
        "cross-cell-residual": "voltward.detection.cross_cell",
        "thermal-residual": "voltward.detection.slow_readings",
        "residual-jump": "voltward.detection.residual_bank",
        "residual-shift": "voltward.detection.residual_bank",
        "residual-level": "voltward.detection.residual_bank",
        "electrochemical-opinion": "voltward.detection.electrochemical_opinion",
        "soc-drift": "voltward.detection.redundancy",
        "soc-agreement": "voltward.detection.twin_consistency",
        "isolation-plausibility": "voltward.detection.slow_readings",
        "unsafe-readings": "voltward.detection.redundancy",
        "charge-supervision": "voltward.detection.order_supervision",
        "contactor-supervision": "voltward.detection.order_supervision",
        "watermark-correlation": "voltward.detection.watermark_correlation",
        "bus-traffic": "voltward.detection.traffic",
        "rejected-frames": "voltward.detection.traffic",
        "refused-sessions": "voltward.detection.traffic",
        "rejected-records": "voltward.detection.traffic",
        "telemetry-silence": "voltward.detection.traffic",
        "command-silence": "voltward.detection.traffic",
        "command-plausibility": "voltward.detection.order_supervision",
        "model-parameter-monitor": "voltward.detection.twin_consistency",
        "derate": "voltward.response.reactions",
        "stop-charging": "voltward.response.reactions",
        "open-contactors": "voltward.response.reactions",
        "isolate-cloud": "voltward.response.reactions",
        "hold-estimate": "voltward.response.reactions",
        "rekey": "voltward.response.reactions",
        "rollback-model": "voltward.response.reactions",
    },
    group="voltward.controls",
)
