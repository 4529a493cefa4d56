"""A DBC file cut into its statements, each with the line it begins in.

1. `dbc_text` takes the text from its encoding.
2. `statements` finds the next keyword. A statement on a message or a signal ends where its form
   ends, a few ends with its line, all others with a semicolon outside quotation marks.
3. A statement without an end ends with its line, so that the next one is read. It has no keyword
   then, and the fault in place of its text; so has text that belongs to no statement.

Every pattern is linear in the length of the text and needs no memory of its own, whatever the text.

Source: Vector, "DBC File Format Documentation", version 01/2007.
"""

import codecs
import re
from collections.abc import Iterator

SHOWN_CHARACTERS = 60

_KEYWORD = (
    r"(?<!\w)(?:BO_|SG_|VAL_|SIG_VALTYPE_|SG_MUL_VAL_|BA_|BA_DEF_|BA_DEF_DEF_|VERSION|NS_|BS_|BU_"
    r"|CM_|VAL_TABLE_|EV_|ENVVAR_DATA_|EV_DATA_|SGTYPE_|SGTYPE_VAL_|BO_TX_BU_|SIG_GROUP_"
    r"|SIG_TYPE_REF_|SIGTYPE_VALTYPE_|BA_REL_|BA_DEF_REL_|BA_DEF_DEF_REL_|BA_DEF_SGTYPE_"
    r"|BA_SGTYPE_|CAT_|CAT_DEF_|FILTER|NS_DESC_|BU_SG_REL_|BU_BO_REL_|BU_EV_REL_)(?!\w)"
)
_START = re.compile(rf"//[^\n]*|{_KEYWORD}", re.ASCII)
INTEGER = r"\d{1,20}"
NUMBER = r"[-+]?(?:\d{1,400}\.?\d{0,400}|\.\d{1,400})(?:[eE][-+]?\d{1,4})?"
# Bounded, so that a name is tried at a bounded number of ends.
_NAME = r"(?P<name>[^\s:\"][^:\"\n]{0,399}?)"
_SPACE = r"\s{0,40}+"
_NODE = rf"(?!{_KEYWORD})[A-Za-z_][A-Za-z0-9_]{{0,127}}+"
_END = rf"(?=[ \t\r;]{{0,40}}+(?:\n|\Z|{_KEYWORD}))"
MESSAGE = re.compile(
    rf"BO_\s++(?P<identifier>{INTEGER})\s++{_NAME}{_SPACE}:\s*+(?P<length>{INTEGER})\b"
    rf"(?:[ \t]{{1,40}}+(?P<nodes>{_NODE}){_END})?+"
)
SIGNAL = re.compile(
    rf"SG_\s++{_NAME}(?:\s{{1,40}}+(?P<marker>[mM]\d*M?))?{_SPACE}:"
    rf"\s*+(?P<start>{INTEGER})\s*+\|\s*+(?P<length>{INTEGER})\s*+@\s*+(?P<order>[01])"
    rf"\s*+(?P<sign>[-+])\s*+\(\s*+(?P<factor>{NUMBER})\s*+,\s*+(?P<offset>{NUMBER})\s*+\)"
    rf'\s*+\[(?P<limits>[^\]"\n]*+)\]\s*+(?P<unit>"(?:[^"\\\n]|\\.)*+"|"[^"\n]*+")'
    rf"(?:[ \t]{{0,40}}+(?P<nodes>{_NODE}(?:[ \t,]{{1,40}}+{_NODE})*+){_END})?+"
)
_LINE = re.compile(rf"\w+(?:(?!{_KEYWORD})[^\n])*+", re.ASCII)
_HEADS = {
    "BO_": MESSAGE,
    "SG_": SIGNAL,
    "VERSION": re.compile(r'VERSION\s*(?:"[^"\n]*")?'),
    "NS_": re.compile(r"NS_(?:(?!B[SU]_\s*+:|BO_\s++\d)[^\"])*+"),
    "BS_": _LINE,
    "BU_": _LINE,
}
# What follows these is a list of nodes, which may go on in the next line.
_NODES = frozenset({"BO_", "SG_", "BU_", "BS_"})
_NODE_LIST = re.compile(r"[\w,\s]*", re.ASCII)
# A fault of the others changes nothing of a frame.
_NEEDED = frozenset({"VAL_", "SIG_VALTYPE_", "SG_MUL_VAL_", "BA_", "BA_DEF_DEF_"})
_BREAK = rf"\n(?![ \t]*{_KEYWORD}\s)"
_STRING_BREAK = r'\n(?![ \t]*(?:BO_\s+\d|SG_\s+\w[^"\n]*@|VAL_\s+\d|BA_\s+"|CM_\s))'
# Up to the semicolon; in the second form a backslash before a quotation mark is a character.
_ENDED = (
    re.compile(rf'(?:[^";\n]++|{_BREAK}|"(?:[^"\\\n]++|\\.|{_STRING_BREAK})*+")*+;', re.ASCII),
    re.compile(rf'(?:[^";\n]++|{_BREAK}|"[^"\n]*+")*+;', re.ASCII),
)
LABEL = r'"(?:[^"\\]|\\.)*+"'
# What a statement looks like, and how it is written.
_OF_SIGNAL = rf"\s+(?P<identifier>{INTEGER})\s+(?P<signal>[^\s:\"]+)"
FORMS = {
    "BO_": (MESSAGE, "BO_ IDENTIFIER NAME: LENGTH SENDER"),
    "SG_": (SIGNAL, 'SG_ NAME : START|LENGTH@ORDER SIGN (FACTOR,OFFSET) [LOW|HIGH] "UNIT" NODES'),
    "VAL_": (
        re.compile(
            rf"VAL_{_OF_SIGNAL}(?P<entries>(?:\s+[-+]?{INTEGER}\s*{LABEL})*)\s*;", re.DOTALL
        ),
        'VAL_ IDENTIFIER SIGNAL NUMBER "TEXT" ... ;',
    ),
    "SIG_VALTYPE_": (
        re.compile(rf"SIG_VALTYPE_{_OF_SIGNAL}\s*:?\s*(?P<type>\d)\s*;"),
        "SIG_VALTYPE_ IDENTIFIER SIGNAL : TYPE ;",
    ),
    "SG_MUL_VAL_": (
        re.compile(
            rf"SG_MUL_VAL_{_OF_SIGNAL}\s+(?P<parent>\S+)"
            rf"\s+(?P<ranges>{INTEGER}\s*-\s*{INTEGER}(?:\s*,\s*{INTEGER}\s*-\s*{INTEGER})*)\s*;"
        ),
        "SG_MUL_VAL_ IDENTIFIER SIGNAL MULTIPLEXER FIRST-LAST, ... ;",
    ),
}


def dbc_text(content: bytes) -> str:
    """Return the text of a DBC: UTF-16 or UTF-8 by its marks or where it is valid, else cp1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    for encoding, high in (("utf-16-le", content[1:64:2]), ("utf-16-be", content[:64:2])):
        if len(high) > 1 and not any(high):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def shown(text: str) -> str:
    """Return the beginning of a text on one line, in quotes."""
    line = " ".join(text[: 4 * SHOWN_CHARACTERS].split())
    return repr(line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + "...")


def statements(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, keyword and text of each statement; of what is none, "" and the fault."""
    position, line, counted, before = 0, 1, 0, ""
    while position < len(text):
        # 1. What lies before the next keyword or comment.
        match = _START.search(text, position)
        begin = match.start() if match else len(text)
        between = text[position:begin]
        if before in {"BO_", "SG_"}:
            between = between[between.find("\n") :] if "\n" in between else ""
        foreign = between.lstrip()
        is_node_list = before in _NODES and _NODE_LIST.fullmatch(between)
        if foreign.strip(" \t\r\n;\x1a") and not is_node_list:
            at = begin - len(foreign)
            yield line + text.count("\n", counted, at), "", f"not a DBC statement: {shown(foreign)}"
        if match is None:
            return
        line, counted = line + text.count("\n", counted, begin), begin
        # 2. The statement, up to its end.
        keyword = match[0]
        if keyword.startswith("//"):
            position = match.end()
            continue
        before = keyword
        forms = (_HEADS[keyword],) if keyword in _HEADS else _ENDED
        ends = (found.end() for form in forms if (found := form.match(text, begin)))
        end = next(ends, None)
        # 3. No end: the line.
        position = _end_of_line(text, begin) if end is None else end
        statement = text[begin:position]
        if end is None and keyword in _NEEDED:
            lacking = "the semicolon at its end or a quotation mark is missing"
            yield line, "", f"{keyword}: {lacking}: {shown(statement)}"
        else:
            yield line, keyword, statement


def _end_of_line(text: str, begin: int) -> int:
    end = text.find("\n", begin)
    return len(text) if end < 0 else end


def plain_word(name: str) -> str:
    """Return a name with _ for each character that a DBC name may not hold."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{plain}" if plain[:1].isdigit() else plain


def plain_number(text: str) -> str:
    """Return a number with a digit before its point."""
    return text.replace(".", "0.", 1) if text.lstrip("+-").startswith(".") else text


def plain_label(text: str) -> str:
    """Return a text in quotes that does not end in a backslash, which would hide the end."""
    return f'{text[:-1].rstrip(chr(92))}"'
