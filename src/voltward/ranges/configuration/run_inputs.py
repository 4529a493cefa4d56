"""What a run is made of, as files that stand in its folder: the run can be repeated anywhere.

1. The cell and its calibration, as they are.
2. The link, with the system's changes to it, and the DBC.
3. The system: the user's file, the shipped reference and the campaign's choices as one file.
4. The duty, and every table that it names; the laws of the world.
5. The campaign, whose keys name those files.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voltward.controls.cell_calibration import calibration_path
from voltward.core.input_file import read_bytes
from voltward.documents.toml_document import find_document
from voltward.documents.toml_writer import toml_text
from voltward.ranges.configuration.bus import dbc_file
from voltward.ranges.configuration.campaign_file import CampaignSettings
from voltward.ranges.configuration.duty import duty_document
from voltward.ranges.configuration.duty_segments import segment_files
from voltward.ranges.worlds.choice import FIXED, world_document
from voltward.ranges.worlds.world_file import load_world_laws
from voltward.results.run_layout import INPUTS

_SYSTEM, _CELL, _LINK, _DUTY, _DBC = "system.toml", "cell.toml", "link.toml", "duty.toml", "bus.dbc"
_WORLD = "world.toml"


@dataclass(frozen=True)
class RunInputs:
    """A campaign that refers to nothing but files of its own.

    Attributes:
        config_text: The resolved campaign, `config.toml`.
        files: Name in the folder `inputs` to content.
    """

    config_text: str
    files: Mapping[str, bytes]


def gather_inputs(settings: CampaignSettings) -> RunInputs:
    """Return the resolved campaign and the files that it names; its digest is that of `settings`.

    Raises:
        ConfigurationError: A file that the settings name is not usable.
    """
    files: dict[str, bytes] = {}
    system = settings.load_system()
    # 1. The cell.
    cell = find_document("cells", system.cell, "cell")
    files[_CELL] = read_bytes(cell, "cell")
    if calibration_path(cell).exists():
        files[calibration_path(Path(_CELL)).name] = read_bytes(
            calibration_path(cell), "calibration"
        )
    # 2. The link and the DBC.
    files[_LINK] = toml_text(asdict(system.link)).encode()
    files[_DBC] = read_bytes(dbc_file(system), "DBC")
    # 3. The system.
    document = {**asdict(system), "cell": _CELL, "link": _LINK}
    document["can"]["dbc"] = _DBC
    files[_SYSTEM] = toml_text(document).encode()
    # 4. The duty.
    files |= _duty_files(settings)
    world = FIXED
    if settings.world != FIXED:
        world = f"{INPUTS}/{_WORLD}"
        files[_WORLD] = toml_text(world_document(load_world_laws(settings.world))).encode()
    # 5. The campaign.
    names = {
        "system": f"{INPUTS}/{_SYSTEM}",
        "duty": f"{INPUTS}/{_DUTY}",
        "cell": "",
        "link": "",
        "world": world,
    }
    return RunInputs(toml_text({**settings.as_document(), **names}), files)


def _duty_files(settings: CampaignSettings) -> dict[str, bytes]:
    """Return the duty file and its tables, each once."""
    path, document = duty_document(settings.duty, settings.duty_level)
    names: dict[Path, str] = {}
    segments: list[dict[str, Any]] = []
    for segment in document["segment"]:
        copy = dict(segment)
        for key, table in segment_files(segment, path).items():
            copy[key] = names.setdefault(table, f"duty-{len(names) + 1}{table.suffix.lower()}")
        segments.append(copy)
    text = toml_text({**document, "segment": segments})
    return {_DUTY: text.encode(), **{name: table.read_bytes() for table, name in names.items()}}
