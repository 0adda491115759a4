//! Which of several clients initiates a context (I-67).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{
    Acquire, CredUsage, Credential, Environment, Error, Flags, Initiate, Mechanism, Name, Privileges, Step, User,
};
use gss_mech_krb5::{KRB5, KerberosEnvironment, Krb5};
use krb5_crypto::Enctype;
use krb5_store::ccache::{CacheCollection, CacheContents};
use world::{World, single};

/// Alice and bob have tickets in one directory, alice's cache is the primary one; `.k5identity` is there to be written.
struct Desk {
    world: World,
    krb5: Krb5,
}

impl Desk {
    fn new() -> Self {
        let world = World::new(Enctype::Aes256CtsHmacSha196);
        let mut environment = world.initiator.environment().clone();
        environment.ccache = format!("DIR:{}", world.folder.path().join("caches").display());
        environment.identities = Some(world.folder.path().join(".k5identity"));
        let desk = Self {
            krb5: Krb5::new(environment),
            world,
        };
        desk.keep(&desk.world.alice);
        desk.keep(&desk.world.with_password("bob", "builder").unwrap());
        desk
    }

    fn collection(&self) -> Arc<dyn CacheCollection> {
        let environment = self.krb5.environment();
        environment.caches().collection(&environment.ccache).unwrap()
    }

    /// Puts a client's tickets into the collection.
    fn keep(&self, cred: &Credential) {
        let name = self.krb5.environment().ccache.clone();
        let into = gss_core::Store {
            store: Some(gss_core::CredStore::new().with("ccache", name)),
            ..gss_core::Store::default()
        };
        self.world.drive(cred.element(&KRB5).unwrap().store(&into)).unwrap();
    }

    fn identities(&self, text: &str) {
        std::fs::write(self.world.folder.path().join(".k5identity"), text).unwrap();
    }

    /// Who talks to `target` with this credential, or the default one.
    fn client(&self, target: &str, cred: Option<&Credential>) -> Result<String, Error> {
        let request = Initiate {
            target: Name::hostbased_service(target),
            cred: cred.cloned(),
            ..self.world.request(Flags::INTEG)
        };
        let step = self.krb5.initiate(&request)?.step(None);
        match self.world.drive(step).map_err(|error| error.error)? {
            Step::Established { context, .. } => Ok(context.info().source.as_ref().unwrap().to_text()),
            Step::Continue { .. } => panic!("one token is enough"),
        }
    }

    fn acquire(&self, name: Option<&str>) -> Credential {
        let request = Acquire {
            name: name.map(Name::user),
            ..Acquire::initiate()
        };
        single(self.world.drive(self.krb5.acquire(request)).unwrap())
    }

    fn inspected(&self, cred: &Credential) -> String {
        let info = self
            .world
            .drive(Arc::clone(cred.element(&KRB5).unwrap()).inspect())
            .unwrap();
        assert_eq!(info.usage, CredUsage::Initiate);
        info.name.unwrap().to_text()
    }
}

const HTTP: &str = "HTTP@www.example.test";
const HOST: &str = "host@www.example.test";

#[test]
fn i67_a_name_finds_the_cache_of_its_client() {
    let desk = Desk::new();
    for name in ["alice", "bob"] {
        let cred = desk.acquire(Some(name));
        assert_eq!(desk.client(HTTP, Some(&cred)).unwrap(), format!("{name}@EXAMPLE.TEST"));
    }
    let request = Acquire::initiate().named(Name::user("carol"));
    let error = desk.world.drive(desk.krb5.acquire(request)).unwrap_err().error;
    for word in ["carol@EXAMPLE.TEST", "alice@EXAMPLE.TEST", "bob@EXAMPLE.TEST", "caches"] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn i67_the_users_file_chooses_by_the_service() {
    let desk = Desk::new();
    assert_eq!(
        desk.client(HTTP, None).unwrap(),
        "alice@EXAMPLE.TEST",
        "the primary one"
    );
    desk.identities("bob service=host\nalice@EXAMPLE.TEST realm=EXAMPLE.TEST\n");
    assert_eq!(desk.client(HOST, None).unwrap(), "bob@EXAMPLE.TEST");
    assert_eq!(desk.client(HTTP, None).unwrap(), "alice@EXAMPLE.TEST");
}

#[test]
fn i67_a_client_that_the_file_names_is_not_replaced_by_another_one() {
    let desk = Desk::new();
    desk.identities("carol@EXAMPLE.TEST\n");
    let error = desk.client(HTTP, None).unwrap_err();
    assert!(error.to_string().contains("carol@EXAMPLE.TEST"), "{error}");
}

#[test]
fn i67_without_a_rule_the_realm_of_the_target_decides_and_then_the_primary_cache() {
    let desk = Desk::new();
    let other = krb5_proto::Principal::parse("mallory@OTHER.TEST", None).unwrap();
    let cache = desk.collection().keep(&CacheContents::new(other)).unwrap();
    cache.make_primary().unwrap();
    assert_eq!(
        desk.client(HTTP, None).unwrap(),
        "alice@EXAMPLE.TEST",
        "the first of the target's realm"
    );
    desk.identities("# nothing\n");
    let error = desk.client("HTTP@www.unmapped.invalid", None).unwrap_err();
    assert!(
        error.to_string().contains("mallory@OTHER.TEST"),
        "the primary cache has no tickets: {error}"
    );
}

#[test]
fn a_credential_without_a_name_is_settled_by_its_first_target_or_inspection() {
    let desk = Desk::new();
    desk.identities("bob service=host\n");
    let by_target = desk.acquire(None);
    assert_eq!(desk.client(HOST, Some(&by_target)).unwrap(), "bob@EXAMPLE.TEST");
    assert_eq!(desk.inspected(&by_target), "bob@EXAMPLE.TEST");
    assert_eq!(desk.client(HTTP, Some(&by_target)).unwrap(), "bob@EXAMPLE.TEST");

    let by_inspection = desk.acquire(None);
    assert_eq!(desk.inspected(&by_inspection), "alice@EXAMPLE.TEST");
    assert_eq!(desk.client(HOST, Some(&by_inspection)).unwrap(), "alice@EXAMPLE.TEST");
}

#[test]
fn without_any_tickets_or_keys_nothing_is_acquired() {
    let desk = Desk::new();
    for cache in desk.collection().caches().unwrap() {
        cache.destroy().unwrap();
    }
    let error = desk
        .world
        .drive(desk.krb5.acquire(Acquire::initiate()))
        .unwrap_err()
        .error;
    assert!(error.to_string().contains("caches"), "{error}");
}

#[test]
fn f9_the_users_file_is_not_read_with_raised_privileges() {
    let user = User {
        id: 1000,
        name: None,
        home: Some("/home/me".to_owned()),
    };
    let clock: Arc<dyn gss_core::Clock> = Arc::new(gss_test::TestClock::at_seconds(world::START));
    let ordinary = Environment::new(clock).with_user(user);
    let raised = ordinary.clone().with_privileges(Privileges::Raised);
    let identities = |environment| KerberosEnvironment::from_environment(environment).unwrap().identities;
    assert_eq!(identities(&ordinary).as_deref(), Some("/home/me/.k5identity".as_ref()));
    assert_eq!(identities(&raised), None);
}

#[test]
fn a_file_of_identities_that_is_none_says_nothing() {
    let desk = Desk::new();
    std::fs::create_dir(desk.world.folder.path().join(".k5identity")).unwrap();
    assert_eq!(desk.client(HOST, None).unwrap(), "alice@EXAMPLE.TEST");
}
