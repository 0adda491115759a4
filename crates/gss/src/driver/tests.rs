use std::time::Duration;

use gss_core::flow::{Route, Service};
use gss_core::{Clock, Environment, Error, ErrorKind, Flow};

use super::*;

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

fn driver() -> BlockingDriver {
    BlockingDriver::new(&Environment::new(Arc::new(Stopped)))
}

fn refusal(reply: IoReply) -> String {
    match reply {
        IoReply::NoServer(failure) | IoReply::Unreachable(failure) => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_flow_that_is_done_asks_for_nothing() {
    struct Mute;
    impl IoDriver for Mute {
        fn answer(&mut self, request: IoRequest) -> IoReply {
            panic!("{request:?}")
        }
    }
    assert_eq!(drive(Ok(Flow::Done(7)), &mut Mute).unwrap(), 7);
    let failed: Flowing<u8> = Err(StepError::from(Error::from(ErrorKind::NoCred)));
    assert_eq!(drive(failed, &mut Mute).unwrap_err().error, ErrorKind::NoCred);
}

#[test]
fn blocking_calls_run_on_this_thread() {
    let here = std::thread::current().id();
    let call = move || std::thread::current().id() == here;
    let flowing = Flow::blocking(call, |same| Ok(Flow::Done(same?)));
    assert!(drive(flowing, &mut driver()).unwrap());
}

fn kdc_request(service: Service) -> IoRequest {
    IoRequest::Kdc {
        realm: "R".to_owned(),
        message: vec![0x6a, 0],
        service,
        route: Route::Any,
    }
}

#[cfg(feature = "net")]
mod net {
    use std::net::UdpSocket;

    use gss_core::flow::Server;
    use krb5_store::config::Settings;
    use krb5_store::proto::messages::{KrbError, Microseconds};
    use krb5_store::proto::{KerberosTime, NameType, PrincipalName};

    use super::*;

    fn kdc_error() -> Vec<u8> {
        let error = KrbError {
            ctime: None,
            cusec: None,
            stime: KerberosTime(0),
            susec: Microseconds::new(0).unwrap(),
            error_code: 6,
            crealm: None,
            cname: None,
            realm: "R".into(),
            sname: PrincipalName::new(NameType::SRV_INST, ["krbtgt", "R"]),
            e_text: None,
            e_data: None,
        };
        error.to_der().unwrap()
    }

    #[test]
    fn a_realm_without_a_kdc_and_a_password_service_are_refused_by_name() {
        let mut driver = BlockingDriver::with_settings(Arc::new(
            Settings::parse("[libdefaults]\ndns_lookup_kdc = false\n").unwrap(),
        ));
        let reply = driver.answer(kdc_request(Service::Kdc));
        assert!(matches!(reply, IoReply::NoServer(_)), "{reply:?}");
        assert!(refusal(reply).contains("realm R"));
        assert!(
            refusal(driver.answer(kdc_request(Service::Kpasswd))).contains("password server is known for the realm R")
        );
    }

    #[test]
    fn the_only_kdc_that_the_settings_name_is_asked_and_counts_as_primary() {
        let kdc = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = kdc.local_addr().unwrap();
        let conf = format!("[realms]\nR = {{\n kdc = {address}\n}}\n");
        let environment = Environment::new(Arc::new(Stopped)).with_extension(Arc::new(Settings::parse(&conf).unwrap()));
        let served = std::thread::spawn(move || {
            let mut request = [0; 16];
            let (length, from) = kdc.recv_from(&mut request).unwrap();
            kdc.send_to(&kdc_error(), from).unwrap();
            request[..length].to_vec()
        });
        let reply = BlockingDriver::new(&environment).answer(kdc_request(Service::Kdc));
        let IoReply::Message { octets, server } = reply else {
            panic!("{reply:?}")
        };
        assert_eq!((octets, server), (kdc_error(), Server::Primary));
        assert_eq!(served.join().unwrap(), [0x6a, 0]);
    }

    #[test]
    fn a_configuration_is_read_once_for_all_clones() {
        let file = std::env::temp_dir().join(format!("gss-read-once-{}.conf", std::process::id()));
        std::fs::write(&file, "[libdefaults]\ndns_lookup_kdc = false\n").unwrap();
        let environment = Environment::new(Arc::new(Stopped)).with_variable("KRB5_CONFIG", file.to_str().unwrap());
        let driver = BlockingDriver::new(&environment);
        let first = refusal(driver.clone().answer(kdc_request(Service::Kdc)));
        std::fs::remove_file(&file).unwrap();
        let second = refusal(driver.clone().answer(kdc_request(Service::Kdc)));
        assert!(first.contains("realm R"), "{first}");
        assert_eq!(first, second);
    }

    #[test]
    fn a_configuration_that_cannot_be_read_is_told_when_a_kdc_is_needed() {
        let environment = Environment::new(Arc::new(Stopped)).with_variable("KRB5_CONFIG", "/nonexistent/krb5.conf");
        let told = refusal(BlockingDriver::new(&environment).answer(kdc_request(Service::Kdc)));
        assert!(told.contains("/nonexistent/krb5.conf"), "{told}");
    }
}

#[cfg(not(feature = "net"))]
#[test]
fn without_the_feature_net_there_is_no_kdc() {
    assert!(refusal(driver().answer(kdc_request(Service::Kdc))).contains("feature `net`"));
}
