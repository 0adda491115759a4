/* peer initiator|acceptor [--mech krb5|spnego|ntlm] [--target SERVICE@HOST] [--flags LIST] [--bindings HEX] [--principal NAME] */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 1.2.840.113554.1.2.2, RFC 1964 §1. */
static gss_OID_desc KERBEROS = {9, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"};

/* 1.3.6.1.5.5.2, RFC 4178 §4.2. */
static gss_OID_desc SPNEGO = {6, "\x2b\x06\x01\x05\x05\x02"};

/* 1.3.6.1.4.1.311.2.2.10, [MS-NLMP]: of a mechanism that GSS_MECH_CONFIG names. */
static gss_OID_desc NTLM = {10, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"};

static gss_OID mechanism_of(const char *name) {
    if (strcmp(name, "spnego") == 0)
        return &SPNEGO;
    if (strcmp(name, "ntlm") == 0)
        return &NTLM;
    if (strcmp(name, "krb5") != 0)
        die("unknown mechanism");
    return &KERBEROS;
}

static gss_channel_bindings_t bindings_of(const char *hex) {
    gss_channel_bindings_t bindings = calloc(1, sizeof *bindings);
    size_t length = strlen(hex) / 2;
    uint8_t *data = malloc(length + 1);
    if (bindings == NULL || data == NULL)
        die("out of memory");
    for (size_t i = 0; i < length; i++) {
        unsigned octet;
        if (sscanf(hex + 2 * i, "%2x", &octet) != 1)
            die("--bindings takes hexadecimal digits");
        data[i] = (uint8_t)octet;
    }
    bindings->application_data.length = length;
    bindings->application_data.value = data;
    return bindings;
}

static void option(struct options *options, const char *name, const char *value) {
    if (strcmp(name, "--target") == 0)
        options->target = value;
    else if (strcmp(name, "--principal") == 0)
        options->principal = value;
    else if (strcmp(name, "--flags") == 0)
        options->flags = flags_of(value);
    else if (strcmp(name, "--bindings") == 0)
        options->bindings = bindings_of(value);
    else if (strcmp(name, "--mech") == 0)
        options->mechanism = mechanism_of(value);
    else
        die("unknown option");
}

int main(int argc, char **argv) {
    struct options options = {.flags = flags_of("mutual,replay,sequence,conf,integ"), .mechanism = &KERBEROS};
    struct session session = {.context = GSS_C_NO_CONTEXT};
    struct message message;
    if (argc < 2 || argc % 2 != 0)
        die("usage: peer initiator|acceptor [--OPTION VALUE]…");
    options.initiator = strcmp(argv[1], "initiator") == 0;
    if (!options.initiator && strcmp(argv[1], "acceptor") != 0)
        die("initiator or acceptor?");
    for (int i = 2; i < argc; i += 2)
        option(&options, argv[i], argv[i + 1]);
    if (options.initiator && options.target == NULL)
        die("an initiator needs --target");
    if (!handshake(&options, &session))
        return 1;
    while (line_read(&message))
        command(&session, &message);
    return 0;
}
