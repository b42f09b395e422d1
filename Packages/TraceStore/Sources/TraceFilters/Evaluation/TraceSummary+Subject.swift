public import Traces
public import XRayModel

extension TraceSummary: TraceSubject {
  /// Flags are the root's, except for ``Keyword/partial``.
  public func flag(_ keyword: Keyword) -> Bool? {
    switch keyword {
    case .ok: !hasError && !hasFault
    case .error: hasError
    case .fault: hasFault
    case .partial: isPartial
    // A throttled root has an error too. Where another segment could be the throttled one, the summary cannot tell.
    case .throttle: hasThrottle && hasError ? (http.status == 429 ? true : nil) : false
    default: nil
    }
  }

  public func number(_ keyword: Keyword) -> Double? {
    switch keyword {
    case .responseTime: responseTime
    case .duration: duration
    case .httpStatus: http.status.map(Double.init)
    default: nil
    }
  }

  public func hasText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool {
    switch keyword {
    case .httpURL: http.url.map(test) ?? false
    case .httpMethod: http.method.map(test) ?? false
    case .httpUserAgent: http.userAgent.map(test) ?? false
    case .httpClientIP: http.clientIP.map(test) ?? false
    case .user: users.contains { test($0.name) }
    case .availabilityZone: availabilityZones.contains(where: test)
    case .instanceID: instanceIDs.contains(where: test)
    case .resourceARN: resourceARNs.contains(where: test)
    default: false
    }
  }

  public func hasAnnotation(_ key: AnnotationKey, where test: (AnnotationValue) -> Bool) -> Bool {
    annotations.contains { $0.key == key.name && test($0.value) }
  }

  public func hasService(where test: (ServiceID) -> Bool) -> Bool { services.contains(where: test) }

  public func hasEdge(where test: (ServiceID, ServiceID) -> Bool) -> Bool? { nil }

  public func hasRootCause(_ kind: RootCauseKind, where test: (RootCause) -> Bool) -> Bool {
    switch kind {
    case .fault: faultRootCauses.contains(where: test)
    case .error: errorRootCauses.contains(where: test)
    case .responseTime: responseTimeRootCauses.contains(where: test)
    }
  }
}
