import DaemonServer
import EventSources
import NIOCore
import NIOPosix
import QueueAPI
import Testing
import XRayModel

@Suite struct `A server of queues` {
  @Test(arguments: [
    ("/123456789012/q", true), ("/123456789012/q.fifo", true), ("/", false), ("/q", false), ("/1234/q", false),
    ("/123456789012/", false), ("/123456789012/q/r", false), ("/12345678901a/q", false), ("//123456789012/q", false),
  ])
  func `has a resource at each queue's path`(path: String, isThere: Bool) {
    #expect((QueueAPI.resource(at: path) != nil) == isThere)
  }

  @Test func `closes while calls wait for messages`() async throws {
    let registry = QueueRegistry(random: RandomSource())
    let queue = try registry.create("q", at: SystemClock().now)
    let api = QueueAPI(registry: registry, clock: SystemClock())
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var configuration = DaemonServer.Configuration()
    // Tests run beside a thousand others: a client may take its time between two steps.
    configuration.headerTimeout = .seconds(600)
    configuration.requestTimeout = .seconds(600)
    configuration.port = 0
    let server = try await DaemonServer(
      configuration: configuration, handlers: .init(accept: { _, _ in .accepted }, application: api.application),
      group: group
    ).start()
    let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: server.port).get()
    let body = #"{"WaitTimeSeconds":20}"#
    let request =
      "POST /\(registry.account)/q HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    try await channel.writeAndFlush(ByteBuffer(string: request))
    let clock = ContinuousClock()
    let patience = clock.now.advanced(by: .seconds(600))
    while queue.waiting == 0, clock.now < patience { try await clock.sleep(for: .milliseconds(5)) }
    #expect(queue.waiting == 1)
    await server.close(deadline: .zero)
    while queue.waiting > 0, clock.now < patience { try await clock.sleep(for: .milliseconds(5)) }
    #expect(queue.waiting == 0 && server.counts.connectionsOpen == 0)
    try await group.shutdownGracefully()
  }
}
