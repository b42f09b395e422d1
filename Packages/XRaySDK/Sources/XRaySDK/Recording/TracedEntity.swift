public import ServiceContextModule
public import XRayModel

/// A segment or a subsegment that is being recorded.
///
/// Values are handles: copies mean the same entity, from any task. All calls on one that is not sampled do
/// nothing, at the cost of a comparison.
public protocol TracedEntity: Sendable {
  var scope: TraceScope { get }
}

/// The services that a subsegment can be a call to; subsegments with neither are work of the service itself.
public enum CallNamespace: String, Hashable, Sendable {
  case aws
  case remote
}

extension TracedEntity {
  public var isSampled: Bool { if case .recorded = scope.kind { true } else { false } }
  /// `nil` when it is not sampled.
  public var id: EntityID? { if case .recorded(_, let id) = scope.kind { id } else { nil } }
  /// `nil` outside of any trace.
  public var traceID: TraceID? { header?.root }
  /// The tracing header for calls to other services: `Parent` is this entity. When it is not sampled, the
  /// header says so; `nil` outside of any trace.
  public var header: TraceHeader? { scope.header }

  /// Changes the entity directly, in all that X-Ray's documents can say. Its ids, times and subsegments stay.
  public func update(_ change: (inout Entity) -> Void) {
    guard case .recorded(let record, let id) = scope.kind else { return }
    record.update(id, change)
  }

  /// Sets a value that traces are found by.
  ///
  /// X-Ray indexes keys of letters, digits, `_` and `.`, and text of at most 1,000 characters. What it does
  /// not index is kept as metadata.
  public func annotate(_ key: String, _ value: AnnotationValue) {
    update { entity in
      if isIndexable(key, value) {
        entity.annotate(key, value)
      } else {
        entity.setMetadata(key, value.json, namespace: "default")
      }
    }
  }

  /// Sets a value that is kept with the trace, but not indexed.
  public func setMetadata(_ key: String, _ value: JSONValue, namespace: String = "default") {
    update { $0.setMetadata(key, value, namespace: namespace) }
  }

  /// Sets one member of the `aws` block, such as `request_id`.
  public func setAWS(_ key: String, _ value: JSONValue) { update { $0.aws[key] = value } }

  /// Describes the request that a segment serves, or that a subsegment sends.
  public func setRequest(_ request: HTTPBlock.Request) {
    update { entity in
      var http = entity.http ?? HTTPBlock()
      http.request = request
      entity.http = http
    }
  }

  /// Describes the response, and sets the flags that its status stands for.
  public func setResponse(status: Int, contentLength: Int? = nil) {
    update { entity in
      var http = entity.http ?? HTTPBlock()
      http.response = HTTPBlock.Response(status: status, contentLength: contentLength)
      entity.http = http
      switch status {
      case 429: (entity.isError, entity.isThrottle) = (true, true)
      case 400..<500: entity.isError = true
      case 500..<600: entity.isFault = true
      default: break
      }
    }
  }

  /// Records an error and marks the entity as a fault. Errors that leave a closure are recorded by themselves.
  ///
  /// An error that a subsegment has recorded before is referred to, not repeated.
  /// - Parameters:
  ///   - stack: Where it happened, if you know better than the place of this call.
  ///   - isRemote: Whether a service that was called reported it.
  public func capture(
    _ error: any Error, stack: [StackFrame]? = nil, isRemote: Bool = false, file: String = #fileID,
    line: Int = #line, function: String = #function
  ) {
    guard case .recorded(let record, let id) = scope.kind else { return }
    let site = CallSite(file: file, line: line, function: function)
    record.capture(ErrorCapture(error, stack: stack ?? [site.frame], isRemote: isRemote), in: id)
  }

  /// Begins a subsegment in this entity. It does not become current; its ``end(at:)`` must be called.
  ///
  /// - Parameter isSampled: `false` records nothing here, and tells the called services to record nothing.
  public func beginSubsegment(
    _ name: String, namespace: CallNamespace? = nil, isSampled: Bool = true, at start: Timestamp? = nil
  ) -> Subsegment {
    scope.begin(name, namespace: namespace, isSampled: isSampled, at: start) { _ in }
  }

  /// Ends the entity. Ending it again does nothing. It is sent when its last open subsegment has ended, too.
  ///
  /// - Parameter end: The recorder's present time by default.
  public func end(at end: Timestamp? = nil) {
    guard case .recorded(let record, let id) = scope.kind else { return }
    record.end(id, at: end)
  }
}

extension TraceScope {
  package func begin(
    _ name: String, namespace: CallNamespace?, isSampled: Bool = true, at start: Timestamp? = nil,
    _ prepare: (inout Entity) -> Void
  ) -> Subsegment {
    guard case .recorded(let record, let parent) = kind else { return Subsegment(scope: self) }
    guard isSampled else {
      var header = record.header(from: parent)
      header.sampling = .notSampled
      return Subsegment(scope: TraceScope(.passing(header)))
    }
    let id = record.begin(name, in: parent, namespace: namespace, at: start, prepare)
    return Subsegment(scope: TraceScope(.recorded(record, id)))
  }
}

// MARK: - The current entity

extension TracedEntity {
  /// `base` with this entity as the current one.
  public func context(in base: ServiceContext? = .current) -> ServiceContext {
    var context = base ?? .topLevel
    context.traceScope = scope
    return context
  }

  /// Runs `body` with this entity as the current one: subsegments that it begins belong here.
  public func makeCurrent<Result>(_ body: () throws -> Result) rethrows -> Result {
    if isAlreadyCurrent { return try body() }
    return try ServiceContext.withValue(context(), operation: body)
  }

  /// Runs `body` with this entity as the current one: subsegments that it begins belong here.
  public func makeCurrent<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async rethrows -> Result {
    if isAlreadyCurrent { return try await body() }
    return try await ServiceContext.withValue(context(), isolation: isolation, operation: body)
  }

  /// Whether there is nothing to change: below an entity that is not sampled, everything is as it is there.
  private var isAlreadyCurrent: Bool {
    switch (scope.kind, ServiceContext.current?.traceScope?.kind) {
    case (.none, _): true
    case (.passing(let own), .passing(let current)?): own == current
    default: false
    }
  }

  /// Runs `body` in this entity, captures the error that leaves it, and ends the entity.
  package func run<Result>(at site: CallSite, _ body: (Self) throws -> Result) rethrows -> Result {
    defer { end() }
    do {
      return try makeCurrent { try body(self) }
    } catch {
      capture(error, at: site)
      throw error
    }
  }

  package func run<Result>(
    at site: CallSite, isolation: isolated (any Actor)? = #isolation, _ body: (Self) async throws -> Result
  ) async rethrows -> Result {
    defer { end() }
    do {
      return try await makeCurrent { try await body(self) }
    } catch {
      capture(error, at: site)
      throw error
    }
  }

  private func capture(_ error: any Error, at site: CallSite) {
    guard case .recorded(let record, let id) = scope.kind else { return }
    record.capture(ErrorCapture(error, stack: [site.frame]), in: id)
  }
}

extension Entity {
  package mutating func setMetadata(_ key: String, _ value: JSONValue, namespace: String) {
    var object = metadata[namespace]?.object ?? [:]
    object[key] = value
    metadata[namespace] = .object(object)
  }
}

/// Whether X-Ray indexes an annotation.
package func isIndexable(_ key: String, _ value: AnnotationValue) -> Bool {
  let isSafeKey = key.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
  guard isSafeKey, (1...500).contains(key.utf8.count) else { return false }
  return switch value {
  case .string(let text): text.unicodeScalars.count <= 1000
  case .number(let number): number.isFinite
  case .boolean: true
  }
}
