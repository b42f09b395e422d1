import Synchronization
public import XRayModel

#if canImport(Glibc)
  import Glibc
  private let datagramKind = Int32(SOCK_DGRAM.rawValue)
  private let nonBlocking = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
#elseif canImport(Musl)
  import Musl
  private let datagramKind = SOCK_DGRAM
  private let nonBlocking = SOCK_NONBLOCK | SOCK_CLOEXEC
#endif

/// Sends each document to the daemon in a UDP datagram of its own.
///
/// Never waits: when the socket's buffer is full, the document is dropped and counted.
public final class DatagramEmitter: SegmentEmitter {
  /// What became of the documents; each is in exactly one of the counts.
  public struct Counts: Hashable, Sendable {
    /// Handed to the network, and not known to be refused.
    public var sent = 0
    /// Dropped, since the socket's buffer was full.
    public var wouldBlock = 0
    /// Dropped, since no datagram can hold it.
    public var tooLong = 0
    /// Sent, but nobody listened there. The system reports it with the next datagram.
    public var refused = 0
    /// Dropped, since the daemon's host has no address.
    public var unresolved = 0
    /// Dropped for another error of the system.
    public var other = 0

    public init() {}

    public var dropped: Int { wouldBlock + tooLong + refused + unresolved + other }
  }

  /// The first line of each datagram.
  public static let header: [UInt8] = Array(#"{"format":"json","version":1}"#.utf8) + [0x0A]
  /// IPv4: 65,535 bytes without the headers of IP and UDP.
  public static let datagramBytesLimit = 65_507

  public let address: DaemonAddress.Endpoint
  /// `nil` when the host could not be resolved.
  private let socket: DatagramSocket?
  private let state = Mutex(Counts())

  /// Opens the socket. A host's name is looked up here, once.
  public init(to address: DaemonAddress.Endpoint = DaemonAddress.default.udp) {
    self.address = address
    socket = DatagramSocket(connectingTo: address)
  }

  public var counts: Counts { state.withLock { $0 } }
  /// Whether the daemon's host has an address.
  public var isResolved: Bool { socket != nil }

  public func emit(_ document: [UInt8]) {
    guard let socket else { return state.withLock { $0.unresolved += 1 } }
    var datagram = Self.header
    datagram.reserveCapacity(Self.header.count + document.count)
    datagram.append(contentsOf: document)
    var failure = socket.transmit(datagram)
    if failure == ECONNREFUSED {
      // That was about an earlier datagram; this one was not sent yet.
      state.withLock { counts in
        counts.sent = max(0, counts.sent - 1)
        counts.refused += 1
      }
      failure = socket.transmit(datagram)
    }
    state.withLock { counts in
      switch failure {
      case 0: counts.sent += 1
      case EAGAIN, ENOBUFS: counts.wouldBlock += 1
      case EMSGSIZE: counts.tooLong += 1
      default: counts.other += 1
      }
    }
  }
}

/// A connected, non-blocking UDP socket, closed when it goes.
private final class DatagramSocket: Sendable {
  private let descriptor: Int32

  init?(connectingTo address: DaemonAddress.Endpoint) {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = datagramKind
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address.host, String(address.port), &hints, &list) == 0, let found = list else { return nil }
    defer { freeaddrinfo(list) }
    var candidate: UnsafeMutablePointer<addrinfo>? = found
    while let info = candidate?.pointee {
      let descriptor = socket(info.ai_family, datagramKind | nonBlocking, 0)
      if descriptor >= 0 {
        if connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 {
          self.descriptor = descriptor
          return
        }
        close(descriptor)
      }
      candidate = info.ai_next
    }
    return nil
  }

  deinit { close(descriptor) }

  /// 0, or the system's error number.
  func transmit(_ datagram: [UInt8]) -> Int32 {
    while true {
      let sent = datagram.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent >= 0 { return 0 }
      if errno != EINTR { return errno }
    }
  }
}
