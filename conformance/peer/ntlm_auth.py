"""Samba's ntlm_auth as a party: the helpers by which it initiates, a command and an answer a line.

They establish contexts and give their key away, and have no messages.
"""

import subprocess
import sys

from lines import Refused, decode, encode, established, hear_token, options, refuse, say_token, serve

HELPERS = {"ntlm": "ntlmssp-client-1", "spnego": "gss-spnego-client"}
CONFIGURATION = "smb.conf"


class Helper:
    def __init__(self, asked):
        # Nothing of the machine's own configuration.
        with open(CONFIGURATION, "w") as file:
            file.write("[global]\nworkgroup = DOMAIN\n")
        domain, user = asked.user.split("\\")
        command = ["ntlm_auth", "--configfile=" + CONFIGURATION, "--helper-protocol=" + HELPERS[asked.mech]]
        command += ["--domain=" + domain, "--username=" + user, "--password=" + asked.password]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        """The answer's word, and the octets that follow it."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        word, _, rest = self.process.stdout.readline().strip().partition(" ")
        if word in ["OK", "YR", "KK", "AF", "GK"]:
            return word, decode(rest)
        raise Refused("FAILURE", "%s %s" % (word, rest))


def initiate(helper):
    helper.ask("SF NTLMSSP_FEATURE_SEAL")
    _, token = helper.ask("YR")
    done = False
    while not done:
        say_token(token)
        word, token = helper.ask("TT " + encode(hear_token()))
        done = word == "AF"
    say_token(token)


def main():
    asked = options()
    helper = Helper(asked)
    try:
        initiate(helper)
    except Refused as refused:
        refuse(refused)
        return 1
    established("1.3.6.1.4.1.311.2.2.10", asked.user)
    serve({"session_key": lambda _: {"octets": encode(helper.ask("GK")[1])}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
