"""The JSON lines of `gss pipe`, for peers that are written in Python or driven by it."""

import argparse
import base64
import json
import sys


class Refused(Exception):
    """What a peer reports as an error: RFC 2744's name of the major status, and a text."""

    def __init__(self, major, message):
        super().__init__(message)
        self.major = major


def options():
    """The options of a party."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["initiator", "acceptor"])
    for name in ["target", "mech", "user", "password", "bindings", "flags"]:
        parser.add_argument("--" + name)
    return parser.parse_args()


def say(message):
    json.dump(message, sys.stdout)
    sys.stdout.write("\n")
    sys.stdout.flush()


def say_token(token):
    if token:
        say({"token": encode(token)})


def hear():
    """The next line, or None at the end of the input."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None


def hear_token():
    line = hear()
    if line is None:
        sys.exit(1)
    return decode(line["token"])


def established(mech, initiator, acceptor=None, flags=()):
    context = {"mech": mech, "initiator": initiator, "acceptor": acceptor, "flags": list(flags), "lifetime": None}
    say({"established": context})


def refuse(refused):
    say({"error": {"major": refused.major, "code": "0x00000000", "minor": 0, "message": str(refused)}})


def serve(commands):
    """Answers commands until the input ends."""
    while (line := hear()) is not None:
        (name, argument), = line.items()
        try:
            say(commands[name](argument))
        except Refused as refused:
            refuse(refused)


def encode(octets):
    return base64.b64encode(octets).decode()


def decode(text):
    return base64.b64decode(text)
