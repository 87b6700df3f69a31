# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Run the zfstune command of the host, and read the JSON document that it prints.

This is the one place that knows how a document and an error of the command look.
"""

from __future__ import annotations

import json
import os

from ansible.module_utils.basic import AnsibleModule

DONE = 0
FAILED = 1
PARTLY = 3
PENDING = 4

# A document of a later version may mean something else by the same key.
KNOWN_VERSION = 1
PLACES = ["/opt/zfstune/bin", "/usr/local/sbin", "/usr/local/bin"]
MISSING = (
    "cannot run '{name}': there is no such command on the host; install it with the role "
    "zfstune.storage.install, or say where it is by 'executable'"
)


class DocumentError(Exception):
    """The command printed something that this collection cannot read."""


def zfstune_module(argument_spec, **more):
    """Make the AnsibleModule of a module of this collection, with the common options."""
    common = {
        "executable": {"type": "str", "default": "zfstune"},
        "image": {"type": "path"},
    }
    spec = dict(common, **argument_spec)
    return AnsibleModule(argument_spec=spec, supports_check_mode=True, **more)


def read_document(text):
    """Read the JSON document that a command printed; empty output is an empty document.

    Raises:
        DocumentError: The text is no document, or one of a version to come.
    """
    if not text.strip():
        return {}
    try:
        document = json.loads(text)
    except ValueError:
        raise DocumentError("it printed no JSON document") from None
    if not isinstance(document, dict):
        raise DocumentError("its JSON document is no object")
    version = document.get("version", KNOWN_VERSION)
    if document.get("format", "").startswith("zfstune.") and version > KNOWN_VERSION:
        raise DocumentError(
            "its documents have version {0}, and this collection reads up to {1}: update "
            "the collection zfstune.storage".format(version, KNOWN_VERSION)
        )
    return document


def read_talk(text):
    """Read what a command said on stderr: pairs of a message and a hint, in order."""
    pairs = []
    for line in text.splitlines():
        if line.startswith("zfstune: "):
            pairs.append((line[len("zfstune: ") :], ""))
        elif line.startswith("hint: ") and pairs:
            pairs[-1] = (pairs[-1][0], line[len("hint: ") :])
    return pairs


def one_line(message, hint):
    """Put a message and its hint into one line."""
    return "{0} (hint: {1})".format(message, hint) if hint else message


def split(document, stderr):
    """Return the errors and the notes of a run, each as pairs of a message and a hint.

    A command that has no such keys in its document says both on stderr, where nothing
    tells them apart: all of it is returned as notes then, and the caller judges by the
    exit status.
    """
    errors, notes = document.get("errors"), document.get("notes")
    if errors is None or notes is None:
        return [], read_talk(stderr)
    return (
        [(each["message"], each.get("hint") or "") for each in errors],
        [(each["message"], each.get("hint") or "") for each in notes],
    )


class Answer:
    """The end of a command.

    Attributes:
        status: Its exit status.
        document: What it printed, without the keys of the envelope.
        notes: What it said besides: a message and a hint each.
    """

    def __init__(self, status, document, notes):
        envelope = ("format", "version", "exit_status", "notes", "errors")
        self.status = status
        self.document = {k: v for k, v in document.items() if k not in envelope}
        self.notes = notes


class Command:
    """The zfstune command of the host, as the options of a module name it."""

    def __init__(self, module):
        self.module = module
        name = module.params["executable"]
        self.program = name
        if not os.path.isabs(name):
            self.program = module.get_bin_path(name, opt_dirs=PLACES)
        if not self.program:
            module.fail_json(msg=MISSING.format(name=name))
        # Names in UTF-8, whatever locale the connection brings along.
        module.run_command_environ_update = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}

    def ask(self, *words, accept=(DONE,)):
        """Run a verb with --json; end the module where the exit status is another one."""
        argv = [self.program]
        if self.module.params["image"]:
            argv += ["--image", self.module.params["image"]]
        # The option comes first: a verb may end with words behind a `--`.
        verb, rest = list(words[:1]), list(words[1:])
        if rest and verb[0] in ("policy", "schedule"):
            verb, rest = verb + rest[:1], rest[1:]
        argv += [*verb, "--json", *rest]
        try:
            status, out, err = self.module.run_command(argv, handle_exceptions=False)
        except OSError as error:
            reason = error.strerror or str(error)
            msg = "cannot run '{0}': {1}".format(self.program, reason)
            self.module.fail_json(msg=msg)
        about = {"cmd": argv, "rc": status, "stdout": out, "stderr": err}
        try:
            document = read_document(out)
        except DocumentError as error:
            if status in accept:
                msg = "cannot read the output of '{0}': {1}"
                self.module.fail_json(msg=msg.format(self.program, error), **about)
            document = {}
        errors, notes = split(document, err)
        if status not in accept:
            told = errors or notes or [(last_line(err, status), "")]
            msg = "; ".join(one_line(*each) for each in told)
            self.module.fail_json(msg=msg, hint=told[0][1], **about)
        return Answer(status, document, errors + notes)

    def pass_on(self, notes):
        """Make warnings of what a command said, once each."""
        for message, hint in dict.fromkeys(notes):
            self.module.warn(one_line(message, hint))

    def lacks(self, name):
        """Tell whether there is no such dataset, as in a check before a first run."""
        listed = self.ask("list").document.get("datasets") or []
        return all(each["name"] != name for each in listed)


def last_line(text, status):
    """Return the last line of what a command said; of a killed one there may be none."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "the command ended with status {0}".format(status)


def as_value(value):
    """Return the value of a property as zfstune reads it: YAML has on and off as bools."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def assignments(values):
    """Return the words of -o for a dict of properties, in a fixed order."""
    words = []
    for name in sorted(values or {}):
        words += ["-o", "{0}={1}".format(name, as_value(values[name]))]
    return words


def repeated(option, values):
    """Return the words of an option that may be repeated."""
    return [word for value in values or [] for word in (option, value)]


def as_diff(before, after):
    """Return a diff of two texts, as a task shows it."""
    return {"before": before, "after": after}
