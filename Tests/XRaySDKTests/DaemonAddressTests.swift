import Testing
import XRaySDK

@Suite struct DaemonAddressTests {
  @Test(arguments: [
    ("127.0.0.1:2000", "127.0.0.1:2000", "127.0.0.1:2000"),
    ("xray-daemon:3000", "xray-daemon:3000", "xray-daemon:3000"),
    ("tcp:127.0.0.1:2000 udp:127.0.0.2:2001", "127.0.0.2:2001", "127.0.0.1:2000"),
    ("udp:127.0.0.2:2001 tcp:127.0.0.1:2000", "127.0.0.2:2001", "127.0.0.1:2000"),
    ("tcp:a:1, udp:b:65535", "b:65535", "a:1"), ("UDP:b:2\t TCP:a:1", "b:2", "a:1"), ("udp:b:2,tcp:a:1", "b:2", "a:1"),
    ("[::1]:2000", "[::1]:2000", "[::1]:2000"), ("tcp:[::1]:1 udp:[::2]:2", "[::2]:2", "[::1]:1"),
  ]) func `reads every form of the variable`(text: String, udp: String, tcp: String) throws {
    let address = try DaemonAddress(parsing: text)
    #expect(address.udp.description == udp && address.tcp.description == tcp)
    #expect(try DaemonAddress(parsing: address.description) == address)
  }

  @Test(
    arguments: [
      ("", .wrongForm), (" 127.0.0.1:2000", .wrongForm), ("127.0.0.1:2000 ", .wrongForm), ("a:1 b:2 c:3", .wrongForm),
      ("udp:127.0.0.1:2000", .onlyOneProtocol), ("tcp:127.0.0.1:2000", .onlyOneProtocol),
      ("udp:a:1 udp:b:2", .onlyOneProtocol), ("a:1 udp:b:2", .onlyOneProtocol), ("127.0.0.1", .noPort),
      ("127.0.0.1:", .badPort), ("127.0.0.1:0", .badPort), ("127.0.0.1:65536", .badPort), ("127.0.0.1:x", .badPort),
      ("127.0.0.1:-1", .badPort), (":2000", .badHost), ("http://127.0.0.1:2000", .badHost), ("::1:2000", .badHost),
      ("[]:2000", .badHost), ("[::1:2000", .badHost),
    ] as [(String, DaemonAddressError.Reason)])
  func `refuses the rest and says why`(text: String, reason: DaemonAddressError.Reason) {
    #expect(throws: DaemonAddressError(reason, address: text)) { try DaemonAddress(parsing: text) }
  }
}
