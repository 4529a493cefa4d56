"""Compiled programs are kept between runs, in the user's own cache folder."""

import os
from pathlib import Path

import jax

OFF = "off"
VARIABLE = "VOLTWARD_CACHE"


def use_program_cache() -> None:
    """Tell XLA to keep compiled programs; VOLTWARD_CACHE names another folder, or is `off`.

    A program is found again by its content, the versions and the processor, so a changed rule is
    compiled anew. Half a minute of compilation becomes about a second.
    """
    chosen = os.environ.get(VARIABLE, "")
    if chosen == OFF:
        return
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(chosen) if chosen else Path(home) / "voltward" / "programs"
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)
