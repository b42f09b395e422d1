import DaemonServer
import EventSources
import NIOCore
import NIOHTTP1
import Testing
import XRayModel

@testable import StreamAPI

private let start = Timestamp(seconds: 1_700_000_000)

/// The API over streams of its own.
private struct Kinesis {
  let clock = VirtualClock(start: start)
  let streams: StreamRegistry
  let api: StreamAPI

  init() {
    streams = StreamRegistry(account: "123456789012", region: "us-east-1", at: start)
    api = StreamAPI(streams: streams, clock: clock, random: RandomSource(seed: 1))
  }

  @discardableResult
  func call(
    _ operation: String, _ json: JSONValue, headers: [(String, String)] = []
  ) async -> (status: Int, json: JSONValue) {
    await call(operation, bytes: Array(json.rendered().utf8), headers: headers)
  }

  func call(
    _ operation: String, bytes: [UInt8], headers: [(String, String)] = []
  ) async -> (status: Int, json: JSONValue) {
    let head = HTTPRequestHead(
      version: .http1_1, method: .POST, uri: "/",
      headers: HTTPHeaders([("X-Amz-Target", StreamAPI.targetPrefix + operation)] + headers))
    let response = await api.answer(.init(head: head, body: ByteBuffer(bytes: bytes)))
    let body = Array(response.body.readableBytesView)
    return (Int(response.status.code), (try? JSONValue(parsing: body.span)) ?? .null)
  }

  func create(_ name: String = "s", shards: Int = 1) async {
    await call("CreateStream", ["StreamName": .string(name), "ShardCount": .number(JSONNumber(shards))])
  }

  func iterator(_ type: String = "TRIM_HORIZON", shard: Int = 0, _ more: JSONObject = [:]) async -> String {
    var request: JSONObject = [
      "StreamName": "s", "ShardId": .string(EventStream.shardID(shard)), "ShardIteratorType": .string(type),
    ]
    for member in more.members { request[member.key] = member.value }
    return await call("GetShardIterator", .object(request)).json["ShardIterator"]?.string ?? ""
  }
}

@Suite struct `Kinesis's API` {
  @Test func `makes a stream, tells of it and removes it`() async throws {
    let kinesis = Kinesis()
    let made = await kinesis.call("CreateStream", ["StreamName": "s", "ShardCount": 2, "Tags": ["a": "1"]])
    #expect(made.status == 200 && made.json == .null)
    let description = await kinesis.call("DescribeStream", ["StreamName": "s"]).json["StreamDescription"]
    #expect(description?["StreamStatus"] == "ACTIVE" && description?["RetentionPeriodHours"] == 24)
    #expect(description?["StreamARN"] == "arn:aws:kinesis:us-east-1:123456789012:stream/s")
    #expect(description?["Shards"]?.array?.count == 2 && description?["HasMoreShards"] == false)
    let range = description?["Shards"]?[1]?["HashKeyRange"]
    #expect(range?["StartingHashKey"] == "170141183460469231731687303715884105728")
    #expect(range?["EndingHashKey"] == "340282366920938463463374607431768211455")
    let arn: JSONValue = ["StreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/s"]
    let summary = await kinesis.call("DescribeStreamSummary", arn).json["StreamDescriptionSummary"]
    #expect(summary?["OpenShardCount"] == 2 && summary?["MaxRecordSizeInKiB"] == 1024)
    #expect(
      await kinesis.call("CreateStream", ["StreamName": "s", "ShardCount": 1]).json["__type"]
        == "ResourceInUseException")
    #expect(await kinesis.call("DeleteStream", ["StreamName": "s"]).status == 200)
    let gone = await kinesis.call("DescribeStream", ["StreamName": "s"])
    #expect(gone.status == 400 && gone.json["__type"] == "ResourceNotFoundException")
  }

  @Test func `has four shards for a stream on demand`() async {
    let kinesis = Kinesis()
    let mode: JSONValue = ["StreamMode": "ON_DEMAND"]
    await kinesis.call("CreateStream", ["StreamName": "s", "StreamModeDetails": mode])
    #expect(await kinesis.call("ListShards", ["StreamName": "s"]).json["Shards"]?.array?.count == 4)
    let summary = await kinesis.call("DescribeStreamSummary", ["StreamName": "s"]).json["StreamDescriptionSummary"]
    #expect(summary?["StreamModeDetails"]?["StreamMode"] == "ON_DEMAND")
    #expect(await kinesis.call("DescribeLimits", [:]).json["OpenShardCount"] == 4)
  }

  @Test func `lists streams and shards in pages`() async {
    let kinesis = Kinesis()
    for name in ["c", "a", "b"] { await kinesis.create(name, shards: 3) }
    let first = await kinesis.call("ListStreams", ["Limit": 2]).json
    #expect(first["StreamNames"] == ["a", "b"] && first["HasMoreStreams"] == true)
    let second = await kinesis.call("ListStreams", ["NextToken": first["NextToken"] ?? .null]).json
    #expect(second["StreamNames"] == ["c"] && second["HasMoreStreams"] == false && second["NextToken"] == nil)
    #expect(await kinesis.call("ListStreams", ["ExclusiveStartStreamName": "a"]).json["StreamNames"] == ["b", "c"])
    let shards = await kinesis.call("ListShards", ["StreamName": "a", "MaxResults": 2]).json
    #expect(shards["Shards"]?.array?.count == 2)
    let rest = await kinesis.call("ListShards", ["NextToken": shards["NextToken"] ?? .null]).json
    #expect(rest["Shards"]?[0]?["ShardId"] == "shardId-000000000002" && rest["NextToken"] == nil)
    #expect(await kinesis.call("ListShards", ["NextToken": "!"]).status == 400)
  }

  @Test func `puts records into the shards of their keys, and gives them back`() async throws {
    let kinesis = Kinesis()
    await kinesis.create(shards: 2)
    // The MD5 of "b" begins with 92, that of "a" with 0c.
    for (key, shard) in [("a", 0), ("b", 1)] {
      let put = await kinesis.call("PutRecord", ["StreamName": "s", "PartitionKey": .string(key), "Data": "eA=="]).json
      #expect(put["ShardId"]?.string == EventStream.shardID(shard))
      let got = await kinesis.call("GetRecords", ["ShardIterator": .string(await kinesis.iterator(shard: shard))]).json
      let record = got["Records"]?[0]
      #expect(record?["Data"] == "eA==" && record?["PartitionKey"]?.string == key)
      #expect(
        record?["SequenceNumber"] == put["SequenceNumber"] && record?["ApproximateArrivalTimestamp"] == 1_700_000_000)
      #expect(got["MillisBehindLatest"] == 0)
    }
    let explicit = await kinesis.call(
      "PutRecord",
      [
        "StreamName": "s", "PartitionKey": "a", "Data": "",
        "ExplicitHashKey": "340282366920938463463374607431768211455",
      ])
    #expect(explicit.json["ShardId"]?.string == EventStream.shardID(1))
  }

  @Test func `reads on with the iterator of each answer`() async throws {
    let kinesis = Kinesis()
    await kinesis.create()
    let records: [JSONValue] = (0..<5).map { ["Data": .string(Base64.text([UInt8($0)])), "PartitionKey": "k"] }
    let put = await kinesis.call("PutRecords", ["StreamName": "s", "Records": .array(records)]).json
    #expect(put["FailedRecordCount"] == 0 && put["Records"]?.array?.count == 5)
    let latest = await kinesis.iterator("LATEST")
    kinesis.clock.advance(by: .seconds(2))
    var iterator = await kinesis.iterator()
    var data: [String] = []
    for behind in [2000, 2000, 0, 0] {
      let got = await kinesis.call("GetRecords", ["ShardIterator": .string(iterator), "Limit": 2]).json
      data += got["Records"]?.array?.compactMap { $0["Data"]?.string } ?? []
      #expect(got["MillisBehindLatest"]?.number?.integer == behind)
      iterator = got["NextShardIterator"]?.string ?? ""
    }
    #expect(data == (0..<5).map { Base64.text([UInt8($0)]) })
    #expect(await kinesis.call("GetRecords", ["ShardIterator": .string(latest)]).json["Records"] == [])
    let third = put["Records"]?[2]?["SequenceNumber"] ?? .null
    for (type, count) in [("AT_SEQUENCE_NUMBER", 3), ("AFTER_SEQUENCE_NUMBER", 2)] {
      let iterator = await kinesis.iterator(type, ["StartingSequenceNumber": third])
      #expect(
        await kinesis.call("GetRecords", ["ShardIterator": .string(iterator)]).json["Records"]?.array?.count == count)
    }
    let moment = await kinesis.iterator("AT_TIMESTAMP", ["Timestamp": 1_700_000_001])
    #expect(await kinesis.call("GetRecords", ["ShardIterator": .string(moment)]).json["Records"] == [])
    kinesis.clock.advance(by: .seconds(301))
    let expired = await kinesis.call("GetRecords", ["ShardIterator": .string(iterator)])
    #expect(expired.json["__type"] == "ExpiredIteratorException")
  }

  @Test func `changes retention and tags`() async {
    let kinesis = Kinesis()
    await kinesis.create()
    func retention(_ operation: String, _ hours: Int) async -> Int {
      await kinesis.call(operation, ["StreamName": "s", "RetentionPeriodHours": .number(JSONNumber(hours))]).status
    }
    #expect(await retention("IncreaseStreamRetentionPeriod", 48) == 200)
    #expect(await retention("IncreaseStreamRetentionPeriod", 24) == 400)
    #expect(await retention("DecreaseStreamRetentionPeriod", 49) == 400)
    #expect(await retention("DecreaseStreamRetentionPeriod", 23) == 400)
    #expect(await retention("IncreaseStreamRetentionPeriod", 8761) == 400)
    #expect(kinesis.streams.stream(named: "s")?.definition.retentionHours == 48)
    await kinesis.call("AddTagsToStream", ["StreamName": "s", "Tags": ["b": "2", "a": "1", "c": "3"]])
    await kinesis.call("RemoveTagsFromStream", ["StreamName": "s", "TagKeys": ["c"]])
    let tags = await kinesis.call("ListTagsForStream", ["StreamName": "s", "Limit": 1]).json
    #expect(tags["Tags"] == [["Key": "a", "Value": "1"]] && tags["HasMoreTags"] == true)
  }

  @Test func `keeps a producer's trace header with its records`() async {
    let kinesis = Kinesis()
    await kinesis.create()
    let header = "Root=1-58406520-a006649127e371903a2de979;Parent=4c721bf33e3caf8f;Sampled=1"
    for text in [header, "nonsense"] {
      await kinesis.call(
        "PutRecord", ["StreamName": "s", "PartitionKey": "k", "Data": ""], headers: [("X-Amzn-Trace-Id", text)])
    }
    let records = kinesis.streams.stream(named: "s")?.read(shard: 0, from: 0, count: 9, bytes: 9, at: start).records
    #expect(records?.map(\.traceHeader) == [header, nil])
  }

  @Test(arguments: [
    ("CreateStream", #"{"StreamName":"t"}"#, "ValidationException"),
    ("CreateStream", #"{"StreamName":"a b","ShardCount":1}"#, "ValidationException"),
    ("CreateStream", #"{"StreamName":"t","ShardCount":0}"#, "ValidationException"),
    ("CreateStream", #"{"StreamName":"t","ShardCount":501}"#, "LimitExceededException"),
    ("CreateStream", #"{"StreamName":"t","ShardCount":9223372036854775807}"#, "LimitExceededException"),
    ("CreateStream", #"{"StreamName":"t","ShardCount":"1"}"#, "SerializationException"),
    (
      "CreateStream", #"{"StreamName":"t","ShardCount":1,"StreamModeDetails":{"StreamMode":"ON_DEMAND"}}"#,
      "ValidationException"
    ),
    ("CreateStream", "[", "SerializationException"), ("CreateStream", "[]", "SerializationException"),
    ("DescribeStream", "{}", "InvalidArgumentException"),
    ("DescribeStream", #"{"StreamARN":"arn:aws:kinesis:us-east-1:1:stream/s"}"#, "ResourceNotFoundException"),
    ("PutRecord", #"{"StreamName":"s","PartitionKey":"k","Data":"?"}"#, "SerializationException"),
    ("PutRecord", #"{"StreamName":"s","PartitionKey":"","Data":""}"#, "ValidationException"),
    ("PutRecord", #"{"StreamName":"s","Data":""}"#, "ValidationException"),
    ("PutRecord", #"{"StreamName":"none","PartitionKey":"k","Data":""}"#, "ResourceNotFoundException"),
    ("PutRecord", #"{"StreamName":"s","PartitionKey":"k","Data":"","DryRun":true}"#, "InvalidArgumentException"),
    (
      "PutRecord", #"{"StreamName":"s","PartitionKey":"k","Data":"","ExplicitHashKey":"-1"}"#,
      "InvalidArgumentException"
    ),
    (
      "PutRecord",
      #"{"StreamName":"s","PartitionKey":"k","Data":"","ExplicitHashKey":"340282366920938463463374607431768211456"}"#,
      "InvalidArgumentException"
    ),
    ("PutRecords", #"{"StreamName":"s","Records":[]}"#, "ValidationException"),
    (
      "GetShardIterator", #"{"StreamName":"s","ShardId":"shardId-000000000001","ShardIteratorType":"LATEST"}"#,
      "ResourceNotFoundException"
    ),
    (
      "GetShardIterator", #"{"StreamName":"s","ShardId":"shardId-000000000000","ShardIteratorType":"X"}"#,
      "ValidationException"
    ),
    (
      "GetShardIterator",
      #"{"StreamName":"s","ShardId":"shardId-000000000000","ShardIteratorType":"AT_SEQUENCE_NUMBER"}"#,
      "InvalidArgumentException"
    ),
    (
      "GetShardIterator",
      #"{"StreamName":"s","ShardId":"shardId-000000000000","ShardIteratorType":"AT_SEQUENCE_NUMBER","StartingSequenceNumber":"5"}"#,
      "InvalidArgumentException"
    ),
    (
      "GetShardIterator",
      #"{"StreamName":"s","ShardId":"shardId-000000000000","ShardIteratorType":"AT_TIMESTAMP","Timestamp":9e99}"#,
      "InvalidArgumentException"
    ),
    ("GetRecords", #"{"ShardIterator":"AAAA"}"#, "InvalidArgumentException"),
    ("GetRecords", #"{"ShardIterator":"AAAA","Limit":10001}"#, "ValidationException"),
    ("SplitShard", "{}", "InvalidArgumentException"), ("SubscribeToShard", "{}", "InvalidArgumentException"),
    ("Nonsense", "{}", "UnknownOperationException"),
  ])
  func `refuses what cannot be`(operation: String, body: String, type: String) async {
    let kinesis = Kinesis()
    await kinesis.create()
    let answer = await kinesis.call(operation, bytes: Array(body.utf8))
    #expect(answer.status == 400 && answer.json["__type"]?.string == type, "\(answer.json)")
    #expect(answer.json["message"]?.string?.isEmpty == false)
  }

  @Test func `says what became of each record of a call`() async {
    let kinesis = Kinesis()
    await kinesis.create()
    let stream = kinesis.streams.stream(named: "s")
    let megabyte = [UInt8](repeating: 0, count: 1 << 20)
    for _ in 0..<63 { _ = try? stream?.put(StreamInput(data: megabyte, partitionKey: "k", hashKey: 0), at: start) }
    let big = JSONValue.string(Base64.text(megabyte))
    let put = await kinesis.call(
      "PutRecords",
      ["StreamName": "s", "Records": [["Data": "", "PartitionKey": "k"], ["Data": big, "PartitionKey": "k"]]])
    #expect(put.status == 200 && put.json["FailedRecordCount"] == 1)
    #expect(put.json["Records"]?[0]?["ErrorCode"] == nil && put.json["Records"]?[0]?["SequenceNumber"] != nil)
    #expect(put.json["Records"]?[1]?["ErrorCode"] == "ProvisionedThroughputExceededException")
    let long = JSONValue.string(Base64.text(megabyte + [0]))
    let refused = await kinesis.call(
      "PutRecords", ["StreamName": "s", "Records": [["Data": long, "PartitionKey": "k"]]])
    #expect(refused.json["__type"] == "InvalidArgumentException")
  }

  @Test func `answers whatever it is sent`() async {
    let kinesis = Kinesis()
    await kinesis.create()
    let random = RandomSource(seed: 3)
    let operations = ["CreateStream", "PutRecord", "PutRecords", "GetShardIterator", "GetRecords", "ListShards"]
    let names = [
      "StreamName", "StreamARN", "ShardCount", "Data", "PartitionKey", "Records", "ShardId", "ShardIteratorType",
      "ShardIterator", "StartingSequenceNumber", "Timestamp", "Limit", "NextToken", "ExplicitHashKey",
    ]
    let values: [JSONValue] = [
      "s", "", "shardId-000000000000", "AT_SEQUENCE_NUMBER", "AT_TIMESTAMP", .number(JSONNumber(Int.max)), -1, 1, 1.5,
      .null, [], [[:]], [["Data": "eA==", "PartitionKey": "k"]], [:], "eA==", true,
      .string("49" + String(repeating: "9", count: 54)), .string(Base64.text(Array("9/0/49/s".utf8))),
    ]
    for _ in 0..<3000 {
      let members = (0..<Int(random.next() % 5)).map { _ in
        JSONObject.Member(
          key: names[Int(random.next() % UInt64(names.count))], value: values[Int(random.next() % UInt64(values.count))]
        )
      }
      let operation = operations[Int(random.next() % UInt64(operations.count))]
      let answer = await kinesis.call(operation, .object(JSONObject(members)))
      #expect([200, 400].contains(answer.status))
    }
  }
}
