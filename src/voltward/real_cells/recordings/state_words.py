"""Words by which recorders say that a row charges, discharges or rests."""

import re
from typing import Any

import numpy as np
import pyarrow.compute as pc
from jaxtyping import Int

from voltward.real_cells.recordings.column_map import DirectionColumn

CHARGE, DISCHARGE, REST, UNKNOWN = 1, -1, 0, 2

# Whole words, of which one letter is enough for Maccor and Digatron writes three.
_LETTERS = {
    "c": CHARGE,
    "d": DISCHARGE,
    "r": REST,
    "o": REST,
    "p": REST,
    "s": REST,
    "cha": CHARGE,
    "chg": CHARGE,
    "dch": DISCHARGE,
    "dis": DISCHARGE,
    "pau": REST,
    "sto": REST,
    "ocv": REST,
    "off": REST,
    "end": REST,
    "finish": REST,
    "finished": REST,
}
# Parts of words; a discharge holds the word charge, so it is looked for first. Neware writes
# Chinese where its software is set to it, Digatron and Basytec German.
_PARTS = (
    (re.compile(r"dis|dchg|dch\b|^d_|entlad|放电"), DISCHARGE),
    (re.compile(r"chg|charg|^c_|laden|ladung|充电"), CHARGE),
    (re.compile(r"rest|pause|idle|wait|stop|standby|stand by|open|ocv|ruhe|静置|搁置"), REST),
)


def directions(words: Any, own: DirectionColumn | None) -> tuple[Int[np.ndarray, " time"], str]:
    """Return the direction that each row states, and the first word that states none.

    Args:
        words: Column of text.
        own: The user's words, before those that are known.

    Returns:
        `CHARGE`, `DISCHARGE`, `REST` or `UNKNOWN` for every row; the unknown word, or nothing.
    """
    encoded = pc.dictionary_encode(words).combine_chunks()
    meaning = [_meaning(word or "", own) for word in encoded.dictionary.to_pylist()]
    rows = np.array(pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    found = np.array(meaning or [UNKNOWN], dtype=np.int64)[rows]
    unknown = np.flatnonzero(found == UNKNOWN)
    first = str(words[int(unknown[0])].as_py() or "").strip() if unknown.size else ""
    return found, first


def _meaning(word: str, own: DirectionColumn | None) -> int:
    bare = word.strip()
    if own is not None:
        for meaning, stated in ((CHARGE, own.charge), (DISCHARGE, own.discharge), (REST, own.rest)):
            if bare in stated:
                return meaning
    small = bare.lower()
    if small in _LETTERS:
        return _LETTERS[small]
    return next((meaning for part, meaning in _PARTS if part.search(small)), UNKNOWN)
