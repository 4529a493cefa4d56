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
from voltward.assurance.tara.model.model_folder import Model
from voltward.assurance.tara.rating.rating import model_digest, part_digests
from voltward.core.errors import ConfigurationError
from voltward.documents.toml_document import data_folder
from voltward.results.run_folder import RunFolder
from voltward.results.run_layout import FIGURES, REPORT_FILE, RUN_FILE

# How many entries of a model a message names.
_NAMED = 3


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
    """Refuse a rating of another run, of other cases, or of another model.

    Raises:
        ConfigurationError: Names or digests differ.
    """
    if collected.rating is None:
        return
    _check_run(collected.rating, collected.run)
    if collected.model is not None:
        _check_model(collected.rating, collected.model)


def _check_run(rating: Document, run: RunFolder) -> None:
    if not rating["run"]:
        return
    name = str(run.run.get("name", run.path.name))
    again = f"rate this run: voltward tara rate MODEL --run {run.path} --out FILE, then --tara FILE"
    if name not in {rating["run"], *rating["run"].split(JOINED)}:
        raise ConfigurationError(
            f"the rating is of the run '{rating['run']}', not of '{name}'",
            why="risks after controls must rest on the run that is signed with them",
            hint=again,
        )
    cases = run.run["files"]["cases.parquet"]
    if cases not in rating["run_sha256"].split(JOINED):
        raise ConfigurationError(
            f"the rating was made on other cases than those of {run.path}",
            why=f"the rating read sha256 {rating['run_sha256'] or '(none)'}, "
            f"cases.parquet of the run has {cases}",
            hint=f"{again}; without --tara, {run.path / RATING_OF_RUN} was taken, and is stale",
        )


def _check_model(rating: Document, model: Model) -> None:
    if rating["model"] != model.id:
        raise ConfigurationError(
            f"the rating is of the model '{rating['model']}', not of '{model.id}'",
            why="risks and model of a pack must belong together",
            hint="give the model's own rating, or the rating's model",
        )
    digest = model_digest(model)
    if rating["model_sha256"] != digest:
        raise ConfigurationError(
            f"{model.path}: is not the model that was rated",
            why=f"the rating read sha256 {rating['model_sha256']}, the model has {digest}; "
            + _first_differences(rating["parts"], part_digests(model)),
            hint=f"rate again: voltward tara rate {model.path} --run RUN --out FILE, "
            "or give the model as it was rated",
        )


def _first_differences(rated: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return which entries of a model differ from those that were rated, the first few."""
    if not rated:
        return "the rating does not list its entries"
    differing = [name for name in {*rated, *now} if rated.get(name) != now.get(name)]
    # Edited entries say more than those that came or went.
    names = sorted(differing, key=lambda name: (name not in rated, name not in now, name))
    changed = [
        f"{name} (new)" if name not in rated else f"{name} (gone)" if name not in now else name
        for name in names[:_NAMED]
    ]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"entries that differ: {', '.join(changed)}{more}"


def _model_files(model: Model) -> list[Path]:
    return [path for path in sorted(model.path.glob("*.toml")) if not path.name.startswith(".")]
