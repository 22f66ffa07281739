"""Strings that match a regular expression, of a wanted length, and strings that narrowly miss it.

Python's own parser gives the expression's tree. The lengths that a part can have are the bits of an integer, so that a length is reached by
choosing for each part one that leaves the rest a way to the end.
"""
import re
import string
from re import _constants as op
from re import _parser as parser

LONGEST = 2200
# Beside what patterns name: control characters, and one, two and four bytes of UTF-8 outside of ASCII. No blanks that engines disagree about.
STRANGE = "\x00\x01\x7fé߿€😀"
CHARACTERS = string.printable + STRANGE
SPACES = " \t\n\r\f\v"
CATEGORIES = {
    op.CATEGORY_SPACE: lambda c: c in SPACES, op.CATEGORY_NOT_SPACE: lambda c: c not in SPACES,
    op.CATEGORY_DIGIT: str.isdecimal, op.CATEGORY_NOT_DIGIT: lambda c: not c.isdecimal(),
}


def matches(pattern, text):
    return re.fullmatch(pattern, text, re.ASCII) is not None


class Pattern:
    def __init__(self, pattern):
        self.pattern = pattern
        self.tree = list(parser.parse(pattern, re.ASCII))
        self.masks = {}
        self.sets = {}

    def lengths(self):
        """Every length of a match, up to LONGEST, as bits."""
        return self._sequence(self.tree)

    def match(self, random, length=None):
        """A string that matches, of this length or of any short one; None when there is none."""
        mask = self.lengths()
        if length is None:
            # Short matches show more than long ones: lengths near the shortest come most often.
            length = random.choice([l for l in range(LONGEST) if mask >> l & 1][:random.choice([1, 4, 30, 80])])
        elif not mask >> length & 1:
            return None
        text = self._make_sequence(self.tree, length, random)
        assert len(text) == length and matches(self.pattern, text), (self.pattern, text)
        return text

    def near_miss(self, random, shortest, longest):
        """A string one change away from a match, within these lengths; None when a hundred tries find none."""
        for _ in range(100):
            text = self.match(random)
            place = random.randrange(len(text) + 1)
            strange = random.choice(CHARACTERS)
            changed = random.choice([
                text[:place] + strange + text[place:], text[:place] + strange + text[place + 1:], text[:place] + text[place + 1:], text + "\n", "\n" + text,
                text + text, text[:place].upper() + text[place:], text[:place] + text[place:place + 1] * 65 + text[place:]])
            if shortest <= len(changed) <= longest and not matches(self.pattern, changed):
                return changed
        return None

    # Lengths

    def _sequence(self, items):
        mask = 1
        for item in items:
            mask = product(mask, self._item(item))
        return mask

    def _item(self, item):
        key = id(item)
        if key not in self.masks:
            self.masks[key] = self._measure(item)
        return self.masks[key]

    def _measure(self, item):
        kind, value = item
        if kind is op.BRANCH:
            mask = 0
            for branch in value[1]:
                mask |= self._sequence(list_of(branch))
            return mask
        if kind is op.SUBPATTERN:
            return self._sequence(list_of(value[3]))
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            least, most, inner = value
            return repeated(self._sequence(list_of(inner)), least, None if most is op.MAXREPEAT else most)
        assert kind in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY), kind
        return 0b10

    # Texts

    def _make_sequence(self, items, length, random):
        rest = [1]
        for item in reversed(items):
            rest.append(product(rest[-1], self._item(item)))
        rest.reverse()
        text = ""
        for index, item in enumerate(items):
            mask = self._item(item)
            own = random.choice([l for l in range(length + 1) if mask >> l & 1 and rest[index + 1] >> (length - l) & 1])
            text += self._make(item, own, random)
            length -= own
        return text

    def _make(self, item, length, random):
        kind, value = item
        if kind is op.BRANCH:
            return self._make_sequence(random.choice([b for b in map(list_of, value[1]) if self._sequence(b) >> length & 1]), length, random)
        if kind is op.SUBPATTERN:
            return self._make_sequence(list_of(value[3]), length, random)
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self._make_repeat(value, length, random)
        if id(item) not in self.sets:
            self.sets[id(item)] = [c for c in CHARACTERS if contains(kind, value, c)]
        return random.choice(self.sets[id(item)])

    def _make_repeat(self, value, length, random):
        least, most, inner = value
        inner = list_of(inner)
        mask = self._sequence(inner)
        text, count = "", 0
        while length > 0 or count < least:
            left = None if most is op.MAXREPEAT else most - count - 1
            rest = repeated(mask, max(least - count - 1, 0), left) if mask != 0b10 else None
            fits = [l for l in range(length + 1) if mask >> l & 1 and (rest is None or rest >> (length - l) & 1)]
            own = random.choice(fits)
            text += self._make_sequence(inner, own, random)
            length -= own
            count += 1
        return text


def list_of(sub):
    """The parts of a sub-expression; always the same objects, as their identity is the key of what is known of them."""
    return sub.data


def contains(kind, value, character):
    if kind is op.LITERAL:
        return ord(character) == value
    if kind is op.NOT_LITERAL:
        return ord(character) != value
    if kind is op.ANY:
        return character != "\n"
    negated = value[0][0] is op.NEGATE
    for part, of in value[1:] if negated else value:
        if part is op.LITERAL and ord(character) == of or part is op.RANGE and of[0] <= ord(character) <= of[1] or part is op.CATEGORY and CATEGORIES[of](character):
            return not negated
    return negated


def product(one, other):
    """Lengths of two parts in a row."""
    if other.bit_count() < one.bit_count():
        one, other = other, one
    mask = 0
    while one:
        low = (one & -one).bit_length() - 1
        mask |= other << low
        one &= one - 1
    return mask & ((1 << (LONGEST + 1)) - 1)


def repeated(mask, least, most):
    if mask == 0b10:
        most = LONGEST if most is None else most
        return (1 << (most + 1)) - (1 << least)
    result = 1
    for _ in range(least):
        result = product(result, mask)
    more = 1 | mask
    if most is None:
        while True:
            doubled = product(more, more)
            if doubled == more:
                return product(result, more)
            more = doubled
    for _ in range(most - least):
        result = product(result, more)
    return result
