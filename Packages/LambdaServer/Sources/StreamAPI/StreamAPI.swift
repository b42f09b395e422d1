public import DaemonServer
public import EventSources
import NIOCore
import NIOHTTP1
public import XRayModel

/// Kinesis's API over the streams of an account, as unmodified clients of AWS call it: JSON 1.1 at `/`, with the
/// operation in the header `X-Amz-Target`.
///
/// Nobody is authenticated here. A producer's `X-Amzn-Trace-Id` is kept with its records, for the links of the
/// functions that get them.
public final class StreamAPI: Sendable {
  let streams: StreamRegistry
  let clock: any WallClock
  private let random: RandomSource

  /// What stands before the name of the operation in `X-Amz-Target`.
  public static let targetPrefix = "Kinesis_20131202."
  /// Bytes of a request's body: 10 MiB of records as text, with their keys.
  public static let bodyBytes = 16 << 20

  /// - Parameter random: For ids of requests.
  public init(streams: StreamRegistry, clock: any WallClock, random: RandomSource) {
    self.streams = streams
    self.clock = clock
    self.random = random
  }

  /// The API as a part of a server that has nothing else at `/`.
  public var application: DaemonServer.Application {
    DaemonServer.Application(
      resource: { $0 == "/" ? .init(methods: [.POST], bodyBytes: Self.bodyBytes, name: "Kinesis") : nil },
      answer: { await self.answer($0) })
  }

  /// Answers one request at `/`. Never throws: whatever goes wrong is an answer too.
  public func answer(_ request: DaemonServer.Application.Request) async -> DaemonServer.Application.Response {
    var status = HTTPResponseStatus.ok
    var body: [UInt8] = []
    do throws(StreamRefusal) {
      body = try reply(to: request)
    } catch {
      status = HTTPResponseStatus(statusCode: error.status)
      body = error.body
    }
    return DaemonServer.Application.Response(
      status: status,
      headers: ["Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": random.requestID()],
      body: ByteBuffer(bytes: body))
  }

  private func reply(to request: DaemonServer.Application.Request) throws(StreamRefusal) -> [UInt8] {
    let headers = request.head.headers
    guard let target = headers.first(name: "X-Amz-Target"), target.hasPrefix(Self.targetPrefix) else {
      throw StreamRefusal(.unknownOperation, "The header X-Amz-Target names no operation of Kinesis.")
    }
    let name = String(target.dropFirst(Self.targetPrefix.count))
    guard let operation = Self.operations[name] else {
      guard Self.unsupported.contains(name) else {
        throw StreamRefusal(.unknownOperation, "There is no operation \(name.prefix(100)).")
      }
      throw StreamRefusal(.invalidArgument, "\(name) is not supported here.")
    }
    if headers.first(name: "Content-Type")?.contains("cbor") == true {
      throw StreamRefusal(.serialization, "CBOR is not read here: requests are JSON.")
    }
    guard request.body.readableBytes <= Self.bodyBytes else {
      throw StreamRefusal(.invalidArgument, "A request has at most \(Self.bodyBytes) bytes.")
    }
    let call = try StreamCall(
      Array(request.body.readableBytesView), traceHeader: headers.first(name: "X-Amzn-Trace-Id"))
    return try operation(self, call)
  }

  typealias Operation = @Sendable (StreamAPI, StreamCall) throws(StreamRefusal) -> [UInt8]

  private static let operations: [String: Operation] = [
    "CreateStream": { api, call throws(StreamRefusal) in try api.createStream(call) },
    "DeleteStream": { api, call throws(StreamRefusal) in try api.deleteStream(call) },
    "DescribeStream": { api, call throws(StreamRefusal) in try api.describeStream(call) },
    "DescribeStreamSummary": { api, call throws(StreamRefusal) in try api.describeSummary(call) },
    "DescribeLimits": { api, _ throws(StreamRefusal) in api.describeLimits() },
    "ListStreams": { api, call throws(StreamRefusal) in try api.listStreams(call) },
    "ListShards": { api, call throws(StreamRefusal) in try api.listShards(call) },
    "PutRecord": { api, call throws(StreamRefusal) in try api.putRecord(call) },
    "PutRecords": { api, call throws(StreamRefusal) in try api.putRecords(call) },
    "GetShardIterator": { api, call throws(StreamRefusal) in try api.shardIterator(call) },
    "GetRecords": { api, call throws(StreamRefusal) in try api.getRecords(call) },
    "IncreaseStreamRetentionPeriod": { api, call throws(StreamRefusal) in try api.retain(call, isIncrease: true) },
    "DecreaseStreamRetentionPeriod": { api, call throws(StreamRefusal) in try api.retain(call, isIncrease: false) },
    "AddTagsToStream": { api, call throws(StreamRefusal) in try api.addTags(call) },
    "RemoveTagsFromStream": { api, call throws(StreamRefusal) in try api.removeTags(call) },
    "ListTagsForStream": { api, call throws(StreamRefusal) in try api.listTags(call) },
  ]

  /// Kinesis's service model of 2026: what it has and we have not.
  private static let unsupported: Set<String> = [
    "SplitShard", "MergeShards", "UpdateShardCount", "UpdateStreamMode", "UpdateMaxRecordSize",
    "UpdateStreamWarmThroughput", "UpdateStreamRecordDistributionStrategy", "UpdateAccountSettings",
    "DescribeAccountSettings", "SubscribeToShard", "RegisterStreamConsumer", "DeregisterStreamConsumer",
    "DescribeStreamConsumer", "ListStreamConsumers", "StartStreamEncryption", "StopStreamEncryption",
    "EnableEnhancedMonitoring", "DisableEnhancedMonitoring", "PutResourcePolicy", "GetResourcePolicy",
    "DeleteResourcePolicy", "TagResource", "UntagResource", "ListTagsForResource", "CreateChannel", "DeleteChannel",
    "DescribeChannel", "ListChannels", "UpdateChannel", "CreateQueue", "DeleteQueue", "DescribeQueue", "ListQueues",
    "UpdateQueue", "ReceiveQueueRecords", "AcknowledgeQueueRecords", "UpdateQueueRecordsVisibility",
    "ReceiveDeadLetterQueueRecords", "AcknowledgeDeadLetterQueueRecords", "RestoreDeadLetterQueueRecords",
    "UpdateDeadLetterQueueRecordsVisibility",
  ]
}
