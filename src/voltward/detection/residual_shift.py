"""A shift of the residual within minutes."""

from voltward.detection.residual_bank import Arm
from voltward.detection.residual_watch import UNCALIBRATED, residual_control

ARM = Arm(recent_s=12.0, reference_s=180.0)
CONTROL = residual_control(
    "residual-shift", "A shift of the residual within minutes", ARM, UNCALIBRATED
)
