"""GNU SASL's command as a party: SCRAM of SASL translated to SCRAM of the GSS-API, RFC 5801 and RFC 5802 §8.

SASL puts the header `n,,` before the first message, which the GSS-API frames instead; the channel bindings that both
protect begin with that header. There are no messages: GNU SASL's SCRAM has no security layer.
"""

import subprocess
import sys

from lines import Refused, decode, encode, established, hear_token, options, refuse, say_token, serve

SASL = {"scram": ("SCRAM-SHA-256", 18), "scram-sha1": ("SCRAM-SHA-1", 14)}
HEADER = b"n,,"


def main():
    asked = options()
    name, last = SASL[asked.mech]
    oid = bytes([0x06, 6, 0x2B, 6, 1, 5, 5, last])
    command = ["gsasl", "--mechanism", name, "--password", asked.password, "--no-cb"]
    if asked.role == "initiator":
        command += ["--client", "--authentication-id", asked.user]
    else:
        command += ["--server"]
    sasl = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    sasl.stdout.readline()  # The mechanism's name.
    try:
        if asked.role == "initiator":
            initiate(sasl, oid)
        else:
            accept(sasl, oid)
    except Refused as refused:
        refuse(refused)
        return 1
    established("1.3.6.1.5.5.%d" % last, asked.user)
    serve({})
    return 0


def initiate(sasl, oid):
    first = message(sasl)
    if not first.startswith(HEADER):
        raise Refused("FAILURE", "another header: %r" % first)
    body = oid + first[len(HEADER):]
    say_token(b"\x60" + bytes([len(body)]) + body)
    say_token(answer(sasl, hear_token()))
    tell(sasl, hear_token())
    end(sasl)


def accept(sasl, oid):
    sasl.stdout.readline()  # SASL's acceptor has nothing to say before.
    token = hear_token()
    framing = b"\x60" + bytes([len(token) - 2]) + oid
    if not token.startswith(framing):
        raise Refused("DEFECTIVE_TOKEN", "no framing of SCRAM: %r" % token)
    say_token(answer(sasl, HEADER + token[len(framing):]))
    last = answer(sasl, hear_token())
    end(sasl)
    say_token(last)


def tell(sasl, octets):
    sasl.stdin.write(encode(octets).encode() + b"\n")
    sasl.stdin.flush()


def answer(sasl, octets):
    tell(sasl, octets)
    return message(sasl)


def message(sasl):
    line = sasl.stdout.readline()
    if not line:
        end(sasl)
        raise Refused("FAILURE", "gsasl has nothing to say")
    return decode(line)


def end(sasl):
    """Waits for its word that it is content. Its exit status is 1 either way, since no application data follows."""
    _, said = sasl.communicate(b"\n", timeout=30)
    if b"authentication finished" not in said:
        raise Refused("DEFECTIVE_CREDENTIAL", said.decode().strip())


if __name__ == "__main__":
    sys.exit(main())
