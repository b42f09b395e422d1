import Glibc
import Testing
import XRayModel
import XRaySDK
import XRaySampler

/// A UDP socket on a free port of the loopback interface.
final class Receiver: Sendable {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let failed = withUnsafeMutableBytes(of: &address) { raw in
      let pointer = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self)
      return bind(descriptor, pointer, length) != 0 || getsockname(descriptor, pointer, &length) != 0
    }
    try #require(!failed)
    port = UInt16(bigEndian: address.sin_port)
    // A test that waits for what does not come fails instead of hanging.
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  var endpoint: DaemonAddress.Endpoint { .init(host: "127.0.0.1", port: port) }

  func receive() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count < 0 ? nil : Array(buffer.prefix(count))
  }
}

@Suite struct DatagramEmitterTests {
  @Test func `sends the header line and the document in one datagram`() throws {
    let receiver = try Receiver()
    let emitter = DatagramEmitter(to: receiver.endpoint)
    emitter.emit(Array(#"{"id":"1"}"#.utf8))
    emitter.emit([])
    #expect(receiver.receive() == Array("{\"format\":\"json\",\"version\":1}\n{\"id\":\"1\"}".utf8))
    #expect(receiver.receive() == DatagramEmitter.header)
    var expected = DatagramEmitter.Counts()
    expected.sent = 2
    #expect(emitter.counts == expected)
  }

  @Test func `carries a document of the greatest length, and counts a longer one`() throws {
    let receiver = try Receiver()
    let emitter = DatagramEmitter(to: receiver.endpoint)
    let most = DatagramEmitter.datagramBytesLimit - DatagramEmitter.header.count
    emitter.emit([UInt8](repeating: 0x20, count: most + 1))
    emitter.emit([UInt8](repeating: 0x20, count: most))
    #expect(receiver.receive()?.count == DatagramEmitter.datagramBytesLimit)
    #expect(emitter.counts.sent == 1 && emitter.counts.tooLong == 1 && emitter.counts.dropped == 1)
  }

  @Test func `counts what nobody listened to, and goes on when somebody does again`() throws {
    let endpoint: DaemonAddress.Endpoint
    do { endpoint = try Receiver().endpoint }
    let emitter = DatagramEmitter(to: endpoint)
    for _ in 0..<5 { emitter.emit([0x7B, 0x7D]) }
    // The last one's refusal is not known yet.
    #expect(emitter.counts.refused == 4 && emitter.counts.sent == 1)
  }

  @Test func `counts documents for a host without an address`() {
    let emitter = DatagramEmitter(to: .init(host: "not a host", port: 2000))
    #expect(!emitter.isResolved)
    emitter.emit([0x7B, 0x7D])
    #expect(emitter.counts.unresolved == 1 && emitter.counts.sent == 0)
  }

  @Test func `adds up when many tasks send at once`() async throws {
    let receiver = try Receiver()
    let emitter = DatagramEmitter(to: receiver.endpoint)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<50 { emitter.emit(Array(repeating: 0x7B, count: 100)) } }
      }
    }
    #expect(emitter.counts.sent + emitter.counts.dropped == 400)
    #expect(receiver.receive()?.count == DatagramEmitter.header.count + 100)
  }

  @Test func `a recorder sends to the daemon that the environment names`() throws {
    let receiver = try Receiver()
    let recorder = try XRayRecorder(
      environment: ["AWS_XRAY_DAEMON_ADDRESS": "tcp:127.0.0.1:1 udp:127.0.0.1:\(receiver.port)"],
      sampler: FixedSampler.always)
    recorder.withSegment("shop") { $0.annotate("k", "ü\n\"") }
    let datagram = try #require(receiver.receive())
    let lines = datagram.split(separator: 0x0A, maxSplits: 1).map(Array.init)
    #expect(lines[0] + [0x0A] == DatagramEmitter.header)
    let document = lines[1]
    let segment = try Entity(document: document.span)
    #expect(segment.name == "shop" && segment.annotation("k") == "ü\n\"")
    #expect(throws: DaemonAddressError(.noPort, address: "nowhere")) {
      try XRayRecorder(environment: ["AWS_XRAY_DAEMON_ADDRESS": "nowhere"])
    }
  }

  @Test func `reads the process environment`() {
    setenv("FLUORO_TEST_VARIABLE", "a=b", 1)
    #expect(ProcessEnvironment.current["FLUORO_TEST_VARIABLE"] == "a=b")
    #expect(ProcessEnvironment.value("FLUORO_TEST_VARIABLE") == "a=b")
    #expect(ProcessEnvironment.value("FLUORO_NO_SUCH_VARIABLE") == nil)
  }
}
