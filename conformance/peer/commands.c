/* The commands of an established context, one a line. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

/* 1.2.840.113554.1.2.2.5.5: both libraries answer it; only the name of the constant differs. */
static gss_OID_desc SESSION_KEY = {11, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05"};

static void answer_octets(const char *key, gss_buffer_t octets) {
    putchar('{');
    print_octets(key, octets->value, octets->length);
    putchar('}');
    line_end();
}

static bool failed(struct session *session, OM_uint32 major, OM_uint32 minor) {
    if (GSS_ERROR(major))
        print_error(major, minor, session->mechanism);
    return GSS_ERROR(major);
}

static void mic(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    gss_buffer_desc in = buffer_of(octets_of(message, "get_mic")), out = {0, NULL};
    major = gss_get_mic(&minor, session->context, GSS_C_QOP_DEFAULT, &in, &out);
    if (!failed(session, major, minor))
        answer_octets("token", &out);
    (void)gss_release_buffer(&minor, &out);
    free(in.value);
}

static void verify(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    gss_buffer_desc text = buffer_of(octets_of(message, "verify_mic.message"));
    gss_buffer_desc token = buffer_of(octets_of(message, "verify_mic.token"));
    major = gss_verify_mic(&minor, session->context, &text, &token, NULL);
#ifdef BROKEN_VERIFIER
    /* Built so on purpose, once, to show that the suite notices a library that accepts every signature. */
    major &= ~(OM_uint32)0xffff0000;
#endif
    if (!failed(session, major, minor)) {
        printf("{\"verified\":{\"sequence\":\"%s\"}}", sequence_name(major));
        line_end();
    }
    free(text.value);
    free(token.value);
}

static void wrap(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    int sealed = 0;
    bool wanted = truth_of(message, "wrap.conf");
    gss_buffer_desc in = buffer_of(octets_of(message, "wrap.message")), out = {0, NULL};
    major = gss_wrap(&minor, session->context, wanted, GSS_C_QOP_DEFAULT, &in, &sealed, &out);
    if (!failed(session, major, minor)) {
        if (wanted && !sealed)
            die("gss_wrap did not seal");
        answer_octets("token", &out);
    }
    (void)gss_release_buffer(&minor, &out);
    free(in.value);
}

static void unwrap(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    int sealed = 0;
    gss_buffer_desc in = buffer_of(octets_of(message, "unwrap")), out = {0, NULL};
    major = gss_unwrap(&minor, session->context, &in, &out, &sealed, NULL);
    if (!failed(session, major, minor)) {
        putchar('{');
        print_octets("message", out.value, out.length);
        printf(",\"conf\":%s,\"sequence\":\"%s\"}", sealed ? "true" : "false", sequence_name(major));
        line_end();
    }
    (void)gss_release_buffer(&minor, &out);
    free(in.value);
}

static void prf(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    gss_buffer_desc in = buffer_of(octets_of(message, "prf.input")), out = {0, NULL};
    major = gss_pseudo_random(&minor, session->context, GSS_C_PRF_KEY_FULL, &in, number_of(message, "prf.length"), &out);
    if (!failed(session, major, minor))
        answer_octets("octets", &out);
    (void)gss_release_buffer(&minor, &out);
    free(in.value);
}

static void size_limit(struct session *session, const struct message *message) {
    OM_uint32 major, minor, limit = 0;
    major = gss_wrap_size_limit(&minor, session->context, truth_of(message, "wrap_size_limit.conf"), GSS_C_QOP_DEFAULT,
                                (OM_uint32)number_of(message, "wrap_size_limit.size"), &limit);
    if (!failed(session, major, minor)) {
        printf("{\"limit\":%u}", limit);
        line_end();
    }
}

/* Out of this process's context and back into it: what a program does that passes a context to a child. */
static void export_and_import(struct session *session) {
    OM_uint32 major, minor;
    gss_buffer_desc token = {0, NULL};
    major = gss_export_sec_context(&minor, &session->context, &token);
    if (failed(session, major, minor))
        return;
    major = gss_import_sec_context(&minor, &token, &session->context);
    if (!failed(session, major, minor)) {
        printf("{\"exported\":%zu}", token.length);
        line_end();
    }
    (void)gss_release_buffer(&minor, &token);
}

static void delegated(struct session *session) {
    OM_uint32 major, minor, lifetime = 0;
    gss_name_t name = GSS_C_NO_NAME;
    if (session->delegated == GSS_C_NO_CREDENTIAL) {
        print_error(GSS_S_NO_CRED, 0, session->mechanism);
        return;
    }
    major = gss_inquire_cred(&minor, session->delegated, &name, &lifetime, NULL, NULL);
    if (failed(session, major, minor))
        return;
    printf("{\"name\":");
    print_name(name);
    printf(",\"lifetime\":");
    print_lifetime(lifetime);
    printf("}");
    line_end();
}

static void session_key(struct session *session) {
    OM_uint32 major, minor;
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    major = gss_inquire_sec_context_by_oid(&minor, session->context, &SESSION_KEY, &set);
    if (failed(session, major, minor))
        return;
    if (set == GSS_C_NO_BUFFER_SET || set->count == 0)
        die("a session key inquiry without a key");
    answer_octets("octets", &set->elements[0]);
    (void)gss_release_buffer_set(&minor, &set);
}

void command(struct session *session, const struct message *message) {
    if (json_begins(message, "get_mic"))
        mic(session, message);
    else if (json_begins(message, "verify_mic"))
        verify(session, message);
    else if (json_begins(message, "wrap"))
        wrap(session, message);
    else if (json_begins(message, "unwrap"))
        unwrap(session, message);
    else if (json_begins(message, "prf"))
        prf(session, message);
    else if (json_begins(message, "wrap_size_limit"))
        size_limit(session, message);
    else if (json_begins(message, "export"))
        export_and_import(session);
    else if (json_begins(message, "delegated"))
        delegated(session);
    else if (json_begins(message, "session_key"))
        session_key(session);
    else if (json_begins(message, "wrap_iov"))
        wrap_iov(session, message);
    else if (json_begins(message, "unwrap_iov"))
        unwrap_iov(session, message);
    else if (json_begins(message, "wrap_aead"))
        wrap_aead(session, message);
    else if (json_begins(message, "unwrap_aead"))
        unwrap_aead(session, message);
    else
        die("unknown command");
}
