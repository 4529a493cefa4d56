"""Words by which recorders say that a row charges, discharges or rests.

1. The user's own words come first, as they are written.
2. Others are compared in small letters without accents, each as a whole: `CC_DChg` is the mode cc
   and the word dchg.
3. Words that say two things, or hold anything that is not known, are unknown: they are asked.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from jaxtyping import Int

from voltward.real_cells.recordings.column_map import DirectionColumn

CHARGE, DISCHARGE, REST, UNKNOWN = 1, -1, 0, 2

# Neware writes Chinese where its software is set to it, Digatron three letters, Digatron and
# Basytec German; others French, Dutch, Spanish and Italian.
_WORDS = {
    CHARGE: "charge charging charged chg chrg chge cha recharge recharging laden ladung lade "
    "aufladen opladen carga carica ricarica 充电 充電",
    DISCHARGE: "discharge discharging discharged dchg dischg dschg dischrg dchrg dch dis "
    "disch dsch dischge dcharge decharge uncharge entladen entladung entlade ontladen descarga "
    "scarica 放电 放電",
    REST: "rest resting r pause pau paused idle wait waiting stop stopped standby ocv oc ocp sto "
    "off end finish finished ruhe rust repos relaxation relax reposo riposo 静置 搁置 休止",
}
_MEANING = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
# What the control holds constant, and words that only join others, say no direction.
_MODES = (
    "cc cv cccv ccv cp cpcv cr cw cvcc dc i u p const constant current voltage power resistance "
    "cur volt step mode state galvanostatic potentiostatic by with at and "
    "恒流 恒压 恒功率 恒流恒压 恒阻"
)
_SILENT = frozenset(_MODES.split())
_PREFIX = re.compile(r"(?:cccv|cpcv|cc|cv|cp|cr|恒流恒压|恒流|恒压|恒功率|恒阻)(?=.{2})")
_APART = re.compile(r"\b(d|dis|de|un)[-_ ](?=ch)")
# A letter says a direction together with a mode, as D_CC does, or where the texts of the whole
# column are the letters of Maccor, both directions among them.
_LETTER = re.compile(r"^([cd]) (?=(?:cc|cv|cccv|cp|cr)\b)")
_LETTERS = {"c": CHARGE, "d": DISCHARGE, "r": REST, "o": REST, "s": REST, "p": REST}
_PHRASES = {"open circuit": "ocv", "stand by": "standby"}


@dataclass(frozen=True)
class Directions:
    """What each row states.

    Attributes:
        rows: `CHARGE`, `DISCHARGE`, `REST` or `UNKNOWN` for every row.
        written: Number of the text that each row holds.
        texts: The different texts.
    """

    rows: Int[np.ndarray, " time"]
    written: Int[np.ndarray, " time"]
    texts: tuple[str, ...]

    def examples(self, where: Any) -> str:
        """Return the texts of some rows, in quotes, a few of them."""
        texts = [self.texts[number].strip() for number in np.unique(self.written[where])]
        more = f" and {len(texts) - 5} more" if len(texts) > 5 else ""
        return ", ".join(f"'{text}'" for text in texts[:5]) + more


def directions(words: Any, own: DirectionColumn | None) -> Directions:
    """Return the direction that each row states.

    Args:
        words: Column of text.
        own: The user's words, before those that are known.
    """
    encoded = pc.dictionary_encode(pc.fill_null(words, "")).combine_chunks()
    texts = tuple(encoded.dictionary.to_pylist())
    written = np.array(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    small = {text.strip().lower() for text in texts}
    if own is None and {"c", "d"} <= small <= _LETTERS.keys():
        meanings = [_LETTERS[text.strip().lower()] for text in texts]
    else:
        meanings = [meaning_of(text, own) for text in texts]
    meaning = np.array(meanings or [UNKNOWN], dtype=np.int64)
    return Directions(meaning[written], written, texts)


def are_words(words: Any) -> bool:
    """Return whether a column holds anything but numbers and empty fields."""
    texts = pc.unique(words).drop_null().to_pylist()
    return not all(re.fullmatch(r"\s*[-+\d.,]*\s*", text) for text in texts)


def meaning_of(text: str, own: DirectionColumn | None = None) -> int:
    """Return what one text states."""
    bare = text.strip()
    if own is not None:
        for meaning, stated in ((CHARGE, own.charge), (DISCHARGE, own.discharge), (REST, own.rest)):
            if bare in stated:
                return meaning
    plain = unicodedata.normalize("NFKD", bare.lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = _APART.sub(r"\1", re.sub(r"[^\w]+|_", " ", plain))
    plain = _LETTER.sub(lambda found: {"c": "charge ", "d": "discharge "}[found[1]], plain)
    for phrase, word in _PHRASES.items():
        plain = plain.replace(phrase, word)
    said = set()
    for part in plain.split():
        if part in _SILENT or part.isdigit():
            continue
        said.add(_MEANING.get(part, _MEANING.get(_PREFIX.sub("", part, count=1), UNKNOWN)))
    return said.pop() if len(said) == 1 else UNKNOWN
