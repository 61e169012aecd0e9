#!/usr/bin/env python3
"""The house rules, as a script: prints `file:line: what: remedy` and exits 1 when one is broken.

check.py [ROOT]       checks the tree (the default is this repository)
check.py --self-test  builds small trees with a violation each, and proves that it is found
"""
import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

# What a room may include. This table is the whole truth; rooms on one level never include each other.
BELOW_ENGINE = ["plugins", "rules", "topology", "store", "model"]
ROOMS = {
    "model": [],
    "topology": ["model"],
    "rules": ["model"],
    "store": ["model"],
    "plugins": ["topology", "model"],
    "engine": BELOW_ENGINE,
    "gateway": ["engine", *BELOW_ENGINE],
    "embed": ["engine", *BELOW_ENGINE],
    "cli": ["gateway", "engine", *BELOW_ENGINE],
}

# Foreign vocabularies, and the rooms that speak them. Tests, benchmarks and examples may speak all.
FOREIGN = [
    ("Boost.Graph", {"topology"},
     r"boost/graph/|\bboost::(adjacency_list|compressed_sparse_row_graph|graph_traits|filtered_graph"
     r"|vertex_\w+|edge_\w+|out_edges|in_edges|add_edge|add_vertex)\b"),
    ("SQLite", {"store"}, r"\bsqlite3\w*"),
    ("ZeroMQ", {"gateway"}, r"\bzmq::|<zmq|\bzmq_\w+\s*\("),
    ("Beast and Asio", {"gateway"}, r"\bboost::(beast|asio)\b|boost/(beast|asio)\b"),
    ("curl", {"gateway"}, r"\bcurl_\w+|\bCURL(OPT_\w+|INFO_\w+|E_\w+|M|code)?\b|<curl/"),
    ("Lua", {"plugins"}, r"\bluaL?_\w+|<lua\w*\.h"),
    ("RE2", {"model"}, r"\bre2::|\bRE2\b|<re2/"),
    ("simdjson", {"model"}, r"\bsimdjson\b"),
    ("yaml-cpp", {"rules", "topology"}, r"\bYAML::|\byaml-cpp/"),
    ("Abseil", {"rules"}, r"\babsl::|<absl/"),
    ("libsodium", {"model", "rules", "gateway"}, r"\bcrypto_\w+|\bsodium_\w+|<sodium"),
    ("CLI11", {"cli"}, r"\bCLI::|<CLI/"),
]
FOREIGN = [(name, rooms, re.compile(pattern)) for name, rooms, pattern in FOREIGN]

GRAB_BAGS = {"util", "utils", "utility", "common", "misc", "types", "base", "helper", "helpers", "core"}
GRAB_BAGS_ALLOWED = {"engine/core"}  # the deterministic core: the design's own word, one class
README_LINES_MAX = 60
WORKPLACE = re.compile(r"/w[o]rk/|\.libr[a]ry/")  # written so that they do not match themselves
CXX = {".cpp", ".hpp", ".h", ".cc", ".hh"}

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|(?:u8|[uUL])?R"(?P<end>[^ ()\\\t\v\f\n]*)\(.*?\)(?P=end)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",  # not the mark in 1'000'000
    re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.M)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def without_comments(text):
    return TOKEN.sub(lambda m: blank(m) if m.group().startswith("/") else m.group(), text)


def without_comments_and_strings(text):
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class House:
    def __init__(self, root):
        self.root = Path(root).resolve()
        self.files = sorted(self._list())
        self.findings = []

    def _list(self):
        """All files that belong to the repository, relative to its root."""
        if (self.root / ".git").exists():
            git = subprocess.run(["git", "-C", self.root, "ls-files", "-zco", "--exclude-standard"], capture_output=True)
            if git.returncode == 0:
                return [f for f in git.stdout.decode().split("\0") if f and (self.root / f).is_file()]
        every = (p.relative_to(self.root) for p in self.root.rglob("*") if p.is_file())
        return [str(p) for p in every if not {".git", "build", "__pycache__"} & set(p.parts)]

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    def tell(self, name, line, what, remedy):
        self.findings.append(f"{name}:{line}: {what}: {remedy}")

    def sources(self):
        return [f for f in self.files if Path(f).suffix in CXX]

    def check(self):
        self.includes()
        self.links()
        self.foreign_words()
        self.notes()
        self.room_readmes()
        self.headers()
        self.grab_bags()
        self.workplace_words()
        return self.findings

    def includes(self):
        """The order of the rooms, as the compiler sees it."""
        for name in self.sources():
            room = name.split("/")[0]
            if room not in ROOMS:
                continue
            text = without_comments(self.text(name))
            for match in INCLUDE.finditer(text):
                mark, path = match.groups()
                target, line = path.split("/")[0], line_of(text, match.start())
                if target == room or ("/" in path and target in ROOMS[room]):
                    continue
                if "/" in path and target in ROOMS:
                    may = ", ".join(ROOMS[room]) or "no other room"
                    self.tell(name, line, f"{room} includes {path}",
                              f"{room} may include {may}; move the code down, or pass what is needed in")
                elif mark == '"':
                    self.tell(name, line, f'"{path}" names no room',
                              'include from the root ("room/file.hpp"), libraries with <>')

    def links(self):
        """The same order, as the linker sees it."""
        for room, below in ROOMS.items():
            name = f"{room}/CMakeLists.txt"
            if name not in self.files:
                continue
            text = re.sub(r"#[^\n]*", blank, self.text(name))
            for match in re.finditer(r"\bnocturne_(\w+)", text):
                if match[1] in ROOMS and match[1] != room and match[1] not in below:
                    self.tell(name, line_of(text, match.start()), f"{room} links {match[1]}",
                              f"{room} may link {', '.join(below) or 'no other room'}")

    def foreign_words(self):
        for name in self.sources():
            room = name.split("/")[0]
            if room not in ROOMS:
                continue
            text = without_comments_and_strings(self.text(name))
            for language, rooms, pattern in FOREIGN:
                if room in rooms:
                    continue
                for match in pattern.finditer(text):
                    self.tell(name, line_of(text, match.start()), f"\"{match.group().strip()}\" is {language}",
                              f"only {', '.join(sorted(rooms))} speaks it; put it behind a type of ours there")

    def notes(self):
        """Files that READMEs and docs name must be there."""
        for name in self.files:
            if Path(name).name != "README.md" and not (name.startswith("docs/") and name.endswith(".md")):
                continue
            text = re.sub(r"^(```|~~~).*?^\1", blank, self.text(name), flags=re.S | re.M)
            for match in re.finditer(r"`([^`\n]+)`", text):
                path = named_path(match[1])
                if path and not self._exists(path, [self.root, self.root / Path(name).parent]):
                    self.tell(name, line_of(text, match.start()), f"`{path}` does not exist",
                              "name it from the root or from this folder; write a placeholder as <name>")
            for match in re.finditer(r"\]\(([^)\s#]+)(#[^)\s]*)?\)", text):
                if not re.match(r"[a-z]+:", match[1]) and not self._exists(match[1], [self.root / Path(name).parent]):
                    self.tell(name, line_of(text, match.start()), f"the link to {match[1]} leads nowhere",
                              "links are relative to this file's folder")

    def _exists(self, path, places):
        for place in places:
            whole = os.path.normpath(place / path)
            if os.path.commonpath([whole, self.root]) != str(self.root):
                return True  # beside the repository: not ours to check
            inside = os.path.relpath(whole, self.root)
            if os.path.exists(whole) or any(fnmatch.fnmatchcase(f, inside) for f in self.files):
                return True
        return False

    def room_readmes(self):
        for room in ROOMS:
            if not any(f.startswith(room + "/") for f in self.files):
                continue
            name = f"{room}/README.md"
            if name not in self.files:
                self.tell(name, 1, "the room has no README.md",
                          "say on half a page what it is for, its main types, the order to read, what it must not know")
            elif (lines := self.text(name).count("\n")) > README_LINES_MAX:
                self.tell(name, README_LINES_MAX + 1, f"{lines} lines are more than a page",
                          f"at most {README_LINES_MAX}; the rest belongs in docs/")

    def headers(self):
        for name in self.sources():
            if name.endswith((".hpp", ".h", ".hh")):
                text = without_comments(self.text(name))
                if not re.search(r"^[ \t]*#[ \t]*pragma[ \t]+once\b", text, re.M):
                    self.tell(name, 1, "a header without #pragma once", "add it below the opening comment")

    def grab_bags(self):
        for name in self.files:
            path = Path(name)
            words = [*path.parts[:-1], path.stem] if path.suffix in CXX | {".py", ".lua"} else path.parts[:-1]
            word = next((w for w in words if w.lower() in GRAB_BAGS), None)
            if word and str(path.with_suffix("")) not in GRAB_BAGS_ALLOWED:
                self.tell(name, 1, f"\"{word}\" is a grab-bag", "name it after the one idea that it holds, or split it")

    def workplace_words(self):
        for name in self.files:
            data = (self.root / name).read_bytes()
            if b"\0" in data[:8192]:
                continue
            text = data.decode("utf-8", errors="replace")
            for match in WORKPLACE.finditer(text):
                self.tell(name, line_of(text, match.start()), f"\"{match.group()}\" is a path of one workplace",
                          "the repository speaks of Nocturne alone; use a relative path")


def named_path(span):
    """The path that a span in backticks names, or None when it is something else."""
    word = span.strip()
    if " " in word:  # a command: what it runs is a path when it says so
        word = word.split()[0]
        if not word.startswith("./"):
            return None
    word = re.sub(r"(:\d+)+$", "", word)  # engine/loop.cpp:17
    if not re.fullmatch(r"[\w.*][\w.*/+-]*", word) or "..." in word:
        return None  # an option, a URL, a placeholder like tests/<room>/
    if re.match(r"(application|text|multipart|image)/|\.?/?(build|nocturne-data)(/|$)", word):
        return None  # a media type; what a build or a run makes
    if "/" in word.strip("."):
        return word if re.search(r"[A-Za-z]", word) else None  # not 24/7
    # A bare name counts when it can only be source: `events.jsonl` may be the reader's own file.
    return word if re.fullmatch(r"[\w*-]+\.(cpp|hpp|h|py|lua|md|sh|cmake)|CMakeLists\.txt", word) else None


def self_test():
    import tempfile

    header = "#pragma once\n"
    sound = {
        "model/README.md": "The words. Read `event.hpp`, `model/event.cpp:1`, then `../shared/x.md`; `application/json`.\n"
                           "Also `tests/<room>/`, `build/release/nocturne`, `24/7`, `nocturne run`, [here](event.hpp).\n"
                           "```\n`gone/gone.cpp`\n```\n",
        "model/event.hpp": "// sqlite3_open is spoken elsewhere\n" + header + "#include <string>\n",
        "model/event.cpp": '#include "model/event.hpp"\n\n#include <re2/re2.h>\n\n'
                           "const char* text = \"zmq::socket_t\"; int n = 1'000'000; char c = '\"';\n"
                           'const char* raw = R"x(lua_State* " curl_easy_init )x"; /* boost::asio\n YAML::Node */\n',
        "engine/README.md": "The core.\n",
        "engine/core.hpp": header + '#include "model/event.hpp"\n#include "store/journal.hpp"\n',
        "store/README.md": "Durability.\n",
        "store/journal.hpp": header + "#include <sqlite3.h>\n",
        "gateway/README.md": "The edges.\n",
        "gateway/zmq_socket.cpp": '#include "engine/core.hpp"\n#include <zmq.hpp>\n',
        "gateway/CMakeLists.txt": "nocturne_room(gateway LINK nocturne_engine)  # never nocturne_cli\n",
        "tests/model/event_test.cpp": '#include "gateway/zmq_socket.hpp"\nint f() { return sqlite3_close(nullptr); }\n',
        "docs/tour.md": "Start with `engine/core.hpp`; rules live in `*/*.hpp`.\n",
    }
    long_page = "x\n" * (README_LINES_MAX + 1)
    broken = [  # what is added, where it must be found, what must be said
        ({"model/a.cpp": '\n#include "engine/core.hpp"\n'}, "model/a.cpp:2:", "model includes engine/core.hpp"),
        ({"store/a.cpp": '#include "topology/graph.hpp"\n'}, "store/a.cpp:1:", "store includes"),
        ({"engine/a.cpp": "#include <gateway/http.hpp>\n"}, "engine/a.cpp:1:", "engine includes"),
        ({"engine/a.cpp": '#include "core.hpp"\n'}, "engine/a.cpp:1:", "names no room"),
        ({"engine/CMakeLists.txt": "nocturne_room(engine LINK\n nocturne_cli)\n"}, "engine/CMakeLists.txt:2:", "links cli"),
        ({"engine/a.cpp": "/* x\n */ boost::adjacency_list<> g;\n"}, "engine/a.cpp:2:", "Boost.Graph"),
        ({"engine/a.cpp": "sqlite3* db;\n"}, "engine/a.cpp:1:", "SQLite"),
        ({"engine/a.cpp": 'f("", "\\"", zmq::context_t());\n'}, "engine/a.cpp:1:", "ZeroMQ"),
        ({"engine/a.cpp": "namespace beast = boost::beast;\n"}, "engine/a.cpp:1:", "Beast"),
        ({"engine/a.cpp": "auto* c = curl_easy_init();\n"}, "engine/a.cpp:1:", "curl"),
        ({"engine/a.cpp": "lua_State* state;\n"}, "engine/a.cpp:1:", "Lua"),
        ({"engine/a.cpp": "#include <re2/re2.h>\n"}, "engine/a.cpp:1:", "RE2"),
        ({"engine/a.cpp": "using namespace simdjson;\n"}, "engine/a.cpp:1:", "simdjson"),
        ({"engine/a.cpp": "YAML::Node n;\n"}, "engine/a.cpp:1:", "yaml-cpp"),
        ({"engine/a.cpp": "CLI::App app;\n"}, "engine/a.cpp:1:", "CLI11"),
        ({"docs/a.md": "\nSee `engine/gone.cpp`.\n"}, "docs/a.md:2:", "`engine/gone.cpp` does not exist"),
        ({"docs/a.md": "Run `./gone demo`.\n"}, "docs/a.md:1:", "`./gone` does not exist"),
        ({"engine/README.md": "Read `gone.hpp`.\n"}, "engine/README.md:1:", "`gone.hpp` does not exist"),
        ({"docs/a.md": "[a](gone.md#b)\n"}, "docs/a.md:1:", "leads nowhere"),
        ({"rules/a.cpp": ""}, "rules/README.md:1:", "no README.md"),
        ({"engine/README.md": long_page}, f"engine/README.md:{README_LINES_MAX + 1}:", "more than a page"),
        ({"engine/a.hpp": "// #pragma once\n"}, "engine/a.hpp:1:", "without #pragma once"),
        ({"engine/util.hpp": header}, "engine/util.hpp:1:", "grab-bag"),
        ({"model/core.hpp": header}, "model/core.hpp:1:", "grab-bag"),
        ({"tests/common/a.py": ""}, "tests/common/a.py:1:", "grab-bag"),
        ({"docs/a.md": "one\n/wo" + "rk/main\n"}, "docs/a.md:2:", "workplace"),
        ({"a.txt": ".libr" + "ary/x\n"}, "a.txt:1:", "workplace"),
    ]

    def findings_of(files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return House(folder).check()

    wrong = [f"the sound tree: {finding}" for finding in findings_of(sound)]
    for added, place, what in broken:
        found = findings_of({**sound, **added})
        if len(found) != 1 or not found[0].startswith(place) or what not in found[0]:
            wrong.append(f"{added}: expected one finding \"{place} ... {what}\", got {found}")
    print("\n".join(wrong) or f"each check fires: {len(broken)} violations found, nothing else")
    return 1 if wrong else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) > 1 or any(a.startswith("-") for a in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    findings = House(arguments[0] if arguments else Path(__file__).parents[2]).check()
    print("\n".join(findings) or "the house is in order")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
