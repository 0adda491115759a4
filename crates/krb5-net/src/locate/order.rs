//! The order of records: by priority, and within one by chance, weighted (RFC 2782).

use krb5_proto::crypto::Random as _;
use krb5_proto::crypto::primitives::OsRandom;

use crate::Record;

/// The records in the order in which they are to be tried. Each step costs a look at those that are left, so take no more
/// than are needed.
pub(super) fn by_weight(records: Vec<Record>) -> impl Iterator<Item = Record> {
    drawn_by(records, chance)
}

fn drawn_by(mut records: Vec<Record>, mut chance: impl FnMut() -> u64) -> impl Iterator<Item = Record> {
    // Among equals those of weight 0 come first, so that they have a small chance too.
    records.sort_by_key(rank);
    std::iter::from_fn(move || {
        let priority = rank(records.first()?).0;
        let equals = records.iter().take_while(|record| rank(record).0 == priority);
        let weights: Vec<u64> = equals.map(|record| u64::from(rank(record).1)).collect();
        let place = draw(&weights, chance());
        (place < records.len()).then(|| records.remove(place))
    })
}

/// The place of the first weight at which the running sum reaches a number between 0 and the sum of all.
fn draw(weights: &[u64], chance: u64) -> usize {
    let total: u64 = weights.iter().fold(0, |sum, weight| sum.saturating_add(*weight));
    let wanted = chance.checked_rem(total.saturating_add(1)).unwrap_or_default();
    let mut sum = 0_u64;
    let reached = weights.iter().position(|weight| {
        sum = sum.saturating_add(*weight);
        sum >= wanted
    });
    reached.unwrap_or_default()
}

fn rank(record: &Record) -> (u16, u16) {
    match record {
        Record::Srv { priority, weight, .. } | Record::Uri { priority, weight, .. } => (*priority, *weight),
        Record::Txt(_) => (0, 0),
    }
}

/// A random number; nothing but the load of servers depends on it.
fn chance() -> u64 {
    let mut octets = [0; 8];
    match OsRandom.fill(&mut octets) {
        Ok(()) => u64::from_ne_bytes(octets),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16) -> Record {
        Record::Srv {
            priority,
            weight,
            port: 88,
            target: String::new(),
        }
    }

    fn order(records: &[(u16, u16)], chances: &[u64]) -> Vec<(u16, u16)> {
        let records = records.iter().map(|(priority, weight)| record(*priority, *weight));
        let mut chances = chances.iter().copied().cycle();
        drawn_by(records.collect(), || chances.next().unwrap())
            .map(|record| rank(&record))
            .collect()
    }

    #[test]
    fn i72_lower_priorities_come_first() {
        assert_eq!(order(&[(20, 0), (10, 0), (30, 0)], &[0]), [(10, 0), (20, 0), (30, 0)]);
    }

    #[test]
    fn i72_within_a_priority_the_weights_decide() {
        let records = [(1, 10), (1, 30), (1, 0)];
        assert_eq!(order(&records, &[0]), [(1, 0), (1, 10), (1, 30)]);
        assert_eq!(order(&records, &[1]), [(1, 10), (1, 30), (1, 0)]);
        assert_eq!(order(&records, &[11]), [(1, 30), (1, 0), (1, 10)]);
        assert_eq!(order(&records, &[40]), [(1, 30), (1, 10), (1, 0)]);
    }

    #[test]
    fn q21_weights_of_zero_alone_are_no_division_by_zero() {
        assert_eq!(order(&[(1, 0), (1, 0)], &[u64::MAX]), [(1, 0), (1, 0)]);
    }

    #[test]
    fn each_record_comes_once() {
        let records: Vec<(u16, u16)> = (0..100).map(|number| (number % 3, number)).collect();
        let mut found: Vec<(u16, u16)> = by_weight(records.iter().map(|(p, w)| record(*p, *w)).collect())
            .map(|record| rank(&record))
            .collect();
        assert!(found.is_sorted_by_key(|(priority, _)| *priority));
        found.sort_unstable();
        let mut expected = records;
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}
