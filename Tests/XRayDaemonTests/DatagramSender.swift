import Testing
import XRayDaemon

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Sends datagrams to a daemon on the loopback interface, as SDKs do.
struct DatagramSender: ~Copyable {
  static let header = "{\"format\":\"json\",\"version\":1}\n"

  private let descriptor: Int32
  private var target = sockaddr_in()

  init(to address: DatagramAddress) {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    precondition(descriptor >= 0)
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = address.port.bigEndian
    target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  }

  deinit { close(descriptor) }

  /// Sends the bytes as one datagram.
  func send(_ datagram: [UInt8]) {
    var target = target
    let sent = withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        sendto(descriptor, datagram, datagram.count, 0, address, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(sent == datagram.count)
  }

  /// Sends a document behind the usual header.
  func send(document: String) { send(Array((Self.header + document).utf8)) }
}
