//! MD4, the digest that Windows keeps passwords in (RFC 1320). It protects nothing by itself and is used for nothing else.

/// The digest of some bytes.
pub fn md4(message: &[u8]) -> [u8; 16] {
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    let bits = u64::try_from(message.len()).unwrap_or(u64::MAX).wrapping_mul(8);
    padded.extend_from_slice(&bits.to_le_bytes());
    for block in padded.chunks_exact(64) {
        state = absorb(state, block);
    }
    let mut digest = [0; 16];
    for (part, word) in digest.chunks_exact_mut(4).zip(state) {
        part.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

/// Which word each step takes, and how far it turns, by round.
const ROUNDS: [([usize; 16], [u32; 4], u32); 3] = [
    ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [3, 7, 11, 19], 0),
    ([0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], [3, 5, 9, 13], 0x5a82_7999),
    ([0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], [3, 9, 11, 15], 0x6ed9_eba1),
];

fn absorb(state: [u32; 4], block: &[u8]) -> [u32; 4] {
    let mut words = [0_u32; 16];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | u32::from(*byte));
    }
    let [mut a, mut b, mut c, mut d] = state;
    for (round, (order, turns, constant)) in ROUNDS.iter().enumerate() {
        for (step, at) in order.iter().enumerate() {
            let mixed = match round {
                0 => (b & c) | (!b & d),
                1 => (b & c) | (b & d) | (c & d),
                _ => b ^ c ^ d,
            };
            let sum = a.wrapping_add(mixed).wrapping_add(words[*at]).wrapping_add(*constant);
            (a, b, c, d) = (d, sum.rotate_left(turns[step % 4]), b, c);
        }
    }
    let [w, x, y, z] = state;
    [w.wrapping_add(a), x.wrapping_add(b), y.wrapping_add(c), z.wrapping_add(d)]
}

#[cfg(test)]
mod tests {
    use super::md4;

    // RFC 1320, A.5
    #[test]
    fn the_published_digests_come_out() {
        let hex = |text: &str| md4(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(""), "31d6cfe0d16ae931b73c59d7e0c089c0");
        assert_eq!(hex("a"), "bde52cb31de33e46245e05fbdbd6fb24");
        assert_eq!(hex("abc"), "a448017aaf21d8525fc10ae87aa6729d");
        assert_eq!(hex("message digest"), "d9130a8164549fe818874806e1c7014b");
        assert_eq!(
            hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "e33b4ddc9c38f2199c3e7b164fcc0536"
        );
    }
}
