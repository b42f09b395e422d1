/// A fact that an expression can ask for by name.
public enum Keyword: String, Hashable, Sendable, CaseIterable {
  case ok, error, throttle, fault, partial, inferred, root, first, last, remote
  case responseTime = "responsetime"
  case duration
  case httpStatus = "http.status"
  case index, coverage
  case httpURL = "http.url"
  case httpMethod = "http.method"
  case httpUserAgent = "http.useragent"
  case httpClientIP = "http.clientip"
  case user, name, type, message
  case availabilityZone = "availabilityzone"
  case instanceID = "instance.id"
  case resourceARN = "resource.arn"

  public enum Kind: Hashable, Sendable { case flag, number, text }

  public var kind: Kind {
    switch self {
    case .ok, .error, .throttle, .fault, .partial, .inferred, .root, .first, .last, .remote: .flag
    case .responseTime, .duration, .httpStatus, .index, .coverage: .number
    case .httpURL, .httpMethod, .httpUserAgent, .httpClientIP, .user, .name, .type, .message, .availabilityZone,
      .instanceID, .resourceARN:
      .text
    }
  }

  func isKnown(in scope: Scope) -> Bool {
    switch self {
    case .ok, .error, .throttle, .fault, .partial, .responseTime, .duration, .httpStatus, .httpURL, .httpMethod,
      .httpUserAgent, .httpClientIP, .user, .availabilityZone, .instanceID, .resourceARN:
      [.trace, .service, .edge].contains(scope)
    case .inferred: scope == .trace || scope == .service || scope.element == .service
    case .root: scope == .service
    case .first, .last, .index: scope.element != nil
    case .remote: scope.element == .entity
    case .coverage: scope == .rootCause(.responseTime, .entity)
    case .name: scope == .service || scope.element != nil
    case .type: scope == .service || scope.element == .service
    case .message: scope.element == .exception
    }
  }
}

/// What the terms of a part of an expression speak of: the trace or, inside braces, something in it.
enum Scope: Hashable, Sendable {
  case trace, service, edge
  case rootCause(RootCauseKind, RootCauseElement)

  var element: RootCauseElement? { if case .rootCause(_, let element) = self { element } else { nil } }
}

/// What a root cause explains.
public enum RootCauseKind: String, Hashable, Sendable, CaseIterable {
  case fault, error
  case responseTime = "responsetime"
}

/// The parts of a root cause, each a list along its path.
enum RootCauseElement: String, Hashable, Sendable, CaseIterable { case service, entity, exception }

/// A key of an annotation and, in conditions on edges, whose annotation it is.
public struct AnnotationKey: Hashable, Sendable {
  public enum Owner: String, Hashable, Sendable, CaseIterable {
    /// The trace, the segment or the call that a condition is about.
    case subject = ""
    /// The segment that calls.
    case source = "source."
    /// The segment that is called.
    case destination = "destination."
  }
  public var owner: Owner
  public var name: String

  public init(_ name: String, of owner: Owner = .subject) {
    self.owner = owner
    self.name = name
  }
}

/// A group that an expression refers to.
public enum GroupReference: Hashable, Sendable {
  case name(String)
  case arn(String)
}
