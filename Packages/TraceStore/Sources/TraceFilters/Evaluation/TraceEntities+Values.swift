import Traces
import XRayModel

extension TraceEntities.Service: FilterValues {
  func flag(_ keyword: Keyword) -> Bool? {
    switch keyword {
    case .partial: isPartial
    case .root: isRoot
    default: segment.flag(keyword)
    }
  }

  func number(_ keyword: Keyword) -> Double? { segment.number(keyword) }

  func hasText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool {
    switch keyword {
    case .name: test(id.name)
    case .type: id.type.map(test) ?? false
    default: segment.hasRequestText(keyword, where: test) || segment.hasPlaceText(keyword, where: test)
    }
  }

  func hasAnnotation(_ key: AnnotationKey, where test: (AnnotationValue) -> Bool) -> Bool {
    segment.hasAnnotation(key.name, where: test)
  }
}

extension TraceEntities.Edge: FilterValues {
  func flag(_ keyword: Keyword) -> Bool? { keyword == .partial ? isPartial : call.flag(keyword) }

  func number(_ keyword: Keyword) -> Double? { call.number(keyword) }

  func hasText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool {
    // Users, instances and resources are those at either end.
    call.hasRequestText(keyword, where: test) || callee.hasPlaceText(keyword, where: test)
      || caller?.hasPlaceText(keyword, where: test) ?? false
  }

  func hasAnnotation(_ key: AnnotationKey, where test: (AnnotationValue) -> Bool) -> Bool {
    switch key.owner {
    case .subject: call.hasAnnotation(key.name, where: test)
    case .source: caller?.hasAnnotation(key.name, where: test) ?? false
    case .destination: callee.hasAnnotation(key.name, where: test)
    }
  }
}

extension Entity {
  func flag(_ keyword: Keyword) -> Bool? {
    let status = http?.response?.status ?? 0
    let isThrottled = isThrottle || status == 429
    let hasFailed = isFault || (500...599).contains(status)
    // A throttle is a client error too.
    let hasError = isError || isThrottled || (400...499).contains(status)
    return switch keyword {
    case .ok: !hasError && !hasFailed
    case .error: hasError
    case .throttle: isThrottled
    case .fault: hasFailed
    case .inferred: isInferred
    default: nil
    }
  }

  fileprivate func number(_ keyword: Keyword) -> Double? {
    switch keyword {
    case .responseTime: duration
    case .duration: extent
    case .httpStatus: http?.response?.status.map(Double.init)
    default: nil
    }
  }

  /// Seconds to the last end of anything in it: subsegments may outlive their segment.
  private var extent: Double {
    var latest = start
    forEach { latest = max(latest, $0.end ?? $0.start) }
    return start.duration(to: latest).inSeconds
  }

  fileprivate func hasRequestText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool {
    guard let request = http?.request else { return false }
    let text: String? =
      switch keyword {
      case .httpURL: request.url
      case .httpMethod: request.method
      case .httpUserAgent: request.userAgent
      case .httpClientIP: request.clientIP
      default: nil
      }
    return text.map(test) ?? false
  }

  fileprivate func hasPlaceText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool {
    switch keyword {
    case .user: user.map(test) ?? false
    case .resourceARN: resourceARN.map(test) ?? false
    case .instanceID: aws["ec2"]?["instance_id"]?.string.map(test) ?? false
    case .availabilityZone:
      ["ec2", "ecs"].contains { aws[$0]?["availability_zone"]?.string.map(test) ?? false }
    default: false
    }
  }

  fileprivate func hasAnnotation(_ key: String, where test: (AnnotationValue) -> Bool) -> Bool {
    contains { $0.annotations.contains { $0.key == key && test($0.value) } }
  }
}
