"""A residual that stays away from zero."""

from voltward.detection.residual_bank import Arm
from voltward.detection.residual_watch import UNCALIBRATED, residual_control

ARM = Arm(recent_s=60.0, reference_s=0.0)
CONTROL = residual_control(
    "residual-level", "A residual that stays away from zero", ARM, UNCALIBRATED
)
