#!/usr/bin/python3
"""No question that an office puts to its case file walks through a whole table, wherever it is asked: every SELECT in the sources of
node/casework and web/office, as the preprocessor leaves it, is explained by SQLite over an empty case file. What is put together as the
program runs, test_lists.c explains."""
import glob
import os
import re
import sqlite3
import subprocess

from coalition import Tap

tap = Tap()
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')
# Read whole, for they hold nothing else: what oversteps, what hubs disagree about, a row a log or a hub; what a query over an index has found.
WHOLE = ("SCAN o", "SCAN f", "SCAN position", "SCAN arrived", "SCAN (subquery-1)")
DIGEST = ("SELECT log, said.event, kind", "SELECT type, key, case_key, creator_hq", "SELECT case_key, place, log")  # casefile_digest: everything, by its name


def literals(path):
    """Neighbouring literals of a source joined, its own and our headers' macros expanded; nothing else of a header is needed."""
    source, seen = open(path).read(), set()
    texts = [line for header in INCLUDE.findall(source) for line in texts_of(header, seen)]
    body = re.sub(r"^\s*#\s*include.*$", "", source, flags=re.M)
    done = subprocess.run(["gcc", "-E", "-P", "-w", "-x", "c", "-"], input="\n".join(texts) + "\n" + body, capture_output=True, text=True, check=True)
    for found in LITERALS.findall(done.stdout):
        yield "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', found)).replace('\\"', '"').replace("\\n", "\n")


def texts_of(header, seen):
    """The texts that one of our headers, and what it includes, #defines."""
    path = os.path.join(ROOT, header)
    if header in seen or not os.path.exists(path):
        return []
    seen.add(header)
    joined = open(path).read().replace("\\\n", " ")
    return [line for other in INCLUDE.findall(joined) for line in texts_of(other, seen)] + re.findall(r'^#define \w+ \(?".*$', joined, re.M)


def main():
    db = sqlite3.connect(":memory:")
    db.create_function("may_see", 5, lambda *_: 1)
    db.create_function("event_line", 3, lambda *_: "{}")
    db.executescript(open(os.path.join(ROOT, "node/casework/casefile.sql")).read())
    asked, walks, elsewhere = 0, [], 0
    for path in sorted(glob.glob(os.path.join(ROOT, "node/casework/*.c")) + glob.glob(os.path.join(ROOT, "web/office/*.c"))):
        for sql in literals(path):
            if not sql.startswith(("SELECT", "INSERT", "DELETE", "UPDATE")) or "%s" in sql or sql.startswith(DIGEST):
                continue
            try:
                plan = db.execute("EXPLAIN QUERY PLAN " + sql, [None] * max([int(n) for n in re.findall(r"\?(\d+)", sql)] + [len(re.findall(r"\?(?!\d)", sql))])).fetchall()
            except sqlite3.Error as error:
                if any(words in str(error) for words in ("no such table", "no such column", "incomplete input", "syntax error")):
                    elsewhere += 1  # of another database, or the beginning of a text that goes on as the program runs
                    continue
                raise
            asked += 1
            for row in plan:
                if "AUTOMATIC" in row[3] or (row[3].startswith("SCAN") and "INDEX" not in row[3] and "CONSTANT" not in row[3] and row[3] not in WHOLE):
                    walks.append(f"{os.path.relpath(path, ROOT)}: {row[3]}: {sql}")
    tap.ok(f"every question in the sources is explained ({asked}; {elsewhere} are of other databases, or go on as the program runs)", asked >= 60, asked)
    tap.ok("none of them walks through a whole table", not walks, "\n".join(walks))


main()
tap.done()
