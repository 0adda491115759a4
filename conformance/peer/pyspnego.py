"""pyspnego as a party: an NTLM and a SPNEGO of their own, in Python."""

import sys

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from lines import Refused, decode, encode, established, hear_token, options, refuse, say_token, serve

NTLM = "1.3.6.1.4.1.311.2.2.10"
PROTOCOL = {"ntlm": "ntlm", "spnego": "negotiate"}


def main():
    asked = options()
    bindings = None
    if asked.bindings:
        bindings = GssChannelBindings(application_data=bytes.fromhex(asked.bindings))
    common = {
        "protocol": PROTOCOL[asked.mech],
        "channel_bindings": bindings,
        # Its own SPNEGO, not one of the system's.
        "options": spnego.NegotiateOptions.use_negotiate if asked.mech == "spnego" else spnego.NegotiateOptions.use_ntlm,
    }
    service, host = (asked.target or "HTTP@localhost").split("@")
    if asked.role == "initiator":
        context = spnego.client(asked.user, asked.password, hostname=host, service=service, **common)
    else:
        # It finds its users by NTLM_USER_FILE.
        context = spnego.server(hostname=host, service=service, **common)
    try:
        handshake(context, asked.role)
    except (SpnegoError, ValueError) as error:
        refuse(Refused(getattr(error, "nt_status", None) and "DEFECTIVE_CREDENTIAL" or type(error).__name__, str(error)))
        return 1
    user = asked.user if asked.role == "initiator" else context.client_principal
    established(NTLM, user)
    serve(commands(context))
    return 0


def handshake(context, role):
    token = None if role == "initiator" else hear_token()
    while True:
        answer = context.step(token)
        say_token(answer)
        if context.complete:
            return
        token = hear_token()


def commands(context):
    def verify(signed):
        attempt(context.verify, decode(signed["message"]), decode(signed["token"]))
        return {"verified": {"sequence": "ok"}}

    def unwrap(token):
        result = attempt(context.unwrap, decode(token))
        return {"message": encode(result.data), "conf": result.encrypted, "sequence": "ok"}

    return {
        "get_mic": lambda message: {"token": encode(context.sign(decode(message)))},
        "verify_mic": verify,
        "wrap": lambda plain: {"token": encode(context.wrap(decode(plain["message"]), encrypt=plain["conf"]).data)},
        "unwrap": unwrap,
        "session_key": lambda _: {"octets": encode(context.session_key)},
    }


def attempt(call, *arguments):
    try:
        return call(*arguments)
    except SpnegoError as error:
        raise Refused("BAD_MIC", str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
