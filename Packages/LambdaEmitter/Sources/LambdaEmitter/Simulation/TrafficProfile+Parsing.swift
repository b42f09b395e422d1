import XRayModel

/// Why a traffic profile cannot be used: which member, and what is wrong with it.
public struct TrafficProfileError: Error, Hashable, CustomStringConvertible {
  /// The member's place, such as `functions[2].duration.p99`; empty for the profile itself.
  public var member: String
  public var problem: String

  public var description: String { member.isEmpty ? "the profile \(problem)" : "\(member) \(problem)" }
}

extension TrafficProfile {
  /// Larger profiles are refused, in bytes.
  public static let bytesLimit = 1_048_576
  /// The longest that traffic may last, in virtual seconds: a year.
  public static let longestSeconds = 31_622_400.0
  /// How many functions a profile may have in all.
  public static let functionLimit = 10_000

  /// Reads a profile. Members that it does not know are errors, so that no typing error goes unseen.
  public init(parsing bytes: [UInt8]) throws(TrafficProfileError) {
    guard bytes.count <= Self.bytesLimit else {
      throw TrafficProfileError(member: "", problem: "is larger than \(Self.bytesLimit) bytes")
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes.span)
    } catch {
      throw TrafficProfileError(member: "", problem: "is not JSON: \(error)")
    }
    let reader = try ProfileReader(
      value, at: "", knows: ["functions", "traffic", "sampling", "invocations", "duration", "concurrency"])
    self.init(functions: try reader.elements("functions", FunctionGroup.init))
    traffic = try reader.object("traffic", Traffic.init) ?? Traffic()
    try reader.object("sampling") { value, path throws(TrafficProfileError) in
      let reader = try ProfileReader(value, at: path, knows: ["reservoir", "rate"])
      reservoir = try reader.integer("reservoir", 0...1_000_000) ?? reservoir
      samplingRate = try reader.number("rate", 0...1) ?? samplingRate
    }
    invocations = try reader.integer("invocations", 1...1_000_000_000)
    durationSeconds = try reader.number("duration", 0.001...Self.longestSeconds)
    concurrency = try reader.integer("concurrency", 1...1_000_000) ?? concurrency
    try validate(reader)
  }

  private func validate(_ reader: ProfileReader) throws(TrafficProfileError) {
    guard invocations != nil || durationSeconds != nil else {
      throw reader.error("invocations", "is missing, and so is duration: one of them must end the traffic")
    }
    guard functions.reduce(0, { $0 + $1.count }) <= Self.functionLimit else {
      throw reader.error("functions", "are more than \(Self.functionLimit)")
    }
    var names: Set<String> = []
    for (index, group) in functions.enumerated() {
      for name in group.names where !names.insert(name).inserted {
        throw reader.error("functions[\(index)].name", "gives \"\(name)\" a second time")
      }
    }
    guard functions.contains(where: { $0.weight > 0 }) else {
      throw reader.error("functions", "have no weight: nothing would be called")
    }
  }
}

extension TrafficProfile.FunctionGroup {
  fileprivate init(_ value: JSONValue, _ path: String) throws(TrafficProfileError) {
    let reader = try ProfileReader(
      value, at: path,
      knows: [
        "name", "count", "memory", "timeout", "tracing", "duration", "initialization", "errorRate", "timeoutRate",
        "reservedConcurrency", "weight", "events", "deadLetters",
      ])
    guard let name = try reader.string("name") else { throw reader.error("name", "is missing") }
    self.init(name: name)
    count = try reader.integer("count", 1...TrafficProfile.functionLimit) ?? count
    memoryMegabytes = try reader.integer("memory", 128...10_240) ?? memoryMegabytes
    timeoutSeconds = try reader.integer("timeout", 1...900) ?? timeoutSeconds
    tracingMode = try reader.choice("tracing", TracingMode.self) ?? tracingMode
    duration = try reader.object("duration", DurationDistribution.init) ?? duration
    initialization = try reader.object("initialization", DurationDistribution.init) ?? initialization
    errorRate = try reader.number("errorRate", 0...1) ?? errorRate
    timeoutRate = try reader.number("timeoutRate", 0...1) ?? timeoutRate
    reservedConcurrency = try reader.integer("reservedConcurrency", 0...1_000_000)
    weight = try reader.number("weight", 0...1_000_000) ?? weight
    deadLetterTarget = try reader.string("deadLetters")
    guard errorRate + timeoutRate <= 1 else {
      throw reader.error("timeoutRate", "and errorRate are more than 1 together")
    }
    try reader.object("events") { value, path throws(TrafficProfileError) in
      let reader = try ProfileReader(value, at: path, knows: ["retries", "maximumAge", "onSuccess", "onFailure"])
      eventInvoke.maximumRetryAttempts = try reader.integer("retries", 0...2) ?? eventInvoke.maximumRetryAttempts
      eventInvoke.maximumEventAgeSeconds =
        try reader.integer("maximumAge", 60...21_600) ?? eventInvoke.maximumEventAgeSeconds
      eventInvoke.onSuccess = try reader.string("onSuccess")
      eventInvoke.onFailure = try reader.string("onFailure")
    }
  }
}

extension TrafficProfile.Traffic {
  fileprivate init(_ value: JSONValue, _ path: String) throws(TrafficProfileError) {
    let reader = try ProfileReader(
      value, at: path,
      knows: ["requestsPerSecond", "pattern", "sync", "async", "stream", "batchSize", "batchRetries"])
    self.init()
    requestsPerSecond = try reader.number("requestsPerSecond", 0.001...1_000_000) ?? requestsPerSecond
    pattern = try reader.choice("pattern", Pattern.self) ?? pattern
    let shares = (
      try reader.number("sync", 0...1_000_000), try reader.number("async", 0...1_000_000),
      try reader.number("stream", 0...1_000_000)
    )
    if shares.0 != nil || shares.1 != nil || shares.2 != nil {
      (synchronousShare, asynchronousShare, batchShare) = (shares.0 ?? 0, shares.1 ?? 0, shares.2 ?? 0)
    }
    guard synchronousShare + asynchronousShare + batchShare > 0 else {
      throw reader.error("sync", "async and stream are all 0: one of them must be more")
    }
    batchSize = try reader.integer("batchSize", 1...10_000) ?? batchSize
    // With more, records could become too old for another try, which arithmetic does not know.
    batchRetries = try reader.integer("batchRetries", 0...50) ?? batchRetries
  }
}

extension DurationDistribution {
  fileprivate init(_ value: JSONValue, _ path: String) throws(TrafficProfileError) {
    let reader = try ProfileReader(value, at: path, knows: ["fixed", "p50", "p99"])
    let range = 0.001...86_400_000.0
    let fixed = try reader.number("fixed", 0...86_400_000)
    switch (fixed, try reader.number("p50", range), try reader.number("p99", range)) {
    case (let fixed?, nil, nil): self = .fixed(milliseconds: fixed)
    case (nil, let p50?, let p99?) where p50 <= p99: self = .lognormal(p50: p50, p99: p99)
    case (nil, _?, _?): throw reader.error("p99", "is less than p50")
    default: throw TrafficProfileError(member: path, problem: "must have either fixed, or p50 and p99, in milliseconds")
    }
  }
}
