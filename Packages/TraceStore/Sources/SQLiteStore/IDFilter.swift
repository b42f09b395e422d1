import XRayModel

/// Tells which traces a block cannot have (a Bloom filter): about one of 15,000 others passes.
struct IDFilter: Sendable {
  private(set) var words: [UInt64]

  /// Bits of an id that are looked at.
  private static let probes = 8
  private static let bitsPerID = 20

  init(_ ids: [TraceID]) {
    words = [UInt64](repeating: 0, count: max(1, (ids.count * Self.bitsPerID + 63) / 64))
    for id in ids {
      var place = Place(id, in: words.count)
      for _ in 0..<Self.probes {
        words[place.word] |= place.bit
        place.advance()
      }
    }
  }

  /// Reads what ``bytes`` gave; `nil` when it cannot be that.
  init?(bytes: some Collection<UInt8>) {
    guard !bytes.isEmpty, bytes.count.isMultiple(of: 8) else { return nil }
    words = Array(bytes).withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
  }

  /// The words, the lowest byte first.
  var bytes: [UInt8] { words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } } }

  func mayHold(_ id: TraceID) -> Bool {
    words.withUnsafeBufferPointer { words in
      var place = Place(id, in: words.count)
      for _ in 0..<Self.probes {
        guard words[place.word] & place.bit != 0 else { return false }
        place.advance()
      }
      return true
    }
  }

  /// Where an id's next bit lies. Ids are random but for their first part, so they need no hash function that
  /// withstands anybody; who chooses ids to collide makes their own lookups slower.
  private struct Place {
    private var hash: UInt64
    private let step: UInt64
    private let bits: UInt64

    init(_ id: TraceID, in words: Int) {
      let mixed = (id.low ^ UInt64(id.high) << 32 ^ UInt64(id.epoch)) &* 0x9E37_79B9_7F4A_7C15
      hash = mixed ^ mixed >> 29
      step = (UInt64(id.epoch) << 32 | UInt64(id.high)) &* 0xC2B2_AE3D_27D4_EB4F ^ id.low | 1
      bits = UInt64(words * 64)
    }

    /// The upper half of a product spreads hashes over any range.
    private var position: UInt64 { hash.multipliedFullWidth(by: bits).high }
    var word: Int { Int(position >> 6) }
    var bit: UInt64 { 1 << (position & 63) }

    mutating func advance() { hash = (hash &+ step) &* 0xD6E8_FEB8_6659_FD93 }
  }
}
