/* Scattered wrapping: gss_wrap_iov and gss_unwrap_iov, with data that is signed but not sent. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The message is in two buffers, so that something can be signed between them. */
enum { HEADER, BEFORE, FIRST, BETWEEN, SECOND, AFTER, PADDING, TRAILER, BUFFERS };

/* A whole token with what is signed around it. */
enum { STREAM, STREAM_BEFORE, STREAM_DATA, STREAM_AFTER, STREAM_BUFFERS };

enum { CFX_HEADER = 16, CFX_FLAG_SEALED = 2 };

static gss_iov_buffer_desc segment(OM_uint32 type, uint8_t *data, size_t length) {
    gss_iov_buffer_desc buffer = {type, {length, data}};
    return buffer;
}

static gss_iov_buffer_desc empty(void) {
    return segment(GSS_IOV_BUFFER_TYPE_EMPTY, NULL, 0);
}

/* What is signed, if the line has it. */
static gss_iov_buffer_desc signed_only(const struct message *message, const char *command, const char *key) {
    char path[64];
    snprintf(path, sizeof path, "%s.%s", command, key);
    if (!has(message, path))
        return empty();
    struct octets octets = octets_of(message, path);
    return segment(GSS_IOV_BUFFER_TYPE_SIGN_ONLY, octets.data, octets.length);
}

static bool dce_style(const struct session *session) {
    return session->flags & GSS_C_DCE_STYLE;
}

/* Whether a layout is "header": the trailer's content stands in the header, as SSPI's programs lay it out. */
static bool without_trailer(const struct message *message, const char *path) {
    const struct field *layout = json_field(message, path);
    return layout != NULL && strncmp(layout->text, "header", layout->length) == 0;
}

static void print_token(const gss_iov_buffer_desc *iov) {
    size_t length = 0;
    for (size_t i = 0; i < BUFFERS; i++)
        length += iov[i].buffer.length;
    uint8_t *token = malloc(length + 1), *at = token;
    if (token == NULL)
        die("out of memory");
    for (size_t i = 0; i < BUFFERS; i++) {
        if (i == BEFORE || i == BETWEEN || i == AFTER || iov[i].buffer.length == 0)
            continue;
        memcpy(at, iov[i].buffer.value, iov[i].buffer.length);
        at += iov[i].buffer.length;
    }
    putchar('{');
    print_octets("token", token, (size_t)(at - token));
    putchar('}');
    line_end();
    free(token);
}

/* {"wrap_iov":{"message":…,"conf":…,"associated":…,"between":…,"after":…,"layout":"trailer"|"header"}}: the token is
 * what goes on the wire, header first. */
void wrap_iov(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    int sealed = 0;
    bool wanted = truth_of(message, "wrap_iov.conf");
    struct octets data = octets_of(message, "wrap_iov.message");
    size_t half = data.length / 2;
    gss_iov_buffer_desc iov[BUFFERS] = {
        [HEADER] = segment(GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
        [BEFORE] = signed_only(message, "wrap_iov", "associated"),
        [FIRST] = segment(GSS_IOV_BUFFER_TYPE_DATA, data.data, half),
        [BETWEEN] = signed_only(message, "wrap_iov", "between"),
        [SECOND] = segment(GSS_IOV_BUFFER_TYPE_DATA, data.data + half, data.length - half),
        [AFTER] = signed_only(message, "wrap_iov", "after"),
        [PADDING] = segment(GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
        [TRAILER] = segment(GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
    };
    if (without_trailer(message, "wrap_iov.layout"))
        iov[TRAILER] = empty();
    /* There is none in DCE style, and Heimdal refuses the buffer. */
    if (dce_style(session))
        iov[PADDING] = empty();
    major = gss_wrap_iov(&minor, session->context, wanted, GSS_C_QOP_DEFAULT, &sealed, iov, BUFFERS);
    if (GSS_ERROR(major)) {
        print_error(major, minor, session->mechanism);
        return;
    }
    if (wanted && !sealed)
        die("gss_wrap_iov did not seal");
    print_token(iov);
    (void)gss_release_iov_buffer(&minor, iov, BUFFERS);
    free(data.data);
}

static void answer(OM_uint32 major, const uint8_t *data, size_t length, int sealed) {
    putchar('{');
    print_octets("message", data, length);
    printf(",\"conf\":%s,\"sequence\":\"%s\"}", sealed ? "true" : "false", sequence_name(major));
    line_end();
}

/* Cuts a token by the lengths that gss_wrap_iov_length gives, and by its EC where that is other than ours would be. */
static OM_uint32 cut(struct session *session, struct octets token, bool trailing, gss_iov_buffer_desc *iov,
                     OM_uint32 *minor) {
    if (token.length < CFX_HEADER)
        return GSS_S_DEFECTIVE_TOKEN;
    bool sealed = token.data[2] & CFX_FLAG_SEALED;
    gss_iov_buffer_desc lengths[] = {
        segment(GSS_IOV_BUFFER_TYPE_HEADER, NULL, 0),
        segment(GSS_IOV_BUFFER_TYPE_DATA, NULL, 0),
        trailing ? segment(GSS_IOV_BUFFER_TYPE_TRAILER, NULL, 0) : empty(),
    };
    OM_uint32 major = gss_wrap_iov_length(minor, session->context, sealed, GSS_C_QOP_DEFAULT, NULL, lengths, 3);
    if (GSS_ERROR(major))
        return major;
    size_t header = lengths[0].buffer.length, trailer = trailing ? lengths[2].buffer.length : 0;
    /* A plain token has no filler in DCE style, a scattered one has. */
    size_t filler = (size_t)token.data[4] << 8 | token.data[5];
    if (sealed && dce_style(session) && filler == 0) {
        if (trailing)
            trailer -= CFX_HEADER;
        else
            header -= CFX_HEADER;
    }
    if (token.length < header + trailer)
        return GSS_S_DEFECTIVE_TOKEN;
    size_t length = token.length - header - trailer, half = length / 2;
    iov[HEADER] = segment(GSS_IOV_BUFFER_TYPE_HEADER, token.data, header);
    iov[FIRST] = segment(GSS_IOV_BUFFER_TYPE_DATA, token.data + header, half);
    iov[SECOND] = segment(GSS_IOV_BUFFER_TYPE_DATA, token.data + header + half, length - half);
    iov[PADDING] = empty();
    iov[TRAILER] = trailing ? segment(GSS_IOV_BUFFER_TYPE_TRAILER, token.data + token.length - trailer, trailer) : empty();
    return GSS_S_COMPLETE;
}

static void unwrap_cut(struct session *session, const struct message *message, bool trailing) {
    OM_uint32 major, minor = 0;
    int sealed = 0;
    struct octets token = octets_of(message, "unwrap_iov.token");
    gss_iov_buffer_desc iov[BUFFERS];
    major = cut(session, token, trailing, iov, &minor);
    iov[BEFORE] = signed_only(message, "unwrap_iov", "associated");
    iov[BETWEEN] = signed_only(message, "unwrap_iov", "between");
    iov[AFTER] = signed_only(message, "unwrap_iov", "after");
    if (!GSS_ERROR(major))
        major = gss_unwrap_iov(&minor, session->context, &sealed, NULL, iov, BUFFERS);
    if (GSS_ERROR(major))
        print_error(major, minor, session->mechanism);
    else
        answer(major, iov[FIRST].buffer.value, iov[FIRST].buffer.length + iov[SECOND].buffer.length, sealed);
    free(token.data);
}

#ifdef PEER_HEIMDAL
/* Heimdal has no STREAM buffer. Where the token says that it is rotated, it has no trailer of its own. */
static void unwrap_whole(struct session *session, const struct message *message) {
    struct octets token = octets_of(message, "unwrap_iov.token");
    bool rotated = token.length >= CFX_HEADER && (token.data[6] != 0 || token.data[7] != 0);
    free(token.data);
    unwrap_cut(session, message, !rotated);
}
#else
static void unwrap_whole(struct session *session, const struct message *message) {
    OM_uint32 major, minor = 0;
    int sealed = 0;
    struct octets token = octets_of(message, "unwrap_iov.token");
    gss_iov_buffer_desc iov[STREAM_BUFFERS] = {
        [STREAM] = segment(GSS_IOV_BUFFER_TYPE_STREAM, token.data, token.length),
        [STREAM_BEFORE] = signed_only(message, "unwrap_iov", "associated"),
        [STREAM_DATA] = segment(GSS_IOV_BUFFER_TYPE_DATA | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
        [STREAM_AFTER] = signed_only(message, "unwrap_iov", "after"),
    };
    major = gss_unwrap_iov(&minor, session->context, &sealed, NULL, iov, STREAM_BUFFERS);
    if (GSS_ERROR(major))
        print_error(major, minor, session->mechanism);
    else
        answer(major, iov[STREAM_DATA].buffer.value, iov[STREAM_DATA].buffer.length, sealed);
    (void)gss_release_iov_buffer(&minor, iov, STREAM_BUFFERS);
    free(token.data);
}
#endif

/* {"unwrap_iov":{"token":…,"associated":…,"between":…,"after":…,"layout":…,"conf":…}}: cut as the layout says, or in
 * one piece without one. What `conf` says stands in the token too. */
void unwrap_iov(struct session *session, const struct message *message) {
    if (has(message, "unwrap_iov.layout"))
        unwrap_cut(session, message, !without_trailer(message, "unwrap_iov.layout"));
    else
        unwrap_whole(session, message);
}

#ifdef PEER_HEIMDAL
/* Heimdal has no gss_wrap_aead: the same in pieces, as its programs have to. */
void wrap_aead(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    struct octets data = octets_of(message, "wrap_aead.message");
    gss_iov_buffer_desc iov[BUFFERS] = {
        [HEADER] = segment(GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
        [BEFORE] = signed_only(message, "wrap_aead", "associated"),
        [FIRST] = segment(GSS_IOV_BUFFER_TYPE_DATA, data.data, data.length),
        [BETWEEN] = empty(),
        [SECOND] = empty(),
        [AFTER] = empty(),
        [PADDING] = empty(),
        [TRAILER] = segment(GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
    };
    major = gss_wrap_iov(&minor, session->context, truth_of(message, "wrap_aead.conf"), GSS_C_QOP_DEFAULT, NULL, iov,
                         BUFFERS);
    if (GSS_ERROR(major))
        print_error(major, minor, session->mechanism);
    else
        print_token(iov);
    (void)gss_release_iov_buffer(&minor, iov, BUFFERS);
    free(data.data);
}

void unwrap_aead(struct session *session, const struct message *message) {
    OM_uint32 major, minor = 0;
    int sealed = 0;
    struct octets token = octets_of(message, "unwrap_aead.token");
    gss_iov_buffer_desc iov[BUFFERS];
    major = cut(session, token, true, iov, &minor);
    iov[BEFORE] = signed_only(message, "unwrap_aead", "associated");
    iov[BETWEEN] = iov[AFTER] = empty();
    if (!GSS_ERROR(major))
        major = gss_unwrap_iov(&minor, session->context, &sealed, NULL, iov, BUFFERS);
    if (GSS_ERROR(major))
        print_error(major, minor, session->mechanism);
    else
        answer(major, iov[FIRST].buffer.value, iov[FIRST].buffer.length + iov[SECOND].buffer.length, sealed);
    free(token.data);
}
#else
void wrap_aead(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    int sealed = 0;
    bool wanted = truth_of(message, "wrap_aead.conf");
    gss_buffer_desc associated = buffer_of(octets_of(message, "wrap_aead.associated"));
    gss_buffer_desc data = buffer_of(octets_of(message, "wrap_aead.message")), token = {0, NULL};
    major = gss_wrap_aead(&minor, session->context, wanted, GSS_C_QOP_DEFAULT, &associated, &data, &sealed, &token);
    if (GSS_ERROR(major)) {
        print_error(major, minor, session->mechanism);
        return;
    }
    if (wanted && !sealed)
        die("gss_wrap_aead did not seal");
    putchar('{');
    print_octets("token", token.value, token.length);
    putchar('}');
    line_end();
    (void)gss_release_buffer(&minor, &token);
    free(associated.value);
    free(data.value);
}

void unwrap_aead(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    int sealed = 0;
    gss_buffer_desc associated = buffer_of(octets_of(message, "unwrap_aead.associated"));
    gss_buffer_desc token = buffer_of(octets_of(message, "unwrap_aead.token")), data = {0, NULL};
    major = gss_unwrap_aead(&minor, session->context, &token, &associated, &data, &sealed, NULL);
    if (GSS_ERROR(major))
        print_error(major, minor, session->mechanism);
    else
        answer(major, data.value, data.length, sealed);
    (void)gss_release_buffer(&minor, &data);
    free(associated.value);
    free(token.value);
}
#endif
