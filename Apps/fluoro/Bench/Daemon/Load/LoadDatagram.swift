import Glibc

/// A datagram as an X-Ray SDK sends it, of which only the ids, the times and the mark change.
struct LoadDatagram {
  /// The smallest that has room for the segment without anything made longer.
  static let leastBytes = 900
  /// The largest that UDP over IPv4 carries.
  static let mostBytes = 65_507

  let bytes: [UInt8]
  private var traceID = 0
  private var id = 0
  private var startTime = 0
  private var endTime = 0
  private var mark = 0

  /// A segment with a remote subsegment, made `size` bytes long by metadata at its end.
  init(size: Int) {
    var text: [UInt8] = []
    text += #"{"format":"json","version":1}"#.utf8
    text += "\n".utf8
    text += #"{"trace_id":""#.utf8
    traceID = text.count
    text += #"1-00000000-000000000000000000000000","id":""#.utf8
    id = text.count
    text += #"0000000000000000","annotations":{"\#(LoadMark.key)":""#.utf8
    mark = text.count
    text += LoadMark(sequence: 0, sentNanoseconds: 0).text.utf8
    text += #"","tenant":"t-17","cold":false},"name":"checkout-api","start_time":"#.utf8
    startTime = text.count
    text += #"0000000000.000000,"end_time":"#.utf8
    endTime = text.count
    text += #"0000000000.000000,"origin":"AWS::EC2::Instance","user":"u-4711","#.utf8
    text += #""http":{"request":{"method":"POST","url":"https://shop.example.com/api/checkout","#.utf8
    text += #""client_ip":"203.0.113.9"},"response":{"status":200,"content_length":1742}},"#.utf8
    text += #""aws":{"ec2":{"instance_id":"i-0b5a4678fc325bg98"},"xray":{"sdk":"X-Ray for Go"}},"#.utf8
    text += #""subsegments":[{"id":"53995c3f42cd8ad8","name":"api.example.com","namespace":"remote","#.utf8
    text += #""start_time":1700000000.1,"end_time":1700000000.2,"http":{"request":{"method":"POST","#.utf8
    text += #""url":"https://api.example.com/health"},"response":{"status":200,"content_length":861}}}],"#.utf8
    text += #""metadata":{"default":{"cart":""#.utf8
    let tail = Array(#""}}}"#.utf8)
    let words = Array("order item price stock region retry cache lookup payload queue worker ".utf8)
    while text.count + tail.count < size { text.append(words[text.count * 7 % words.count]) }
    bytes = text + tail
  }

  /// Makes a copy of ``bytes`` the datagram with this mark, in a trace of its own.
  func fill(_ copy: UnsafeMutableRawBufferPointer, _ mark: LoadMark, salt: UInt64, realMicroseconds: UInt64) {
    var random = RandomBits(state: mark.sequence &* 0x9E37_79B9_7F4A_7C15 ^ salt)
    Self.write(hex: realMicroseconds / 1_000_000, digits: 8, copy, traceID + 2)
    Self.write(hex: random.next(), digits: 8, copy, traceID + 11)
    Self.write(hex: random.next(), digits: 16, copy, traceID + 19)
    Self.write(hex: random.next(), digits: 16, copy, id)
    for (place, time) in [(startTime, realMicroseconds - 120_000), (endTime, realMicroseconds)] {
      LoadMark.write(time / 1_000_000, digits: 10, copy, place)
      LoadMark.write(time % 1_000_000, digits: 6, copy, place + 11)
    }
    mark.write(copy, self.mark)
  }

  private static func write(hex value: UInt64, digits: Int, _ bytes: UnsafeMutableRawBufferPointer, _ place: Int) {
    var rest = value
    for place in (place..<place + digits).reversed() {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      bytes[place] = digit < 10 ? 48 + digit : 87 + digit
      rest >>= 4
    }
  }
}

/// Which document it is, and when it was sent: what the backend finds again.
///
/// Written `000000000042-0000123456789012345` as the value of the annotation ``key``.
struct LoadMark {
  static let key = "bench_mark"
  static let length = 32

  var sequence: UInt64
  /// By the clock that begins with the machine.
  var sentNanoseconds: UInt64

  init(sequence: UInt64, sentNanoseconds: UInt64) {
    self.sequence = sequence
    self.sentNanoseconds = sentNanoseconds
  }

  /// `nil` unless digits stand where they should.
  init?(_ bytes: Slice<UnsafeRawBufferPointer>) {
    guard bytes.count == Self.length else { return nil }
    var numbers: (UInt64, UInt64) = (0, 0)
    for (index, byte) in bytes.enumerated() {
      switch (index, byte) {
      case (12, _): if byte != UInt8(ascii: "-") { return nil }
      case (_, 48...57):
        // Twenty digits could pass the largest number, nineteen cannot.
        if index < 12 { numbers.0 = numbers.0 * 10 + UInt64(byte - 48) }
        if index > 12 { numbers.1 = numbers.1 * 10 + UInt64(byte - 48) }
      default: return nil
      }
    }
    self.init(sequence: numbers.0, sentNanoseconds: numbers.1)
  }

  var text: String {
    String(unsafeUninitializedCapacity: Self.length) { bytes in
      write(UnsafeMutableRawBufferPointer(bytes), 0)
      return Self.length
    }
  }

  func write(_ bytes: UnsafeMutableRawBufferPointer, _ place: Int) {
    Self.write(sequence, digits: 12, bytes, place)
    bytes[place + 12] = UInt8(ascii: "-")
    Self.write(sentNanoseconds, digits: 19, bytes, place + 13)
  }

  static func write(_ value: UInt64, digits: Int, _ bytes: UnsafeMutableRawBufferPointer, _ place: Int) {
    var rest = value
    for place in (place..<place + digits).reversed() {
      bytes[place] = 48 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }
}

/// SplitMix64: ids that do not repeat, for next to nothing.
private struct RandomBits {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}

/// Nanoseconds of a clock.
func nanoseconds(_ clock: clockid_t) -> UInt64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
