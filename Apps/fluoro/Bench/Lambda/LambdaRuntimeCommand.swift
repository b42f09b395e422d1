import ArgumentParser
import Glibc

/// The function that is measured: speaks Lambda's Runtime API, and has no work of its own. An event is a number.
struct LambdaRuntimeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lambda-runtime", abstract: "Answer events of Lambda's Runtime API at once.", shouldDisplay: false)

  private static let invocation = "/2018-06-01/runtime/invocation"

  func run() throws {
    let address = getenv("AWS_LAMBDA_RUNTIME_API").map { String(cString: $0) } ?? ""
    guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw Failure(code: 2, message: "AWS_LAMBDA_RUNTIME_API is missing")
    }
    let line = try RuntimeLine(port: port)
    var place = 0
    while true {
      let next = try line.ask("GET", "\(Self.invocation)/next")
      let received = FunctionAnswer.nanoseconds
      guard let id = next.value(of: "lambda-runtime-aws-request-id"),
        let number = Int(String(decoding: next.body, as: UTF8.self))
      else { throw Failure.failed("this is no event") }
      place += 1
      let answer = FunctionAnswer(
        number: number, process: getpid(), place: place, received: received, responded: FunctionAnswer.nanoseconds)
      _ = try line.ask("POST", "\(Self.invocation)/\(id)/response", answer.json)
    }
  }
}

/// A connection to the Runtime API, kept from call to call. It waits as long as it takes.
private final class RuntimeLine {
  struct Answer {
    var head: String
    var body: ArraySlice<UInt8>

    /// - Parameter name: In small letters.
    func value(of name: String) -> String? {
      for line in head.split(separator: "\r\n") {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2, parts[0].lowercased() == name { return String(parts[1].drop { $0 == " " }) }
      }
      return nil
    }
  }

  private let descriptor: Int32
  private var piece = [UInt8](repeating: 0, count: 64 << 10)

  init(port: UInt16) throws(Failure) {
    descriptor = try Loopback.connectedStreamSocket(port)
  }

  deinit { close(descriptor) }

  func ask(_ method: String, _ path: String, _ body: [UInt8] = []) throws(Failure) -> Answer {
    let head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(body.count)\r\n\r\n"
    let request = Array(head.utf8) + body
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw .failed("cannot ask: \(Console.systemError)")
    }
    var received: [UInt8] = []
    while true {
      let count = recv(descriptor, &piece, piece.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .failed("the Runtime API has gone") }
      received += piece[..<count]
      guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
      var answer = Answer(head: String(decoding: received[..<end.lowerBound], as: UTF8.self), body: [])
      let length = answer.value(of: "content-length").flatMap { Int($0) } ?? 0
      guard received.count - end.upperBound >= length else { continue }
      answer.body = received[end.upperBound...]
      return answer
    }
  }
}

extension Loopback {
  fileprivate static func connectedStreamSocket(_ port: UInt16) throws(Failure) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else {
      let why = Console.systemError
      close(descriptor)
      throw .failed("cannot connect to port \(port): \(why)")
    }
    set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
    return descriptor
  }
}
