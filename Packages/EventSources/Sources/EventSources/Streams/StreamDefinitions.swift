public import XRayModel

/// What all streams of an account are, as it is kept.
public struct StreamDefinitions: Hashable, Sendable {
  public var streams: [StreamDefinition]

  public init(streams: [StreamDefinition] = []) { self.streams = streams }
}

/// Why kept streams could not be read.
public struct StreamDamage: Error, Hashable, CustomStringConvertible {
  public var detail: String
  public var description: String { "damaged streams: \(detail)" }
}

extension StreamDefinitions {
  /// Writes everything as one JSON object, in the order of the names.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("version", 1)
      json.key("streams")
      json.array { json in for stream in streams.sorted(by: { $0.name < $1.name }) { stream.write(to: &json) } }
    }
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Throws: For anything that is not whole: nothing is left out silently.
  public init(json: JSONValue) throws(StreamDamage) {
    guard json["version"]?.number?.integer == 1, let elements = json["streams"]?.array else {
      throw StreamDamage(detail: "version is not 1, or there is no list")
    }
    self.init()
    for element in elements {
      let stream = try StreamDefinition(json: element)
      guard !streams.contains(where: { $0.name == stream.name }) else {
        throw StreamDamage(detail: "the stream \(stream.name) is there twice")
      }
      streams.append(stream)
    }
    guard streams.count <= StreamRegistry.streamsLimit,
      streams.reduce(0, { $0 + $1.shardCount }) <= StreamRegistry.shardsLimit
    else { throw StreamDamage(detail: "there are too many streams or shards") }
  }
}

extension StreamDefinition {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", name)
      json.member("shards", shardCount)
      json.member("on_demand", isOnDemand)
      json.member("retention_hours", retentionHours)
      json.member("record_kibibytes_limit", recordKibibytesLimit)
      json.texts("tags", tags)
      json.member("created_ticks", created.ticks)
    }
  }

  fileprivate init(json: JSONValue) throws(StreamDamage) {
    guard let name = json["name"]?.string, let shards = json["shards"]?.number?.integer,
      let isOnDemand = json["on_demand"]?.bool, let hours = json["retention_hours"]?.number?.integer,
      let limit = json["record_kibibytes_limit"]?.number?.integer, let tags = json["tags"]?.object,
      let created = json["created_ticks"]?.number?.integer
    else { throw StreamDamage(detail: "a stream has members that are missing or of another type") }
    self.init(name: name, shardCount: shards, created: Timestamp(ticks: Int64(created)))
    self.isOnDemand = isOnDemand
    retentionHours = hours
    recordKibibytesLimit = limit
    for tag in tags.members {
      guard let text = tag.value.string else { throw StreamDamage(detail: "a tag of \(name) is no text") }
      self.tags[tag.key] = text
    }
    do throws(StreamError) { try check() } catch { throw StreamDamage(detail: error.message) }
  }

  /// - Throws: `invalidArgument` for a definition that cannot be.
  func check() throws(StreamError) {
    let isName =
      (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
          true
        default: false
        }
      }
    guard isName else {
      throw StreamError(
        .validation, "A stream's name has 1 to 128 letters, digits, _, . and -: not \"\(name.prefix(200))\".")
    }
    guard shardCount >= 1 else { throw StreamError(.validation, "A stream has 1 shard or more.") }
    guard shardCount <= StreamRegistry.shardsLimit else {
      throw StreamError(.limitExceeded, "All streams together have at most \(StreamRegistry.shardsLimit) shards.")
    }
    guard Self.retentionHoursBounds.contains(retentionHours) else {
      throw StreamError(.invalidArgument, "Records are retained for 24 to 8760 hours, not \(retentionHours).")
    }
    guard Self.recordKibibytesBounds.contains(recordKibibytesLimit) else {
      throw StreamError(.validation, "The limit of records is 1024 to 10240 KiB, not \(recordKibibytesLimit).")
    }
    guard tags.count <= Self.tagsLimit else {
      throw StreamError(.limitExceeded, "A stream has at most \(Self.tagsLimit) tags.")
    }
    for (key, value) in tags {
      guard (1...128).contains(key.unicodeScalars.count), value.unicodeScalars.count <= 256 else {
        throw StreamError(.invalidArgument, "A tag's key has 1 to 128 characters, its value at most 256.")
      }
    }
  }
}
