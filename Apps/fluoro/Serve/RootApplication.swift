import DaemonServer
import NIOCore
import NIOHTTP1

/// Posts to the root, where several of AWS's services are at one address: which one a client means is in the header
/// `X-Amz-Target`, or in the form's `Version`.
struct RootApplication {
  typealias Answer = @Sendable (DaemonServer.Application.Request) async -> DaemonServer.Application.Response

  /// By the beginning of the target, such as `AmazonSQS.`.
  var targets: [String: Answer]
  /// By the version of the query protocol's service.
  var versions: [String: Answer]
  /// Answers everything else.
  var other: Answer
  /// The most that one of the services takes.
  var bodyBytes: Int
  /// The longest that one of them may take.
  var answerTime: Duration

  var application: DaemonServer.Application {
    let resource = DaemonServer.Application.Resource(
      methods: [.POST], bodyBytes: bodyBytes, name: "/", answerTime: answerTime)
    return DaemonServer.Application(
      resource: { $0 == "/" ? resource : nil }, answer: { await service(of: $0)($0) })
  }

  private func service(of request: DaemonServer.Application.Request) -> Answer {
    if let target = request.head.headers.first(name: "X-Amz-Target") {
      return targets.first { target.hasPrefix($0.key) }?.value ?? other
    }
    return Self.version(in: request.body.readableBytesView).flatMap { versions[$0] } ?? other
  }

  /// The form's parameter `Version`. Forms are escaped, so it is nothing that a value could hold.
  private static func version(in form: ByteBufferView) -> String? {
    let name = Array("Version=".utf8)
    let parameters = form.prefix(1 << 20).split(separator: UInt8(ascii: "&"))
    return parameters.first { $0.starts(with: name) }.map { String(decoding: $0.dropFirst(name.count), as: UTF8.self) }
  }
}
