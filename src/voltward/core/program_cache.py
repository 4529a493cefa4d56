"""Compiled programs are kept between runs, in the user's own cache folder."""

import os
import platform
import warnings
from functools import cache
from hashlib import sha256
from pathlib import Path

import jax

OFF = "off"
VARIABLE = "VOLTWARD_CACHE"


def use_program_cache() -> None:
    """Tell XLA to keep compiled programs; VOLTWARD_CACHE names another folder, or is `off`.

    A program is found again by its content, the versions and the processor, so a changed rule is
    compiled anew. Half a minute of compilation becomes about a second.
    """
    folder = _folder()
    if folder is None:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)
    # A program that cannot be read or kept is compiled again: slower, and nothing else.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache")


def compilation_words(function: str) -> str:
    """Return what a user waits for before the first result of a program.

    Args:
        function: Name of the function that is compiled. Whether a kept program of that name fits
            this system and these versions is known only after the function was traced.
    """
    folder = _folder()
    if folder is None:
        return f"compiling (about 20 s; {VARIABLE} is {OFF})"
    if any(folder.glob(f"jit_{function}-*")):
        return "preparing or compiling (up to about 20 s the first time, kept for next time)"
    return "compiling (about 20 s, kept for next time)"


def _folder() -> Path | None:
    chosen = os.environ.get(VARIABLE, "")
    if chosen == OFF:
        return None
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(chosen) if chosen else Path(home) / "voltward" / "programs"
    return folder / _processor()


@cache
def _processor() -> str:
    """Return a name for the instructions that this processor has.

    XLA finds a program again without regard to them, and a home folder may serve several machines.
    """
    features = platform.processor()
    described = Path("/proc/cpuinfo")
    if described.is_file():
        lines = described.read_text(encoding="utf-8", errors="replace").splitlines()
        # The words of x86 and of ARM.
        features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()}-{sha256(features.encode()).hexdigest()[:8]}"
