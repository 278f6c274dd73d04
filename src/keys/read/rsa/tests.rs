use super::*;

/// The masks of residues that `roca-detect` 1.x publishes, for primes below 128: bit r stands for residue r.
const PUBLISHED: [(u64, u128); 30] = [
    (3, 6),
    (5, 30),
    (7, 126),
    (11, 1_026),
    (13, 5_658),
    (17, 107_286),
    (19, 199_410),
    (23, 8_388_606),
    (29, 536_870_910),
    (31, 2_147_483_646),
    (37, 67_109_890),
    (41, 2_199_023_255_550),
    (43, 8_796_093_022_206),
    (47, 140_737_488_355_326),
    (53, 5_310_023_542_746_834),
    (59, 576_460_752_303_423_486),
    (61, 1_455_791_217_086_302_986),
    (67, 147_573_952_589_676_412_926),
    (71, 20_052_041_432_995_567_486),
    (73, 6_041_388_139_249_378_920_330),
    (79, 207_530_445_072_488_465_666),
    (83, 9_671_406_556_917_033_397_649_406),
    (89, 618_970_019_642_690_137_449_562_110),
    (97, 79_228_162_521_181_866_724_264_247_298),
    (101, 2_535_301_200_456_458_802_993_406_410_750),
    (103, 1_760_368_345_969_468_176_824_550_810_518),
    (107, 50_079_290_986_288_516_948_354_744_811_034),
    (109, 473_022_961_816_146_413_042_658_758_988_474),
    (113, 10_384_593_717_069_655_257_060_992_658_440_190),
    (127, 144_390_480_366_845_522_447_407_333_004_847_678_774),
];

#[test]
fn the_residues_are_those_that_the_authors_published() {
    for (prime, mask) in PUBLISHED {
        for residue in 0..prime {
            let published = mask >> residue & 1 == 1;
            assert_eq!(is_power_of_65537(residue, prime), published, "{residue} modulo {prime}");
        }
        // A prime is of no use if every residue but zero is a power.
        let is_of_use = (1..prime).any(|residue| !is_power_of_65537(residue, prime));
        assert_eq!(ROCA_PRIMES.concat().contains(&prime), is_of_use, "{prime}");
    }
    assert!(ROCA_PRIMES.iter().all(|primes| u32::try_from(primes.iter().product::<u64>()).is_ok()));
}

#[test]
fn a_power_of_65537_has_the_fingerprint_in_any_length_and_its_neighbours_have_not() {
    let mut number = vec![1_u8];
    for power in 1..400 {
        // 65537 is 2^16 + 1: the number, and the same two bytes higher.
        let mut carry = 0_u16;
        let low = [vec![0; 2], number.clone()].concat();
        let high = [number.clone(), vec![0; 2]].concat();
        let mut sum: Vec<u8> = Vec::new();
        for (a, b) in low.iter().zip(&high).rev() {
            let digit = u16::from(*a) + u16::from(*b) + carry;
            sum.push(digit.to_le_bytes()[0]);
            carry = digit >> 8;
        }
        assert_eq!(carry, 0);
        sum.reverse();
        number = sum;
        assert!(has_roca_fingerprint(&number), "65537 to the power of {power}");
        let mut neighbour = number.clone();
        *neighbour.last_mut().unwrap() ^= 2;
        assert!(!has_roca_fingerprint(&neighbour), "two beside the power of {power}");
    }
}

/// One number in 2^27 has the fingerprint by chance.
#[test]
fn random_odd_numbers_have_no_fingerprint() {
    let mut found = 0;
    for _ in 0..20_000 {
        let mut number = [0; 256];
        getrandom::fill(&mut number).unwrap();
        number[0] |= 0x80;
        number[255] |= 1;
        found += u32::from(has_roca_fingerprint(&number));
    }
    assert!(found <= 1, "{found} of 20,000");
}
