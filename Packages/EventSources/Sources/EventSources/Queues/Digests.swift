/// RFC 1321: no protection, but what SQS's clients compare.
enum MD5 {
  private static let shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
  /// The first 32 bits of the fractions of |sin 1|, |sin 2| and so on.
  private static let constants: [UInt32] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
  ]

  /// The digest in hexadecimal digits.
  static func digest(_ message: [UInt8]) -> String {
    var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
    forEachBlock(of: message, isBigEndian: false) { words in
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      for index in 0..<64 {
        let mix: UInt32
        let word: Int
        switch index / 16 {
        case 0: (mix, word) = ((b & c) | (~b & d), index)
        case 1: (mix, word) = ((d & b) | (~d & c), (5 * index + 1) % 16)
        case 2: (mix, word) = (b ^ c ^ d, (3 * index + 5) % 16)
        default: (mix, word) = (c ^ (b | ~d), 7 * index % 16)
        }
        let sum = mix &+ a &+ constants[index] &+ words[word]
        let shift = shifts[index / 16 * 4 + index % 4]
        (a, d, c, b) = (d, c, b, b &+ (sum << shift | sum >> (32 - shift)))
      }
      state[0] &+= a
      state[1] &+= b
      state[2] &+= c
      state[3] &+= d
    }
    return hexadecimal(state.map(\.byteSwapped))
  }
}

/// FIPS 180-4.
enum SHA256 {
  private static let constants = primes(64).map { fraction(of: Double($0), cubic: true) }

  /// The digest in hexadecimal digits.
  static func digest(_ message: [UInt8]) -> String {
    var state = primes(8).map { fraction(of: Double($0), cubic: false) }
    var schedule = [UInt32](repeating: 0, count: 64)
    forEachBlock(of: message, isBigEndian: true) { words in
      for index in 0..<16 { schedule[index] = words[index] }
      for index in 16..<64 {
        let (old, recent) = (schedule[index - 15], schedule[index - 2])
        schedule[index] =
          schedule[index - 16] &+ (turn(old, 7) ^ turn(old, 18) ^ old >> 3) &+ schedule[index - 7]
          &+ (turn(recent, 17) ^ turn(recent, 19) ^ recent >> 10)
      }
      var s = state
      for index in 0..<64 {
        let choice = (s[4] & s[5]) ^ (~s[4] & s[6])
        let first =
          s[7] &+ (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) &+ choice &+ constants[index] &+ schedule[index]
        let majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2])
        let second = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) &+ majority
        s = [first &+ second, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
      }
      for index in 0..<8 { state[index] &+= s[index] }
    }
    return hexadecimal(state)
  }

  private static func turn(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

  private static func primes(_ count: Int) -> [Int] {
    var primes: [Int] = []
    var number = 2
    while primes.count < count {
      if primes.allSatisfy({ !number.isMultiple(of: $0) }) { primes.append(number) }
      number += 1
    }
    return primes
  }

  /// The first 32 bits of the fraction of a root. A double is exact enough for the roots of small primes.
  private static func fraction(of number: Double, cubic: Bool) -> UInt32 {
    var root = number.squareRoot()
    if cubic {
      root = number / 2
      for _ in 0..<64 { root -= (root * root * root - number) / (3 * root * root) }
    }
    return UInt32((root - root.rounded(.down)) * 4_294_967_296)
  }
}

/// The 64-byte blocks of a message with its padding and its length in bits, as words.
private func forEachBlock(of message: [UInt8], isBigEndian: Bool, _ body: ([UInt32]) -> Void) {
  let whole = message.count / 64 * 64
  var tail = Array(message[whole...]) + [0x80]
  while tail.count % 64 != 56 { tail.append(0) }
  let bits = UInt64(message.count) &* 8
  for byte in 0..<8 { tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * (isBigEndian ? 7 - byte : byte)))) }
  var words = [UInt32](repeating: 0, count: 16)
  func run(_ bytes: [UInt8], to end: Int) {
    for start in stride(from: 0, to: end, by: 64) {
      for index in 0..<16 {
        let place = start + 4 * index
        let word =
          UInt32(bytes[place]) << 24 | UInt32(bytes[place + 1]) << 16 | UInt32(bytes[place + 2]) << 8
          | UInt32(bytes[place + 3])
        words[index] = isBigEndian ? word : word.byteSwapped
      }
      body(words)
    }
  }
  run(message, to: whole)
  run(tail, to: tail.count)
}

private func hexadecimal(_ words: [UInt32]) -> String {
  words.map { word in
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }.joined()
}
