"""Which files of a run and of a model go into a pack, and under which name."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
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
from voltward.core.files import printable
from voltward.core.plain_file import open_inside
from voltward.documents.toml_document import data_folder
from voltward.results.folder_ledger import LEDGER_FILE
from voltward.results.run_folder import RunFolder
from voltward.results.run_layout import (
    FIGURES,
    PARTS,
    RUN_FILE,
    TIMING_FILE,
    is_derived,
    is_run_file,
    standing,
)

# How many entries of a model a message names.
_NAMED = 3


@dataclass(frozen=True)
class Source:
    """A file that is copied into a pack.

    Attributes:
        folder: Run folder, model folder or the folder of what is shipped.
        name: Path within it.
        vouched: Its content is checked or was read before, so that it cannot be another's secret.
    """

    folder: Path
    name: str
    vouched: bool = True

    @contextmanager
    def opened(self) -> Iterator[BufferedReader]:
        """Open it; what is looked at is what is read, whatever becomes of its name meanwhile.

        Raises:
            ConfigurationError: It is a link, is reached through one, or is not a plain file.
        """
        path = self.folder / self.name
        hint = "put a copy of the file there, or remove it, and sign again"
        try:
            stream = open_inside(self.folder, self.name)
        except OSError as error:
            raise ConfigurationError(
                printable(f"{path}: cannot be signed"), why=error.strerror or "", hint=hint
            ) from error
        with stream:
            if not self.vouched and os.fstat(stream.fileno()).st_nlink > 1:
                raise ConfigurationError(
                    printable(f"{path}: cannot be signed"),
                    why="it is a hard link: the same file has another name elsewhere, and run.json "
                    "does not say what it holds",
                    hint=hint,
                )
            yield stream

    def copy_to(self, place: Path) -> None:
        """Write a copy; its folder is made when absent."""
        place.parent.mkdir(parents=True, exist_ok=True)
        with self.opened() as stream, place.open("xb") as copy:
            shutil.copyfileobj(stream, copy)

    def read(self) -> bytes:
        """Return its content."""
        with self.opened() as stream:
            return stream.read()


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

    def sources(self) -> Mapping[str, Source]:
        """Return path in the pack to the file that is copied there.

        Raises:
            ConfigurationError: run.json names a file that no run writes, or a name is not UTF-8.
        """
        shipped = data_folder() / "evidence"
        found = {README: Source(shipped, README), VERIFIER: Source(shipped, VERIFIER)}
        found |= {
            f"{RUN_FOLDER}/{name}": Source(self.run.path, name, name in self.run.run["files"])
            for name in self._run_names()
        }
        if self.model:
            names = [path.name for path in _model_files(self.model)]
            found |= {f"{MODEL_FOLDER}/{name}": Source(self.model.path, name) for name in names}
        for name in found:
            if not name.isprintable():
                raise ConfigurationError(
                    f"{name!r}: the name of a file cannot be signed",
                    why="names must be printable text in UTF-8",
                    hint="rename the file",
                )
        return found

    def left_out(self) -> list[str]:
        """Return what lies in the run folder and is not signed, as no run writes it."""
        signed = {PurePosixPath(name) for name in self._run_names()}
        known = {*signed, *(folder for name in signed for folder in name.parents)}
        known |= {PurePosixPath(name) for name in (TIMING_FILE, LEDGER_FILE, PARTS)}
        run = self.run.path
        folders = [run, *(run / str(name) for name in known if (run / str(name)).is_dir())]
        found = {path.relative_to(run) for folder in folders for path in folder.iterdir()}
        return sorted(
            printable(path.as_posix()) for path in found if PurePosixPath(path) not in known
        )

    def _run_names(self) -> list[str]:
        """Return the files that run.json names, run.json, and what later commands wrote beside."""
        folder, listed = self.run.path, sorted(self.run.run["files"])
        for name in listed:
            if not is_run_file(name):
                raise ConfigurationError(
                    printable(f"{folder / RUN_FILE}: files: '{name}' is not a file of a run"),
                    why="only what a run writes is signed",
                    hint="run the campaign again",
                )
        later = [path.relative_to(folder).as_posix() for path in standing(folder)]
        # A link in the place of a folder has the name of the folder.
        return list(
            dict.fromkeys(
                [
                    *listed,
                    RUN_FILE,
                    *(name for name in later if is_derived(name) or name == FIGURES),
                ]
            )
        )


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
