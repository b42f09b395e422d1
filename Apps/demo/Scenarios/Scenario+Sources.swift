import LambdaEmitter
import Synchronization
import XRayModel
import XRaySDK

/// Who calls functions, and whether that is traced.
extension Scenario {
  static let stream = Scenario(
    title: "A batch of stream records that succeeds at the second try", functions: ["stream-reader"],
    expectations: [Expectation(function: "stream-reader", attempts: 2, faults: 1)]
  ) { stage in
    let tries = Mutex(0)
    try stage.function("stream-reader") { function in
      let attempt = tries.withLock { tries in
        tries += 1
        return tries
      }
      try await function.work(milliseconds: 12)
      guard attempt > 1 else {
        throw Unexpected("record 49546986683135544286507457936321625675700192471156785154 is locked")
      }
      try await function.aws(.putItem(table: "events"))
      return [:]
    }
    let source = StreamSource(
      .kinesis, stream: "arn:aws:kinesis:us-east-1:\(DemoStage.account):stream/clicks")
    let records = (0..<3).map { number in
      StreamRecord(
        json: ["kinesis": ["partitionKey": "user-\(number)", "data": "e30="]],
        sequenceNumber: "4954698668313554428650745793632\(number)",
        arrival: stage.clock.now)
    }
    let processed = try await stage.lambda.deliver(records, from: source, to: "stream-reader")
    guard processed == 3 else { throw Unexpected("\(processed) of 3 records were processed") }
  }

  static let chain = Scenario(
    title: "A function that calls another function", functions: ["front", "back"],
    expectations: [Expectation(function: "front"), Expectation(function: "back")]
  ) { stage in
    try stage.function("back") { function in
      try await function.aws(.putItem(table: "orders"))
      return ["stored": true]
    }
    let lambda = stage.lambda
    try stage.function("front", initialization: 180) { function in
      try await function.recorder.withAWSCall(
        service: "Lambda", operation: "Invoke", parameters: ["function_name": "back"]
      ) { call in
        let result = try await lambda.invoke("back", traceHeader: call.header?.description)
        call.setAWS("request_id", .string(result.requestID))
        call.setResponse(status: result.statusCode, contentLength: result.payload.count)
      }
      return [:]
    }
    try await stage.lambda.invoke("front")
  }

  static let passThrough = Scenario(
    title: "PassThrough: traced when the caller is, and only then", functions: ["pass-through"],
    expectations: [Expectation(function: "pass-through", attempts: 1)]
  ) { stage in
    try stage.function("pass-through", { $0.tracingMode = .passThrough }) { function in
      try await function.recorder.withSubsegment("look up") { _ in try await function.work(milliseconds: 8) }
      return [:]
    }
    try await stage.callFromFrontend("pass-through", path: "/lookup")
    try await stage.pause()
    // Nobody upstream decided, so this call leaves nothing.
    try await stage.lambda.invoke("pass-through")
  }

  static let notSampled = Scenario(
    title: "A call that its caller did not sample", functions: ["not-sampled"],
    expectations: [Expectation(function: "not-sampled", traces: 0, attempts: 0, coldStarts: 0)]
  ) { stage in
    try stage.function("not-sampled") { function in
      try await function.aws(.putObject(bucket: "orders-bucket", key: "silent", body: []))
      return [:]
    }
    try await stage.callFromFrontend("not-sampled", path: "/silent", isSampled: false)
  }

  static let recordedPython = Scenario(
    title: "A Python function, replayed from datagrams that the official SDK sent", functions: ["python-objects"],
    expectations: [Expectation(function: "python-objects")]
  ) { stage in
    try stage.function("python-objects", initialization: 480, { $0.runtime = "python3.11" }) { function in
      guard let header = try? TraceHeader(parsing: function.context.traceHeader), let parent = header.parent else {
        throw Unexpected("the invocation has no complete header: \(function.context.traceHeader)")
      }
      let recording = try PythonRecording()
      let start = function.context.clock.now
      for document in recording.documents(in: header.root, under: parent, from: start) {
        try await function.context.clock.sleep(until: document.end, tolerance: nil)
        function.context.emitter.emit(document.bytes)
      }
      return ["ok": true]
    }
    try await stage.lambda.invoke("python-objects")
  }
}
