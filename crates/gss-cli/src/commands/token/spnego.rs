//! SPNEGO, RFC 4178 §4.2 and [MS-SPNG] §2.2.1.

use der::{Tag, TagNumber};

use super::cursor::{Cursor, Element};
use super::explain::{Depth, Named, inner, oid};
use super::page::{Page, Preview, Problem};

/// ```text
/// NegotiationToken ::= CHOICE { negTokenInit [0] NegTokenInit, negTokenResp [1] NegTokenResp }
/// ```
pub(super) fn negotiation(page: &mut Page, mut token: Cursor<'_>, depth: Depth) -> Result<(), Problem> {
    let choice = token.element("a NegotiationToken")?;
    token.finish("the NegotiationToken")?;
    let mut content = choice.content;
    match context_number(&choice)? {
        0 => page.section("NegTokenInit (RFC 4178 §4.2.1)", |page| {
            fields(&mut content, "NegTokenInit", |field| init_field(page, field, depth))
        }),
        1 => page.section("NegTokenResp (RFC 4178 §4.2.2)", |page| {
            fields(&mut content, "NegTokenResp", |field| response_field(page, field, depth))
        }),
        other => Err(Problem::at(
            choice.offset,
            format_args!("a NegotiationToken has no choice [{other}]"),
        )),
    }
}

/// Calls `each` for the fields of the SEQUENCE that `content` holds; they must be in order.
fn fields<'a>(
    content: &mut Cursor<'a>,
    what: &str,
    mut each: impl FnMut(Field<'a>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut sequence = content.expect(Tag::Sequence, what)?;
    content.finish(what)?;
    let mut last = None;
    while !sequence.is_empty() {
        let element = sequence.element(what)?;
        let number = context_number(&element)?;
        if last >= Some(number) {
            return Err(Problem::at(
                element.offset,
                format_args!("field [{number}] of {what} is out of order"),
            ));
        }
        last = Some(number);
        each(Field {
            number,
            offset: element.offset,
            value: element.content,
        })?;
    }
    Ok(())
}

/// What stands below a context-specific, explicit tag.
struct Field<'a> {
    number: u32,
    offset: usize,
    value: Cursor<'a>,
}

impl<'a> Field<'a> {
    fn octets(&self, what: &str) -> Result<Cursor<'a>, Problem> {
        let mut value = self.value;
        let octets = value.expect(Tag::OctetString, what)?;
        value.finish(what)?;
        Ok(octets)
    }

    fn unknown(&self, what: &str) -> Problem {
        Problem::at(self.offset, format_args!("{what} has no field [{}]", self.number))
    }
}

fn context_number(element: &Element<'_>) -> Result<u32, Problem> {
    match element.tag {
        Tag::ContextSpecific {
            constructed: true,
            number: TagNumber(number),
        } => Ok(number),
        other => Err(Problem::at(
            element.offset,
            format_args!("expected a context-specific tag, found {other}"),
        )),
    }
}

fn init_field(page: &mut Page, field: Field<'_>, depth: Depth) -> Result<(), Problem> {
    match field.number {
        0 => page.section("mechTypes, best first", |page| mech_types(page, field.value)),
        1 => {
            let mut value = field.value;
            let flags = value.expect(Tag::BitString, "reqFlags")?;
            page.field("reqFlags (not protected, to be ignored)", Preview(flags.octets()));
            value.finish("reqFlags")
        }
        2 => inner(
            page,
            "mechToken, for the first mechanism",
            field.octets("mechToken")?,
            depth,
        ),
        3 if field.value.octets().first() == Some(&SEQUENCE) => {
            page.section("negHints ([MS-SPNG] §2.2.1)", |page| neg_hints(page, field.value))
        }
        3 | 4 => {
            page.field("mechListMIC", Preview(field.octets("mechListMIC")?.octets()));
            Ok(())
        }
        _ => Err(field.unknown("NegTokenInit")),
    }
}

fn mech_types(page: &mut Page, mut value: Cursor<'_>) -> Result<(), Problem> {
    let mut list = value.expect(Tag::Sequence, "mechTypes")?;
    value.finish("mechTypes")?;
    while !list.is_empty() {
        page.line(Named(oid(&mut list, "a mechanism's OID")?));
    }
    Ok(())
}

fn neg_hints(page: &mut Page, mut value: Cursor<'_>) -> Result<(), Problem> {
    fields(&mut value, "negHints", |field| {
        let mut value = field.value;
        let content = value.element("a hint")?.content;
        value.finish("a hint")?;
        match field.number {
            0 => page.field("hintName", String::from_utf8_lossy(content.octets())),
            1 => page.field("hintAddress", Preview(content.octets())),
            _ => return Err(field.unknown("negHints")),
        }
        Ok(())
    })
}

fn response_field(page: &mut Page, field: Field<'_>, depth: Depth) -> Result<(), Problem> {
    match field.number {
        0 => {
            let mut value = field.value;
            let state = value.expect(Tag::Enumerated, "negState")?;
            value.finish("negState")?;
            page.field("negState", state_name(state)?);
        }
        1 => {
            let mut value = field.value;
            page.field("supportedMech", Named(oid(&mut value, "supportedMech")?));
            value.finish("supportedMech")?;
        }
        2 => match field.octets("responseToken")? {
            empty if empty.is_empty() => page.field("responseToken", "empty"),
            token => inner(page, "responseToken", token, depth)?,
        },
        3 => page.field("mechListMIC", Preview(field.octets("mechListMIC")?.octets())),
        _ => return Err(field.unknown("NegTokenResp")),
    }
    Ok(())
}

fn state_name(state: Cursor<'_>) -> Result<&'static str, Problem> {
    match state.octets() {
        [0] => Ok("accept-completed"),
        [1] => Ok("accept-incomplete"),
        [2] => Ok("reject"),
        [3] => Ok("request-mic"),
        _ => Err(state.problem("negState is none of 0 to 3")),
    }
}

const SEQUENCE: u8 = 0x30;
