/* Status codes, names, flags and OIDs as text. */
#include "peer.h"

#include <stdio.h>
#include <string.h>

struct named {
    OM_uint32 code;
    const char *name;
};

static const struct named ROUTINE_ERRORS[] = {
    {GSS_S_BAD_MECH, "BAD_MECH"},
    {GSS_S_BAD_NAME, "BAD_NAME"},
    {GSS_S_BAD_NAMETYPE, "BAD_NAMETYPE"},
    {GSS_S_BAD_BINDINGS, "BAD_BINDINGS"},
    {GSS_S_BAD_STATUS, "BAD_STATUS"},
    {GSS_S_BAD_SIG, "BAD_MIC"},
    {GSS_S_NO_CRED, "NO_CRED"},
    {GSS_S_NO_CONTEXT, "NO_CONTEXT"},
    {GSS_S_DEFECTIVE_TOKEN, "DEFECTIVE_TOKEN"},
    {GSS_S_DEFECTIVE_CREDENTIAL, "DEFECTIVE_CREDENTIAL"},
    {GSS_S_CREDENTIALS_EXPIRED, "CREDENTIALS_EXPIRED"},
    {GSS_S_CONTEXT_EXPIRED, "CONTEXT_EXPIRED"},
    {GSS_S_FAILURE, "FAILURE"},
    {GSS_S_BAD_QOP, "BAD_QOP"},
    {GSS_S_UNAUTHORIZED, "UNAUTHORIZED"},
    {GSS_S_UNAVAILABLE, "UNAVAILABLE"},
    {GSS_S_DUPLICATE_ELEMENT, "DUPLICATE_ELEMENT"},
    {GSS_S_NAME_NOT_MN, "NAME_NOT_MN"},
};

static const struct named FLAGS[] = {
    {GSS_C_DELEG_FLAG, "deleg"},         {GSS_C_MUTUAL_FLAG, "mutual"},
    {GSS_C_REPLAY_FLAG, "replay"},       {GSS_C_SEQUENCE_FLAG, "sequence"},
    {GSS_C_CONF_FLAG, "conf"},           {GSS_C_INTEG_FLAG, "integ"},
    {GSS_C_ANON_FLAG, "anonymous"},      {GSS_C_DELEG_POLICY_FLAG, "deleg_policy"},
    {GSS_C_DCE_STYLE, "dce_style"},      {GSS_C_IDENTIFY_FLAG, "identify"},
    {GSS_C_CHANNEL_BOUND_FLAG, "channel_bound"},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void print_status(OM_uint32 code, int type, gss_OID mechanism) {
    OM_uint32 minor, more = 0;
    gss_buffer_desc text;
    if (GSS_ERROR(gss_display_status(&minor, code, type, mechanism, &more, &text)))
        return;
    fwrite(text.value, 1, text.length, stderr);
}

/* {"error":…} as the protocol has it; the text goes to standard error too, for whoever reads a failed run. */
void print_error(OM_uint32 major, OM_uint32 minor, gss_OID mechanism) {
    const char *name = "FAILURE";
    for (size_t i = 0; i < COUNT(ROUTINE_ERRORS); i++)
        if (GSS_ROUTINE_ERROR(major) == ROUTINE_ERRORS[i].code)
            name = ROUTINE_ERRORS[i].name;
    OM_uint32 ignored, more = 0;
    gss_buffer_desc text = {0, NULL};
    (void)gss_display_status(&ignored, minor, GSS_C_MECH_CODE, mechanism, &more, &text);
    printf("{\"error\":{\"major\":\"%s\",\"code\":\"0x%08x\",\"minor\":%u,\"message\":", name, major, minor);
    json_print_string(text.value, text.length);
    printf("}}");
    line_end();
    fprintf(stderr, "peer: %s: ", name);
    print_status(major, GSS_C_GSS_CODE, mechanism);
    fprintf(stderr, "\n");
}

void print_oid(gss_OID oid) {
    const uint8_t *at = oid->elements;
    unsigned long arc = 0;
    putchar('"');
    for (size_t i = 0; i < oid->length; i++) {
        arc = arc << 7 | (at[i] & 0x7f);
        if (at[i] & 0x80)
            continue;
        if (i == 0)
            printf("%lu.%lu", arc / 40, arc % 40);
        else
            printf(".%lu", arc);
        arc = 0;
    }
    putchar('"');
}

void print_name(gss_name_t name) {
    OM_uint32 minor;
    gss_buffer_desc text;
    if (name == GSS_C_NO_NAME || GSS_ERROR(gss_display_name(&minor, name, &text, NULL)))
        printf("null");
    else
        json_print_string(text.value, text.length);
}

void print_flags(OM_uint32 flags) {
    const char *separator = "";
    putchar('[');
    for (size_t i = 0; i < COUNT(FLAGS); i++) {
        if ((flags & FLAGS[i].code) == 0)
            continue;
        printf("%s\"%s\"", separator, FLAGS[i].name);
        separator = ",";
    }
    putchar(']');
}

void print_lifetime(OM_uint32 lifetime) {
    if (lifetime == GSS_C_INDEFINITE)
        printf("null");
    else
        printf("%u", lifetime);
}

OM_uint32 flags_of(const char *list) {
    OM_uint32 flags = 0;
    if (strcmp(list, "none") == 0)
        return 0;
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        bool found = false;
        for (size_t i = 0; i < COUNT(FLAGS); i++) {
            if (strlen(FLAGS[i].name) == length && strncmp(FLAGS[i].name, list, length) == 0) {
                flags |= FLAGS[i].code;
                found = true;
            }
        }
        if (!found)
            die("no such flag");
        list += length + (list[length] == ',');
    }
    return flags;
}

/* RFC 2743 §1.2.3's supplementary information. */
const char *sequence_name(OM_uint32 major) {
    if (major & GSS_S_DUPLICATE_TOKEN)
        return "duplicate";
    if (major & GSS_S_OLD_TOKEN)
        return "old";
    if (major & GSS_S_UNSEQ_TOKEN)
        return "unsequenced";
    return major & GSS_S_GAP_TOKEN ? "gap" : "ok";
}
