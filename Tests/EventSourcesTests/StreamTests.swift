import Synchronization
import Testing
import XRayModel

@testable import EventSources

private let creation = Timestamp(seconds: 1_700_000_000)

private func stream(shards: Int = 1, _ change: (inout StreamDefinition) -> Void = { _ in }) -> EventStream {
  var definition = StreamDefinition(name: "s", shardCount: shards, created: creation)
  change(&definition)
  return EventStream(definition, arn: "arn:aws:kinesis:us-east-1:123456789012:stream/s", at: creation)
}

private func input(_ text: String, hashKey: UInt128 = 0) -> StreamInput {
  StreamInput(data: Array(text.utf8), partitionKey: "key", hashKey: hashKey)
}

extension EventStream {
  fileprivate func texts(
    from position: Int = 0, shard: Int = 0, count: Int = 100, bytes: Int = 1000, at moment: Timestamp = creation
  ) -> [String] {
    read(shard: shard, from: position, count: count, bytes: bytes, at: moment).records.map {
      String(decoding: $0.data, as: UTF8.self)
    }
  }
}

/// Who was woken, one after the other.
private final class Order: Sendable {
  private let numbers = Mutex<[Int]>([])
  var all: [Int] { numbers.withLock { $0 } }
  func add(_ number: Int) { numbers.withLock { $0.append(number) } }
}

@Suite struct `A stream` {
  @Test func `gives the records of a shard in order, as often as they are read`() throws {
    let stream = stream()
    for text in ["a", "b", "c"] { _ = try stream.put(input(text), at: creation) }
    #expect(stream.texts() == ["a", "b", "c"])
    #expect(stream.texts(count: 2) == ["a", "b"])
    #expect(stream.texts(from: 1) == ["b", "c"])
    #expect(stream.texts(bytes: 2) == ["a", "b"])
    #expect(stream.texts(bytes: 0) == ["a"])
    #expect(stream.texts(from: .max).isEmpty && stream.texts(from: .min) == ["a", "b", "c"])
    let batch = stream.read(shard: 0, from: 0, count: 2, bytes: 10, at: creation)
    #expect(batch.next == 2 && batch.nextArrival == creation)
    #expect(stream.read(shard: 7, from: 0, count: 2, bytes: 10, at: creation).records.isEmpty)
  }

  @Test(arguments: [1, 2, 3, 4, 7, 500])
  func `divides all hash keys between its shards`(count: Int) throws {
    let shards = stream(shards: count).shards
    #expect(shards.first?.hashKeys.lowerBound == 0 && shards.last?.hashKeys.upperBound == .max)
    let definition = StreamDefinition(name: "s", shardCount: count, created: creation)
    for (number, shard) in shards.enumerated() {
      #expect(definition.shard(of: shard.hashKeys.lowerBound) == number)
      #expect(definition.shard(of: shard.hashKeys.upperBound) == number)
      if number > 0 { #expect(shards[number - 1].hashKeys.upperBound + 1 == shard.hashKeys.lowerBound) }
    }
    #expect(Set(shards.map(\.id)).count == count && shards[0].id == "shardId-000000000000")
  }

  @Test func `numbers records so that later ones are larger, over restarts too`() throws {
    let (first, second) = (stream(), EventStream(stream().definition, arn: "", at: creation.advanced(by: .seconds(1))))
    var numbers: [String] = []
    for _ in 0..<12 { numbers.append(try first.put(input("x"), at: creation).record.sequenceNumber) }
    numbers.append(try second.put(input("x"), at: creation).record.sequenceNumber)
    #expect(numbers == numbers.sorted() && Set(numbers).count == 13)
    #expect(numbers.allSatisfy { $0.count == 56 && $0.allSatisfy(\.isNumber) })
    // What a reader has of before finds what came since.
    #expect(second.position(inShard: 0, .after(sequenceNumber: numbers[3]), at: creation) == 0)
    #expect(first.position(inShard: 0, .at(sequenceNumber: numbers[12]), at: creation) == nil)
  }

  @Test func `is read from any place`() throws {
    let stream = stream()
    var numbers: [String] = []
    for second in 0..<4 {
      let moment = creation.advanced(by: .seconds(second * 10))
      numbers.append(try stream.put(input("\(second)"), at: moment).record.sequenceNumber)
    }
    func place(_ place: ShardStart) -> Int? {
      stream.position(inShard: 0, place, at: creation.advanced(by: .seconds(60)))
    }
    #expect(place(.trimHorizon) == 0 && place(.latest) == 4)
    #expect(place(.at(sequenceNumber: numbers[2])) == 2 && place(.after(sequenceNumber: numbers[2])) == 3)
    #expect(place(.timestamp(creation.advanced(by: .seconds(10)))) == 1)
    #expect(place(.timestamp(creation.advanced(by: .seconds(11)))) == 2)
    #expect(place(.timestamp(creation.advanced(by: .seconds(99)))) == 4)
    for text in ["", "0", "49", String(repeating: "9", count: 56), String(repeating: "é", count: 28)] {
      #expect(place(.at(sequenceNumber: text)) == nil)
    }
    #expect(stream.position(inShard: 1, .latest, at: creation) == nil)
  }

  @Test func `forgets records that are too old, and positions stay`() throws {
    let stream = stream()
    for hour in 0..<30 { _ = try stream.put(input("\(hour)"), at: creation.advanced(by: .seconds(hour * 3600))) }
    let now = creation.advanced(by: .seconds(30 * 3600))
    #expect(stream.texts(at: now).first == "6")
    #expect(stream.position(inShard: 0, .trimHorizon, at: now) == 6)
    #expect(stream.texts(from: 20, at: now).first == "20")
    #expect(stream.position(inShard: 0, .timestamp(creation.advanced(by: .seconds(20 * 3600))), at: now) == 20)
    #expect(stream.texts(at: now.advanced(by: .seconds(100 * 3600))).isEmpty)
    #expect(stream.position(inShard: 0, .trimHorizon, at: now) == 30)
  }

  @Test func `refuses what is too long and what finds no room, until older records go`() throws {
    let stream = stream()
    let megabyte = [UInt8](repeating: 0, count: 1 << 20)
    let record = StreamInput(data: megabyte, partitionKey: "k", hashKey: 0)
    for _ in 0..<63 { _ = try stream.put(record, at: creation) }
    let error = #expect(throws: StreamError.self) { try stream.put(record, at: creation) }
    #expect(error?.kind == .throughputExceeded && stream.refused == 1)
    _ = try stream.put(record, at: creation.advanced(by: .seconds(25 * 3600)))
    for bad in [
      StreamInput(data: megabyte + [0], partitionKey: "k", hashKey: 0),
      StreamInput(data: [], partitionKey: "", hashKey: 0),
      StreamInput(data: [], partitionKey: String(repeating: "k", count: 257), hashKey: 0),
    ] {
      #expect(throws: StreamError.self) { try stream.put(bad, at: creation) }
    }
  }

  @Test func `wakes who waits when a record comes, when they are cancelled and when it ends`() async throws {
    try await Simulation.run(from: creation) { clock in
      let registry = StreamRegistry(account: "1", region: "r", at: clock.now)
      try registry.create(StreamDefinition(name: "s", shardCount: 2, created: clock.now))
      let stream = try #require(registry.stream(named: "s"))
      let order = Order()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (number, shard) in [0, 0, 1, 1].enumerated() {
          group.addTask {
            await stream.wait(shard: shard, for: number == 1 ? 1 : 0)
            order.add(number)
          }
        }
        try await clock.sleep(for: .seconds(1))
        #expect(stream.waiterCount == 4)
        _ = try stream.put(input("a"), at: clock.now)
        try await clock.sleep(for: .seconds(1))
        #expect(order.all == [0] && stream.waiterCount == 3)
        group.cancelAll()
        try await group.waitForAll()
        #expect(stream.waiterCount == 0)
      }
      async let waiting: Void = stream.wait(shard: 1, for: 0)
      try await clock.sleep(for: .seconds(1))
      try registry.delete("s")
      await waiting
      await stream.wait(shard: 1, for: 0)
      #expect(stream.isClosed && stream.waiterCount == 0)
      #expect(throws: StreamError.self) { try stream.put(input("a"), at: creation) }
    }
  }

  @Test func `gives every record once to a reader that follows it, whatever is asked for`() throws {
    let random = RandomSource(seed: 5)
    let stream = stream(shards: 3)
    var put: [[String]] = [[], [], []]
    var got: [[String]] = [[], [], []]
    var positions = [0, 0, 0]
    for step in 0..<3000 {
      let moment = creation.advanced(by: .seconds(step))
      if random.next() % 2 == 0 {
        let key = UInt128(random.next()) << 64 | UInt128(random.next())
        let (shard, record) = try stream.put(input("\(step)", hashKey: key), at: moment)
        #expect(stream.shards[shard].hashKeys.contains(key))
        put[shard].append(record.sequenceNumber)
      } else {
        let shard = Int(random.next() % 3)
        let batch = stream.read(
          shard: shard, from: positions[shard], count: Int(random.next() % 5), bytes: Int(random.next() % 20),
          at: moment)
        got[shard] += batch.records.map(\.sequenceNumber)
        positions[shard] = batch.next
      }
    }
    for shard in 0..<3 {
      #expect(put[shard] == put[shard].sorted() && got[shard] == Array(put[shard].prefix(got[shard].count)))
      let rest = stream.read(shard: shard, from: positions[shard], count: .max, bytes: .max, at: creation)
      #expect(got[shard] + rest.records.map(\.sequenceNumber) == put[shard])
    }
  }
}

@Suite struct `The streams of an account` {
  @Test func `come back as they were kept, without their records`() throws {
    let kept = Mutex(StreamDefinitions())
    let registry = StreamRegistry(account: "123456789012", region: "us-east-1", at: creation) { definitions in
      kept.withLock { $0 = definitions }
    }
    try registry.create(StreamDefinition(name: "b", shardCount: 2, created: creation))
    try registry.create(StreamDefinition(name: "a", shardCount: 1, created: creation))
    try registry.update("a") { stream in
      stream.retentionHours = 48
      stream.tags = ["team": "x"]
    }
    _ = try registry.stream(named: "a")?.put(input("x"), at: creation)
    var writer = JSONWriter()
    kept.withLock { $0 }.write(to: &writer)
    let read = try StreamDefinitions(json: JSONValue(parsing: writer.bytes.span))
    let again = StreamRegistry(account: "123456789012", region: "us-east-1", definitions: read, at: creation)
    #expect(again.all.map(\.definition) == registry.all.map(\.definition))
    #expect(again.all.map(\.arn).first == "arn:aws:kinesis:us-east-1:123456789012:stream/a")
    #expect(again.stream(arn: "arn:aws:kinesis:us-east-1:123456789012:stream/b")?.shardCount == 2)
    #expect(again.stream(arn: "arn:aws:kinesis:us-east-2:123456789012:stream/b") == nil)
    #expect(again.stream(named: "a")?.texts().isEmpty == true)
  }

  @Test func `are refused when they cannot be or cannot be kept`() throws {
    struct Full: Error {}
    let isFull = Mutex(false)
    let registry = StreamRegistry(account: "1", region: "r", at: creation) { _ in
      if isFull.withLock({ $0 }) { throw Full() }
    }
    func kind(_ name: String, _ shards: Int) -> StreamError.Kind? {
      do throws(StreamError) {
        try registry.create(StreamDefinition(name: name, shardCount: shards, created: creation))
        return nil
      } catch { return error.kind }
    }
    #expect(kind("s", 1) == nil && kind("s", 1) == .resourceInUse)
    #expect(kind("t", 500) == .limitExceeded && kind("t", 0) == .validation && kind("t", .max) == .limitExceeded)
    #expect(kind("", 1) == .validation && kind("a/b", 1) == .validation)
    isFull.withLock { $0 = true }
    #expect(kind("u", 1) == .internalFailure && registry.stream(named: "u") == nil)
    #expect(throws: StreamError.self) { try registry.delete("s") }
    #expect(throws: StreamError.self) { try registry.update("s") { $0.retentionHours = 30 } }
    #expect(registry.stream(named: "s")?.definition.retentionHours == 24)
    isFull.withLock { $0 = false }
    #expect(throws: StreamError.self) { try registry.update("s") { $0.retentionHours = 8761 } }
    #expect(throws: StreamError.self) { try registry.delete("none") }
    for number in 0..<49 { #expect(kind("n\(number)", 1) == nil) }
    #expect(kind("more", 1) == .limitExceeded)
  }

  @Test(arguments: [
    "{}", #"{"version":2,"streams":[]}"#, #"{"version":1,"streams":[{}]}"#, #"{"version":1,"streams":[1]}"#,
  ])
  func `that are damaged are not read`(text: String) throws {
    let json = try JSONValue(parsing: text)
    #expect(throws: StreamDamage.self) { try StreamDefinitions(json: json) }
  }
}
