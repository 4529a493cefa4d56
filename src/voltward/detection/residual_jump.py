"""A jump of the residual within seconds."""

from voltward.detection.residual_bank import Arm
from voltward.detection.residual_watch import UNCALIBRATED, residual_control

ARM = Arm(recent_s=0.0, reference_s=20.0)
CONTROL = residual_control(
    "residual-jump", "A jump of the residual within seconds", ARM, UNCALIBRATED
)
