"""The control catalogue: a new control is one file and one line."""

from voltward.core.catalogue import Catalogue
from voltward.core.control import Control

CONTROLS: Catalogue[Control] = Catalogue(
    "control",
    {
        "can-frame-authentication": "voltward.physical.frame_authentication:CONTROL",
        "innovation-cusum": "voltward.detection.innovation_cusum:CONTROL",
        "derate": "voltward.response.derate:CONTROL",
    },
    group="voltward.controls",
)
