"""Flags as people send them: two regional indicators, or the black flag with the tags of a part of one."""

import re

_FLAG = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0061-\U000e007a]{2}[\U000e0030-\U000e007a]*\U000e007f?"
)
_INDICATOR_A = 0x1F1E6
_TAG_A = 0xE0061


def taken_from(text: str) -> tuple[list[str], str]:
    """The alpha-2 codes of the flags in a text, each once, and the text without them."""
    codes = []
    for flag in _FLAG.findall(text):
        letters = flag if len(flag) == 2 else flag[1:3]
        base = _INDICATOR_A if len(flag) == 2 else _TAG_A
        codes.append("".join(chr(ord(letter) - base + ord("A")) for letter in letters))
    return list(dict.fromkeys(codes)), _FLAG.sub(" ", text) if codes else text
