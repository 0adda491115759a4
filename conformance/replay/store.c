/*
 * MIT's replay cache, driven by lines: each is a tag of 24 hexadecimal digits; the answer is "stored", "replayed" or
 * "error" and a text. The argument is the cache's name.
 *
 * libkrb5 exports these three functions for its GSS-API library, without a public header.
 */

#include <stdio.h>
#include <string.h>

#include <krb5.h>

krb5_error_code k5_rc_resolve(krb5_context context, const char *name, krb5_rcache *cache);
krb5_error_code k5_rc_store(krb5_context context, krb5_rcache cache, const krb5_enc_data *authenticator);
void k5_rc_close(krb5_context context, krb5_rcache cache);

enum { TAG_LEN = 12 };

static int parse(const char *line, unsigned char tag[TAG_LEN])
{
    for (int i = 0; i < TAG_LEN; i++) {
        unsigned octet;

        if (sscanf(line + 2 * i, "%2x", &octet) != 1)
            return 0;
        tag[i] = (unsigned char)octet;
    }
    return line[2 * TAG_LEN] == '\n';
}

static void answer(krb5_context context, krb5_error_code code)
{
    if (code == 0) {
        puts("stored");
    } else if (code == KRB5KRB_AP_ERR_REPEAT) {
        puts("replayed");
    } else {
        const char *message = krb5_get_error_message(context, code);

        printf("error %s\n", message);
        krb5_free_error_message(context, message);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    krb5_context context;
    krb5_rcache cache;
    char line[128];

    if (argc != 2 || krb5_init_context(&context) != 0 || k5_rc_resolve(context, argv[1], &cache) != 0) {
        fputs("usage: store file2:FILE < TAGS\n", stderr);
        return 2;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        unsigned char tag[TAG_LEN];
        krb5_enc_data authenticator;

        if (!parse(line, tag)) {
            fputs("not a tag\n", stderr);
            return 2;
        }
        memset(&authenticator, 0, sizeof authenticator);
        /* Its checksum has 12 octets: the tag is the whole ciphertext. */
        authenticator.enctype = ENCTYPE_AES128_CTS_HMAC_SHA1_96;
        authenticator.ciphertext.length = TAG_LEN;
        authenticator.ciphertext.data = (char *)tag;
        answer(context, k5_rc_store(context, cache, &authenticator));
    }
    k5_rc_close(context, cache);
    krb5_free_context(context);
    return 0;
}
