"""Ways to damage a file: its bytes, tokens, lines, nodes, columns, or the parts of an archive.

`mutated` draws one to three of them. Everything comes from the generator that is handed in, so that
the same seed gives the same file.
"""

import copy
import gzip
import io
import json
import re
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pyarrow as pa
import tomli_w
from pyarrow import parquet

Mutation = Callable[[bytes, Random], bytes]

# Numbers that are none or too large, other types, other alphabets, what terminals and spreadsheets
# take for orders, and what grows.
TOKENS = (
    *("NaN", "nan", "inf", "-Infinity", "1e400", "-1e308", "9" * 400, "0x1FFFFFFFFFFFFFFFF"),
    *("0", "-0", "-1", "1e-320", "0.1.2", "1_000", "1,5", "3e9", "2147483648", "007", "+"),
    *("true", "null", "none", "", "''", '""', '"text"', "[]", "{}", "[[1]]", '{"a": 1}', "[1, 2]"),
    *("1979-05-27T07:32:00Z", "1979-05-27", "24:61:61", "#N/A", "=1+1", "%s{0}", "\\", '"', "'"),
    *("\x00", "\x1b[31m", "\u202e", "\ufeff", "\u0661\u0662\u0663", "\u00e9\u00df", "\U0001f50b"),
    *("a" * 5_000, "[" * 3_000, "{" * 3_000, '{"a":' * 3_000, "a." * 3_000, "../../x", "/dev/null"),
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 10**400, 2**63, 1e308, float("nan"), float("-inf"), 1e-320, 0.5),
    *("", "text", "\x00", "\x1b[2J", "\u202e", "a" * 5_000, "1e400", "../../x", "\ud800"),
    *([], {}, [[]], [None], ["text", 1], {"": {}}, {"a": [1]}, [0] * 2_000),
)
ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "cp500", "utf-8-sig")
_TOKEN = re.compile(rb'"[^"\n]*"|[^\s,;:=#()\[\]{}"]+')


# Bytes


def flip(content: bytes, random: Random) -> bytes:
    """Turn bits of one byte."""
    place = random.randrange(len(content))
    turned = content[place] ^ random.randint(1, 255)
    return content[:place] + bytes([turned]) + content[place + 1 :]


def cut(content: bytes, random: Random) -> bytes:
    """Keep a start only, as after a full disk."""
    return content[: random.randrange(len(content))]


def drop(content: bytes, random: Random) -> bytes:
    """Leave out a stretch."""
    start = random.randrange(len(content))
    return content[:start] + content[start + random.randint(1, 200) :]


def insert(content: bytes, random: Random) -> bytes:
    """Put bytes in."""
    place = random.randrange(len(content) + 1)
    new = random.choice([random.randbytes(random.randint(1, 40)), b"\x00" * 64, b"\xff", b"\r"])
    return content[:place] + new + content[place:]


def splice(content: bytes, random: Random) -> bytes:
    """Put one stretch in another's place."""
    start, other = random.randrange(len(content)), random.randrange(len(content))
    size = random.randint(1, 400)
    return content[:start] + content[other : other + size] + content[start + size :]


def repeat(content: bytes, random: Random) -> bytes:
    """Repeat a stretch, up to about 200 kB."""
    start = random.randrange(len(content))
    piece = content[start : start + random.randint(1, 400)]
    return content[:start] + piece * random.choice([2, 20, 500]) + content[start:]


def recode(content: bytes, random: Random) -> bytes:
    """Write the text in another encoding, with another line end, or with bytes of none."""
    text = content.decode("utf-8", errors="replace")
    encoding = random.choice([*ENCODINGS, "line ends", "not UTF-8", "empty", "blank"])
    if encoding == "line ends":
        return content.replace(b"\n", random.choice([b"\r\n", b"\r", b"\n\n", b"\x85"]))
    if encoding == "not UTF-8":
        return content.replace(b"e", b"\xe9", random.randint(1, 5))
    if encoding in {"empty", "blank"}:
        return b"" if encoding == "empty" else b" \n\t\n"
    return text.encode(encoding, errors="replace")


# Texts


def replace_token(content: bytes, random: Random) -> bytes:
    """Put something else in place of a word, number or text."""
    tokens = list(_TOKEN.finditer(content))
    if not tokens:
        return content
    token = random.choice(tokens)
    return content[: token.start()] + _hostile(random) + content[token.end() :]


def nudge_number(content: bytes, random: Random) -> bytes:
    """Make a number somewhat other: nearer to sound files than most damage."""
    numbers = list(re.finditer(rb"(?<![\w.])-?\d+(\.\d+)?(?![\w.])", content))
    if not numbers:
        return content
    number = random.choice(numbers)
    factor = random.choice([0.0, -1.0, 0.5, 1.001, 2.0, 1e3, 1e9])
    new = (
        f"{float(number[0]) * factor:.6g}" if random.random() < 0.5 else f"{random.randint(-9, 99)}"
    )
    return content[: number.start()] + new.encode() + content[number.end() :]


def move_lines(content: bytes, random: Random) -> bytes:
    """Repeat, drop, swap or blank a line: a key that appears twice, a row out of order."""
    lines = content.splitlines(keepends=True)
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(5):
        case 0:
            lines.insert(second, lines[first])
        case 1:
            del lines[first]
        case 2:
            lines[first], lines[second] = lines[second], lines[first]
        case 3:
            lines.insert(first, b"\n")
        case _:
            lines[first] = _hostile(random) + b"\n"
    return b"".join(lines)


def rename_key(content: bytes, random: Random) -> bytes:
    """Give a key or column another name."""
    keys = list(re.finditer(rb"[A-Za-z_][A-Za-z_0-9-]*", content))
    if not keys:
        return content
    key = random.choice(keys)
    new = random.choice([key[0][:-1], key[0] + b"x", key[0].upper(), random.choice(keys)[0]])
    return content[: key.start()] + new + content[key.end() :]


def change_delimiter(content: bytes, random: Random) -> bytes:
    """Give a table another delimiter, a decimal comma, or a column more."""
    old, new = random.choice(
        [(b",", b";"), (b",", b"\t"), (b".", b","), (b",", b",,"), (b" ", b"")]
    )
    return content.replace(old, new, random.choice([-1, 1]))


def _hostile(random: Random) -> bytes:
    return random.choice(TOKENS).encode("utf-8")


# Documents


def change_json(content: bytes, random: Random) -> bytes:
    """Change a node of a JSON document, or of one line of many; or write a key twice."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        lines = content.splitlines()
        place = random.randrange(len(lines)) if lines else 0
        if len(lines) < 2 or not lines[place].strip().startswith((b"{", b"[")):
            return replace_token(content, random)
        lines[place] = change_json(lines[place], random)
        return b"\n".join(lines)
    if random.random() < 0.1:
        return json.dumps(document).replace('": ', '": 0, "name": ', 1).encode()
    return json.dumps(_changed(document, random)).encode()


def change_toml(content: bytes, random: Random) -> bytes:
    """Change a node of a TOML document, which stays TOML."""
    try:
        document = tomllib.loads(content.decode("utf-8"))
        return tomli_w.dumps(_changed(document, random)).encode("utf-8")
    except (ValueError, TypeError, RecursionError):  # what TOML cannot hold
        return replace_token(content, random)


def _changed(document: Any, random: Random) -> Any:
    """Replace, remove, rename or wrap a node."""
    holders = _holders(document)
    if not holders:
        return random.choice(VALUES)
    holder, key = random.choice(holders)
    match random.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = [holder[key]]
        case 2 if isinstance(holder, dict):
            holder[random.choice(["", "x", f"{key} ", str(key).upper()])] = holder.pop(key)
        case 3 if isinstance(holder, list):
            holder.extend(copy.deepcopy(holder))
        case _:
            holder[key] = copy.deepcopy(random.choice(VALUES))
    return document


def _holders(node: Any) -> Sequence[tuple[Any, Any]]:
    """Return every place of a document that can be changed, as a container and its key."""
    found: list[tuple[Any, Any]] = []
    waiting = [node] if isinstance(node, dict | list) else []
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return found


# Tables and archives


def change_column(content: bytes, random: Random) -> bytes:
    """Give a column of a Parquet table another type, other values or another name."""
    table = parquet.read_table(io.BytesIO(content))
    place, rows = random.randrange(table.num_columns), table.num_rows
    name = table.column_names[place]
    columns: list[Callable[[], pa.Array]] = [
        lambda: pa.nulls(rows),
        lambda: pa.array([random.choice(TOKENS) for _ in range(rows)]),
        lambda: pa.array([random.choice([float("nan"), 1e308, -1.0, 0.0])] * rows),
        lambda: pa.array([[1.0]] * rows),
        lambda: pa.array([{"a": 1}] * rows),
        lambda: pa.array(range(rows), pa.timestamp("us", "UTC")),
        lambda: pa.array([2**63] * rows, pa.uint64()),
        lambda: pa.array([b"\xff\x00"] * rows),
        lambda: pa.array([random.random() < 0.5 for _ in range(rows)]),
    ]
    match random.randrange(5):
        case 0:
            changed = table.remove_column(place)
        case 1:
            changed = table.add_column(place, name, table.column(place))
        case 2:
            changed = table.slice(0, random.choice([0, 1, 2]))
        case 3:
            others = table.column_names
            changed = table.rename_columns([*others[:place], f"{name}\x1b", *others[place + 1 :]])
        case _:
            changed = table.set_column(place, name, random.choice(columns)())
    sink = io.BytesIO()
    parquet.write_table(changed, sink)
    return sink.getvalue()


def change_member(content: bytes, random: Random) -> bytes:
    """Damage one part of a ZIP archive, such as a sheet of a workbook, and pack it again."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        victim = random.choice(archive.namelist())

    def changed(name: str, part: bytes) -> bytes | None:
        if name != victim or not part:
            return part
        if random.random() < 0.05:
            return None
        return random.choice([*TEXT, *TEXT, flip, cut])(part, random)

    return repacked(content, changed)


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """Return a ZIP archive with changed parts and no times; what becomes None is left out."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(sink, "w") as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(zipfile.ZipInfo(name), part)
    return sink.getvalue()


def change_inside_gzip(content: bytes, random: Random) -> bytes:
    """Damage the text inside a gzip file."""
    return gzip.compress(random.choice(TEXT)(gzip.decompress(content), random), mtime=0)


BYTES: tuple[Mutation, ...] = (flip, cut, drop, insert, splice, repeat, recode)
TEXT: tuple[Mutation, ...] = (replace_token, nudge_number, rename_key, move_lines)
# What is drawn for a file, besides bytes, by the end of its name.
STRUCTURE: dict[str, tuple[Mutation, ...]] = {
    ".toml": (change_toml, change_toml, nudge_number, *TEXT),
    ".json": (change_json, change_json, *TEXT),
    ".jsonl": (change_json, change_json, *TEXT),
    ".parquet": (change_column,),
    ".xlsx": (change_member,),
    ".gz": (change_inside_gzip,),
    ".blf": (),
    ".csv": (change_delimiter, *TEXT),
}


def mutated(content: bytes, suffix: str, random: Random) -> bytes:
    """Return a damaged file.

    Args:
        content: The sound file.
        suffix: End of its name, which says what structure it has.
        random: Every choice comes from here.
    """
    structured = STRUCTURE.get(suffix, TEXT)
    whole = structured and random.random() < 0.7
    # Damaged bytes may leave no structure, so that only the first change can be of that kind.
    content = random.choice(structured if whole else BYTES)(content or b" ", random)
    for _ in range(random.choice([0, 0, 0, 1, 2])):
        readable = suffix not in {".parquet", ".xlsx", ".gz", ".blf"}
        content = random.choice([*TEXT, *BYTES] if readable else BYTES)(content or b" ", random)
    return content
