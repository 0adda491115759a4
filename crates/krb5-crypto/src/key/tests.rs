use super::*;
use crate::vectors::{PROVIDERS, Unavailable};

#[test]
fn p4_keys_of_another_length_are_refused_at_construction() {
    for etype in Enctype::ALL.iter().copied() {
        for found in (0..=70).filter(|len| *len != etype.key_len()) {
            let result = Key::new(PROVIDERS[0], etype, &vec![1; found]);
            assert_eq!(
                result.unwrap_err(),
                Error::KeyLength {
                    enctype: etype,
                    expected: etype.key_len(),
                    found
                }
            );
        }
    }
}

#[test]
fn generated_keys_differ_and_have_the_right_length() {
    for etype in Enctype::ALL.iter().copied() {
        let [a, b] = [(); 2].map(|()| Key::generate(PROVIDERS[0], etype).unwrap());
        assert_eq!((a.enctype(), a.expose().len()), (etype, etype.key_len()));
        assert_ne!(a.expose(), b.expose());
    }
}

#[test]
fn no_key_is_generated_without_randomness() {
    let provider = Box::leak(Box::new(CryptoProvider {
        random: &Unavailable,
        ..*PROVIDERS[0]
    }));
    assert!(matches!(
        Key::generate(provider, Enctype::ALL[0]),
        Err(Error::Random(_))
    ));
}

#[test]
fn debug_shows_nothing_of_the_key() {
    let key = Key::new(PROVIDERS[0], Enctype::Aes128CtsHmacSha196, &[0xA5; 16]).unwrap();
    let usage = key.usage(KeyUsage::TICKET).unwrap();
    for text in [format!("{key:?}"), format!("{key:#?}"), format!("{usage:?}")] {
        assert!(text.contains("Aes128CtsHmacSha196"), "{text}");
        assert!(!text.contains("165") && !text.to_lowercase().contains("a5"), "{text}");
    }
}

#[test]
fn a_usage_is_derived_once() {
    let key = Key::generate(PROVIDERS[0], Enctype::ALL[0]).unwrap();
    let ticket = key.usage(KeyUsage::TICKET).unwrap();
    let other = key.usage(KeyUsage::AS_REP).unwrap();
    assert!(Arc::ptr_eq(&ticket, &key.usage(KeyUsage::TICKET).unwrap()));
    assert!(Arc::ptr_eq(&other, &key.usage(KeyUsage::AS_REP).unwrap()));
    assert!(!Arc::ptr_eq(&ticket, &other));
}

#[test]
fn the_cache_is_bounded_and_usages_beyond_it_still_work() {
    let key = Key::generate(PROVIDERS[0], Enctype::ALL[0]).unwrap();
    let most = u32::try_from(MAX_KEPT).unwrap();
    for usage in 0..most + 10 {
        let ciphertext = key.encrypt(KeyUsage(usage), b"message").unwrap();
        assert_eq!(*key.decrypt(KeyUsage(usage), &ciphertext).unwrap(), b"message");
        let kept = Arc::ptr_eq(
            &key.usage(KeyUsage(usage)).unwrap(),
            &key.usage(KeyUsage(usage)).unwrap(),
        );
        assert_eq!(kept, usage < most, "usage {usage}");
    }
}

#[test]
fn threads_that_ask_at_once_get_the_same_keys() {
    let key = Key::generate(PROVIDERS[0], Enctype::ALL[1]).unwrap();
    let barrier = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8u32)
            .map(|thread| {
                let (key, barrier) = (&key, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    (0..20)
                        .map(|usage| key.usage(KeyUsage((usage + thread) % 20)).unwrap())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for (thread, result) in threads.into_iter().enumerate() {
            for (usage, kept) in result.join().unwrap().into_iter().enumerate() {
                let usage = u32::try_from((usage + thread) % 20).unwrap();
                assert!(Arc::ptr_eq(&kept, &key.usage(KeyUsage(usage)).unwrap()));
            }
        }
    });
}
