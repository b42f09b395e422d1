import Glibc
import XRayModel

/// Sends documents as datagrams to a port of this machine, at a pace that no delay changes: who is late catches up.
struct LoadGenerator {
  let port: UInt16
  /// Per second; `nil` sends as fast as the kernel takes them.
  let rate: Double?
  let count: Int
  /// Of a datagram.
  let size: Int

  /// Datagrams that one call of the kernel takes.
  private static let batch = 64
  /// Shorter waits would cost more than they say.
  private static let tickNanoseconds: UInt64 = 500_000

  struct Report {
    var sent = 0
    /// Refused by the kernel for good.
    var errors = 0
    /// Times that the kernel told that nobody listened to an earlier one.
    var refusals = 0
    var seconds = 0.0
    /// How long after its moment a datagram was sent, at worst.
    var latestSeconds = 0.0
    var processorSeconds = 0.0
  }

  func run() throws(Failure) -> Report {
    let descriptor = try Loopback.connectedDatagramSocket(port)
    defer { close(descriptor) }
    let batch = DatagramBatch(LoadDatagram(size: size), count: Self.batch)
    defer { batch.free() }
    var report = Report()
    let salt = nanoseconds(CLOCK_REALTIME) ^ UInt64(getpid()) << 40
    let watch = Stopwatch()
    let start = nanoseconds(CLOCK_MONOTONIC)
    var next = 0
    let parent = getppid()
    // Nobody is there to be told when the parent is gone.
    while next < count, getppid() == parent {
      let now = nanoseconds(CLOCK_MONOTONIC)
      var due = count
      if let rate {
        due = min(count, Int(Double(now - start) / 1e9 * rate) + 1)
        let moment = start + UInt64(Double(next) / rate * 1e9)
        if next >= due {
          Self.sleep(until: max(moment, now + (rate > 1000 ? Self.tickNanoseconds : 0)))
          continue
        }
        if now > moment { report.latestSeconds = max(report.latestSeconds, Double(now - moment) / 1e9) }
      }
      let part = min(due - next, Self.batch)
      let real = nanoseconds(CLOCK_REALTIME) / 1000
      for index in 0..<part {
        batch.fill(
          index, LoadMark(sequence: UInt64(next + index), sentNanoseconds: now), salt: salt, realMicroseconds: real)
      }
      batch.send(part, over: descriptor, &report)
      next += part
    }
    report.seconds = Double(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9
    report.processorSeconds = watch.cost.processorSeconds
    return report
  }

  private static func sleep(until moment: UInt64) {
    var time = timespec(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
  }
}

extension LoadGenerator.Report {
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("sent", sent)
      writer.member("errors", errors)
      writer.member("refusals", refusals)
      writer.member("seconds", seconds)
      writer.member("latest_seconds", latestSeconds)
      writer.member("cpu_seconds", processorSeconds)
    }
  }

  /// `nil` unless it is what `write` wrote.
  init?(_ json: JSONValue) {
    func number(_ key: String) -> Double? { json[key]?.number?.double }
    guard let sent = number("sent"), let errors = number("errors"), let refusals = number("refusals"),
      let seconds = number("seconds"), let latest = number("latest_seconds"), let processor = number("cpu_seconds")
    else { return nil }
    self.init(
      sent: Int(sent), errors: Int(errors), refusals: Int(refusals), seconds: seconds, latestSeconds: latest,
      processorSeconds: processor)
  }
}

/// Memory for some datagrams, and for the structures by which the kernel takes them in one call.
private struct DatagramBatch {
  /// `struct mmsghdr`, which the C library's module leaves out.
  private struct Message {
    var header = msghdr()
    var length: UInt32 = 0
  }
  private typealias SendMessages = @convention(c) (Int32, UnsafeMutableRawPointer, UInt32, Int32) -> Int32

  private let datagram: LoadDatagram
  private let bytes: UnsafeMutableRawBufferPointer
  private let vectors: UnsafeMutablePointer<iovec>
  private let messages: UnsafeMutablePointer<Message>
  /// `nil` where the C library does not have it: each datagram then takes a call.
  private let sendMessages: SendMessages?

  init(_ datagram: LoadDatagram, count: Int) {
    self.datagram = datagram
    let size = datagram.bytes.count
    bytes = .allocate(byteCount: size * count, alignment: 16)
    vectors = .allocate(capacity: count)
    messages = .allocate(capacity: count)
    for index in 0..<count {
      bytes[index * size..<(index + 1) * size].copyBytes(from: datagram.bytes)
      vectors[index] = iovec(iov_base: bytes.baseAddress.map { $0 + index * size }, iov_len: size)
      var message = Message()
      message.header.msg_iov = vectors + index
      message.header.msg_iovlen = 1
      messages[index] = message
    }
    sendMessages = dlsym(nil, "sendmmsg").map { unsafeBitCast($0, to: SendMessages.self) }
  }

  func free() {
    bytes.deallocate()
    vectors.deallocate()
    messages.deallocate()
  }

  func fill(_ index: Int, _ mark: LoadMark, salt: UInt64, realMicroseconds: UInt64) {
    let size = datagram.bytes.count
    datagram.fill(
      UnsafeMutableRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]), mark, salt: salt,
      realMicroseconds: realMicroseconds)
  }

  /// Sends the first `count` of them.
  func send(_ count: Int, over descriptor: Int32, _ report: inout LoadGenerator.Report) {
    var first = 0
    while first < count {
      let sent: Int
      if let sendMessages {
        sent = Int(sendMessages(descriptor, messages + first, UInt32(count - first), 0))
      } else {
        sent = sendmsg(descriptor, &messages[first].header, 0) < 0 ? -1 : 1
      }
      if sent > 0 {
        report.sent += sent
        first += sent
        continue
      }
      switch errno {
      case EINTR: break
      // Told once; the datagram itself was not sent yet.
      case ECONNREFUSED: report.refusals += 1
      case ENOBUFS, EAGAIN: usleep(50)
      default:
        report.errors += 1
        first += 1
      }
    }
  }
}
