public import XRayModel

/// One trace in a line: what lists show and filters ask (X-Ray's `TraceSummary`).
public struct TraceSummary: Hashable, Sendable {
  public var id: TraceID
  public var start: Timestamp
  /// Seconds from the earliest start to the last end.
  public var duration: Double
  /// Seconds that the root segment took; `nil` while it is in progress or missing.
  public var responseTime: Double?
  /// Whether the root segment failed, by its flags or its status.
  public var hasFault: Bool
  public var hasError: Bool
  /// Whether any segment was throttled.
  public var hasThrottle: Bool
  /// Whether anything is in progress, or a parent or the segment that a traced call promised has not come.
  public var isPartial: Bool
  /// The root segment's request.
  public var http: HTTP
  /// By key, in order of keys: the distinct values with the services that set them.
  public var annotations: [IndexedAnnotation]
  public var users: [User]
  public var services: [ServiceID]
  public var resourceARNs: [String]
  public var instanceIDs: [String]
  public var availabilityZones: [String]
  /// The root segment's service; `nil` when there is no segment at all.
  public var entryPoint: ServiceID?
  public var faultRootCauses: [RootCause]
  public var errorRootCauses: [RootCause]
  public var responseTimeRootCauses: [RootCause]
  public var revision: Int

  public struct HTTP: Hashable, Sendable {
    public var url: String?
    public var status: Int?
    public var method: String?
    public var userAgent: String?
    public var clientIP: String?
  }

  public struct IndexedAnnotation: Hashable, Sendable {
    public var key: String
    public var value: AnnotationValue
    public var services: [ServiceID]
  }

  public struct User: Hashable, Sendable {
    public var name: String
    public var services: [ServiceID]
  }

  /// X-Ray: at most 50 annotations of a trace are indexed.
  public static let annotationLimit = 50
}

/// Who a node is (X-Ray's `ServiceId`).
public struct ServiceID: Hashable, Sendable {
  public var name: String
  /// The node's type: a segment's origin, `remote`, `client`, or `nil`.
  public var type: String?
  public var accountID: String?

  public init(name: String, type: String? = nil, accountID: String? = nil) {
    self.name = name
    self.type = type
    self.accountID = accountID
  }
}

extension ServiceID: Comparable {
  /// By name, type and account. What is missing comes before what is empty.
  public static func < (a: ServiceID, b: ServiceID) -> Bool {
    if a.name != b.name { return a.name < b.name }
    if a.type != b.type { return precedes(a.type, b.type) }
    return precedes(a.accountID, b.accountID)
  }

  private static func precedes(_ a: String?, _ b: String?) -> Bool {
    guard let a, let b else { return a == nil && b != nil }
    return a < b
  }
}

/// The path of services and entities that leads to a fault, an error or most of the response time.
public struct RootCause: Hashable, Sendable {
  public struct Service: Hashable, Sendable {
    public var id: ServiceID
    public var isInferred: Bool
    /// The segment's entity first, then the subsegments that lead on.
    public var path: [PathEntity]
  }

  public struct PathEntity: Hashable, Sendable {
    public var name: String
    public var isRemote: Bool
    /// Of fault and error causes.
    public var exceptions: [Exception]
    /// Of response time causes: share of the root's duration, 0 to 1.
    public var coverage: Double?
  }

  public struct Exception: Hashable, Sendable {
    public var name: String
    public var message: String
  }

  public var services: [Service]
  /// Whether the path begins at the root.
  public var isClientImpacting: Bool
}
