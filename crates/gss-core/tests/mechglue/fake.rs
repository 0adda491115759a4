//! A mechanism of two legs, `hello` and `welcome`, that protects nothing, and a negotiator that takes the first.

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, Acquire, AttrSet, AttributeValue, ContextInfo, CredInfo, CredUsage, Error, ErrorKind,
    EstablishedContext, Existing, Flow, Flowing, Handshake, Initiate, InitiatorContext, IoReply, IoRequest, Label,
    LocalLogin, MechAttrs, MechCred, MechName, Mechanism, Name, Octets, Oid, Origin, Progress, Result, Role, Snapshot,
    Step, StepError, Store, Stored, exported_name, flow, framing, name_type,
};

use super::fake_context::FakeContext;

/// What [`Fake::acquire`] answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    Credential,
    /// After it has asked a KDC.
    CredentialFromKdc,
    Nothing(ErrorKind),
}

#[derive(Clone, Debug)]
pub(crate) struct Fake {
    pub(crate) oid: Oid,
    pub(crate) aliases: Vec<Oid>,
    pub(crate) attrs: AttrSet,
    pub(crate) unframed: Option<&'static [u8]>,
    pub(crate) holds: Holds,
}

impl Fake {
    pub(crate) fn new(oid: Oid) -> Self {
        Self {
            oid,
            aliases: Vec::new(),
            attrs: AttrSet::MECH_CONCRETE,
            unframed: None,
            holds: Holds::Credential,
        }
    }

    pub(crate) fn with_alias(mut self, alias: Oid) -> Self {
        self.aliases.push(alias);
        self
    }

    pub(crate) fn with_attrs(self, attrs: AttrSet) -> Self {
        Self { attrs, ..self }
    }

    pub(crate) fn claiming(self, prefix: &'static [u8]) -> Self {
        Self {
            unframed: Some(prefix),
            ..self
        }
    }

    pub(crate) fn holding(self, holds: Holds) -> Self {
        Self { holds, ..self }
    }

    fn first_token(&self) -> Vec<u8> {
        match self.unframed {
            Some(prefix) => [prefix, b"hello"].concat(),
            None => framing::wrap(&self.oid, b"hello"),
        }
    }

    fn context(&self, role: Role) -> Box<dyn EstablishedContext> {
        Box::new(FakeContext::new(ContextInfo {
            mech: self.oid,
            via: None,
            source: None,
            target: None,
            flags: gss_core::Flags::INTEG,
            expires: None,
            role,
        }))
    }
}

impl Mechanism for Fake {
    fn oid(&self) -> Oid {
        self.oid
    }

    fn aliases(&self) -> &[Oid] {
        &self.aliases
    }

    fn label(&self) -> Label {
        Label {
            name: "fake",
            sasl: "GS2-FAKE",
            description: "for tests",
        }
    }

    fn attrs(&self) -> MechAttrs {
        MechAttrs {
            supported: self.attrs,
            known: AttrSet::all() - AttrSet::PFS,
        }
    }

    fn name_types(&self) -> &[Oid] {
        &[name_type::USER, name_type::EXPORTED]
    }

    fn claims_unframed(&self, token: &[u8]) -> bool {
        assert!(!token.starts_with(&[0x60]), "a framed token is nobody's to claim");
        self.unframed.is_some_and(|prefix| token.starts_with(prefix))
    }

    fn import_name(&self, name: &Name) -> Flowing<Arc<dyn MechName>> {
        let (octets, mech) = (name.as_octets(), self.oid);
        let octets = match name.name_type() {
            Some(name_type::USER) => octets.to_vec(),
            Some(name_type::EXPORTED) => exported_name::ExportedName::parse(octets)
                .map_err(Error::from)?
                .name
                .to_vec(),
            _ => return Err(ErrorKind::BadNameType.into()),
        };
        Ok(Flow::Done(Arc::new(FakeName { mech, octets })))
    }

    /// Names that begin with `@` are the mechanism's to judge, all others are left to attributes.
    fn local_name(&self, name: &dyn MechName) -> Flowing<Vec<u8>> {
        let (octets, _) = name.display()?;
        match octets.as_slice() {
            b"@nobody" => Err(ErrorKind::Unauthorized.into()),
            [b'@', user @ ..] => Ok(Flow::Done(user.to_vec())),
            _ => Err(Error::UNAVAILABLE.into()),
        }
    }

    /// Asks a KDC, so that a flow is passed on.
    fn authorize_local_name(&self, name: &Arc<dyn MechName>, user: &[u8]) -> Flowing<LocalLogin> {
        let (octets, _) = name.display()?;
        let Some(own) = octets.strip_prefix(b"@") else {
            return Err(Error::UNAVAILABLE.into());
        };
        let may = own == user;
        let request = IoRequest::Kdc {
            realm: self.oid.to_string(),
            message: Vec::new(),
            service: flow::Service::Kdc,
            route: flow::Route::Any,
        };
        Flow::io(request, move |reply| match reply {
            IoReply::Message { .. } if may => Ok(Flow::Done(LocalLogin::Granted)),
            IoReply::Message { .. } => Ok(Flow::Done(LocalLogin::Refused)),
            _ => Err(ErrorKind::Failure.into()),
        })
    }

    fn acquire(&self, _request: Acquire) -> Flowing<Arc<dyn MechCred>> {
        let cred: Arc<dyn MechCred> = Arc::new(FakeCred);
        match self.holds {
            Holds::Credential => Ok(Flow::Done(cred)),
            Holds::CredentialFromKdc => {
                let request = IoRequest::Kdc {
                    realm: self.oid.to_string(),
                    message: Vec::new(),
                    service: flow::Service::Kdc,
                    route: flow::Route::Any,
                };
                Flow::io(request, |reply| match reply {
                    IoReply::Message { .. } => Ok(Flow::Done(cred)),
                    _ => Err(ErrorKind::Failure.into()),
                })
            }
            Holds::Nothing(kind) => Err(kind.into()),
        }
    }

    fn import_cred(&self, token: &[u8]) -> Result<Arc<dyn MechCred>> {
        if token == b"cred" {
            Ok(Arc::new(FakeCred))
        } else {
            Err(ErrorKind::DefectiveToken.into())
        }
    }

    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>> {
        request.element(&self.oid)?;
        Ok(Box::new(Start(self.clone())))
    }

    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
        request.element(&self.oid)?;
        Ok(Box::new(AwaitHello(self.clone())))
    }

    fn import_context(&self, token: &[u8]) -> Result<Box<dyn EstablishedContext>> {
        match token {
            b"initiator" => Ok(self.context(Role::Initiator)),
            b"acceptor" => Ok(self.context(Role::Acceptor)),
            _ => Err(ErrorKind::DefectiveToken.into()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct FakeName {
    mech: Oid,
    octets: Vec<u8>,
}

impl MechName for FakeName {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        Ok((self.octets.clone(), name_type::USER))
    }

    fn export(&self) -> Result<Vec<u8>> {
        let form = exported_name::Form::Plain;
        Ok(exported_name::ExportedName {
            form,
            mech: self.mech,
            name: &self.octets,
        }
        .to_octets()?)
    }

    fn same(&self, other: &dyn MechName) -> Result<bool> {
        let other = other.downcast_ref::<Self>().ok_or(ErrorKind::BadNameType)?;
        Ok(self.octets == other.octets)
    }

    /// `trusted+claimed`: a user that the mechanism vouches for, and one that it does not.
    fn attribute(&self, name: &[u8]) -> Result<Vec<AttributeValue>> {
        let text = std::str::from_utf8(&self.octets).map_err(|_| ErrorKind::BadName)?;
        let (trusted, claimed) = text.split_once('+').ok_or(Error::UNAVAILABLE)?;
        if name != b"local-login-user" {
            return Err(Error::UNAVAILABLE);
        }
        let value = |user: &str, origin| AttributeValue {
            value: user.into(),
            display: user.into(),
            origin,
        };
        Ok(vec![
            value(claimed, Origin::Asserted),
            value(trusted, Origin::Authenticated),
        ])
    }
}

#[derive(Debug)]
pub(crate) struct FakeCred;

impl MechCred for FakeCred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        Ok(Flow::Done(CredInfo::default()))
    }

    fn export(&self) -> Result<Octets> {
        Ok(b"cred".to_vec().into())
    }
}

/// A credential that stays where it is.
#[derive(Debug)]
pub(crate) struct FixedCred;

impl MechCred for FixedCred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        Ok(Flow::Done(CredInfo::default()))
    }
}

/// A credential that can be stored where it may replace another.
#[derive(Debug)]
pub(crate) struct StoredCred(pub(crate) CredUsage);

impl MechCred for StoredCred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        Ok(Flow::Done(CredInfo::default()))
    }

    fn store(&self, into: &Store) -> Flowing<Stored> {
        match into.existing {
            Existing::Keep => Err(ErrorKind::DuplicateElement.into()),
            Existing::Overwrite => Ok(Flow::Done(Stored { usage: self.0 })),
        }
    }
}

struct Start(Fake);
struct AwaitWelcome(Fake);
struct AwaitHello(Fake);

impl Handshake for Start {
    fn progress(&self) -> Progress {
        Progress::new(Some(self.0.oid), Role::Initiator)
    }
}

impl Handshake for AwaitWelcome {
    fn progress(&self) -> Progress {
        Progress::new(Some(self.0.oid), Role::Initiator)
    }
}

impl Handshake for AwaitHello {
    fn progress(&self) -> Progress {
        Progress::new(Some(self.0.oid), Role::Acceptor)
    }
}

impl InitiatorContext for Start {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        assert_eq!(token, None, "the first step of an initiator takes no token");
        let token = self.0.first_token();
        Ok(Flow::Done(Step::Continue {
            token,
            next: Box::new(AwaitWelcome(self.0)),
        }))
    }
}

impl InitiatorContext for AwaitWelcome {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        match token {
            Some(b"welcome") => Ok(Flow::Done(Step::Established {
                token: None,
                context: self.0.context(Role::Initiator),
            })),
            Some(b"refused") => Err(ErrorKind::Unauthorized.into()),
            _ => Err(ErrorKind::DefectiveToken.into()),
        }
    }
}

impl AcceptorContext for AwaitHello {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        if token.is_none_or(|token| !token.ends_with(b"hello")) {
            return Err(StepError::with_token(
                ErrorKind::DefectiveToken.into(),
                b"refused".to_vec(),
            ));
        }
        let token = Some(b"welcome".to_vec());
        Ok(Flow::Done(Step::Established {
            token,
            context: self.0.context(Role::Acceptor),
        }))
    }
}

/// Negotiates by taking the first mechanism that it was built over.
#[derive(Debug)]
pub(crate) struct Negotiator {
    pub(crate) oid: Oid,
    pub(crate) snapshot: Snapshot,
}

impl Mechanism for Negotiator {
    fn oid(&self) -> Oid {
        self.oid
    }

    fn label(&self) -> Label {
        Label {
            name: "negotiator",
            sasl: "GS2-NEGO",
            description: "for tests",
        }
    }

    fn attrs(&self) -> MechAttrs {
        MechAttrs::supporting(AttrSet::MECH_NEGO)
    }

    fn name_types(&self) -> &[Oid] {
        &[]
    }

    fn import_name(&self, _name: &Name) -> Flowing<Arc<dyn MechName>> {
        Err(ErrorKind::BadNameType.into())
    }

    fn acquire(&self, _request: Acquire) -> Flowing<Arc<dyn MechCred>> {
        panic!("the mechglue asks the mechanisms below")
    }

    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>> {
        self.snapshot
            .defaults()
            .next()
            .ok_or(ErrorKind::NoCred)?
            .initiate(request)
    }

    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
        self.snapshot
            .defaults()
            .next()
            .ok_or(ErrorKind::NoCred)?
            .accept(request)
    }
}
