/* Context establishment: tokens as lines in both directions until the context stands. */
#include "peer.h"

#include <stdio.h>
#include <string.h>

/* 1.2.840.113554.1.2.2.1, RFC 1964 §2.1.1: a principal in Kerberos' own syntax. */
static gss_OID_desc PRINCIPAL_NAME = {10, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01"};

static gss_name_t import(const char *text, gss_OID type) {
    OM_uint32 major, minor;
    gss_buffer_desc buffer = {strlen(text), (void *)text};
    gss_name_t name = GSS_C_NO_NAME;
    major = gss_import_name(&minor, &buffer, type, &name);
    if (GSS_ERROR(major)) {
        print_error(major, minor, GSS_C_NO_OID);
        die("gss_import_name");
    }
    return name;
}

static bool credential(const struct options *options, gss_cred_id_t *cred) {
    OM_uint32 major, minor;
    *cred = GSS_C_NO_CREDENTIAL;
    if (options->principal == NULL && options->initiator)
        return true;
    gss_name_t name = GSS_C_NO_NAME;
    if (options->principal != NULL)
        name = import(options->principal, &PRINCIPAL_NAME);
    else if (options->target != NULL)
        /* An acceptor of gss-ntlmssp has no other name to tell. */
        name = import(options->target, GSS_C_NT_HOSTBASED_SERVICE);
    gss_OID_set_desc mechanisms = {1, options->mechanism};
    major = gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, &mechanisms,
                             options->initiator ? GSS_C_INITIATE : GSS_C_ACCEPT, cred, NULL, NULL);
    if (GSS_ERROR(major))
        print_error(major, minor, options->mechanism);
    return !GSS_ERROR(major);
}

static void send_token(gss_buffer_t token) {
    if (token->length == 0)
        return;
    putchar('{');
    print_octets("token", token->value, token->length);
    putchar('}');
    line_end();
}

static bool receive_token(gss_buffer_t token) {
    struct message message;
    if (!line_read(&message))
        return false;
    if (!json_begins(&message, "token"))
        die("expected a token");
    *token = buffer_of(octets_of(&message, "token"));
    return true;
}

static OM_uint32 initiate(const struct options *options, gss_cred_id_t cred, gss_name_t target, gss_buffer_t in,
                          gss_buffer_t out, struct session *session, OM_uint32 *minor) {
    return gss_init_sec_context(minor, cred, &session->context, target, options->mechanism, options->flags,
                                GSS_C_INDEFINITE, options->bindings, in, NULL, out, &session->flags,
                                &session->lifetime);
}

static OM_uint32 accept_(const struct options *options, gss_cred_id_t cred, gss_buffer_t in, gss_buffer_t out,
                         struct session *session, OM_uint32 *minor) {
    return gss_accept_sec_context(minor, &session->context, cred, in, options->bindings, NULL, NULL, out,
                                  &session->flags, &session->lifetime, &session->delegated);
}

static void report(struct session *session) {
    OM_uint32 minor, major;
    gss_name_t initiator = GSS_C_NO_NAME, acceptor = GSS_C_NO_NAME;
    major = gss_inquire_context(&minor, session->context, &initiator, &acceptor, NULL, &session->mechanism, NULL, NULL,
                                NULL);
    if (GSS_ERROR(major)) {
        print_error(major, minor, GSS_C_NO_OID);
        die("gss_inquire_context");
    }
    printf("{\"established\":{\"mech\":");
    print_oid(session->mechanism);
    printf(",\"initiator\":");
    print_name(initiator);
    printf(",\"acceptor\":");
    print_name(acceptor);
    printf(",\"flags\":");
    print_flags(session->flags);
    printf(",\"lifetime\":");
    print_lifetime(session->lifetime);
    printf("}}");
    line_end();
}

/* False, after the protocol's error line, where no context was reached. */
bool handshake(const struct options *options, struct session *session) {
    OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor;
    gss_buffer_desc in = {0, NULL};
    gss_cred_id_t cred;
    gss_name_t target = GSS_C_NO_NAME;
    if (options->initiator)
        target = import(options->target, GSS_C_NT_HOSTBASED_SERVICE);
    if (!credential(options, &cred))
        return false;
    for (bool first = true; major & GSS_S_CONTINUE_NEEDED; first = false) {
        gss_buffer_desc out = {0, NULL};
        if (!(options->initiator && first) && !receive_token(&in))
            return false;
        major = options->initiator ? initiate(options, cred, target, &in, &out, session, &minor)
                                   : accept_(options, cred, &in, &out, session, &minor);
        send_token(&out);
        if (GSS_ERROR(major)) {
            print_error(major, minor, options->mechanism);
            return false;
        }
    }
    report(session);
    return true;
}
