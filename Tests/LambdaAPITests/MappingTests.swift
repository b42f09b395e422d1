import LambdaEmitter
import NIOHTTP1
import Testing
import XRayModel

@testable import LambdaAPI

private let mappings = "/2015-03-31/event-source-mappings"
private let queueARN = "arn:aws:sqs:us-east-1:123456789012:in"

@Suite struct `An event source mapping` {
  @Test func `is made, told, changed and removed`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let request: JSONValue = ["EventSourceArn": .string(queueARN), "FunctionName": "orders"]
      let made = await fixture.call(.POST, mappings + "/", request)
      #expect(made.status == 202 && made["State"]?.string == "Enabled")
      #expect(made["FunctionArn"]?.string == functionARN && made["BatchSize"]?.number?.integer == 10)
      let id = try #require(made["UUID"]?.string)
      #expect(await fixture.call(.GET, mappings + "/" + id).json == made.json)
      #expect(await fixture.call(.POST, mappings, request).status == 409)
      let changed = await fixture.call(.PUT, mappings + "/" + id, ["Enabled": false, "BatchSize": 2])
      #expect(changed.status == 202 && changed["State"]?.string == "Disabled")
      let list = await fixture.call(.GET, mappings + "?EventSourceArn=\(queueARN)&FunctionName=orders")
      #expect(list["EventSourceMappings"]?.array == [changed.json])
      #expect(await fixture.call(.GET, mappings + "?FunctionName=others")["EventSourceMappings"]?.array == [])
      #expect(await fixture.call(.DELETE, mappings + "/" + id)["State"]?.string == "Deleting")
      for method in [.GET, .PUT, .DELETE] as [HTTPMethod] {
        let answer = await fixture.call(method, mappings + "/" + id, method == .PUT ? [:] : nil)
        #expect(answer.status == 404 && answer.errorType == "ResourceNotFoundException")
      }
    }
  }

  @Test(arguments: [
    (#"{"FunctionName":"orders"}"#, 400), (#"{"EventSourceArn":"QUEUE"}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"none"}"#, 404),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders:9"}"#, 404),
    (#"{"EventSourceArn":"arn:aws:kinesis:us-east-1:123456789012:stream/s","FunctionName":"orders"}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","BatchSize":0}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","BatchSize":11}"#, 400),
    (#"{"EventSourceArn":"QUEUE.fifo","FunctionName":"orders","BatchSize":11}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","MaximumBatchingWindowInSeconds":301}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","FilterCriteria":{"Filters":[{}]}}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","FilterCriteria":{"Filters":[{"Pattern":"{"}]}}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","FilterCriteria":{"Filters":[]}}"#, 202),
    (
      #"{"EventSourceArn":"QUEUE","FunctionName":"orders","FilterCriteria":{"Filters":[{"Pattern":"{\"a\":[1]}"}]}}"#,
      202
    ),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","StartingPosition":"LATEST"}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","MaximumRetryAttempts":1}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","DestinationConfig":{"OnFailure":{"Destination":"x"}}}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","ScalingConfig":{"MaximumConcurrency":1}}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","ScalingConfig":{"MaximumConcurrency":2}}"#, 202),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","FunctionResponseTypes":["X"]}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","FunctionResponseTypes":["ReportBatchItemFailures"]}"#, 202),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","Topics":["x"]}"#, 400),
    (#"{"EventSourceArn":"QUEUE.fifo","FunctionName":"orders","MaximumBatchingWindowInSeconds":1}"#, 400),
    (#"{"EventSourceArn":"QUEUE","FunctionName":"orders","BatchSize":11,"MaximumBatchingWindowInSeconds":1}"#, 202),
  ])
  func `is refused when it cannot be`(text: String, status: Int) async throws {
    let request = try JSONValue(parsing: text.replacing("QUEUE", with: queueARN))
    try await Fixture.run { fixture in
      await fixture.create()
      #expect(await fixture.call(.POST, mappings, request).status == status)
    }
  }

  @Test func `feeds its function until it is disabled`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let made = await fixture.call(
        .POST, mappings, ["EventSourceArn": .string(queueARN), "FunctionName": "orders", "BatchSize": 2])
      let queue = fixture.service.queue(queueARN)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await fixture.api.run() }
        for number in 0..<3 { queue.send(Array("\(number)".utf8), at: fixture.clock.now) }
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 2 && queue.messages.isEmpty)
        let id = try #require(made["UUID"]?.string)
        _ = await fixture.call(.PUT, mappings + "/" + id, ["Enabled": false])
        queue.send(Array("3".utf8), at: fixture.clock.now)
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 2 && queue.messages.count == 1)
        _ = await fixture.call(.PUT, mappings + "/" + id, ["Enabled": true])
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 3 && queue.messages.isEmpty)
        group.cancelAll()
      }
    }
  }
}
