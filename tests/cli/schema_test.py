"""The JSON Schemas of `nocturne schema` take what the pages show and what is shipped, and refuse mistakes."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

try:
    import jsonschema
    import yaml
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(0)

PROGRAM = os.environ["NOCTURNE_PROGRAM"]
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Loader(yaml.SafeLoader):
    """Scalars as YAML 1.2 has them, which is how editors read: no dates, no on and off."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
]:
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first) + ([""] if tag == "null" else []))


def with_text_keys(value):
    if isinstance(value, dict):
        return {str(key): with_text_keys(item) for key, item in value.items()}
    return [with_text_keys(item) for item in value] if isinstance(value, list) else value


def load(text):
    return with_text_keys(yaml.load(text, Loader))


def schema(what):
    done = subprocess.run([PROGRAM, "schema", "--what", what], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


VALIDATORS = {}


def problems(what, text):
    if what not in VALIDATORS:
        found = schema(what)
        jsonschema.Draft202012Validator.check_schema(found)
        VALIDATORS[what] = jsonschema.Draft202012Validator(found)
    return [f"{list(error.absolute_path)}: {error.message[:300]}" for error in VALIDATORS[what].iter_errors(load(text))]


def examples(page):
    """The YAML in fences, by the line of the page."""
    text = (ROOT / page).read_text()
    for match in re.finditer(r"^```yaml\n(.*?)^```$", text, re.M | re.S):
        yield text[: match.start()].count("\n") + 2, match.group(1)


class Schema(unittest.TestCase):
    def accepts(self, what, text, where):
        with self.subTest(where=where):
            self.assertEqual(problems(what, text), [])

    def refuses(self, what, text):
        with self.subTest(text=text):
            self.assertNotEqual(problems(what, text), [])

    def test_rules_of_the_pages(self):
        count = 0
        for page in sorted((ROOT / "docs").rglob("*.md")):
            for line, text in examples(page):
                document = load(text) or {}
                is_of_alertmanager = isinstance(document.get("route"), dict)
                if is_of_alertmanager or not set(document) <= RULES:
                    continue
                count += 1
                self.accepts("rules", text, f"{page.relative_to(ROOT)}:{line}")
        self.assertGreater(count, 40)

    def test_every_example_of_the_reference_of_rules(self):
        found = list(examples("docs/reference/rules.md"))
        self.assertGreater(len(found), 25)
        for line, text in found:
            self.accepts("rules", text, f"docs/reference/rules.md:{line}")

    def test_the_payload_of_the_page_and_the_packs(self):
        page = (ROOT / "docs/reference/payloads.md").read_text()
        own = re.search(r"^    payload:\n(?:     .*\n)+", page, re.M).group(0)
        self.accepts("rules", own, "docs/reference/payloads.md")
        packs = sorted((ROOT / "rules/packs").glob("*.yaml"))
        self.assertGreaterEqual(len(packs), 7)
        for pack in packs:
            self.accepts("rules", pack.read_text(), pack.name)

    def test_tests_of_the_page_and_the_cases(self):
        found = [text for _, text in examples("docs/guides/testing-rules-in-ci.md") if "steps:" in text]
        self.assertGreaterEqual(len(found), 2)
        for text in found + [case.read_text() for case in sorted((ROOT / "tests/cases").rglob("*.test.yaml"))]:
            self.accepts("tests", text, text.splitlines()[0])

    def test_topology_and_configuration(self):
        self.accepts("topology", "services:\n- {name: a, depends_on: [b, {name: c, type: calls, weight: 0.8}], "
                     "criticality: 4, owner: x, aliases: [10.0.3.7], labels: {tier: front}, connected_to: [d]}\n"
                     "edges: [{from: a, to: b, weight: 0.5}]\n", "topology")
        found = [text for _, text in examples("docs/reference/configuration.md") if "data:" in text]
        self.assertEqual(len(found), 1)
        self.accepts("config", found[0], "docs/reference/configuration.md")

    def test_mistakes_are_refused(self):
        for text in ["routes: []", "route: [{name: r}]", "route: [{name: r, to: pager}]",
                     "route: [{name: r, to: page, wait: 5x}]", "dedup: [{name: d, identity: []}]",
                     "pattern: [{name: p, type: count, match: a=b}]", "storm: [{name: s, start: 1}]",
                     "payload: [{name: p, fields: {resorce: x}}]", "inhibit: [{name: i, sorce: a=b, target: a=c}]",
                     "normalise: [{name: n, lookup: {table: t}}]"]:
            self.refuses("rules", text)
        for text in ["name: x", "steps: [{expect: {absent: [{state: fireing}]}}]", "steps: [{evnt: {}}]",
                     "steps: [{event: {check: a}}]", "{rules: {routes: []}, steps: [{at: 1s}]}",
                     "steps: [{expect: {notified: [{to: pager}]}}]"]:
            self.refuses("tests", text)
        for text in ["services: [{nam: a}]", "services: [{name: a, criticality: 6}]", "edges: [{from: a}]"]:
            self.refuses("topology", text)
        for text in ["datas: x", "incidents: {severity_min: bad}", "alerts: {ttl: 5x}", "limits: {labels_max: 0}"]:
            self.refuses("config", text)


RULES = set(schema("rules")["properties"])

if __name__ == "__main__":
    unittest.main()
