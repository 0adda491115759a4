/* The conformance suite's own peer: `gss pipe`'s JSON lines, spoken through a library's public header.
 * One source for every library; PEER_HEIMDAL selects what Heimdal's header lacks or names otherwise.
 * A test program: it exits at the first surprise and leaves freeing memory to that. */
#ifndef CONFORMANCE_PEER_H
#define CONFORMANCE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gssapi/gssapi.h>
#ifndef PEER_HEIMDAL
#include <gssapi/gssapi_ext.h>
#endif

/* Not in Heimdal 7.8's header. */
#ifndef GSS_C_CHANNEL_BOUND_FLAG
#define GSS_C_CHANNEL_BOUND_FLAG 0x800
#endif

enum { LINE_LIMIT = 16 * 1024 * 1024, FIELD_LIMIT = 16 };

struct octets {
    uint8_t *data;
    size_t length;
};

/* One leaf of a parsed line: the keys on the way to it joined by dots, and its raw text (strings unquoted). */
struct field {
    char path[64];
    char kind; /* 's' string, 'n' number, 't' true, 'f' false, '0' null */
    char *text;
    size_t length;
};

struct message {
    struct field fields[FIELD_LIMIT];
    size_t count;
};

struct options {
    bool initiator;
    const char *target;
    const char *principal;
    OM_uint32 flags;
    gss_OID mechanism;
    gss_channel_bindings_t bindings;
};

struct session {
    gss_ctx_id_t context;
    gss_OID mechanism;
    OM_uint32 flags;
    OM_uint32 lifetime;
    gss_cred_id_t delegated;
};

/* json.c */
bool json_parse(char *line, size_t length, struct message *message);
const struct field *json_field(const struct message *message, const char *path);
bool json_begins(const struct message *message, const char *key);
void json_print_string(const void *text, size_t length);

/* line.c */
bool line_read(struct message *message);
void line_end(void);
void die(const char *why);
struct octets octets_of(const struct message *message, const char *path);
long number_of(const struct message *message, const char *path);
bool truth_of(const struct message *message, const char *path);
bool has(const struct message *message, const char *path);
void print_octets(const char *key, const void *data, size_t length);
gss_buffer_desc buffer_of(struct octets octets);

/* status.c */
void print_error(OM_uint32 major, OM_uint32 minor, gss_OID mechanism);
void print_oid(gss_OID oid);
void print_name(gss_name_t name);
void print_flags(OM_uint32 flags);
void print_lifetime(OM_uint32 lifetime);
OM_uint32 flags_of(const char *list);
const char *sequence_name(OM_uint32 major);

/* handshake.c */
bool handshake(const struct options *options, struct session *session);

/* commands.c */
void command(struct session *session, const struct message *message);

/* iov.c */
void wrap_iov(struct session *session, const struct message *message);
void unwrap_iov(struct session *session, const struct message *message);
void wrap_aead(struct session *session, const struct message *message);
void unwrap_aead(struct session *session, const struct message *message);

#endif
