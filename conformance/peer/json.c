/* A JSON reader for one line: objects, strings, numbers, true, false and null, to a depth of four. */
#include "peer.h"

#include <stdio.h>
#include <string.h>

struct cursor {
    char *at;
    char *end;
    struct message *message;
};

static void skip_space(struct cursor *in) {
    while (in->at < in->end && strchr(" \t\r\n", *in->at) != NULL)
        in->at++;
}

static bool take(struct cursor *in, char wanted) {
    skip_space(in);
    if (in->at >= in->end || *in->at != wanted)
        return false;
    in->at++;
    return true;
}

/* Base64 and the names of this protocol need no escapes; `\/` is the one that encoders like to write. */
static bool string(struct cursor *in, char **text, size_t *length) {
    if (!take(in, '"'))
        return false;
    char *out = *text = in->at;
    for (; in->at < in->end && *in->at != '"'; in->at++) {
        if (*in->at == '\\') {
            in->at++;
            if (in->at >= in->end || strchr("/\"\\", *in->at) == NULL)
                return false;
        }
        *out++ = *in->at;
    }
    *length = (size_t)(out - *text);
    return take(in, '"');
}

static bool leaf(struct cursor *in, const char *path, char kind, char *text, size_t length) {
    if (in->message->count == FIELD_LIMIT)
        return false;
    struct field *field = &in->message->fields[in->message->count++];
    snprintf(field->path, sizeof field->path, "%s", path);
    field->kind = kind;
    field->text = text;
    field->length = length;
    return true;
}

static bool word(struct cursor *in, const char *path) {
    char *start = in->at;
    while (in->at < in->end && strchr(",}] \t\r\n", *in->at) == NULL)
        in->at++;
    size_t length = (size_t)(in->at - start);
    if (length == 0)
        return false;
    char kind = *start == 't' || *start == 'f' ? *start : *start == 'n' ? '0' : 'n';
    return leaf(in, path, kind, start, length);
}

static bool value(struct cursor *in, const char *path, int depth);

static bool object(struct cursor *in, const char *path, int depth) {
    if (take(in, '}'))
        return true;
    do {
        char inner[64];
        char *key;
        size_t length;
        if (!string(in, &key, &length) || !take(in, ':'))
            return false;
        int written = snprintf(inner, sizeof inner, "%s%s%.*s", path, *path ? "." : "", (int)length, key);
        if (written < 0 || (size_t)written >= sizeof inner || !value(in, inner, depth + 1))
            return false;
    } while (take(in, ','));
    return take(in, '}');
}

static bool value(struct cursor *in, const char *path, int depth) {
    if (depth > 4)
        return false;
    if (take(in, '{'))
        return object(in, path, depth);
    if (in->at < in->end && *in->at == '"') {
        char *text;
        size_t length;
        return string(in, &text, &length) && leaf(in, path, 's', text, length);
    }
    return word(in, path);
}

/* Reads `line` in place; the fields point into it. */
bool json_parse(char *line, size_t length, struct message *message) {
    struct cursor in = {line, line + length, message};
    message->count = 0;
    if (!value(&in, "", 0))
        return false;
    skip_space(&in);
    return in.at == in.end;
}

const struct field *json_field(const struct message *message, const char *path) {
    for (size_t i = 0; i < message->count; i++)
        if (strcmp(message->fields[i].path, path) == 0)
            return &message->fields[i];
    return NULL;
}

/* Whether the outermost object's key is `key`. */
bool json_begins(const struct message *message, const char *key) {
    size_t length = strlen(key);
    return message->count > 0 && strncmp(message->fields[0].path, key, length) == 0 &&
           (message->fields[0].path[length] == '\0' || message->fields[0].path[length] == '.');
}

void json_print_string(const void *text, size_t length) {
    const unsigned char *at = text;
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        if (at[i] == '"' || at[i] == '\\')
            printf("\\%c", at[i]);
        else if (at[i] < 0x20 || at[i] >= 0x7f)
            printf("\\u%04x", at[i]);
        else
            putchar(at[i]);
    }
    putchar('"');
}
