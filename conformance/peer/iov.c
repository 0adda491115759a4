/* Scattered wrapping: gss_wrap_iov and gss_unwrap_iov, with data that is signed but not sent. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER, ASSOCIATED, DATA, PADDING, TRAILER, BUFFERS };

enum { CFX_HEADER = 16, CFX_FLAG_SEALED = 2 };

static gss_iov_buffer_desc segment(OM_uint32 type, uint8_t *data, size_t length) {
    gss_iov_buffer_desc buffer = {type, {length, data}};
    return buffer;
}

static gss_iov_buffer_desc associated_of(const struct message *message, const char *path) {
    if (!has(message, path))
        return segment(GSS_IOV_BUFFER_TYPE_EMPTY, NULL, 0);
    struct octets octets = octets_of(message, path);
    return segment(GSS_IOV_BUFFER_TYPE_SIGN_ONLY, octets.data, octets.length);
}

/* {"wrap_iov":{"message":…,"conf":…,"associated":…,"layout":"trailer"|"header"}}: the token is what goes on the wire,
 * header first; without a trailer its content stands in the header, as SSPI's programs lay it out. */
void wrap_iov(struct session *session, const struct message *message) {
    OM_uint32 major, minor;
    int sealed = 0;
    bool wanted = truth_of(message, "wrap_iov.conf");
    const struct field *layout = json_field(message, "wrap_iov.layout");
    bool trailing = layout == NULL || strncmp(layout->text, "trailer", layout->length) == 0;
    struct octets data = octets_of(message, "wrap_iov.message");
    gss_iov_buffer_desc iov[BUFFERS] = {
        segment(GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
        associated_of(message, "wrap_iov.associated"),
        segment(GSS_IOV_BUFFER_TYPE_DATA, data.data, data.length),
        segment(GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
        segment(GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
    };
    if (!trailing)
        iov[TRAILER].type = GSS_IOV_BUFFER_TYPE_EMPTY;
    major = gss_wrap_iov(&minor, session->context, wanted, GSS_C_QOP_DEFAULT, &sealed, iov, BUFFERS);
    if (GSS_ERROR(major)) {
        print_error(major, minor, session->mechanism);
        return;
    }
    if (wanted && !sealed)
        die("gss_wrap_iov did not seal");
    size_t length = iov[HEADER].buffer.length + data.length + iov[PADDING].buffer.length + iov[TRAILER].buffer.length;
    uint8_t *token = malloc(length + 1), *at = token;
    if (token == NULL)
        die("out of memory");
    for (size_t i = 0; i < BUFFERS; i++) {
        if (i == ASSOCIATED || iov[i].buffer.length == 0)
            continue;
        memcpy(at, iov[i].buffer.value, iov[i].buffer.length);
        at += iov[i].buffer.length;
    }
    putchar('{');
    print_octets("token", token, length);
    putchar('}');
    line_end();
    (void)gss_release_iov_buffer(&minor, iov, BUFFERS);
    free(token);
    free(data.data);
}

static void answer(OM_uint32 major, const gss_buffer_desc *data, int sealed) {
    putchar('{');
    print_octets("message", data->value, data->length);
    printf(",\"conf\":%s,\"sequence\":\"%s\"}", sealed ? "true" : "false", sequence_name(major));
    line_end();
}

#ifdef PEER_HEIMDAL
/* Heimdal has no STREAM buffer: the token is cut by the lengths that gss_wrap_iov_length gives. Where the token says
 * that it is rotated, it has no trailer of its own (RRC is then the trailer's length). */
static OM_uint32 split(struct session *session, struct octets token, gss_iov_buffer_desc *iov, OM_uint32 *minor) {
    if (token.length < CFX_HEADER)
        return GSS_S_DEFECTIVE_TOKEN;
    bool sealed = token.data[2] & CFX_FLAG_SEALED;
    bool rotated = token.data[6] != 0 || token.data[7] != 0;
    gss_iov_buffer_desc lengths[BUFFERS] = {
        segment(GSS_IOV_BUFFER_TYPE_HEADER, NULL, 0), segment(GSS_IOV_BUFFER_TYPE_EMPTY, NULL, 0),
        segment(GSS_IOV_BUFFER_TYPE_DATA, NULL, 0),   segment(GSS_IOV_BUFFER_TYPE_PADDING, NULL, 0),
        segment(rotated ? GSS_IOV_BUFFER_TYPE_EMPTY : GSS_IOV_BUFFER_TYPE_TRAILER, NULL, 0),
    };
    OM_uint32 major = gss_wrap_iov_length(minor, session->context, sealed, GSS_C_QOP_DEFAULT, NULL, lengths, BUFFERS);
    if (GSS_ERROR(major))
        return major;
    size_t header = lengths[HEADER].buffer.length;
    size_t trailer = rotated ? 0 : lengths[TRAILER].buffer.length;
    if (token.length < header + trailer)
        return GSS_S_DEFECTIVE_TOKEN;
    iov[HEADER] = segment(GSS_IOV_BUFFER_TYPE_HEADER, token.data, header);
    iov[DATA] = segment(GSS_IOV_BUFFER_TYPE_DATA, token.data + header, token.length - header - trailer);
    iov[PADDING] = segment(GSS_IOV_BUFFER_TYPE_EMPTY, NULL, 0);
    iov[TRAILER] = segment(rotated ? GSS_IOV_BUFFER_TYPE_EMPTY : GSS_IOV_BUFFER_TYPE_TRAILER,
                           token.data + token.length - trailer, trailer);
    return GSS_S_COMPLETE;
}

void unwrap_iov(struct session *session, const struct message *message) {
    OM_uint32 major, minor = 0;
    int sealed = 0;
    struct octets token = octets_of(message, "unwrap_iov.token");
    gss_iov_buffer_desc iov[BUFFERS];
    iov[ASSOCIATED] = associated_of(message, "unwrap_iov.associated");
    major = split(session, token, iov, &minor);
    if (!GSS_ERROR(major))
        major = gss_unwrap_iov(&minor, session->context, &sealed, NULL, iov, BUFFERS);
    if (GSS_ERROR(major))
        print_error(major, minor, session->mechanism);
    else
        answer(major, &iov[DATA].buffer, sealed);
    free(token.data);
}
#else
void unwrap_iov(struct session *session, const struct message *message) {
    OM_uint32 major, minor = 0;
    int sealed = 0;
    struct octets token = octets_of(message, "unwrap_iov.token");
    gss_iov_buffer_desc iov[3] = {
        segment(GSS_IOV_BUFFER_TYPE_STREAM, token.data, token.length),
        associated_of(message, "unwrap_iov.associated"),
        segment(GSS_IOV_BUFFER_TYPE_DATA | GSS_IOV_BUFFER_FLAG_ALLOCATE, NULL, 0),
    };
    major = gss_unwrap_iov(&minor, session->context, &sealed, NULL, iov, 3);
    if (GSS_ERROR(major))
        print_error(major, minor, session->mechanism);
    else
        answer(major, &iov[2].buffer, sealed);
    (void)gss_release_iov_buffer(&minor, iov, 3);
    free(token.data);
}
#endif
