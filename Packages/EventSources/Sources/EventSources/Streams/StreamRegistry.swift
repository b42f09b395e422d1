import Synchronization
public import XRayModel

/// The streams of an account. What they are is kept; their records live as long as the registry.
public final class StreamRegistry: Sendable {
  public let account: String
  public let region: String
  private let streams: Mutex<[String: EventStream]>
  /// Held while a change is made and kept, so that one follows the other and readers wait for neither.
  private let changing = Mutex(())
  private let save: @Sendable (StreamDefinitions) throws -> Void

  /// Streams of an account.
  public static let streamsLimit = 50
  /// Shards of all streams together. Kinesis: 500 in large regions.
  public static let shardsLimit = 500

  /// - Parameters:
  ///   - definitions: What was kept.
  ///   - moment: Now.
  ///   - save: Keeps the definitions, before a change counts. When it throws, nothing has changed.
  public init(
    account: String, region: String, definitions: StreamDefinitions = StreamDefinitions(), at moment: Timestamp,
    save: @escaping @Sendable (StreamDefinitions) throws -> Void = { _ in }
  ) {
    self.account = account
    self.region = region
    self.save = save
    var streams: [String: EventStream] = [:]
    for definition in definitions.streams {
      let arn = Self.arn(of: definition.name, account: account, region: region)
      streams[definition.name] = EventStream(definition, arn: arn, at: moment)
    }
    self.streams = Mutex(streams)
  }

  private static func arn(of name: String, account: String, region: String) -> String {
    "arn:aws:kinesis:\(region):\(account):stream/\(name)"
  }

  /// All streams, in the order of their names.
  public var all: [EventStream] {
    streams.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
  }

  /// The shards of all streams together.
  public var shardCount: Int { streams.withLock { $0.values.reduce(0) { $0 + $1.shardCount } } }

  public func stream(named name: String) -> EventStream? { streams.withLock { $0[name] } }

  public func stream(arn: String) -> EventStream? {
    guard let slash = arn.firstIndex(of: "/") else { return nil }
    return stream(named: String(arn[arn.index(after: slash)...])).flatMap { $0.arn == arn ? $0 : nil }
  }

  /// Makes a stream, which is there at once.
  ///
  /// - Throws: `resourceInUse`, `limitExceeded`, or `invalidArgument` for a definition that cannot be.
  public func create(_ definition: StreamDefinition) throws(StreamError) {
    try definition.check()
    try changing.withLock { _ throws(StreamError) in
      let present = all
      guard stream(named: definition.name) == nil else {
        throw StreamError(
          .resourceInUse, "Stream \(definition.name) under account \(account) already exists.")
      }
      guard present.count < Self.streamsLimit, definition.shardCount <= Self.shardsLimit - shardCount else {
        throw StreamError(
          .limitExceeded,
          "This account has \(present.count) of \(Self.streamsLimit) streams and \(shardCount) of \(Self.shardsLimit) shards."
        )
      }
      try keep(present.map(\.definition) + [definition])
      let arn = Self.arn(of: definition.name, account: account, region: region)
      streams.withLock { $0[definition.name] = EventStream(definition, arn: arn, at: definition.created) }
    }
  }

  /// Removes a stream with its records; who waits for them goes on.
  public func delete(_ name: String) throws(StreamError) {
    try changing.withLock { _ throws(StreamError) in
      let stream = try require(name)
      try keep(all.map(\.definition).filter { $0.name != name })
      _ = streams.withLock { $0.removeValue(forKey: name) }
      stream.close()
    }
  }

  /// Changes what a stream is: its retention, its record limit, its tags.
  public func update(
    _ name: String, _ body: (inout StreamDefinition) throws(StreamError) -> Void
  ) throws(StreamError) {
    try changing.withLock { _ throws(StreamError) in
      let stream = try require(name)
      var definition = stream.definition
      try body(&definition)
      try definition.check()
      try keep(all.map { $0 === stream ? definition : $0.definition })
      stream.update(definition)
    }
  }

  private func require(_ name: String) throws(StreamError) -> EventStream {
    guard let stream = stream(named: name) else {
      throw StreamError(.resourceNotFound, "Stream \(name) under account \(account) not found.")
    }
    return stream
  }

  private func keep(_ definitions: [StreamDefinition]) throws(StreamError) {
    do {
      try save(StreamDefinitions(streams: definitions))
    } catch {
      throw StreamError(.internalFailure, "The change could not be kept: \(error)")
    }
  }
}
