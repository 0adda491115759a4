/* Lines in, lines out, and base64 with padding (RFC 4648 §4). */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void die(const char *why) {
    fprintf(stderr, "peer: %s\n", why);
    exit(2);
}

/* The next line as a message; false at end of input. */
bool line_read(struct message *message) {
    static char *line;
    static size_t capacity;
    ssize_t length = getline(&line, &capacity, stdin);
    if (length < 0)
        return false;
    if (length > LINE_LIMIT)
        die("line longer than 16 MiB");
    if (!json_parse(line, (size_t)length, message))
        die("not a JSON object of this protocol");
    return true;
}

void line_end(void) {
    putchar('\n');
    if (fflush(stdout) != 0)
        exit(2);
}

static int sextet(char c) {
    const char *at = c == '\0' ? NULL : strchr(ALPHABET, c);
    return at == NULL ? -1 : (int)(at - ALPHABET);
}

static struct octets decode(const char *text, size_t length) {
    if (length % 4 != 0)
        die("base64 without its padding");
    struct octets out = {malloc(length / 4 * 3 + 1), 0};
    if (out.data == NULL)
        die("out of memory");
    for (size_t i = 0; i < length; i += 4) {
        bool last = i + 4 == length;
        size_t padding = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
        uint32_t group = 0;
        for (size_t j = 0; j < 4; j++) {
            int bits = j >= 4 - padding ? 0 : sextet(text[i + j]);
            if (bits < 0)
                die("not base64");
            group = group << 6 | (uint32_t)bits;
        }
        for (size_t j = 0; j < 3 - padding; j++)
            out.data[out.length++] = (uint8_t)(group >> (16 - 8 * j));
    }
    return out;
}

struct octets octets_of(const struct message *message, const char *path) {
    const struct field *field = json_field(message, path);
    if (field == NULL || field->kind != 's')
        die("a field with base64 is missing");
    return decode(field->text, field->length);
}

long number_of(const struct message *message, const char *path) {
    const struct field *field = json_field(message, path);
    if (field == NULL || field->kind != 'n')
        die("a field with a number is missing");
    return strtol(field->text, NULL, 10);
}

bool truth_of(const struct message *message, const char *path) {
    const struct field *field = json_field(message, path);
    return field != NULL && field->kind == 't';
}

bool has(const struct message *message, const char *path) {
    const struct field *field = json_field(message, path);
    return field != NULL && field->kind != '0';
}

/* `"key":"BASE64"`, without braces. */
void print_octets(const char *key, const void *data, size_t length) {
    const uint8_t *in = data;
    printf("\"%s\":\"", key);
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
        putchar(ALPHABET[group >> 18]);
        putchar(ALPHABET[group >> 12 & 63]);
        putchar(left > 1 ? ALPHABET[group >> 6 & 63] : '=');
        putchar(left > 2 ? ALPHABET[group & 63] : '=');
    }
    putchar('"');
}

gss_buffer_desc buffer_of(struct octets octets) {
    gss_buffer_desc buffer = {octets.length, octets.data};
    return buffer;
}
