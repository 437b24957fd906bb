"""Finds the words that people read, for strings.sh: those of the templates, the code lists and the records' fields, which xgettext cannot read, and
those that nobody marked. Compares catalogues with them.

    texts.py pot                 the texts of templates, code lists and fields, as a catalogue to translate
    texts.py bare                words on pages that stand outside {{#t}} and say()
    texts.py step NEW OLD...     what each catalogue OLD has too much or too little beside NEW
    texts.py whole POT PO...     translations that lost a {{tag}}, an inline tag of HTML, or a printf format
    texts.py count POT PO...     how much is translated, and what is missing on the public pages

The last four say nothing and answer 0 when all is well; count always answers 0. Run from the project's folder.
"""

import collections
import csv
import glob
import re
import sys

TEMPLATES = sorted(glob.glob("web/templates/*.html"))
CODE = sorted(glob.glob("web/*.c") + glob.glob("web/intake/*.c") + glob.glob("web/office/*.c"))
# Districts are proper names: said alike in every language.
LISTS = [name for name in sorted(glob.glob("node/casework/codes/*.csv")) if not name.endswith("/districts.csv")]
SCHEMA = "node/casework/entities.c"
SPACE = re.compile(r"[ \t\r\n]+")  # as web/template.c sees it
READ_ALOUD = ("aria-label", "aria-description", "alt", "placeholder", "title", "data-label")


def is_public(file):
    """Whether a file's texts are seen by who is not staff."""
    name = file.rsplit("/", 1)[1]
    if file.startswith("web/templates/"):
        return not name.startswith(("office-", "intake-staff"))
    if file.startswith("node/"):
        return name == "needs.csv"
    return not file.startswith(("web/office/", "web/intake/staff."))


def collapsed(text):
    return SPACE.sub(" ", text).strip(" ")


class Template:
    """What one template says: `texts`, [(msgid, comment, is_attribute)], and `bare`, [(line, words)]."""

    def __init__(self, file):
        self.file = file
        self.texts = []
        self.bare = []
        self.cut(open(file, encoding="utf-8").read())

    def cut(self, source):
        rest, at, comment = [], 0, ""
        while True:
            tag = source.find("{{", at)
            if tag < 0:
                break
            between = source[at:tag]
            end = source.find("}}", tag)
            if end < 0:
                raise SystemExit(f"{self.file}: a tag does not end")
            rest.append(between)
            inside, end = source[tag + 2 : end], end + 2
            if between.strip():
                comment = ""
            if inside == "#t":
                close = source.find("{{/t}}", end)
                if close < 0:
                    raise SystemExit(f"{self.file}: {{{{#t}}}} is not closed")
                before = "".join(rest)
                self.texts.append((collapsed(source[end:close]), comment, before.rfind("<") > before.rfind(">")))
                end = close + len("{{/t}}")
            note = re.match(r"!\s*translators:(.*)", inside, re.S)
            comment = collapsed(note.group(1)) if note else ""
            rest.append("\n" * source.count("\n", tag, end))
            at = end
        rest.append(source[at:])
        self.look("".join(rest))

    def look(self, html):
        """Words between tags, and in the attributes that are read to people."""
        html = re.sub(r"<(code|style)\b.*?</\1>", lambda m: "\n" * m.group(0).count("\n"), html, flags=re.S)
        for part in re.finditer(r"<[^>]*>|[^<]+", html):
            line = html.count("\n", 0, part.start()) + 1
            if part.group(0).startswith("<"):
                found = [value for name, value in re.findall(r'([a-z-]+)="([^"]*)"', part.group(0)) if name in READ_ALOUD]
            else:
                found = [part.group(0)]
                line += len(found[0]) - len(found[0].lstrip("\n"))
            for text in found:
                if re.search(r"[^\W\d_]", NAMES.sub("", re.sub(r"&#?\w+;", "", text))):
                    self.bare.append((line, collapsed(text)))


def strings_of_code(file):
    """Each string of a C file, with the call it stands in: [(line, call, text)]. Strings side by side are one."""
    source = open(file, encoding="utf-8").read()
    token = re.compile(r'//[^\n]*|/\*.*?\*/|^\s*#[^\n]*|"((?:[^"\\]|\\.)*)"|\'(?:[^\'\\]|\\.)+\'|(\w+)\s*\(|[()]|\S', re.S | re.M)
    calls, found, last = [], [], False
    for part in token.finditer(source):
        text = part.group(0)
        if text.startswith(("//", "/*")) or text.lstrip().startswith("#"):
            continue
        if part.group(1) is not None:
            if last:
                found[-1][2] += part.group(1)
            else:
                found.append([source.count("\n", 0, part.start()) + 1, calls[-1] if calls else "", part.group(1)])
        elif part.group(2):
            calls.append(part.group(2))
        elif text == "(":
            calls.append(calls[-1] if calls else "")
        elif text == ")" and calls:
            calls.pop()
        last = part.group(1) is not None
    return found


SHOWN = {"page_problem", "intake_view", "visit_text", "json_string"}
# Said to machines, word for word, and names that are the same in every language.
VERBATIM = re.compile(r"Microsoft (Connect Test|NCSI)|Hub %02X|Leb Acoli$")
NAMES = re.compile(r"\b(Android|iPhone|iPad|Windows|Firefox|Linux|macOS)\b")
# The calls that have their text translated (strings.sh has them looked up), and those whose words are for no page.
NOT_BARE = re.compile(r"^(say|say_many|SAY|language_text|language_plural|visit_problem|visit_show|visit_go|error_\w+|log_\w+|batch_audit|db_\w+)$")


def bare_in_code(file):
    """Strings that look like words for people, and stand in no call that has them translated."""
    found = []
    for line, call, text in strings_of_code(file):
        is_sentence = re.match(r"[A-Z][a-z]*[ ,]", text) and not re.match(r"[A-Z]{2}", text)
        is_word = call in SHOWN and re.match(r"[A-Z][a-z]+$", text)
        if (is_sentence or is_word) and not NOT_BARE.match(call) and not VERBATIM.match(text):
            found.append((line, text))
    return found


def texts_of_schema():
    """Labels of fields, and the choices as web/office/show.c says them."""
    source = open(SCHEMA, encoding="utf-8").read()
    texts = re.findall(r'\.label = "([^"]*)"', source)
    for choices in re.findall(r'\.choices = "([^"]*)"', source):
        texts += [one[:1].upper() + one[1:].replace("-", " ") for one in choices.split("|")]
    return texts


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def print_pot():
    texts = collections.OrderedDict()  # msgid: (files, comments)

    def add(msgid, file, comment=""):
        files, comments = texts.setdefault(msgid, ([], []))
        if file not in files:
            files.append(file)
        if comment and comment not in comments:
            comments.append(comment)

    for file in TEMPLATES:
        for msgid, comment, _ in Template(file).texts:
            add(msgid, file, comment)
    for file in LISTS:
        for row in csv.DictReader(open(file, encoding="utf-8", newline="")):
            add(row["label"], file)
    for msgid in texts_of_schema():
        add(msgid, SCHEMA)
    for msgid, (files, comments) in texts.items():
        for comment in comments:
            print("#.", comment)
        print("#:", " ".join(files))
        print("msgid", quoted(msgid))
        print('msgstr ""\n')


class Entry:
    def __init__(self):
        self.files, self.msgid, self.plural, self.said, self.is_code = [], "", None, {}, False


def catalogue(file):
    """{(msgid, plural): Entry}; without the header and what is obsolete."""
    entries, entry, where = {}, Entry(), None
    for line in list(open(file, encoding="utf-8")) + ["\n"]:
        line = line.strip()
        if line.startswith("#:"):
            entry.files += line[2:].split()
        elif line.startswith("#,"):
            entry.is_code = "c-format" in line
        elif line.startswith(("msgid", "msgstr", '"')):
            word, text = re.match(r'([^" ]*)\s*"(.*)"$', line).groups()
            where = word or where
            text = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text)
            if where == "msgid":
                entry.msgid += text
            elif where == "msgid_plural":
                entry.plural = (entry.plural or "") + text
            else:
                entry.said[where] = entry.said.get(where, "") + text
        elif not line:
            if entry.msgid:
                entries[(entry.msgid, entry.plural)] = entry
            entry, where = Entry(), None
    return entries


def print_bare():
    count = 0
    for file in TEMPLATES:
        for line, text in Template(file).bare:
            print(f"{file}:{line}: not in {{{{#t}}}}: {text}")
            count += 1
    for file in CODE:
        for line, text in bare_in_code(file):
            print(f"{file}:{line}: not in say() or SAY(): {text}")
            count += 1
    return count


def print_step(new, others):
    wanted, count = catalogue(new), 0
    for file in others:
        have = catalogue(file)
        for msgid, _ in wanted.keys() - have.keys():
            print(f"{file}: is not in the catalogue yet (make strings): {msgid}")
        for msgid, _ in have.keys() - wanted.keys():
            print(f"{file}: is said nowhere any more (make strings): {msgid}")
        count += len(wanted.keys() ^ have.keys())
    return count


def formats(text):
    """[(position, directive)] of printf, in the order of the arguments."""
    found = re.findall(r"%(?:(\d+)\$)?([-+ #0-9.*]*(?:hh?|ll?|z|j)?[diouxXeEfgGcs%])", text)
    found = [one for one in found if one[1] != "%"]
    return sorted((int(position) if position else i + 1, directive) for i, (position, directive) in enumerate(found))


def faults(entry, text, is_page, is_attribute):
    tags = r"\{\{.*?\}\}|<[^>]*>"
    if is_page:
        if sorted(re.findall(tags, text)) != sorted(re.findall(tags, entry.msgid)):
            yield "has other tags than the English"
        if re.search(r"&(?!#?\w+;)", text):
            yield "has a bare &: write &amp;"
        if is_attribute and re.search(r'["<>]', re.sub(r"\{\{.*?\}\}", "", text)):
            yield 'stands inside an HTML tag, where " < > may not stand'
    if formats(text) not in (formats(entry.msgid), formats(entry.plural or entry.msgid)) and (entry.is_code or not is_page):
        yield "has other printf formats than the English"
    if text != text.strip():
        yield "begins or ends with white space"


def print_faults(pot, others):
    count, texts = 0, [text for file in TEMPLATES for text in Template(file).texts]
    pages = {msgid for msgid, _, _ in texts}
    attributes = {msgid for msgid, _, is_attribute in texts if is_attribute}
    known = catalogue(pot)
    for file in others:
        for key, entry in catalogue(file).items():
            for text in filter(None, entry.said.values()):
                for fault in faults(known.get(key, entry), text, entry.msgid in pages, entry.msgid in attributes):
                    print(f"{file}: {fault}: {text}")
                    count += 1
    return count


def print_counts(pot, others):
    known = catalogue(pot)
    for file in others:
        have, missing = catalogue(file), {True: [], False: []}
        total = {True: 0, False: 0}
        for key, entry in known.items():
            public = any(is_public(one) for one in entry.files)
            total[public] += 1
            if key not in have or not all(have[key].said.values()):
                missing[public].append(entry)
        said = ", ".join(
            f"{name} {total[public] - len(missing[public])} of {total[public]}" for public, name in ((True, "public pages"), (False, "office"))
        )
        print(f"{file}: translated: {said}")
        for entry in missing[True]:
            print(f"  missing ({entry.files[0]}): {entry.msgid}")


def main(arguments):
    if arguments[:1] == ["pot"]:
        print_pot()
    elif arguments[:1] == ["bare"]:
        return 1 if print_bare() else 0
    elif arguments[:1] == ["step"] and len(arguments) > 2:
        return 1 if print_step(arguments[1], arguments[2:]) else 0
    elif arguments[:1] == ["whole"] and len(arguments) > 2:
        return 1 if print_faults(arguments[1], arguments[2:]) else 0
    elif arguments[:1] == ["count"] and len(arguments) > 2:
        print_counts(arguments[1], arguments[2:])
    else:
        print(__doc__.strip())
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
