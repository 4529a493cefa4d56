"""Which files of a run and of a model go into a pack, and under which name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from voltward.assurance.evidence.layout import (
    MODEL_FOLDER,
    RATING_OF_RUN,
    README,
    RUN_FOLDER,
    VERIFIER,
)
from voltward.assurance.evidence.rating_snapshot import JOINED, Document
from voltward.assurance.tara.model_folder import Model
from voltward.core.errors import ConfigurationError
from voltward.experiments.document import data_folder
from voltward.experiments.run_folder import FIGURES, REPORT_FILE, RUN_FILE, RunFolder


@dataclass(frozen=True)
class Collected:
    """What a pack is made of.

    Attributes:
        run: The finished run, every file checked.
        rating: The rating of now, or None.
        earlier: An earlier rating that is to be `before`, or None.
        model: The TARA model, or None.
    """

    run: RunFolder
    rating: Document | None = None
    earlier: Document | None = None
    model: Model | None = None

    def sources(self, secret: Path | None = None) -> Mapping[str, Path]:
        """Return path in the pack to the file that is copied there.

        Args:
            secret: The private key; it is never copied.

        Raises:
            ConfigurationError: The private key is among the files, or a name is not UTF-8.
        """
        shipped = data_folder() / "evidence"
        found = {README: shipped / README, VERIFIER: shipped / VERIFIER}
        found |= {f"{RUN_FOLDER}/{name}": self.run.path / name for name in self._run_names()}
        if self.model:
            found |= {f"{MODEL_FOLDER}/{path.name}": path for path in _model_files(self.model)}
        for name, path in found.items():
            if secret is not None and path.resolve() == secret.resolve():
                raise ConfigurationError(
                    f"{path}: is the private key",
                    why="a key file is never copied into a pack",
                    hint="move the key out of the run folder",
                )
            if not name.isprintable():
                raise ConfigurationError(
                    f"{name!r}: the name of a file cannot be signed",
                    why="names must be printable text in UTF-8",
                    hint="rename the file",
                )
        return found

    def _run_names(self) -> Iterator[str]:
        """Yield the files that run.json names, run.json, and what later commands wrote beside."""
        yield from (PurePosixPath(name).as_posix() for name in sorted(self.run.run["files"]))
        yield RUN_FILE
        folder = self.run.path
        later = [
            folder / RATING_OF_RUN,
            folder / REPORT_FILE,
            *sorted((folder / FIGURES).glob("*")),
        ]
        yield from (path.relative_to(folder).as_posix() for path in later if path.is_file())


def check_belongs(collected: Collected) -> None:
    """Refuse a rating of another run or of another model.

    Raises:
        ConfigurationError: The names differ.
    """
    rating, model, run = collected.rating, collected.model, collected.run
    if rating is None:
        return
    name = str(run.run.get("name", run.path.name))
    if rating["run"] and name not in {rating["run"], *rating["run"].split(JOINED)}:
        raise ConfigurationError(
            f"the rating is of the run '{rating['run']}', not of '{name}'",
            why="risks after controls must rest on the run that is signed with them",
            hint=f"rate this run: voltward tara rate MODEL --run {run.path} --json",
        )
    if model is not None and rating["model"] != model.id:
        raise ConfigurationError(
            f"the rating is of the model '{rating['model']}', not of '{model.id}'",
            why="risks and model of a pack must belong together",
            hint="give the model's own rating, or the rating's model",
        )


def _model_files(model: Model) -> list[Path]:
    return [path for path in sorted(model.path.glob("*.toml")) if not path.name.startswith(".")]
