import EventSources
import LambdaEmitter
import XRayModel

extension FunctionState {
  private static let format = 1

  /// The state as JSON, the same for the same state.
  var json: [UInt8] {
    var writer = JSONWriter(pretty: true)
    writer.object { writer in
      writer.member("format", Self.format)
      writer.key("functions")
      writer.array { writer in
        for name in functions.keys.sorted() { functions[name]?.write(to: &writer) }
      }
      writer.key("mappings")
      writer.array { writer in
        for id in mappings.keys.sorted() { mappings[id]?.save(to: &writer) }
      }
    }
    return writer.bytes
  }

  init(json: [UInt8]) throws(FunctionStateError) {
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: json.span) } catch {
      throw FunctionStateError(detail: "\(error)")
    }
    let reader = StateReader(value, place: "")
    guard try reader.integer("format") == Self.format else { throw FunctionStateError(detail: "unknown format") }
    for function in try reader.objects("functions") {
      let function = try StoredFunction(function)
      functions[function.name] = function
    }
    for mapping in try reader.objects("mappings") {
      let mapping = try StoredMapping(mapping)
      mappings[mapping.id] = mapping
    }
  }
}

extension StoredFunction {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("latest")
      latest.write(to: &writer)
      writer.key("published")
      writer.array { writer in for version in published { version.write(to: &writer) } }
      writer.member("last_number", lastNumber)
      writer.key("aliases")
      writer.array { writer in
        for alias in aliases {
          writer.object { writer in
            writer.member("name", alias.name)
            writer.member("version", alias.version)
            writer.member("description", alias.description)
            writer.key("weights")
            writer.object { writer in
              for (version, weight) in alias.weights.sorted(by: { $0.key < $1.key }) { writer.member(version, weight) }
            }
            writer.member("revision_id", alias.revisionID)
          }
        }
      }
      if let reservedConcurrency { writer.member("reserved_concurrency", reservedConcurrency) }
      writer.key("event_invokes")
      writer.object { writer in
        for (qualifier, settings) in eventInvoke.sorted(by: { $0.key < $1.key }) {
          writer.key(qualifier)
          settings.save(to: &writer)
        }
      }
      writer.key("tags")
      writer.map(tags)
    }
  }

  fileprivate init(_ reader: StateReader) throws(FunctionStateError) {
    latest = try StoredVersion(reader.object("latest"))
    for version in try reader.objects("published") { published.append(try StoredVersion(version)) }
    lastNumber = try reader.integer("last_number")
    for alias in try reader.objects("aliases") {
      aliases.append(
        StoredAlias(
          name: try alias.text("name"), version: try alias.text("version"), description: try alias.text("description"),
          weights: try alias.numbers("weights"), revisionID: try alias.text("revision_id")))
    }
    reservedConcurrency = try reader.optional("reserved_concurrency") { $0.number?.integer }
    for member in try reader.optional("event_invokes", { $0.object })?.members ?? [] {
      eventInvoke[member.key] = try StoredEventInvoke(StateReader(member.value, place: "event_invokes"))
    }
    // Written when there was one for the whole function.
    if let settings = try reader.optional("event_invoke", { $0.object }) {
      let reader = StateReader(.object(settings), place: "event_invoke")
      eventInvoke[FunctionName.latest] = try StoredEventInvoke(reader)
    }
    tags = try reader.texts("tags")
  }
}

extension StoredVersion {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", configuration.name)
      writer.member("role", configuration.role)
      writer.member("runtime", configuration.runtime)
      writer.member("handler", configuration.handler)
      writer.member("description", configuration.description)
      writer.member("memory_megabytes", configuration.memoryMegabytes)
      writer.member("timeout_seconds", configuration.timeoutSeconds)
      writer.member("tracing_mode", configuration.tracingMode.rawValue)
      writer.key("environment")
      writer.map(configuration.environment)
      if let target = configuration.deadLetterTarget { writer.member("dead_letter_target", target) }
      writer.member("version", version)
      writer.member("code_hash", code.hash)
      writer.member("code_size", code.size)
      writer.member("architecture", architecture)
      writer.member("storage_megabytes", storageMegabytes)
      writer.member("log_format", logging.format)
      if let level = logging.applicationLevel { writer.member("application_log_level", level) }
      if let level = logging.systemLevel { writer.member("system_log_level", level) }
      if let group = logging.group { writer.member("log_group", group) }
      writer.member("last_modified_ticks", lastModified.ticks)
      writer.member("revision_id", revisionID)
      if let publishedDescription { writer.member("published_description", publishedDescription) }
    }
  }

  fileprivate init(_ reader: StateReader) throws(FunctionStateError) {
    configuration = FunctionConfiguration(name: try reader.text("name"), role: try reader.text("role"))
    configuration.runtime = try reader.text("runtime")
    configuration.handler = try reader.text("handler")
    configuration.description = try reader.text("description")
    configuration.memoryMegabytes = try reader.integer("memory_megabytes")
    configuration.timeoutSeconds = try reader.integer("timeout_seconds")
    configuration.tracingMode = try reader.required("tracing_mode") { $0.string.flatMap(TracingMode.init) }
    configuration.environment = try reader.texts("environment")
    configuration.deadLetterTarget = try reader.optional("dead_letter_target") { $0.string }
    version = try reader.text("version")
    code = StoredCode(hash: try reader.text("code_hash"), size: try reader.integer("code_size"))
    // Both become parts of paths.
    guard FunctionName.isWord(configuration.name), FunctionName.isWord(code.hash) else {
      throw FunctionStateError(detail: "a name is none")
    }
    architecture = try reader.text("architecture")
    storageMegabytes = try reader.integer("storage_megabytes")
    logging = StoredLogging(
      format: try reader.text("log_format"),
      applicationLevel: try reader.optional("application_log_level") { $0.string },
      systemLevel: try reader.optional("system_log_level") { $0.string },
      group: try reader.optional("log_group") { $0.string })
    lastModified = Timestamp(ticks: Int64(try reader.integer("last_modified_ticks")))
    revisionID = try reader.text("revision_id")
    publishedDescription = try reader.optional("published_description") { $0.string }
  }
}

extension StoredEventInvoke {
  fileprivate func save(to writer: inout JSONWriter) {
    writer.object { writer in
      if let count = maximumRetryAttempts { writer.member("maximum_retry_attempts", count) }
      if let age = maximumEventAgeSeconds { writer.member("maximum_event_age_seconds", age) }
      if let target = onSuccess { writer.member("on_success", target) }
      if let target = onFailure { writer.member("on_failure", target) }
      writer.member("last_modified_ticks", lastModified.ticks)
    }
  }

  fileprivate init(_ reader: StateReader) throws(FunctionStateError) {
    self.init(
      maximumRetryAttempts: try reader.optional("maximum_retry_attempts") { $0.number?.integer },
      maximumEventAgeSeconds: try reader.optional("maximum_event_age_seconds") { $0.number?.integer },
      onSuccess: try reader.optional("on_success") { $0.string },
      onFailure: try reader.optional("on_failure") { $0.string },
      lastModified: Timestamp(ticks: Int64(try reader.integer("last_modified_ticks"))))
  }
}

extension StoredMapping {
  fileprivate func save(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", id)
      writer.member("source", source)
      writer.member("function", function)
      if let qualifier { writer.member("qualifier", qualifier) }
      writer.member("batch_size", batchSize)
      writer.member("window_seconds", windowSeconds)
      writer.member("filters", .array(filters.map { .string($0) }))
      writer.member("reports_batch_item_failures", reportsBatchItemFailures)
      if let maximumConcurrency { writer.member("maximum_concurrency", maximumConcurrency) }
      if let stream {
        writer.key("stream")
        stream.save(to: &writer)
      }
      writer.member("enabled", isEnabled)
      writer.member("last_modified_ticks", lastModified.ticks)
    }
  }

  fileprivate init(_ reader: StateReader) throws(FunctionStateError) {
    self.init(
      id: try reader.text("id"), source: try reader.text("source"), function: try reader.text("function"),
      qualifier: try reader.optional("qualifier") { $0.string }, batchSize: try reader.integer("batch_size"),
      windowSeconds: try reader.integer("window_seconds"), isEnabled: try reader.required("enabled") { $0.bool },
      lastModified: Timestamp(ticks: Int64(try reader.integer("last_modified_ticks"))))
    // What was kept before there was more than a queue's batches has none of these.
    for pattern in try reader.optional("filters", { $0.array }) ?? [] {
      guard let text = pattern.string else { throw FunctionStateError(detail: "a filter is no text") }
      filters.append(text)
    }
    do throws(EventPatternError) { _ = try EventFilters(parsing: filters) } catch {
      throw FunctionStateError(detail: "\(error)")
    }
    reportsBatchItemFailures = try reader.optional("reports_batch_item_failures") { $0.bool } ?? false
    maximumConcurrency = try reader.optional("maximum_concurrency") { $0.number?.integer }
    if let settings = try reader.optional("stream", { $0.object }) {
      stream = try StreamSettings(StateReader(.object(settings), place: "stream"))
    }
  }
}

extension StoredMapping.StreamSettings {
  fileprivate func save(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("starting_position", startingPosition)
      if let moment = startingTimestamp { writer.member("starting_ticks", moment.ticks) }
      if let count = maximumRetryAttempts { writer.member("maximum_retry_attempts", count) }
      if let age = maximumRecordAgeSeconds { writer.member("maximum_record_age_seconds", age) }
      writer.member("bisects_batch_on_error", bisectsBatchOnError)
      writer.member("parallelization_factor", parallelizationFactor)
      if let onFailure { writer.member("on_failure", onFailure) }
    }
  }

  fileprivate init(_ reader: StateReader) throws(FunctionStateError) {
    self.init(
      startingPosition: try reader.text("starting_position"),
      startingTimestamp: try reader.optional("starting_ticks") { $0.number?.integer }.map {
        Timestamp(ticks: Int64($0))
      },
      maximumRetryAttempts: try reader.optional("maximum_retry_attempts") { $0.number?.integer },
      maximumRecordAgeSeconds: try reader.optional("maximum_record_age_seconds") { $0.number?.integer },
      bisectsBatchOnError: try reader.required("bisects_batch_on_error") { $0.bool },
      parallelizationFactor: try reader.integer("parallelization_factor"),
      onFailure: try reader.optional("on_failure") { $0.string })
  }
}

/// Reads members that have to be as they were written.
private struct StateReader {
  private let value: JSONValue
  private let place: String

  init(_ value: JSONValue, place: String) {
    self.value = value
    self.place = place
  }

  func optional<Value>(_ name: String, _ read: (JSONValue) -> Value?) throws(FunctionStateError) -> Value? {
    guard let member = value[name] else { return nil }
    guard let result = read(member) else { throw FunctionStateError(detail: "\(place).\(name) has another type") }
    return result
  }

  func required<Value>(_ name: String, _ read: (JSONValue) -> Value?) throws(FunctionStateError) -> Value {
    guard let result = try optional(name, read) else { throw FunctionStateError(detail: "\(place).\(name) is missing") }
    return result
  }

  func text(_ name: String) throws(FunctionStateError) -> String { try required(name) { $0.string } }
  func integer(_ name: String) throws(FunctionStateError) -> Int { try required(name) { $0.number?.integer } }

  func object(_ name: String) throws(FunctionStateError) -> StateReader {
    StateReader(.object(try required(name) { $0.object }), place: "\(place).\(name)")
  }

  func objects(_ name: String) throws(FunctionStateError) -> [StateReader] {
    let elements = try required(name) { $0.array }
    return elements.enumerated().map { StateReader($0.element, place: "\(place).\(name)[\($0.offset)]") }
  }

  func texts(_ name: String) throws(FunctionStateError) -> [String: String] { try map(name) { $0.string } }
  func numbers(_ name: String) throws(FunctionStateError) -> [String: Double] { try map(name) { $0.number?.double } }

  private func map<Value>(
    _ name: String, _ read: (JSONValue) -> Value?
  ) throws(FunctionStateError) -> [String: Value] {
    var map: [String: Value] = [:]
    for member in try required(name, { $0.object }).members {
      guard let value = read(member.value) else {
        throw FunctionStateError(detail: "\(place).\(name) has another type")
      }
      map[member.key] = value
    }
    return map
  }
}

extension JSONWriter {
  /// Texts by their keys, in the order of the keys.
  mutating func map(_ texts: [String: String]) {
    object { writer in
      for (key, text) in texts.sorted(by: { $0.key < $1.key }) { writer.member(key, text) }
    }
  }
}
