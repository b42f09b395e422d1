import Dispatch
import Foundation

/// A plain TCP connection, for what no client would send. Its blocking calls run on a thread of their own.
final class RawConnection: Sendable {
  private let descriptor: Int32
  private let queue = DispatchQueue(label: "raw connection")

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeBytes(of: &address) { raw in
      raw.withMemoryRebound(to: sockaddr.self) { connect(descriptor, $0.baseAddress, size) }
    }
    guard result == 0 else { throw CocoaError(.fileReadUnknown) }
    var timeout = timeval(tv_sec: 600, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// `false` when the server no longer takes it.
  @discardableResult
  func send(_ text: String) async -> Bool {
    let bytes = Array(text.utf8)
    return await withCheckedContinuation { continuation in
      queue.async { [descriptor] in
        let count = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        continuation.resume(returning: count == bytes.count)
      }
    }
  }

  /// Everything up to the connection's end.
  func receiveAll() async -> String {
    await withCheckedContinuation { continuation in
      queue.async { [descriptor] in
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(descriptor, &part, part.count, 0), count > 0 { all += part[..<count] }
        continuation.resume(returning: String(decoding: all, as: UTF8.self))
      }
    }
  }
}
